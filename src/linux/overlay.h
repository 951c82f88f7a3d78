/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's root from layers: the recipe (what storage says) and the mount (what the runtime makes of it). Layers
 * are named relative to one directory fd, by short numbers, so that 127 of them fit where the kernel takes one string.
 * The result is a detached mount: nothing of it is ever seen in the host's mount table.
 */
#ifndef LIGHTER_LINUX_OVERLAY_H
#define LIGHTER_LINUX_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct overlay_recipe {
	int layers_fd;      /* directory the names in `lower` are relative to; borrowed */
	char *const *lower; /* NULL-terminated, the topmost layer first; each "N" (its tree is N/fs) */
	int upper_fd;       /* writable layer's directory, holding upper/ and work/; -EBADF: read-only, lower only */
	bool userxattr;     /* for mounts inside a user namespace */
};

/*
 * The detached mount fd (O_CLOEXEC), or a negative errno. With one lower layer and no upper: a read-only bind of it.
 * Tries, in order: fsconfig "lowerdir+" per layer; one fsconfig string; mount(2) in a scratch mount namespace and
 * open_tree (only for single-threaded callers). metacopy=off, index=off, redirect_dir=off.
 */
int overlay_mount_detached(const struct overlay_recipe *recipe, struct err *err) _must_check_;

/* For tests: leaves the first `n` of the ways above out. */
void overlay_skip_ways(int n);

#endif
