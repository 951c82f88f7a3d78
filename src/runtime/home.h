/* SPDX-License-Identifier: Apache-2.0 */
/* HOME for a process whose environment has none. */
#ifndef LIGHTER_RUNTIME_HOME_H
#define LIGHTER_RUNTIME_HOME_H

#include <stdint.h>

#include "base/err.h"

/*
 * A copy of `env` with HOME added if it is missing: the sixth field of the user's line in the root's etc/passwd, or "/".
 * The file is read as text (no name service); one that is missing, odd or larger than 1 MiB counts as empty. malloc'ed.
 */
int home_add(int root_fd, uint32_t uid, char *const *env, char ***ret_env, struct err *err) _must_check_;

#endif
