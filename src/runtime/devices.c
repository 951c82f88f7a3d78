/* SPDX-License-Identifier: Apache-2.0 */
/* The container's /dev; see devices.h. */
#include "runtime/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/mounts.h"
#include "linux/path.h"

const char *const devices_default_names[DEVICES_DEFAULT] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
	unsigned major, minor;
} default_numbers[DEVICES_DEFAULT] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}};

static const struct {
	const char *name;
	const char *to;
} links[] = {{"fd", "/proc/self/fd"},
	     {"stdin", "/proc/self/fd/0"},
	     {"stdout", "/proc/self/fd/1"},
	     {"stderr", "/proc/self/fd/2"},
	     {"ptmx", "pts/ptmx"}};

/* A node that is there already must be the one that was asked for. */
static int check_node(int dir_fd, const char *name, mode_t type, dev_t number)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != type || (type != S_IFIFO && st.st_rdev != number))
		return -EEXIST;
	return 0;
}

static int make_node(int dir_fd, const char *name, mode_t type, mode_t mode, dev_t number)
{
	if (mknodat(dir_fd, name, type | mode, number) == 0)
		return 0;
	return errno == EEXIST ? check_node(dir_fd, name, type, number) : -errno;
}

/* An empty file in the node's place, with the host's node mounted onto it. */
static int mount_node(int dir_fd, const char *name, int host_fd)
{
	_cleanup_close_ int target_fd = openat(dir_fd, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);

	return target_fd < 0 ? -errno : mount_attach(host_fd, target_fd);
}

static int make_defaults(int dev_fd, const int *host_fds, struct err *err)
{
	for (size_t i = 0; i < DEVICES_DEFAULT; i++) {
		const char *name = devices_default_names[i];
		int r;

		if (host_fds)
			r = mount_node(dev_fd, name, host_fds[i]);
		else
			r = make_node(dev_fd, name, S_IFCHR, 0666, makedev(default_numbers[i].major, default_numbers[i].minor));
		if (r < 0)
			return err_sys(err, r, "make /dev/%s", name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].to, dev_fd, links[i].name) < 0 && errno != EEXIST)
			return err_sys(err, errno, "make /dev/%s", links[i].name);
	return 0;
}

static mode_t node_type(const struct oci_device *d)
{
	return d->type[0] == 'b' ? S_IFBLK : d->type[0] == 'p' ? S_IFIFO : S_IFCHR;
}

/* The directory the device goes to. Below /dev without any link on the way, elsewhere as the container itself sees it. */
static int open_parent(int root_fd, int dev_fd, const char *path, char *ret_name)
{
	int parent_fd;

	if (strncmp(path, "/dev/", 5) != 0)
		return path_open_parent_in_root(root_fd, path, ret_name);
	parent_fd = path_open_parent_in_root(dev_fd, path + 5, ret_name);
	return parent_fd;
}

static int make_device(int root_fd, int dev_fd, const struct oci_device *d, const int *host_fd, struct err *err)
{
	mode_t mode = d->file_mode ? (mode_t)*d->file_mode & 0777 : 0666;
	dev_t number = makedev((unsigned)d->major, (unsigned)d->minor);
	_cleanup_close_ int parent_fd = -EBADF;
	char name[NAME_MAX + 1];
	int r;

	parent_fd = open_parent(root_fd, dev_fd, d->path, name);
	if (parent_fd < 0)
		return err_sys(err, parent_fd, "make the device %s", d->path);
	if (host_fd) {
		r = mount_node(parent_fd, name, *host_fd);
		return r < 0 ? err_sys(err, r, "make the device %s", d->path) : 0;
	}
	r = make_node(parent_fd, name, node_type(d), mode, number);
	if (r == 0 && (d->uid || d->gid) &&
	    fchownat(parent_fd, name, d->uid ? *d->uid : 0, d->gid ? *d->gid : 0, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r < 0 ? err_sys(err, r, "make the device %s", d->path) : 0;
}

int devices_make(int root_fd, int dev_fd, const struct oci_devices *devices, const int *host_fds, struct err *err)
{
	int r;

	r = make_defaults(dev_fd, host_fds, err);
	for (size_t i = 0; r == 0 && i < devices->len; i++)
		r = make_device(root_fd, dev_fd, &devices->items[i], host_fds ? &host_fds[DEVICES_DEFAULT + i] : NULL, err);
	return r;
}

int devices_mount_console(int dev_fd, int slave_fd, struct err *err)
{
	_cleanup_close_ int mount_fd = -EBADF, target_fd = -EBADF;
	int r;

	target_fd = openat(dev_fd, "console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	if (target_fd < 0 && errno == EEXIST)
		target_fd = openat(dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target_fd < 0)
		return err_sys(err, errno, "make /dev/console");
	mount_fd = mount_clone(slave_fd, "", false, true);
	if (mount_fd < 0)
		return err_sys(err, mount_fd, "mount the terminal onto /dev/console");
	r = mount_attach(mount_fd, target_fd);
	return r < 0 ? err_sys(err, r, "mount the terminal onto /dev/console") : 0;
}
