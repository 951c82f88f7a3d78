/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits by the specification's names. */
#ifndef LIGHTER_RUNTIME_RLIMITS_H
#define LIGHTER_RUNTIME_RLIMITS_H

#include "base/err.h"
#include "codec/oci_spec.h"

/* "RLIMIT_NOFILE" -> RLIMIT_NOFILE, ... or -ENOENT. */
int rlimit_from_name(const char *name) _must_check_;

/* All names are known. */
int rlimits_check(const struct oci_process *p, struct err *err) _must_check_;

/* Sets them for the calling process. Raising a hard limit needs CAP_SYS_RESOURCE. */
int rlimits_apply(const struct oci_process *p, struct err *err) _must_check_;

#endif
