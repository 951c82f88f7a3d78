/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths inside an image's tree, as text: cleaning a name out of an archive, and following symlinks inside the tree's root
 * where the tree is not one directory (a chain of layers) or not finished (a layer being unpacked). What comes out has no
 * symlink, no "..", no leading slash, and is then opened by linux/path without following anything.
 */
#ifndef LIGHTER_STORAGE_TREE_H
#define LIGHTER_STORAGE_TREE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

#define TREE_PATH_MAX 4096
#define TREE_LINKS_MAX 40

/*
 * Cleans a path lexically: slashes collapsed and stripped at both ends, "." dropped, ".." taken with the component before
 * it. The root is "". -EXDEV when ".." leads above the root, -ENAMETOOLONG.
 */
int tree_clean(const char *path, char ret[TREE_PATH_MAX]) _must_check_;

struct tree_looker {
	/*
	 * What is at `path` (symlink-free but perhaps for its last component): its S_IFMT bits, 0 when nothing is there, or
	 * -errno. For a symlink, its target is put into `target`.
	 */
	int (*look)(void *arg, const char *path, char target[TREE_PATH_MAX]);
	void *arg;
};

enum tree_flags {
	TREE_FOLLOW_LAST = 1 << 0,
	TREE_MISSING = 1 << 1,       /* what isn't there is taken for directories yet to be made */
	TREE_REFUSE_ESCAPE = 1 << 2, /* ".." at the root is -EXDEV, else it stays there */
};

/* Resolves; *ret_type (may be NULL) is S_IFMT bits, S_IFDIR for the root, 0 for missing. -ENOENT, -ENOTDIR, -ELOOP, -EXDEV. */
int tree_resolve(const struct tree_looker *looker, const char *path, int flags, char ret[TREE_PATH_MAX],
		 int *ret_type) _must_check_;

/* Splits "a/b/c" into "a/b" and a pointer to "c"; "c" into "" and "c". `path` is not "". */
const char *tree_split(const char *path, char ret_parent[TREE_PATH_MAX]);

#endif
