/* SPDX-License-Identifier: Apache-2.0 */
/* Every case goes both roads: openat2, and the walk in user space. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/path.h"

static char dir[] = "/tmp/path_test.XXXXXX";
static int root = -EBADF;

static int make_tree(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || mkdirat(root, "a", 0755) < 0 || mkdirat(root, "a/b", 0755) < 0 || mkdirat(root, "etc", 0755) < 0)
		return -1;
	close(openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	close(openat(root, "a/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	return symlinkat("/etc", root, "abs") || symlinkat("../../../../etc", root, "a/up") ||
	       symlinkat("loop", root, "loop") || symlinkat("/nowhere", root, "dangling") ||
	       symlinkat("file", root, "a/link") || symlinkat("b", root, "a/dirlink");
}

static int remove_tree(void **state)
{
	close(root);
	return file_remove_tree_at(AT_FDCWD, dir);
}

/* Where the descriptor is, below the test's directory. */
static const char *where(int fd)
{
	static char text[PATH_MAX];
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text) - 1);
	assert_true(n >= (ssize_t)strlen(dir));
	text[n] = '\0';
	assert_memory_equal(text, dir, strlen(dir));
	return text + strlen(dir);
}

enum how { IN_ROOT, BENEATH, SAME_MOUNT };

static int open_how(enum how how, const char *path)
{
	if (how == IN_ROOT)
		return path_open_in_root(root, path, O_PATH, 0);
	return how == BENEATH ? path_open_beneath(root, path, O_PATH, 0) : path_open_same_mount(root, path, O_PATH);
}

static const struct {
	enum how how;
	const char *path;
	int error;
	const char *place;
} cases[] = {
	{IN_ROOT, "a/b", 0, "/a/b"},
	{IN_ROOT, "/a/b", 0, "/a/b"},
	{IN_ROOT, "a//b/", 0, "/a/b"},
	{IN_ROOT, "/", 0, ""},
	{IN_ROOT, ".", 0, ""},
	{IN_ROOT, "../../../..", 0, ""},
	{IN_ROOT, "../../../../etc/passwd", 0, "/etc/passwd"},
	{IN_ROOT, "abs/passwd", 0, "/etc/passwd"},
	{IN_ROOT, "a/up/passwd", 0, "/etc/passwd"},
	{IN_ROOT, "a/link", 0, "/a/file"},
	{IN_ROOT, "a/dirlink/../file", 0, "/a/file"},
	{IN_ROOT, "loop", -ELOOP, NULL},
	{IN_ROOT, "dangling", -ENOENT, NULL},
	{IN_ROOT, "a/nothing", -ENOENT, NULL},
	{IN_ROOT, "a/file/x", -ENOTDIR, NULL},
	{IN_ROOT, "", -ENOENT, NULL},
	{BENEATH, "a/b", 0, "/a/b"},
	{BENEATH, "a/../etc/passwd", 0, "/etc/passwd"},
	{BENEATH, "..", -EXDEV, NULL},
	{BENEATH, "a/../..", -EXDEV, NULL},
	{BENEATH, "/etc/passwd", -EXDEV, NULL},
	{BENEATH, "abs/passwd", -ELOOP, NULL},
	{BENEATH, "a/link", -ELOOP, NULL},
	{BENEATH, "a/dirlink/x", -ELOOP, NULL},
	{SAME_MOUNT, "a/b", 0, "/a/b"},
	{SAME_MOUNT, "a/link", -ELOOP, NULL},
};

static void check_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = open_how(cases[i].how, cases[i].path);

		if (cases[i].error ? fd != cases[i].error : fd < 0)
			fail_msg("%s (%d): %d", cases[i].path, cases[i].how, fd);
		if (fd < 0)
			continue;
		assert_string_equal(where(fd), cases[i].place);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	}
}

static void test_resolution(void **state)
{
	check_cases();
}

static void test_resolution_without_openat2(void **state)
{
	path_force_fallback(true);
	check_cases();
	path_force_fallback(false);
}

static void check_proc(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	assert_true(proc >= 0);
	assert_int_equal(path_check_magic(proc, PROC_SUPER_MAGIC), 0);
	assert_int_equal(path_check_magic(root, PROC_SUPER_MAGIC), -EXDEV);
	fd = path_open_same_mount(proc, "sys/kernel/ostype", O_RDONLY);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(path_open_in_root(proc, "self/root/etc", O_PATH, 0), -ELOOP);
	assert_int_equal(path_open_in_root(proc, "self/cwd", O_PATH, 0), -ELOOP);
	assert_int_equal(path_open_beneath(proc, "self/status", O_RDONLY, 0), -ELOOP);
	close(proc);
}

static void test_magic_links_are_refused(void **state)
{
	check_proc();
	path_force_fallback(true);
	check_proc();
	path_force_fallback(false);
}

static void check_making(const char *prefix)
{
	char path[64], name[NAME_MAX + 1];
	int fd;

	snprintf(path, sizeof(path), "%s/x/y/z", prefix);
	fd = path_make_dir_in_root(root, path, 0755);
	assert_true(fd >= 0);
	assert_string_equal(where(fd), path);
	close(fd);
	fd = path_make_dir_in_root(root, path, 0755);
	assert_true(fd >= 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/f/file", prefix);
	fd = path_make_file_in_root(root, path, 0644);
	assert_true(fd >= 0);
	assert_string_equal(where(fd), path);
	close(fd);
	snprintf(path, sizeof(path), "abs%s/made", prefix);
	fd = path_make_dir_in_root(root, path, 0755);
	assert_true(fd >= 0);
	assert_memory_equal(where(fd), "/etc/", 5);
	close(fd);
	assert_int_equal(path_make_dir_in_root(root, "dangling/x", 0755), -ENOENT);
	assert_int_equal(path_make_dir_in_root(root, "new/../../x", 0755), -ENOENT);
	assert_int_equal(path_make_dir_in_root(root, "a/file/x", 0755), -ENOTDIR);
	fd = path_open_parent_in_root(root, "/a/b/", name);
	assert_true(fd >= 0);
	assert_string_equal(where(fd), "/a");
	assert_string_equal(name, "b");
	close(fd);
	assert_int_equal(path_open_parent_in_root(root, "/", name), -EINVAL);
	assert_int_equal(path_open_parent_in_root(root, "a/..", name), -EINVAL);
}

static void test_making(void **state)
{
	check_making("/one");
	path_force_fallback(true);
	check_making("/two");
	path_force_fallback(false);
}

/* A refusal that concerns the file alone: the error is told, and the look at another place leaves no descriptor behind. */
static void test_refusal_of_one_file(void **state)
{
	_cleanup_close_ int etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int first = dup(etc), second;
	uid_t uid = geteuid();

	close(first);
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(path_open_in_root(etc, "passwd", O_RDONLY | O_NOATIME, 0), -EPERM);
	assert_int_equal(path_open_beneath(etc, "passwd", O_RDONLY | O_NOATIME, 0), -EPERM);
	if (uid == 0)
		assert_int_equal(seteuid(uid), 0);
	second = dup(etc);
	close(second);
	assert_int_equal(second, first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_resolution), cmocka_unit_test(test_resolution_without_openat2),
					   cmocka_unit_test(test_magic_links_are_refused), cmocka_unit_test(test_making),
					   cmocka_unit_test(test_refusal_of_one_file)};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
