/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a layer: files with their content (zeros become holes), directories, links, devices, fifos. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "linux/path.h"
#include "storage/unpack_internal.h"

#define HOLE 4096

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

int unpack_clear(struct unpack *u, int dirfd, const char *base, bool *ret_whiteout)
{
	struct stat st;

	*ret_whiteout = false;
	if (fstatat(dirfd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	*ret_whiteout = is_whiteout(&st);
	if (S_ISDIR(st.st_mode))
		return file_remove_tree_at(dirfd, base);
	return unlinkat(dirfd, base, 0) < 0 ? -errno : 0;
}

static int fail(struct err *err, int r, const struct tar_entry *e)
{
	enum err_kind kind = r == -ENAMETOOLONG || r == -ENOTDIR || r == -ELOOP ? ERR_INVALID : ERR_SYSTEM;

	return err_sys_kind(err, kind, r, "create \"%.200s\"", e->name);
}

/* ---- content ---- */

static bool is_zero(const char *bytes, size_t len)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

static int write_at(int fd, const char *bytes, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			offset += (uint64_t)n;
		}
	}
	return 0;
}

/* Blocks of zeros (or the parts of one that this piece has) are left out; what is between them is written in one piece. */
static int write_piece(int fd, const char *bytes, size_t len, uint64_t offset)
{
	size_t start = 0, at = 0;

	while (at < len) {
		size_t n = MIN(len - at, HOLE - (size_t)((offset + at) % HOLE));

		if (is_zero(bytes + at, n)) {
			int r = write_at(fd, bytes + start, at - start, offset + start);

			if (r < 0)
				return r;
			start = at + n;
		}
		at += n;
	}
	return write_at(fd, bytes + start, len - start, offset + start);
}

static int write_content(struct unpack *u, int fd, const struct tar_entry *e, struct err *err)
{
	uint64_t offset = 0;
	const void *bytes;
	size_t len;
	struct stat st;
	int r;

	while ((r = tar_reader_data(u->tar, &bytes, &len, &offset, err)) > 0) {
		r = write_piece(fd, bytes, len, offset);
		if (r < 0)
			return err_sys(err, r, "write \"%.200s\"", e->name);
	}
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || ((uint64_t)st.st_size < e->size && ftruncate(fd, (off_t)e->size) < 0))
		return err_sys(err, errno, "write \"%.200s\"", e->name);
	return 0;
}

/* ---- nodes ---- */

static int make_file(struct unpack *u, const struct tar_entry *e, const char *base, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int fd = openat(u->parent_fd, base, flags, 0600);
	bool whiteout;
	int r;

	if (fd < 0 && errno == EEXIST) {
		r = unpack_clear(u, u->parent_fd, base, &whiteout);
		if (r < 0)
			return fail(err, r, e);
		fd = openat(u->parent_fd, base, flags, 0600);
	}
	if (fd < 0)
		return fail(err, -errno, e);
	u->size += e->size;
	if (e->size > 0) {
		r = write_content(u, fd, e, err);
		if (r < 0)
			return r;
	}
	return unpack_meta_fd(u, fd, e, err);
}

