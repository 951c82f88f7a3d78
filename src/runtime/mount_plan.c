/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the mounts of a spec to mounts in the container; see mount_plan.h. A target is looked up below the root when its
 * mount is ready, and mounted onto by descriptor. No symlink is followed on the way to anything at or below /proc, /sys
 * and /dev; procfs and sysfs only go onto real directories (CVE-2019-19921's class), and onto procfs itself only the
 * files that lxcfs replaces.
 */
#include "runtime/mount_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "linux/mounts.h"
#include "linux/path.h"
#include "runtime/cgroup_mount.h"

void mount_plan_done(struct mount_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		mount_options_done(&p->entries[i].options);
		fd_close(p->entries[i].fd);
	}
	for (size_t i = 0; p->entries && i < MOUNT_CGROUPS_MAX; i++)
		fd_close(p->cgroup_fds[i]);
	free(p->entries);
	p->entries = NULL;
	p->n = 0;
}

static bool same_path(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, "/");
		b += strspn(b, "/");
		size_t len = strcspn(a, "/");

		if (len != strcspn(b, "/") || memcmp(a, b, len) != 0)
			return false;
		if (len == 0)
			return true;
		a += len;
		b += len;
	}
}

struct mount_entry *mount_plan_find(const struct mount_plan *p, const char *path)
{
	for (size_t i = p->n; i-- > 0;)
		if (same_path(p->entries[i].mount->destination, path))
			return &p->entries[i];
	return NULL;
}

static const char *fs_type(const struct mount_entry *e)
{
	return e->mount->type && *e->mount->type ? e->mount->type : "none";
}

static const char *source_shown(const struct mount_entry *e)
{
	return e->mount->source && *e->mount->source ? e->mount->source : fs_type(e);
}

/* The words Docker's users know from runc. */
static int mount_failed(const struct mount_entry *e, int sys, struct err *err)
{
	const char *hint = "";

	if (sys == -ENOTDIR && e->kind == MOUNT_BIND)
		hint = ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path "
		       "exists "
		       "and is the expected type";
	return err_sys_kind(err, ERR_SYSTEM, sys, "error mounting \"%s\" to rootfs at \"%s\"%s", source_shown(e),
			    e->mount->destination, hint);
}

static int parse_entry(struct mount_entry *e, struct err *err)
{
	const char *type = e->mount->type ? e->mount->type : "";
	int r;

	r = mount_options_parse(e->mount->options, &e->options, err);
	if (r < 0)
		return err_wrap(err, "mount %s", e->mount->destination);
	if (e->options.copy_up)
		return err_set(err, ERR_NOT_IMPLEMENTED, "mount %s: tmpcopyup is not supported", e->mount->destination);
	if (e->mount->uid_mappings.len || e->mount->gid_mappings.len)
		return err_set(err, ERR_NOT_IMPLEMENTED, "mount %s: id-mapped mounts are not supported", e->mount->destination);
	if (e->options.bind || strcmp(type, "bind") == 0) {
		e->kind = MOUNT_BIND;
		if (!e->mount->source || !*e->mount->source)
			return err_set(err, ERR_INVALID, "mount %s: a bind mount needs a source", e->mount->destination);
	} else if (strcmp(type, "cgroup") == 0) {
		e->kind = MOUNT_CGROUP;
	} else {
		e->kind = MOUNT_NEW;
		if (!*type)
			return err_set(err, ERR_INVALID, "mount %s: has no type", e->mount->destination);
	}
	e->late_ro = strcmp(type, "tmpfs") == 0 && e->options.attr & MOUNT_ATTR_RDONLY;
	return 0;
}

int mount_plan_parse(const struct oci_mounts *mounts, struct mount_plan *ret, struct err *err)
{
	struct mount_plan p = {0};

	p.entries = calloc(mounts->len + 1, sizeof(*p.entries));
	if (!p.entries)
		return err_sys(err, ENOMEM, "mounts");
	for (size_t i = 0; i < MOUNT_CGROUPS_MAX; i++)
		p.cgroup_fds[i] = -EBADF;
	for (size_t i = 0; i < mounts->len; i++) {
		int r;

		p.entries[p.n++] = (struct mount_entry){.mount = &mounts->items[i], .fd = -EBADF};
		r = parse_entry(&p.entries[i], err);
		if (r < 0) {
			mount_plan_done(&p);
			return r;
		}
	}
	*ret = p;
	return 0;
}

/* What was asked for, onto a mount that nobody sees yet. */
static int apply_attributes(const struct mount_entry *e)
{
	const struct mount_options *o = &e->options;
	uint64_t propagation = o->propagation;
	int r = 0;

	/* A clone shares the host's peer group. Unless something else is asked for, mounts of the host still come in. */
	if (!propagation && e->kind == MOUNT_BIND)
		propagation = MS_SLAVE;
	if (o->attr && e->kind == MOUNT_BIND)
		r = mount_change(e->fd, false, o->attr, 0, 0);
	if (r == 0 && (o->rec_set || o->rec_clear))
		r = mount_change(e->fd, true, o->rec_set, o->rec_clear, 0);
	if (r == 0 && propagation)
		r = mount_change(e->fd, o->propagation_recursive || !o->propagation, 0, 0, propagation);
	return r;
}

