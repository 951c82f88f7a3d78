/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions in front of a seccomp filter that answer ENOSYS to calls newer than it; private to the compiler. */
#ifndef LIGHTER_LINUX_SECCOMP_ENOSYS_H
#define LIGHTER_LINUX_SECCOMP_ENOSYS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/oci_spec.h"

/* Appends them, or nothing when the section's default isn't a refusal. `resolve` is libseccomp's. */
int seccomp_enosys_prelude(const struct oci_seccomp *s, int (*resolve)(uint32_t arch, const char *name), struct buf *out,
			   struct err *err) _must_check_;

#endif
