/* SPDX-License-Identifier: Apache-2.0 */
/* Path resolution without openat2; private to path.c. */
#ifndef LIGHTER_LINUX_PATH_WALK_H
#define LIGHTER_LINUX_PATH_WALK_H

#include <stdint.h>
#include <sys/types.h>

#include "base/macros.h"

/* Opens `path` below `dir_fd` by the rules of openat2's `resolve` bits that path.c uses. A descriptor or -errno. */
int path_walk_open(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve) _must_check_;

#endif
