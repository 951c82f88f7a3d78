/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the engine's own directories; see file.h. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int file_read_fd(int fd, size_t max_bytes, struct buf *out)
{
	size_t total = 0;

	for (;;) {
		char *to = buf_reserve(out, 4096);
		ssize_t n;

		if (!to)
			return -ENOMEM;
		n = read(fd, to, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max_bytes)
			return -EFBIG;
		buf_grew(out, (size_t)n);
	}
}

int file_read_at(int dirfd, const char *path, size_t max_bytes, struct buf *out)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, max_bytes, out);
}

static int temporary_name(const char *path, char *name, size_t size)
{
	unsigned int random;
	int len;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	len = snprintf(name, size, "%s.tmp-%08x", path, random);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

static int sync_parent(int dirfd, const char *path)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	_cleanup_close_ int fd = -EBADF;

	if (len >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, len);
	parent[len] = '\0';
	fd = openat(dirfd, len ? parent : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_new(int dirfd, const char *name, const void *bytes, size_t len, mode_t mode, int flags)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, bytes, len);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && (flags & FILE_SYNC) && fsync(fd) < 0)
		r = -errno;
	return r;
}

int file_write_atomic_at(int dirfd, const char *path, const void *bytes, size_t len, mode_t mode, int flags)
{
	char name[4096];
	int r = temporary_name(path, name, sizeof(name));

	if (r < 0)
		return r;
	r = write_new(dirfd, name, bytes, len, mode, flags);
	if (r == 0 && renameat(dirfd, name, dirfd, path) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, name, 0);
		return r;
	}
	return flags & FILE_SYNC ? sync_parent(dirfd, path) : 0;
}

int file_write_value_at(int dirfd, const char *path, const char *value)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int file_mkdir_p_at(int dirfd, const char *path, mode_t mode)
{
	char copy[4096];
	size_t len = strlen(path);
	struct stat st;

	if (len >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, len + 1);
	for (char *at = copy + 1; len > 0 && *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdirat(dirfd, copy, mode) < 0 && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	if (mkdirat(dirfd, path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (fstatat(dirfd, path, &st, 0) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_open_dir_at(int dirfd, const char *path, bool make, mode_t mode)
{
	int fd, r;

	if (make) {
		r = file_mkdir_p_at(dirfd, path, mode);
		if (r < 0)
			return r;
	}
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- removing ---- */

/*
 * Whoever filled a tree chose its depth, so neither the stack nor the descriptors may grow with it: what lies deeper than
 * REMOVE_DEPTH is moved up into the tree's top, which is read again until nothing is left.
 */
struct removal {
	int top_fd;
	dev_t device;
	unsigned long long moved;
	bool again;
};

#define REMOVE_DEPTH 32

static int remove_entries(struct removal *t, DIR *dir, int depth);

static int move_up(struct removal *t, int dirfd, const char *name)
{
	char to[48];
	int r;

	do {
		snprintf(to, sizeof(to), ".removing-%llu", t->moved++);
		r = renameat2(dirfd, name, t->top_fd, to, RENAME_NOREPLACE) < 0 ? -errno : 0;
	} while (r == -EEXIST);
	t->again = true;
	return r;
}

/* The directory's stream, when it is one and lies on the tree's own file system. */
static int open_to_remove(int dirfd, const char *name, dev_t device, DIR **ret)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (device && st.st_dev != device)
		return -EXDEV;
	*ret = fdopendir(fd);
	if (!*ret)
		return -errno;
	fd = -EBADF;
	return 0;
}

/* 1: it is a directory and still there. */
static int remove_file(int dirfd, const char *name)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	return errno == EISDIR || errno == EPERM ? 1 : -errno;
}

static int remove_entry(struct removal *t, int dirfd, const char *name, int depth)
{
	int r = remove_file(dirfd, name);
	DIR *dir;

	if (r <= 0)
		return r;
	if (depth == REMOVE_DEPTH)
		return move_up(t, dirfd, name);
	r = open_to_remove(dirfd, name, t->device, &dir);
	if (r < 0)
		return r;
	r = remove_entries(t, dir, depth + 1);
	closedir(dir);
	if (r < 0)
		return r;
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_entries(struct removal *t, DIR *dir, int depth)
{
	struct dirent *d;
	int r = 0;

	while ((errno = 0, d = readdir(dir))) {
		int one;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		one = remove_entry(t, dirfd(dir), d->d_name, depth);
		if (one < 0 && r == 0)
			r = one;
	}
	return r == 0 && errno ? -errno : r;
}

int file_remove_tree_at(int parent_fd, const char *path)
{
	struct removal t = {0};
	struct stat st;
	DIR *dir;
	int r = remove_file(parent_fd, path);

	if (r <= 0)
		return r;
	r = open_to_remove(parent_fd, path, 0, &dir);
	if (r < 0)
		return r;
	t.top_fd = dirfd(dir);
	r = fstat(t.top_fd, &st) < 0 ? -errno : 0;
	t.device = st.st_dev;
	do {
		t.again = false;
		rewinddir(dir);
		if (r == 0)
			r = remove_entries(&t, dir, 1);
	} while (r == 0 && t.again);
	closedir(dir);
	if (r < 0)
		return r;
	return unlinkat(parent_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}
