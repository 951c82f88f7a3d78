/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's tar archive becomes a directory tree in overlayfs' form. Whatever the archive says, nothing outside the given
 * directory is touched: names are cleaned as text ("../x" is refused), symlinks in the directories of a name are resolved
 * inside the layer's root as Docker does (one that leads out by ".." is refused), and every file is made relative to a
 * descriptor opened without following links. Nobody else may write to the tree meanwhile.
 *
 * Differences from Docker, on purpose: a directory that the archive needs and doesn't name takes the lower layers' mode,
 * owner and extended attributes (Docker: 0755 root); a hard link to a lower layer's file works (Docker: refused); a name
 * that comes twice is what it was last (Docker: refused); a whiteout of something that the same layer has hides what is
 * below it and leaves it (Docker: refused).
 */
#ifndef LIGHTER_STORAGE_UNPACK_H
#define LIGHTER_STORAGE_UNPACK_H

#include <stdint.h>

#include "codec/byte_source.h"

struct unpack_lower {
	/* An O_PATH descriptor of what the layers below have at a clean, symlink-free path ("" is their root), or -ENOENT. */
	int (*open)(void *arg, const char *path);
	void *arg;
};

/*
 * Reads the archive to the end of `source` (behind the tar's own end too, so that it can be hashed). `root_fd` is an empty
 * directory. `lower` NULL: a base layer, whose whiteouts mean nothing. *ret_size: the sum of its files' sizes.
 */
int unpack_layer(struct byte_source source, int root_fd, const struct unpack_lower *lower, uint64_t *ret_size,
		 struct err *err) _must_check_;

#endif
