/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts by descriptor, over the mount calls of kernel 5.2 to 5.12; see mounts.h. */
#include "linux/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "linux/path.h"
#include "linux/syscalls.h"

/* The kernel explains a refused setting on the fs context itself, as lines "e text". */
static int fs_error(int fs_fd, int sys, const char *fstype, const char *what, struct err *err)
{
	char line[256];
	ssize_t n = read(fs_fd, line, sizeof(line) - 1);

	if (n <= 2 || line[1] != ' ')
		return err_sys(err, sys, "mount %s: %s", fstype, what);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return err_sys(err, sys, "mount %s: %s: %s", fstype, what, line + 2);
}

static int configure(int fs_fd, const char *fstype, const struct mount_option *options, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r;

		if (options[i].value)
			r = fsconfig(fs_fd, FSCONFIG_SET_STRING, options[i].key, options[i].value, 0);
		else
			r = fsconfig(fs_fd, FSCONFIG_SET_FLAG, options[i].key, NULL, 0);
		if (r < 0)
			return fs_error(fs_fd, errno, fstype, options[i].key, err);
	}
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_error(fs_fd, errno, fstype, "create", err);
	return 0;
}

int mount_new(const char *fstype, const char *source, const struct mount_option *options, size_t n, uint64_t attr,
	      struct err *err)
{
	_cleanup_close_ int fs_fd = -EBADF;
	int r, fd;

	fs_fd = fsopen(fstype, FSOPEN_CLOEXEC);
	if (fs_fd < 0)
		return err_sys(err, errno, "mount %s", fstype);
	if (source && fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return fs_error(fs_fd, errno, fstype, "source", err);
	r = configure(fs_fd, fstype, options, n, err);
	if (r < 0)
		return r;
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned)attr);
	if (fd < 0)
		return fs_error(fs_fd, errno, fstype, "fsmount", err);
	return fd;
}

int mount_clone(int dir_fd, const char *path, bool recursive, bool nofollow)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int fd;

	if (*path == '\0')
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= AT_RECURSIVE;
	if (nofollow)
		flags |= AT_SYMLINK_NOFOLLOW;
	fd = open_tree(dir_fd, path, flags);
	return fd < 0 ? -errno : fd;
}

int mount_change(int mount_fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

	/* The access time modes are a number, not bits: to set one, clear the whole field. */
	if (set & MOUNT_ATTR__ATIME || clear & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if (!attr.attr_set && !attr.attr_clr && !propagation)
		return 0;
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr)) < 0)
		return -errno;
	return 0;
}

int mount_attach(int mount_fd, int target_fd)
{
	if (move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mount_pivot(int root_fd)
{
	if (fchdir(root_fd) < 0)
		return -errno;
	/* The old root comes to lie on top of the new one, where "." still finds it for the one call that drops it. */
	if (sys_pivot_root(".", ".") < 0)
		return -errno;
	if (umount2(".", MNT_DETACH) < 0)
		return -errno;
	return chdir("/") < 0 ? -errno : 0;
}

int mount_detach_propagation(uint64_t propagation)
{
	struct mount_attr attr = {.propagation = propagation};

	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	return 0;
}

int mount_attributes(int fd, uint64_t *ret_attr)
{
	static const struct {
		unsigned long st;
		uint64_t attr;
	} bits[] = {{ST_RDONLY, MOUNT_ATTR_RDONLY}, {ST_NOSUID, MOUNT_ATTR_NOSUID},   {ST_NODEV, MOUNT_ATTR_NODEV},
		    {ST_NOEXEC, MOUNT_ATTR_NOEXEC}, {ST_NOATIME, MOUNT_ATTR_NOATIME}, {ST_NODIRATIME, MOUNT_ATTR_NODIRATIME}};
	struct statvfs st;

	if (fstatvfs(fd, &st) < 0)
		return -errno;
	*ret_attr = 0;
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (st.f_flag & bits[i].st)
			*ret_attr |= bits[i].attr;
	return 0;
}

int mount_reopen_dir(int fd)
{
	_cleanup_close_ int here_fd = -EBADF;
	char link[32], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return -errno;
	path[len] = '\0';
	here_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (here_fd < 0)
		return -errno;
	return path_same_file(fd, here_fd) ? TAKE_FD(here_fd) : -ESTALE;
}