static int open_bind(struct mount_entry *e, int bundle_fd, struct err *err)
{
	const char *source = e->mount->source;
	int r;

	if (source[0] != '/' && bundle_fd < 0)
		return err_set(err, ERR_INVALID, "mount %s: the source \"%s\" is not an absolute path", e->mount->destination,
			       source);
	e->fd = mount_clone(source[0] == '/' ? AT_FDCWD : bundle_fd, source, e->options.recursive, false);
	if (e->fd < 0) {
		r = e->fd;
		e->fd = -EBADF;
		return mount_failed(e, r, err);
	}
	r = apply_attributes(e);
	return r < 0 ? mount_failed(e, r, err) : 0;
}

int mount_plan_open_binds(struct mount_plan *p, int bundle_fd, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		int r = p->entries[i].kind == MOUNT_BIND ? open_bind(&p->entries[i], bundle_fd, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int open_new(struct mount_entry *e, struct err *err)
{
	const struct mount_options *o = &e->options;
	uint64_t attr = o->attr & ~(uint64_t)(e->late_ro ? MOUNT_ATTR_RDONLY : 0);
	int r;

	e->fd = mount_new(e->mount->type, source_shown(e), o->data_options, o->n_data, attr, err);
	if (e->fd < 0) {
		e->fd = -EBADF;
		return err_wrap(err, "error mounting \"%s\" to rootfs at \"%s\"", source_shown(e), e->mount->destination);
	}
	r = apply_attributes(e);
	return r < 0 ? mount_failed(e, r, err) : 0;
}

int mount_plan_open_new(struct mount_plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct mount_entry *e = &p->entries[i];
		int r = 0;

		if (e->kind == MOUNT_NEW)
			r = open_new(e, err);
		else if (e->kind == MOUNT_CGROUP)
			r = cgroup_mount_open(p, e, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_at_or_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	path += strspn(path, "/");
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* A target for a mount whose way no symlink may bend; made when missing. */
static int open_strict_target(int root_fd, const char *path, bool directory)
{
	int fd, made_fd;

	path += strspn(path, "/");
	fd = path_open_beneath(root_fd, path, O_PATH | (directory ? O_DIRECTORY : 0), 0);
	if (fd != -ENOENT)
		return fd;
	made_fd = directory ? path_make_dir_in_root(root_fd, path, 0755) : path_make_file_in_root(root_fd, path, 0644);
	if (made_fd < 0)
		return made_fd;
	fd_close(made_fd);
	/* Looked up once more: what was just made might lie at the end of a link. */
	return path_open_beneath(root_fd, path, O_PATH | (directory ? O_DIRECTORY : 0), 0);
}

/* What a bind mount may cover on a procfs: the files that lxcfs serves. */
static bool may_cover_proc(const struct mount_entry *e)
{
	static const char *const files[] = {"/proc/cpuinfo",
					    "/proc/diskstats",
					    "/proc/meminfo",
					    "/proc/stat",
					    "/proc/swaps",
					    "/proc/uptime",
					    "/proc/loadavg",
					    "/proc/slabinfo",
					    "/proc/net/dev",
					    "/proc/sys/kernel/ns_last_pid",
					    "/proc/sys/crypto/fips_enabled"};

	for (size_t i = 0; e->kind == MOUNT_BIND && i < ARRAY_SIZE(files); i++)
		if (same_path(e->mount->destination, files[i]))
			return true;
	return false;
}

static int check_target(const struct mount_entry *e, int target_fd, struct err *err)
{
	if (path_check_magic(target_fd, PROC_SUPER_MAGIC) == 0 && !same_path(e->mount->destination, "/proc") &&
	    !may_cover_proc(e))
		return err_set(err, ERR_INVALID, "\"%s\" cannot be mounted because it is inside /proc", e->mount->destination);
	return 0;
}

static int open_target(const struct mount_entry *e, int root_fd, struct err *err)
{
	const char *path = e->mount->destination;
	bool strict = is_at_or_below(path, "proc") || is_at_or_below(path, "sys") || is_at_or_below(path, "dev");
	struct stat st;
	int fd, r;

	if (fstat(e->fd, &st) < 0)
		return mount_failed(e, -errno, err);
	if (strict)
		fd = open_strict_target(root_fd, path, S_ISDIR(st.st_mode));
	else if (S_ISDIR(st.st_mode))
		fd = path_make_dir_in_root(root_fd, path, 0755);
	else
		fd = path_make_file_in_root(root_fd, path, 0644);
	if (fd == -ELOOP && strict)
		return err_set(err, ERR_INVALID,
			       "error mounting \"%s\" to rootfs at \"%s\": filesystem \"%s\" must be mounted on "
			       "ordinary directory",
			       source_shown(e), path, fs_type(e));
	if (fd < 0)
		return mount_failed(e, fd, err);
	r = check_target(e, fd, err);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

int mount_plan_attach(struct mount_plan *p, int root_fd, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct mount_entry *e = &p->entries[i];
		_cleanup_close_ int target_fd = open_target(e, root_fd, err);
		int r;

		if (target_fd < 0)
			return target_fd;
		r = mount_attach(e->fd, target_fd);
		if (r < 0)
			return mount_failed(e, r, err);
		if (e->kind == MOUNT_CGROUP) {
			r = cgroup_mount_fill(p, e, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int mount_plan_seal(struct mount_plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		int r = p->entries[i].late_ro ? mount_change(p->entries[i].fd, false, MOUNT_ATTR_RDONLY, 0, 0) : 0;

		if (r < 0)
			return mount_failed(&p->entries[i], r, err);
	}
	return 0;
}
