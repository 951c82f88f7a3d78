/* SPDX-License-Identifier: Apache-2.0 */
/* file_write_atomic_at with every one of its calls failing in turn: the old file stays whole, and no temporary one is left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#include "../unit.h"

static int dir = -EBADF;
static char dir_name[] = "/tmp/lighter-faults-test-XXXXXX";

static int fail_at = -1; /* of the wrapped calls, counted from 0; -1: none */
static int calls;

static bool fails(int error)
{
	if (calls++ != fail_at)
		return false;
	errno = error;
	return true;
}

int __real_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);

int __wrap_fsync(int fd)
{
	return fails(EIO) ? -1 : __real_fsync(fd);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fails(EPERM) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails(EROFS) ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

/* Short writes all the time, so that the rest has to be written too. */
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	if (fd <= STDERR_FILENO)
		return __real_write(fd, bytes, len);
	return fails(ENOSPC) ? -1 : __real_write(fd, bytes, len > 3 ? 3 : len);
}

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

static size_t entries(void)
{
	DIR *d = opendir(dir_name);
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void expect(const char *text)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	assert_int_equal(file_read_at(dir, "f", 100, &b), 0);
	assert_string_equal(b.data, text);
	assert_int_equal(entries(), 1);
}

static void test_every_call_fails_in_turn(void **state)
{
	bool renamed = false;
	int r = -1;

	assert_int_equal(file_write_atomic_at(dir, "f", "old", 3, 0644, 0), 0);
	for (int n = 0; r < 0; n++) {
		assert_true(n < 20);
		fail_at = n;
		calls = 0;
		r = file_write_atomic_at(dir, "f", "the new text", 12, 0644, FILE_SYNC);
		fail_at = -1;
		/* Only the directory's fsync comes behind the rename. */
		renamed = renamed || r == 0 || calls == 8;
		expect(renamed ? "the new text" : "old");
	}
	assert_int_equal(calls, 8); /* four writes, mode, fsync, rename, fsync */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_call_fails_in_turn)};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
