/* SPDX-License-Identifier: Apache-2.0 */
/* Copies one file of a lower layer into the layer being unpacked; holes stay holes as far as the kernel knows of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "storage/unpack_internal.h"

static int copy_range(int from, int to, off_t at, off_t end)
{
	while (at < end) {
		off_t out = at;
		ssize_t n = copy_file_range(from, &at, to, &out, (size_t)(end - at), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* it shrank: a layer never does */
	}
	return 0;
}

static int copy_content(int from, int to, off_t size)
{
	off_t at = 0;

	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA), hole;
		int r;

		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		r = copy_range(from, to, data, hole);
		if (r < 0)
			return r;
		at = hole;
	}
	return 0;
}

static int copy_file(int from_fd, const struct stat *st, int to_dirfd, const char *base)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	char link[64];
	int r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", from_fd);
	from = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (from < 0)
		return -errno;
	to = openat(to_dirfd, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_content(from, to, st->st_size);
	if (r == 0 && ftruncate(to, st->st_size) < 0)
		r = -errno;
	return r;
}

static int copy_node(int from_fd, const struct stat *st, int to_dirfd, const char *base)
{
	char target[TREE_PATH_MAX];
	ssize_t n;

	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from_fd, st, to_dirfd, base);
	case S_IFLNK:
		n = readlinkat(from_fd, "", target, sizeof(target));
		if (n < 0 || n == (ssize_t)sizeof(target))
			return n < 0 ? -errno : -ENAMETOOLONG;
		target[n] = '\0';
		return symlinkat(target, to_dirfd, base) < 0 ? -errno : 0;
	case S_IFDIR:
		return -EPERM; /* as link(2) says */
	default:
		return mknodat(to_dirfd, base, st->st_mode & (S_IFMT | 0777), st->st_rdev) < 0 ? -errno : 0;
	}
}

int unpack_copy_up(struct unpack *u, int from_fd, int to_dirfd, const char *base)
{
	_cleanup_close_ int to = -EBADF;
	struct stat st;
	int r;

	if (fstat(from_fd, &st) < 0)
		return -errno;
	r = copy_node(from_fd, &st, to_dirfd, base);
	if (r < 0)
		return r;
	u->size += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	to = openat(to_dirfd, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return to < 0 ? -errno : unpack_meta_copy(from_fd, to);
}
