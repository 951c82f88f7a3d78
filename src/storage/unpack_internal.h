/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the unpacker share: where it is, the nodes it makes, their metadata. */
#ifndef LIGHTER_STORAGE_UNPACK_INTERNAL_H
#define LIGHTER_STORAGE_UNPACK_INTERNAL_H

#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "codec/tar.h"
#include "storage/tree.h"
#include "storage/unpack.h"

#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_MARK ".wh..wh..opq"
#define OPAQUE_XATTR "trusted.overlay.opaque"

struct dir_time {
	const char *path; /* clean, symlink-free */
	struct timespec mtime;
	struct dir_time *before;
};

struct unpack {
	struct tar_reader *tar;
	int root_fd;
	const struct unpack_lower *lower;

	/* The directory opened last: archives come in order, so most entries need no path walk at all. */
	char parent_name[TREE_PATH_MAX]; /* as the archive calls it, cleaned */
	char parent_path[TREE_PATH_MAX]; /* with its symlinks resolved */
	int parent_fd;                   /* O_PATH; -EBADF: none */

	/* Set last of all: whatever is made in a directory changes its time. */
	struct arena *arena;
	struct dir_time *dir_times;
	uint64_t size;
	uint64_t entries;
};

/* ---- unpack_path.c ---- */

/* Makes `u->parent_fd` the directory of a cleaned name, with what is missing on the way. */
int unpack_enter(struct unpack *u, const char *parent_name, const char *shown, struct err *err) _must_check_;
/* Forgets the open directory: something was removed. */
void unpack_leave(struct unpack *u);
/* Opens a directory that the tree has, by a clean, symlink-free path. */
int unpack_open_dir(struct unpack *u, const char *path, int flags) _must_check_;
/* Resolves a name's directories in the tree, makes nothing: the path they lead to. */
int unpack_resolve(struct unpack *u, const char *name, char ret[TREE_PATH_MAX]) _must_check_;
/* Makes missing directories on the way to `path` (and it). */
int unpack_make_dirs(struct unpack *u, const char *path) _must_check_;

/* ---- unpack_node.c ---- */

/* Makes the entry as `base` in u->parent_fd, with content and metadata. */
int unpack_node(struct unpack *u, const struct tar_entry *e, const char *base, struct err *err) _must_check_;
int unpack_hard_link(struct unpack *u, const struct tar_entry *e, const char *base, struct err *err) _must_check_;
/* Removes what is in the way. *ret_whiteout: it was a whiteout. */
int unpack_clear(struct unpack *u, int dirfd, const char *base, bool *ret_whiteout) _must_check_;

/* ---- unpack_meta.c ---- */

/* Owner, mode, attributes, time of the entry to an open file or directory. */
int unpack_meta_fd(struct unpack *u, int fd, const struct tar_entry *e, struct err *err) _must_check_;
/* The same to something that can't be opened (link, device, fifo). */
int unpack_meta_at(struct unpack *u, int dirfd, const char *base, const struct tar_entry *e, struct err *err) _must_check_;
/* Copies owner, mode, attributes (but overlay's own) and time from an O_PATH descriptor to another (same type). */
int unpack_meta_copy(int from_fd, int to_fd) _must_check_;
int unpack_set_opaque(int dir_fd) _must_check_;
/* Remembers a directory's time for the end. */
int unpack_dir_time(struct unpack *u, const char *path, const struct timespec *mtime) _must_check_;
int unpack_set_dir_times(struct unpack *u, struct err *err) _must_check_;

/* ---- unpack_copy.c: a file of a lower layer into this one, for a hard link to it ---- */
int unpack_copy_up(struct unpack *u, int from_fd, int to_dirfd, const char *base) _must_check_;

#endif
