/* SPDX-License-Identifier: Apache-2.0 */
/* In a mount namespace of the test's own, and where it isn't root in a user namespace too. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit.h"
#include "base/file.h"
#include "linux/mounts.h"
#include "linux/overlay.h"

#define LAYERS_MAX 127

static bool in_user_namespace;
static char dir[] = "/tmp/overlay_test.XXXXXX";
static int layers_fd, upper_fd;

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static void own_mounts(void)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	in_user_namespace = uid != 0;
	if (unshare(CLONE_NEWNS | (in_user_namespace ? CLONE_NEWUSER : 0)) < 0) {
		perror("unshare");
		exit(1);
	}
	if (in_user_namespace) {
		write_text("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", uid);
		write_text("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "0 %u 1", gid);
		write_text("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		exit(1);
}

/* Layers N with one file `N` each, and `who` that says which is on top; upper/ and work/. All on a tmpfs. */
static int make_layers(void **state)
{
	char path[64], text[16];

	if (!mkdtemp(dir) || mount("tmpfs", dir, "tmpfs", 0, "mode=755") < 0 || chdir(dir) < 0)
		return -1;
	for (int i = 1; i <= LAYERS_MAX; i++) {
		snprintf(path, sizeof(path), "layers/%d/fs", i);
		if (file_mkdir_p_at(AT_FDCWD, path, 0755) < 0)
			return -1;
		snprintf(text, sizeof(text), "%d", i);
		snprintf(path, sizeof(path), "layers/%d/fs/%d", i, i);
		if (file_write_atomic_at(AT_FDCWD, path, text, strlen(text), 0644, 0) < 0)
			return -1;
		snprintf(path, sizeof(path), "layers/%d/fs/who", i);
		if (file_write_atomic_at(AT_FDCWD, path, text, strlen(text), 0644, 0) < 0)
			return -1;
	}
	layers_fd = file_open_dir_at(AT_FDCWD, "layers", false, 0);
	upper_fd = file_open_dir_at(AT_FDCWD, "ctr", true, 0755);
	return mkdirat(upper_fd, "upper", 0755) || mkdirat(upper_fd, "work", 0755) || chdir("/");
}

static int remove_layers(void **state)
{
	close(layers_fd);
	close(upper_fd);
	umount2(dir, MNT_DETACH);
	return rmdir(dir);
}

static void expect_text(int fd, const char *path, const char *expected)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	assert_int_equal(file_read_at(fd, path, 64, &text), 0);
	assert_string_equal(text.data, expected);
}

static int mount_layers(int n, int upper)
{
	char names[LAYERS_MAX][12], *lower[LAYERS_MAX + 1] = {NULL};
	struct overlay_recipe recipe = {
		.layers_fd = layers_fd, .lower = lower, .upper_fd = upper, .userxattr = in_user_namespace};
	struct err err = {0};
	int fd;

	for (int i = 0; i < n; i++) { /* the highest number on top */
		snprintf(names[i], sizeof(names[i]), "%d", n - i);
		lower[i] = names[i];
	}
	fd = overlay_mount_detached(&recipe, &err);
	if (fd < 0)
		fail_msg("%d layers: %s", n, err.msg);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	return fd;
}

static void test_layers_lie_in_order(void **state)
{
	static const int numbers[] = {2, 3, 40, LAYERS_MAX};
	char text[16];

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int fd = mount_layers(numbers[i], -EBADF);

		snprintf(text, sizeof(text), "%d", numbers[i]);
		expect_text(fd, "who", text);
		expect_text(fd, "1", "1");
		assert_true(openat(fd, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644) < 0);
		close(fd);
	}
}

/* The roads of older kernels give the same. */
static void test_the_other_ways(void **state)
{
	for (int skip = 1; skip <= 2; skip++) {
		overlay_skip_ways(skip);
		test_layers_lie_in_order(state);
	}
	overlay_skip_ways(0);
}

static void test_the_upper_takes_what_is_written(void **state)
{
	int fd = mount_layers(40, upper_fd);

	assert_int_equal(file_write_atomic_at(fd, "who", "me", 2, 0644, 0), 0);
	assert_int_equal(unlinkat(fd, "7", 0), 0);
	expect_text(fd, "who", "me");
	close(fd);
	expect_text(upper_fd, "upper/who", "me");
	expect_text(layers_fd, "40/fs/who", "40");
	expect_text(layers_fd, "7/fs/7", "7");
}

static void test_one_layer_is_a_read_only_bind(void **state)
{
	int fd = mount_layers(1, -EBADF);

	expect_text(fd, "who", "1");
	assert_true(openat(fd, "who", O_WRONLY | O_CLOEXEC) < 0);
	assert_int_equal(errno, EROFS);
	close(fd);
}

static void test_a_missing_layer_is_an_error(void **state)
{
	char *lower[] = {(char *)"1", (char *)"nosuch", NULL}, *none[] = {NULL};
	struct overlay_recipe recipe = {.layers_fd = layers_fd, .lower = lower, .upper_fd = -EBADF};
	char before[256], after[256];

	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(overlay_mount_detached(&recipe, NULL), -ENOENT);
	assert_non_null(getcwd(after, sizeof(after)));
	assert_string_equal(before, after);
	recipe.lower = none;
	assert_int_equal(overlay_mount_detached(&recipe, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers_lie_in_order), cmocka_unit_test(test_the_other_ways),
					   cmocka_unit_test(test_the_upper_takes_what_is_written),
					   cmocka_unit_test(test_one_layer_is_a_read_only_bind),
					   cmocka_unit_test(test_a_missing_layer_is_an_error)};

	own_mounts();
	return cmocka_run_group_tests(tests, make_layers, remove_layers);
}
