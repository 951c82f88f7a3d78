/* SPDX-License-Identifier: Apache-2.0 */
/* Building the container's root; see rootfs.h. */
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/mounts.h"
#include "linux/overlay.h"
#include "linux/path.h"
#include "runtime/devices.h"
#include "runtime/masks.h"

void rootfs_done(struct rootfs *r)
{
	fd_close(r->mount_fd);
	fd_close(r->root_fd);
	fd_close(r->dev_fd);
	fd_close(r->sys_fd);
	fd_close(r->proc_fd);
}

/* How the container's root takes part in propagation; private unless the spec says otherwise. */
static uint64_t root_propagation(const struct oci_spec *spec)
{
	const char *p = spec->linux_ ? spec->linux_->rootfs_propagation : NULL;

	if (!p || !*p || strcmp(p, "private") == 0)
		return MS_PRIVATE;
	if (strcmp(p, "shared") == 0)
		return MS_SHARED;
	return strcmp(p, "slave") == 0 ? MS_SLAVE : MS_UNBINDABLE;
}

int rootfs_open(const struct oci_spec *spec, const struct overlay_recipe *overlay, int bundle_fd, struct err *err)
{
	const char *path = spec->root ? spec->root->path : NULL;
	uint64_t propagation = root_propagation(spec);
	int fd, r;

	if (overlay)
		return overlay_mount_detached(overlay, err);
	if (!path)
		return err_set(err, ERR_INVALID, "root.path: is required");
	if (path[0] != '/' && bundle_fd < 0)
		return err_set(err, ERR_INVALID, "root.path: \"%s\" is not an absolute path", path);
	fd = mount_clone(path[0] == '/' ? AT_FDCWD : bundle_fd, path, true, false);
	if (fd < 0)
		return err_sys(err, fd, "open the root %s", path);
	/* What is shared or a slave keeps its tie to the host's mount; a tree of several mounts is changed as a whole. */
	r = mount_change(fd, true, 0, 0, propagation == MS_UNBINDABLE ? MS_PRIVATE : propagation);
	if (r < 0) {
		fd_close(fd);
		return err_sys(err, r, "open the root %s", path);
	}
	return fd;
}

int rootfs_open_proc(struct rootfs *r, struct err *err)
{
	r->proc_fd = mount_new("proc", "proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	if (r->proc_fd < 0)
		return err_wrap(err, "a procfs of the container's");
	r->sys_fd = path_open_same_mount(r->proc_fd, "sys", O_PATH | O_DIRECTORY);
	return r->sys_fd < 0 ? err_sys(err, r->sys_fd, "open sys of a procfs") : 0;
}

static int enter(struct rootfs *r, struct err *err)
{
	_cleanup_close_ int slash_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (slash_fd < 0)
		return err_sys(err, errno, "open /");
	rc = mount_detach_propagation(MS_PRIVATE);
	if (rc < 0)
		return err_sys(err, rc, "part from the host's mounts");
	rc = mount_attach(r->mount_fd, slash_fd);
	if (rc == 0)
		rc = mount_pivot(r->mount_fd);
	if (rc < 0)
		return err_sys(err, rc, "change the root");
	r->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->root_fd < 0 ? err_sys(err, errno, "open the container's /") : 0;
}

int rootfs_enter(struct rootfs *r, struct err *err)
{
	static const struct oci_devices none;
	const struct oci_devices *devices = r->spec->linux_ ? &r->spec->linux_->devices : &none;
	uint64_t propagation = root_propagation(r->spec);
	int rc;

	rc = enter(r, err);
	if (rc < 0)
		return rc;
	rc = mount_plan_attach(r->plan, r->root_fd, err);
	if (rc < 0)
		return rc;
	if (propagation != MS_PRIVATE) {
		rc = mount_change(r->mount_fd, false, 0, 0, propagation);
		if (rc < 0)
			return err_sys(err, rc, "set linux.rootfsPropagation");
	}
	r->dev_fd = path_open_beneath(r->root_fd, "dev", O_PATH | O_DIRECTORY, 0);
	if (r->dev_fd == -ENOENT)
		r->dev_fd = path_make_dir_in_root(r->root_fd, "dev", 0755);
	if (r->dev_fd < 0)
		return err_sys(err, r->dev_fd, "open the container's /dev");
	return devices_make(r->root_fd, r->dev_fd, devices, r->host_devices, err);
}

int rootfs_open_devpts(const struct rootfs *r, struct err *err)
{
	const struct mount_entry *e = mount_plan_find(r->plan, "/dev/pts");
	int fd, rc;

	if (e && e->kind == MOUNT_NEW) /* the mount itself, whatever lies at its place by now */
		fd = openat(e->fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	else
		fd = path_open_beneath(r->dev_fd, "pts", O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return err_sys(err, fd == -1 ? errno : fd, "open the container's /dev/pts");
	rc = path_check_magic(fd, DEVPTS_SUPER_MAGIC);
	if (rc < 0) {
		fd_close(fd);
		return err_sys(err, rc, "the container's /dev/pts is not a devpts");
	}
	return fd;
}

/* The working directory is there when the process starts, as Docker has it. */
static int make_cwd(const struct rootfs *r, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	const char *cwd = r->spec->process->cwd;

	fd = path_open_in_root(r->root_fd, cwd, O_PATH, 0);
	if (fd == -ENOENT)
		fd = path_make_dir_in_root(r->root_fd, cwd, 0755);
	if (fd < 0 && fd != -ELOOP && fd != -EROFS && fd != -EACCES)
		return err_sys(err, fd, "make the working directory %s", cwd);
	return 0; /* chdir has the last word on what can't be made */
}

int rootfs_seal(struct rootfs *r, struct err *err)
{
	const struct oci_linux *l = r->spec->linux_;
	int rc;

	if (r->spec->process) {
		rc = make_cwd(r, err);
		if (rc < 0)
			return rc;
	}
	if (l) {
		rc = masks_make_readonly(r->root_fd, l->readonly_paths, err);
		if (rc == 0)
			rc = masks_cover(r->root_fd, r->dev_fd, l->masked_paths, err);
		if (rc < 0)
			return rc;
	}
	rc = mount_plan_seal(r->plan, err);
	if (rc < 0)
		return rc;
	if (!r->spec->root || !r->spec->root->readonly)
		return 0;
	rc = mount_change(r->mount_fd, false, MOUNT_ATTR_RDONLY, 0, 0);
	return rc < 0 ? err_sys(err, rc, "make the root read-only") : 0;
}
