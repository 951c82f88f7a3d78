/* SPDX-License-Identifier: Apache-2.0 */
/* What src/linux and src/runtime take for granted of the kernel's mounts. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "../unit/unit.h"
#include "own_mounts.h"

/* Runs `fn` in a child; its result must be 0. */
static void in_child(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int pivot(void *arg)
{
	int root = *(int *)arg, slash;

	if (unshare(CLONE_NEWNS) < 0)
		return 1;
	slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (move_mount(root, "", slash, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return 2;
	if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return 3;
	return access("/mark", F_OK) == 0 && access("/etc", F_OK) < 0 ? 0 : 4;
}

/* mount_pivot(): a root attached onto "/" can be pivoted to without a directory for the old one. */
static void test_pivot_onto_itself(void **state)
{
	int root = own_tmpfs();

	close(openat(root, "mark", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	in_child(pivot, &root);
	close(root);
}

static int attach_inherited(void *arg)
{
	int mnt = *(int *)arg;

	if (unshare(CLONE_NEWNS) < 0 || move_mount(mnt, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return 1;
	return access("/proc/mark", F_OK) == 0 ? 0 : 2;
}

/* launch_open_for_child(): a mount detached in one namespace can be attached in another. */
static void test_a_detached_mount_crosses_namespaces(void **state)
{
	int mnt = own_tmpfs();

	close(openat(mnt, "mark", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	in_child(attach_inherited, &mnt);
	close(mnt);
}

static int clone_foreign(void *arg)
{
	int dir = *(int *)arg, fd;

	if (unshare(CLONE_NEWNS) < 0)
		return 1;
	fd = open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd >= 0 || errno != EINVAL)
		return 2;
	fd = open_tree(AT_FDCWD, "/etc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return fd >= 0 ? 0 : 3;
}

/* mount_reopen_dir(): a directory that came along from another namespace can't be cloned, its path can. */
static void test_a_foreign_directory_cannot_be_cloned(void **state)
{
	int dir = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	in_child(clone_foreign, &dir);
	close(dir);
}

static int cover(void *arg)
{
	int below, fd, empty = own_tmpfs();

	if (unshare(CLONE_NEWNS) < 0)
		return 1;
	below = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (move_mount(empty, "", AT_FDCWD, "/proc/sys", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return 2;
	if (access("/proc/sys/kernel", F_OK) == 0)
		return 3;
	fd = openat(below, "kernel/ostype", O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? 0 : 4;
}

/* sysctl_apply(): a descriptor of a directory opened before something was mounted onto it still shows what is below. */
static void test_a_descriptor_sees_below_a_later_mount(void **state)
{
	in_child(cover, NULL);
}

/* mount_plan, devices: files can be made in a file system that is mounted nowhere. */
static void test_a_detached_file_system_can_be_filled(void **state)
{
	int mnt = own_tmpfs();
	struct statfs st;

	assert_int_equal(mkdirat(mnt, "d", 0755), 0);
	assert_int_equal(symlinkat("/proc/self/fd", mnt, "fd"), 0);
	assert_int_equal(fstatfs(mnt, &st), 0);
	close(mnt);
}

static int leave_root(void *arg)
{
	char path[4096];
	int outside = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (unshare(CLONE_NEWNS) < 0 || chroot("/proc") < 0 || fchdir(outside) < 0)
		return 1;
	return !getcwd(path, sizeof(path)) && errno == ENOENT ? 0 : 2;
}

/* check_cwd(): a working directory outside of the root shows in getcwd. */
static void test_getcwd_tells_of_a_directory_outside(void **state)
{
	in_child(leave_root, NULL);
}

/* process_readonly_exe(): a file on a read-only clone of its mount can't be opened for writing, not by root either. */
static void test_a_read_only_clone_of_a_file(void **state)
{
	char name[] = "/tmp/assumption.XXXXXX", link[64];
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int file = mkstemp(name), fd = open_tree(AT_FDCWD, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	assert_true(file >= 0 && fd >= 0);
	assert_int_equal(mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)), 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	assert_true(open(link, O_WRONLY | O_CLOEXEC) < 0);
	assert_int_equal(errno, EROFS);
	close(fd);
	close(file);
	unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pivot_onto_itself),
					   cmocka_unit_test(test_a_detached_mount_crosses_namespaces),
					   cmocka_unit_test(test_a_foreign_directory_cannot_be_cloned),
					   cmocka_unit_test(test_a_descriptor_sees_below_a_later_mount),
					   cmocka_unit_test(test_a_detached_file_system_can_be_filled),
					   cmocka_unit_test(test_getcwd_tells_of_a_directory_outside),
					   cmocka_unit_test(test_a_read_only_clone_of_a_file)};

	own_mounts();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
