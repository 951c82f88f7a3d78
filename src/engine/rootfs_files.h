/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a small file of a stopped container's root without mounting it. */
#ifndef LIGHTER_ENGINE_ROOTFS_FILES_H
#define LIGHTER_ENGINE_ROOTFS_FILES_H

#include "engine/container.h"

/*
 * Appends the file at `path` (relative, no links on the way in the writable layer): from the writable layer, else from the
 * image's. A file that isn't there is an empty one. `container_fd` is the container's directory.
 */
int rootfs_file_read(struct container *c, int container_fd, const char *path, struct buf *out, struct err *err) _must_check_;

#endif