static int make_directory(struct unpack *u, const struct tar_entry *e, const char *base, struct err *err)
{
	struct timespec mtime = {e->mtime_s, e->mtime_ns};
	_cleanup_close_ int fd = -EBADF;
	char path[TREE_PATH_MAX];
	bool whiteout = false;
	struct stat st;
	int r = 0;

	if (fstatat(u->parent_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)) {
		r = unpack_clear(u, u->parent_fd, base, &whiteout);
		if (r == 0 && mkdirat(u->parent_fd, base, 0700) < 0)
			r = -errno;
	}
	if (r == 0)
		fd = r = path_open_beneath(u->parent_fd, base, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (r >= 0 && whiteout)
		r = unpack_set_opaque(fd);
	if (r < 0)
		return fail(err, r, e);
	r = unpack_meta_fd(u, fd, e, err);
	if (r < 0)
		return r;
	if (strlen(u->parent_path) + 1 + strlen(base) >= sizeof(path))
		return fail(err, -ENAMETOOLONG, e);
	strcpy(path, u->parent_path);
	if (*path)
		strcat(path, "/");
	strcat(path, base);
	r = unpack_dir_time(u, path, &mtime);
	return r < 0 ? fail(err, r, e) : 0;
}

static int make_special(struct unpack *u, const struct tar_entry *e, const char *base)
{
	dev_t device = makedev(e->major, e->minor);
	mode_t mode = e->mode & 0777;

	switch (e->type) {
	case TAR_SYMLINK:
		return symlinkat(e->link_name, u->parent_fd, base) < 0 ? -errno : 0;
	case TAR_CHAR:
		return mknodat(u->parent_fd, base, S_IFCHR | mode, device) < 0 ? -errno : 0;
	case TAR_BLOCK_DEVICE:
		return mknodat(u->parent_fd, base, S_IFBLK | mode, device) < 0 ? -errno : 0;
	case TAR_FIFO:
		return mknodat(u->parent_fd, base, S_IFIFO | mode, 0) < 0 ? -errno : 0;
	default:
		return -EINVAL;
	}
}

int unpack_node(struct unpack *u, const struct tar_entry *e, const char *base, struct err *err)
{
	bool whiteout;
	int r;

	switch (e->type) {
	case TAR_FILE:
		return make_file(u, e, base, err);
	case TAR_DIRECTORY:
		return make_directory(u, e, base, err);
	case TAR_HARD_LINK:
		return unpack_hard_link(u, e, base, err);
	default:
		break;
	}
	r = make_special(u, e, base);
	if (r == -EEXIST) {
		r = unpack_clear(u, u->parent_fd, base, &whiteout);
		if (r == 0)
			r = make_special(u, e, base);
	}
	return r < 0 ? fail(err, r, e) : unpack_meta_at(u, u->parent_fd, base, e, err);
}

/* ---- hard links ---- */

/* The layers below have the target: it becomes a file of this layer too, as a write to it would have made it. */
static int target_from_below(struct unpack *u, const char *path)
{
	char parent[TREE_PATH_MAX];
	const char *base = tree_split(path, parent);
	_cleanup_close_ int below = u->lower ? u->lower->open(u->lower->arg, path) : -ENOENT, dir = -EBADF;
	int r;

	if (below < 0)
		return below;
	r = unpack_make_dirs(u, parent);
	if (r < 0)
		return r;
	dir = unpack_open_dir(u, parent, O_PATH);
	return dir < 0 ? dir : unpack_copy_up(u, below, dir, base);
}

static int link_to(struct unpack *u, const char *path, const char *base)
{
	char parent[TREE_PATH_MAX];
	const char *target = tree_split(path, parent);
	_cleanup_close_ int dir = unpack_open_dir(u, parent, O_PATH);
	struct stat st, there;

	if (dir < 0)
		return dir;
	if (fstatat(dir, target, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (is_whiteout(&st))
		return -ENOENT;
	if (S_ISDIR(st.st_mode))
		return -EPERM;
	if (fstatat(u->parent_fd, base, &there, AT_SYMLINK_NOFOLLOW) == 0) {
		bool whiteout;
		int r;

		if (there.st_dev == st.st_dev && there.st_ino == st.st_ino)
			return 0;
		r = unpack_clear(u, u->parent_fd, base, &whiteout);
		if (r < 0)
			return r;
	}
	return linkat(dir, target, u->parent_fd, base, 0) < 0 ? -errno : 0;
}

int unpack_hard_link(struct unpack *u, const struct tar_entry *e, const char *base, struct err *err)
{
	char clean[TREE_PATH_MAX], parent[TREE_PATH_MAX], path[TREE_PATH_MAX];
	const char *target;
	int r = tree_clean(e->link_name, clean);

	if (r < 0 || !*clean)
		return err_set(err, ERR_INVALID, "invalid hardlink target \"%.200s\"", e->link_name);
	target = tree_split(clean, parent);
	r = unpack_resolve(u, parent, path);
	if (r == 0 && strlen(path) + 1 + strlen(target) >= sizeof(path))
		r = -ENAMETOOLONG;
	if (r == 0) {
		if (*path)
			strcat(path, "/");
		strcat(path, target);
		r = link_to(u, path, base);
	}
	if (r == -ENOENT) {
		r = target_from_below(u, path);
		if (r == 0)
			r = link_to(u, path, base);
	}
	if (r == -EXDEV)
		return err_set(err, ERR_INVALID, "invalid hardlink target \"%.200s\": path escapes from parent", e->link_name);
	if (r == -ENOENT || r == -EPERM || r == -ENOTDIR || r == -ELOOP || r == -ENAMETOOLONG)
		return err_sys_kind(err, ERR_INVALID, r, "linkat %.150s %.150s", e->link_name, e->name);
	return r < 0 ? err_sys(err, r, "linkat %.150s %.150s", e->link_name, e->name) : 0;
}
