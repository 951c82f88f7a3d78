/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths, by descriptors throughout: the path is opened once, without links, and what covers it is
 * attached onto that descriptor. One tmpfs serves for all directories, one clone of the null device for each file.
 */
#include "runtime/masks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "linux/mounts.h"
#include "linux/path.h"

#define NULL_DEVICE makedev(1, 3)
#define COVER_ATTR (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* The path as a descriptor, -ENOENT when there is nothing to protect. */
static int open_path(int root_fd, const char *path)
{
	path += strspn(path, "/");
	return path_open_beneath(root_fd, *path ? path : ".", O_PATH | O_NOFOLLOW, 0);
}

/* A detached clone of the container's null device, verified after it was cloned, when nothing can change it any more. */
static int clone_null(int dev_fd)
{
	_cleanup_close_ int fd = mount_clone(dev_fd, "null", false, true);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != NULL_DEVICE)
		return -EXDEV;
	return TAKE_FD(fd);
}

/* The first covered directory makes the tmpfs, later ones clone its mount. */
static int clone_empty_dir(int *empty_fd)
{
	static const struct mount_option options[] = {{"mode", "755"}, {"size", "4k"}, {"nr_inodes", "1"}};

	if (*empty_fd >= 0)
		return mount_clone(*empty_fd, "", false, true);
	return mount_new("tmpfs", "tmpfs", options, ARRAY_SIZE(options), COVER_ATTR, NULL);
}

static int cover_one(int target_fd, int dev_fd, int *empty_fd)
{
	_cleanup_close_ int cover_fd = -EBADF;
	struct stat st;
	int r;

	if (fstat(target_fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	cover_fd = S_ISDIR(st.st_mode) ? clone_empty_dir(empty_fd) : clone_null(dev_fd);
	if (cover_fd < 0)
		return cover_fd;
	r = mount_attach(cover_fd, target_fd);
	if (r == 0 && S_ISDIR(st.st_mode) && *empty_fd < 0)
		*empty_fd = TAKE_FD(cover_fd);
	return r;
}

int masks_cover(int root_fd, int dev_fd, char *const *paths, struct err *err)
{
	_cleanup_close_ int empty_fd = -EBADF;

	for (; paths && *paths; paths++) {
		_cleanup_close_ int target_fd = open_path(root_fd, *paths);
		int r;

		if (target_fd == -ENOENT || target_fd == -ENOTDIR)
			continue;
		r = target_fd < 0 ? target_fd : cover_one(target_fd, dev_fd, &empty_fd);
		if (r < 0)
			return err_sys(err, r, "can't mask path \"%s\"", *paths);
	}
	return 0;
}

static int make_readonly(int target_fd)
{
	_cleanup_close_ int fd = mount_clone(target_fd, "", true, true);
	int r;

	if (fd < 0)
		return fd;
	r = mount_change(fd, true, MOUNT_ATTR_RDONLY, 0, 0);
	return r < 0 ? r : mount_attach(fd, target_fd);
}

int masks_make_readonly(int root_fd, char *const *paths, struct err *err)
{
	for (; paths && *paths; paths++) {
		_cleanup_close_ int target_fd = open_path(root_fd, *paths);
		struct stat st;
		int r;

		if (target_fd == -ENOENT || target_fd == -ENOTDIR)
			continue;
		r = target_fd;
		if (r >= 0)
			r = fstat(target_fd, &st) < 0 ? -errno : S_ISLNK(st.st_mode) ? -ELOOP : make_readonly(target_fd);
		if (r < 0)
			return err_sys(err, r, "can't make \"%s\" read-only", *paths);
	}
	return 0;
}
