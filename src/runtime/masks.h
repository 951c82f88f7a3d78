/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths. */
#ifndef LIGHTER_RUNTIME_MASKS_H
#define LIGHTER_RUNTIME_MASKS_H

#include "base/err.h"

/*
 * Covers each path that exists: a directory by an empty read-only tmpfs, anything else by a null device, which must
 * prove to be character device 1:3 (CVE-2025-31133: a link in the place of /dev/null). `dev_fd` is the container's
 * /dev. Paths that don't exist are passed over; a path that leads through a link is an error.
 */
int masks_cover(int root_fd, int dev_fd, char *const *paths, struct err *err) _must_check_;

/* Makes each path that exists read-only, with all mounts below it. */
int masks_make_readonly(int root_fd, char *const *paths, struct err *err) _must_check_;

#endif
