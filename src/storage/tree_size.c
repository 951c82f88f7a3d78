/* SPDX-License-Identifier: Apache-2.0 */
/* What a directory tree holds: the sizes of its regular files, each inode once. A running container may change it meanwhile:
 * what vanishes is not counted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "storage/storage_internal.h"

/* Each level takes a descriptor and stack, and a container chooses how deep it goes. */
#define DEPTH_MAX 256

static int add_directory(int fd, struct map *linked, int depth, uint64_t *bytes);

static int add_entry(int dirfd, const char *name, struct map *linked, int depth, uint64_t *bytes)
{
	char inode[64];
	struct stat st;
	int fd;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode)) {
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ? 0 : -errno;
		return add_directory(fd, linked, depth + 1, bytes);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if (st.st_nlink > 1) {
		snprintf(inode, sizeof(inode), "%llu", (unsigned long long)st.st_ino);
		if (map_set(linked, inode, linked))
			return 0;
	}
	*bytes += (uint64_t)st.st_size;
	return 0;
}

/* Consumes `fd`. */
static int add_directory(int fd, struct map *linked, int depth, uint64_t *bytes)
{
	DIR *dir = depth < DEPTH_MAX ? fdopendir(fd) : NULL;
	struct dirent *d;
	int r = 0;

	if (!dir) {
		r = depth < DEPTH_MAX ? -errno : -ELOOP;
		fd_close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			r = add_entry(dirfd(dir), d->d_name, linked, depth, bytes);
	if (r == 0 && errno)
		r = -errno;
	closedir(dir);
	return r;
}

int storage_tree_size(int dir_fd, uint64_t *bytes)
{
	struct map *linked = map_new();
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = fd < 0 ? -errno : 0;

	if (r == 0)
		r = add_directory(fd, linked, 0, bytes);
	map_free(linked);
	return r;
}
