/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters of the container's own namespaces. */
#ifndef LIGHTER_RUNTIME_SYSCTL_H
#define LIGHTER_RUNTIME_SYSCTL_H

#include <stdint.h>

#include "base/err.h"
#include "codec/oci_spec.h"

/* Refuses what isn't namespaced, or whose namespace the container shares with the host. `flags`: its own CLONE_NEW*. */
int sysctl_check(const struct json_string_map *sysctl, uint64_t flags, struct err *err) _must_check_;

/*
 * Writes them below `sys_fd`, the "sys" directory of a fresh procfs: no links, no other mount. With `skip_missing`,
 * parameters that don't exist (an interface's, before it is there) are left out and counted: the result is how many.
 */
int sysctl_apply(const struct json_string_map *sysctl, int sys_fd, bool skip_missing, struct err *err) _must_check_;

#endif
