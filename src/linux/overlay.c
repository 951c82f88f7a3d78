/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An overlay as a detached mount; see overlay.h. Layers are named relative to the layers' directory by changing into it
 * for the moment of the call, the writable layer through /proc/self/fd: no name of the host appears in the container's
 * mount table, and 127 layers fit into one option string. Three ways, tried in this order:
 *     lowerdir+ per layer       kernel 6.8 on; older ones take the settings and fail at create
 *     one lowerdir string       at most 255 bytes by fsconfig
 *     mount(2), open_tree       a page of options; needs a mount namespace to do it in, joined and left again
 */
#include "linux/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "linux/mounts.h"
#include "linux/syscalls.h"

#define FSCONFIG_STRING_MAX 255
#define SCRATCH_TARGET "/proc" /* any directory every system has; covered in the scratch namespace only */

static const struct mount_option fixed_options[] = {{"index", "off"}, {"metacopy", "off"}, {"redirect_dir", "off"}};

/* With userxattr the last two are off anyway, and naming them is a conflict where the kernel follows redirects by default. */
static size_t n_fixed(const struct overlay_recipe *recipe)
{
	return recipe->userxattr ? 1 : ARRAY_SIZE(fixed_options);
}

struct overlay_options {
	const struct overlay_recipe *recipe;
	size_t n_lower;
	char upper[48];
	char work[48];
};

static int set(int fs_fd, const char *key, const char *value)
{
	return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

/* What all ways have in common. */
static int set_common(int fs_fd, const struct overlay_options *o)
{
	int r = set(fs_fd, "source", "overlay");

	for (size_t i = 0; r == 0 && i < n_fixed(o->recipe); i++)
		r = set(fs_fd, fixed_options[i].key, fixed_options[i].value);
	if (r == 0 && o->recipe->userxattr && fsconfig(fs_fd, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		r = -errno;
	if (r < 0 || o->recipe->upper_fd < 0)
		return r;
	r = set(fs_fd, "upperdir", o->upper);
	return r < 0 ? r : set(fs_fd, "workdir", o->work);
}

static int create(int fs_fd)
{
	int fd;

	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int mount_by_layer(const struct overlay_options *o)
{
	_cleanup_close_ int fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);
	char name[64];
	int r;

	if (fs_fd < 0)
		return -errno;
	r = set_common(fs_fd, o);
	for (size_t i = 0; r == 0 && i < o->n_lower; i++) {
		if (snprintf(name, sizeof(name), "%s/fs", o->recipe->lower[i]) >= (int)sizeof(name))
			return -ENAMETOOLONG;
		r = set(fs_fd, "lowerdir+", name);
	}
	return r < 0 ? r : create(fs_fd);
}

static int lower_string(const struct overlay_options *o, struct buf *out)
{
	for (size_t i = 0; i < o->n_lower; i++)
		buf_addf(out, "%s%s/fs", i ? ":" : "", o->recipe->lower[i]);
	return out->failed ? -ENOMEM : 0;
}

static int mount_by_string(const struct overlay_options *o, const char *lower)
{
	_cleanup_close_ int fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);
	int r;

	if (fs_fd < 0)
		return -errno;
	r = set_common(fs_fd, o);
	if (r == 0)
		r = set(fs_fd, "lowerdir", lower);
	return r < 0 ? r : create(fs_fd);
}

static int mount_in_scratch(const char *options)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};
	int fd;

	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (mount("overlay", SCRATCH_TARGET, "overlay", 0, options) < 0)
		return -errno;
	fd = open_tree(AT_FDCWD, SCRATCH_TARGET, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int mount_by_scratch(const struct overlay_options *o, const char *lower)
{
	_cleanup_close_ int mntns_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	_cleanup_buf_ struct buf options = BUF_INIT;
	int fd;

	if (mntns_fd < 0)
		return -errno;
	buf_addf(&options, "lowerdir=%s", lower);
	for (size_t i = 0; i < n_fixed(o->recipe); i++)
		buf_addf(&options, ",%s=%s", fixed_options[i].key, fixed_options[i].value);
	if (o->recipe->upper_fd >= 0)
		buf_addf(&options, ",upperdir=%s,workdir=%s", o->upper, o->work);
	if (o->recipe->userxattr)
		buf_adds(&options, ",userxattr");
	if (options.failed)
		return -ENOMEM;
	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	/* The new namespace's working directory is the same directory, so the layers' names still hold. */
	fd = mount_in_scratch(options.data);
	if (setns(mntns_fd, CLONE_NEWNS) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	return fd;
}

static int skip_ways;

void overlay_skip_ways(int n)
{
	skip_ways = n;
}

static int mount_any_way(const struct overlay_options *o)
{
	_cleanup_buf_ struct buf lower = BUF_INIT;
	int fd, r;

	fd = skip_ways >= 1 ? -ENOSYS : mount_by_layer(o);
	if (fd >= 0 || (fd != -EINVAL && fd != -ENOSYS && fd != -EPERM && fd != -EOPNOTSUPP))
		return fd;
	r = lower_string(o, &lower);
	if (r < 0)
		return r;
	if (lower.len <= FSCONFIG_STRING_MAX && skip_ways < 2) {
		fd = mount_by_string(o, lower.data);
		if (fd >= 0 || (fd != -EINVAL && fd != -ENOSYS && fd != -EPERM))
			return fd;
	}
	return mount_by_scratch(o, lower.data);
}

/* One layer that nobody writes to needs no overlay. */
static int mount_single(const struct overlay_options *o)
{
	char name[64];
	int fd, r;

	if (snprintf(name, sizeof(name), "%s/fs", o->recipe->lower[0]) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = mount_clone(o->recipe->layers_fd, name, false, true);
	if (fd < 0)
		return fd;
	r = mount_change(fd, false, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

static int mount_from_layers_dir(const struct overlay_options *o)
{
	_cleanup_close_ int cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (cwd_fd < 0)
		return -errno;
	if (fchdir(o->recipe->layers_fd) < 0)
		return -errno;
	fd = mount_any_way(o);
	if (fchdir(cwd_fd) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	return fd;
}

int overlay_mount_detached(const struct overlay_recipe *recipe, struct err *err)
{
	struct overlay_options o = {.recipe = recipe};
	int fd;

	while (recipe->lower && recipe->lower[o.n_lower])
		o.n_lower++;
	if (o.n_lower == 0)
		return err_set(err, ERR_INVALID, "mount the root: no layers");
	snprintf(o.upper, sizeof(o.upper), "/proc/self/fd/%d/upper", recipe->upper_fd);
	snprintf(o.work, sizeof(o.work), "/proc/self/fd/%d/work", recipe->upper_fd);
	if (o.n_lower == 1 && recipe->upper_fd < 0)
		fd = mount_single(&o);
	else
		fd = mount_from_layers_dir(&o);
	if (fd < 0)
		return err_sys(err, fd, "mount an overlay of %zu layers", o.n_lower);
	return fd;
}
