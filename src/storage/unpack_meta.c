/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, mode, extended attributes, time; in this order, since a change of owner takes setuid bits and capabilities away. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "storage/unpack_internal.h"

#define XATTR_MAX (64 * 1024)

/* overlayfs' own marks would let an archive redirect a name to another file of the tree. */
static bool is_overlay_mark(const char *name)
{
	return strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0;
}

/* `path` is in procfs, and names what was opened. A file system or kernel that doesn't know the name is no failure. */
static int set_xattrs(const char *path, const struct tar_entry *e, struct err *err)
{
	for (size_t i = 0; i < e->n_xattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];

		if (is_overlay_mark(x->name))
			continue;
		if (lsetxattr(path, x->name, x->value, x->len, 0) == 0)
			continue;
		if (errno == EOPNOTSUPP || (errno == EPERM && strncmp(x->name, "user.", 5) == 0))
			continue; /* user.* is for files and directories only */
		return err_sys(err, errno, "set attribute %.100s of \"%.200s\"", x->name, e->name);
	}
	return 0;
}

static int check_owner(const struct tar_entry *e, struct err *err)
{
	/* (uid_t)-1 would mean "leave it". */
	if (e->uid >= UINT32_MAX || e->gid >= UINT32_MAX)
		return err_set(err, ERR_INVALID, "\"%.200s\" has an owner out of range (%llu:%llu)", e->name,
			       (unsigned long long)e->uid, (unsigned long long)e->gid);
	return 0;
}

int unpack_meta_fd(struct unpack *u, int fd, const struct tar_entry *e, struct err *err)
{
	struct timespec mtime = {e->mtime_s, e->mtime_ns};
	int r = check_owner(e, err);

	if (r < 0)
		return r;
	if (fchown(fd, (uid_t)e->uid, (gid_t)e->gid) < 0)
		return err_sys(err, errno, "set the owner of \"%.200s\"", e->name);
	if (fchmod(fd, e->mode) < 0)
		return err_sys(err, errno, "set the mode of \"%.200s\"", e->name);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];

		if (is_overlay_mark(x->name) || fsetxattr(fd, x->name, x->value, x->len, 0) == 0 || errno == EOPNOTSUPP)
			continue;
		return err_sys(err, errno, "set attribute %.100s of \"%.200s\"", x->name, e->name);
	}
	if (e->type == TAR_DIRECTORY)
		return 0; /* unpack_dir_time */
	if (futimens(fd, (struct timespec[]){mtime, mtime}) < 0)
		return err_sys(err, errno, "set the time of \"%.200s\"", e->name);
	return 0;
}

int unpack_meta_at(struct unpack *u, int dirfd, const char *base, const struct tar_entry *e, struct err *err)
{
	struct timespec mtime = {e->mtime_s, e->mtime_ns};
	char path[NAME_MAX + 64];
	int r = check_owner(e, err);

	if (r < 0)
		return r;
	if (fchownat(dirfd, base, (uid_t)e->uid, (gid_t)e->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "set the owner of \"%.200s\"", e->name);
	/* Not a symlink, so nothing is followed. */
	if (e->type != TAR_SYMLINK && fchmodat(dirfd, base, e->mode, 0) < 0)
		return err_sys(err, errno, "set the mode of \"%.200s\"", e->name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, base);
	r = set_xattrs(path, e, err);
	if (r < 0)
		return r;
	if (utimensat(dirfd, base, (struct timespec[]){mtime, mtime}, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "set the time of \"%.200s\"", e->name);
	return 0;
}

static int copy_xattr(const char *from, const char *to, const char *name, char *value)
{
	ssize_t n = getxattr(from, name, value, XATTR_MAX);

	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	return setxattr(to, name, value, (size_t)n, 0) < 0 && errno != EOPNOTSUPP ? -errno : 0;
}

static int copy_xattrs(const char *from, const char *to)
{
	_cleanup_free_ char *names = xcalloc(1, XATTR_MAX), *value = xcalloc(1, XATTR_MAX);
	ssize_t len = listxattr(from, names, XATTR_MAX);

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (char *name = names; name < names + len; name += strlen(name) + 1) {
		int r = is_overlay_mark(name) ? 0 : copy_xattr(from, to, name, value);

		if (r < 0)
			return r;
	}
	return 0;
}

int unpack_meta_copy(int from_fd, int to_fd)
{
	char from[64], to[64];
	struct stat st;

	snprintf(from, sizeof(from), "/proc/self/fd/%d", from_fd);
	snprintf(to, sizeof(to), "/proc/self/fd/%d", to_fd);
	if (fstat(from_fd, &st) < 0)
		return -errno;
	if (fchownat(to_fd, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode)) {
		int r;

		if (chmod(to, st.st_mode & 07777) < 0)
			return -errno;
		r = copy_xattrs(from, to);
		if (r < 0)
			return r;
	}
	return utimensat(to_fd, "", (struct timespec[]){st.st_mtim, st.st_mtim}, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

int unpack_set_opaque(int dir_fd)
{
	return fsetxattr(dir_fd, OPAQUE_XATTR, "y", 1, 0) < 0 ? -errno : 0;
}

int unpack_dir_time(struct unpack *u, const char *path, const struct timespec *mtime)
{
	struct dir_time *t = arena_new_object(u->arena, struct dir_time);
	const char *copy = arena_strdup(u->arena, path);

	if (!t || !copy)
		return -ENOMEM;
	*t = (struct dir_time){.path = copy, .mtime = *mtime, .before = u->dir_times};
	u->dir_times = t;
	return 0;
}

/* In the archive's order, so that a directory that was named twice has its last time. */
int unpack_set_dir_times(struct unpack *u, struct err *err)
{
	struct dir_time *ordered = NULL;

	while (u->dir_times) {
		struct dir_time *t = u->dir_times;

		u->dir_times = t->before;
		t->before = ordered;
		ordered = t;
	}
	for (struct dir_time *t = ordered; t; t = t->before) {
		_cleanup_close_ int fd = unpack_open_dir(u, t->path, O_RDONLY);

		if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
			continue; /* a later entry took its place */
		if (fd < 0 || futimens(fd, (struct timespec[]){t->mtime, t->mtime}) < 0)
			return err_sys(err, fd < 0 ? fd : errno, "set the time of \"%.200s\"", t->path);
	}
	return 0;
}
