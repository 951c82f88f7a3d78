/* SPDX-License-Identifier: Apache-2.0 */
/* The unpacker: entry by entry, then the directories' times; see unpack.h. */
#include "storage/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "storage/unpack_internal.h"

#define ENTRIES_MAX 10000000
#define DIR_TIMES_MAX ((size_t)1 << 30)

/* Hides what the layers below have by this name. */
static int white_out(struct unpack *u, const struct tar_entry *e, const char *hidden, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = 0;

	if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return err_set(err, ERR_INVALID, "invalid whiteout entry \"%.200s\"", e->name);
	if (!u->lower)
		return 0;
	if (fstatat(u->parent_fd, hidden, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT || mknodat(u->parent_fd, hidden, S_IFCHR, makedev(0, 0)) < 0)
			r = -errno;
	} else if (S_ISDIR(st.st_mode)) {
		fd = openat(u->parent_fd, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -errno : unpack_set_opaque(fd);
	}
	return r < 0 ? err_sys(err, r, "make the whiteout \"%.200s\"", e->name) : 0;
}

static int make_opaque(struct unpack *u, const struct tar_entry *e, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!u->lower)
		return 0;
	fd = unpack_open_dir(u, u->parent_path, O_RDONLY);
	r = fd < 0 ? fd : unpack_set_opaque(fd);
	return r < 0 ? err_sys(err, r, "make the whiteout \"%.200s\"", e->name) : 0;
}

/* The layer's own root: only its metadata can be said. */
static int root_entry(struct unpack *u, const struct tar_entry *e, struct err *err)
{
	struct timespec mtime = {e->mtime_s, e->mtime_ns};
	int r;

	if (e->type != TAR_DIRECTORY)
		return 0; /* as Docker */
	r = unpack_meta_fd(u, u->root_fd, e, err);
	if (r == 0 && unpack_dir_time(u, "", &mtime) < 0)
		r = err_sys(err, ENOMEM, "unpack \"%.200s\"", e->name);
	return r;
}

static int unpack_entry(struct unpack *u, const struct tar_entry *e, struct err *err)
{
	char name[TREE_PATH_MAX], parent[TREE_PATH_MAX];
	const char *base;
	int r = tree_clean(e->name, name);

	if (r == -EXDEV)
		return err_set(err, ERR_INVALID, "invalid entry name \"%.200s\"", e->name);
	if (r < 0)
		return err_sys_kind(err, ERR_INVALID, r, "open \"%.200s\"", e->name);
	if (!*name)
		return root_entry(u, e, err);
	base = tree_split(name, parent);
	if (strlen(base) > NAME_MAX)
		return err_sys_kind(err, ERR_INVALID, ENAMETOOLONG, "open \"%.300s\"", e->name);
	r = unpack_enter(u, parent, e->name, err);
	if (r < 0)
		return r;
	if (strcmp(base, OPAQUE_MARK) == 0)
		return make_opaque(u, e, err);
	if (strncmp(base, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
		return white_out(u, e, base + strlen(WHITEOUT_PREFIX), err);
	return unpack_node(u, e, base, err);
}

static int unpack_all(struct unpack *u, struct err *err)
{
	struct tar_entry e;
	size_t len;
	int r;

	while ((r = tar_reader_next(u->tar, &e, err)) > 0) {
		if (++u->entries > ENTRIES_MAX)
			return err_set(err, ERR_TOO_LARGE, "the archive has more than %d entries", ENTRIES_MAX);
		r = unpack_entry(u, &e, err);
		if (r < 0)
			return r;
	}
	while (r == 0 && (r = tar_reader_rest(u->tar, &len, err)) > 0)
		r = 0;
	return r < 0 ? r : unpack_set_dir_times(u, err);
}

static int prepare_root(struct unpack *u, struct err *err)
{
	_cleanup_close_ int below = u->lower ? u->lower->open(u->lower->arg, "") : -ENOENT;
	int r = 0;

	if (below >= 0)
		r = unpack_meta_copy(below, u->root_fd);
	else if (below != -ENOENT)
		r = below;
	else if (fchmod(u->root_fd, 0755) < 0)
		r = -errno;
	return r < 0 ? err_sys(err, r, "prepare the layer's root") : 0;
}

int unpack_layer(struct byte_source source, int root_fd, const struct unpack_lower *lower, uint64_t *ret_size, struct err *err)
{
	struct unpack u = {.root_fd = root_fd, .lower = lower, .parent_fd = -EBADF};
	int r;

	u.tar = tar_reader_new(source);
	u.arena = arena_new(DIR_TIMES_MAX);
	r = u.tar && u.arena ? prepare_root(&u, err) : err_sys(err, ENOMEM, "unpack");
	if (r == 0)
		r = unpack_all(&u, err);
	unpack_leave(&u);
	tar_reader_free(u.tar);
	arena_free(u.arena);
	if (r == 0)
		*ret_size = u.size;
	return r;
}
