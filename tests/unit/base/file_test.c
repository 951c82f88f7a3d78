/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#include "../unit.h"

static int dir = -EBADF;
static char dir_name[] = "/tmp/lighter-file-test-XXXXXX";

static int make_dir(void **state)
{
	if (!mkdtemp(dir_name))
		return -1;
	dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int remove_dir(void **state)
{
	close(dir);
	return file_remove_tree_at(AT_FDCWD, dir_name);
}

static void test_atomic_write_replaces(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct stat st;

	assert_int_equal(file_write_atomic_at(dir, "f", "old", 3, 0644, 0), 0);
	assert_int_equal(file_write_atomic_at(dir, "f", "newer", 5, 0600, FILE_SYNC), 0);
	assert_int_equal(file_read_at(dir, "f", 100, &b), 0);
	assert_string_equal(b.data, "newer");
	assert_int_equal(fstatat(dir, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_read_is_capped(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	assert_int_equal(file_write_atomic_at(dir, "big", "0123456789", 10, 0600, 0), 0);
	assert_int_equal(file_read_at(dir, "big", 9, &b), -EFBIG);
	assert_int_equal(file_read_at(dir, "missing", 9, &b), -ENOENT);
}

static void test_tree_is_made_and_removed(void **state)
{
	assert_int_equal(file_mkdir_p_at(dir, "a/b/c", 0755), 0);
	assert_int_equal(file_mkdir_p_at(dir, "a/b/c", 0755), 0);
	assert_int_equal(symlinkat("/etc", dir, "a/b/link"), 0);
	assert_int_equal(file_write_atomic_at(dir, "a/b/f", "", 0, 0600, 0), 0);
	assert_int_equal(file_mkdir_p_at(dir, "a/b/f", 0755), -ENOTDIR);
	assert_int_equal(file_remove_tree_at(dir, "a"), 0);
	assert_int_equal(faccessat(dir, "a", F_OK, 0), -1);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	assert_int_equal(file_remove_tree_at(dir, "a"), 0);
}

/* Deeper than a thread's stack and the limit of descriptors would bear, and with names that the removal itself uses. */
static void test_deep_tree_is_removed(void **state)
{
	struct rlimit before;
	int fd;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(file_mkdir_p_at(dir, "deep/.removing-0/x", 0755), 0);
	fd = openat(dir, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3000; i++) {
		int below;

		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		assert_int_equal(file_write_atomic_at(fd, "f", "", 0, 0600, 0), 0);
		below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){80, before.rlim_max}), 0);
	assert_int_equal(file_remove_tree_at(dir, "deep"), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(faccessat(dir, "deep", F_OK, 0), -1);
}

static void test_fds_cross_a_socket(void **state)
{
	int pair[2], got[2], zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char text[8];
	size_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(fd_send(pair[0], "hi", 2, (int[]){zero, zero}, 2), 2);
	assert_int_equal(fd_recv(pair[1], text, sizeof(text), got, 1, &n), 2);
	assert_int_equal(n, 1);
	assert_int_equal(read(got[0], text, 4), 4);
	assert_int_equal(text[0], 0);
	assert_true(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
	fd_close(got[0]);
	fd_close(zero);
	assert_int_equal(fd_send(pair[0], "too long for it", 15, NULL, 0), 15);
	assert_int_equal(fd_recv(pair[1], text, sizeof(text), got, 1, &n), -EMSGSIZE);
	fd_close(pair[0]);
	fd_close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_atomic_write_replaces), cmocka_unit_test(test_read_is_capped),
					   cmocka_unit_test(test_tree_is_made_and_removed),
					   cmocka_unit_test(test_deep_tree_is_removed),
					   cmocka_unit_test(test_fds_cross_a_socket)};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
