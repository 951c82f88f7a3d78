/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp: a section of an OCI spec becomes a BPF program, and the program is loaded. Compiling takes 40 times as long as
 * loading, so compiled programs are kept in a directory that only root can write to. The key is everything the program
 * depends on: the section as text, the kernel, the library's version, the architecture; an entry holds its whole key and
 * is used only when that is equal, so no hash has to be trusted. libseccomp is loaded when something has to be compiled.
 *
 * System calls newer than the newest one a section names answer ENOSYS instead of the section's error, as runc has it:
 * otherwise a libc that tries a new call first takes EPERM for an answer and doesn't fall back.
 */
#ifndef LIGHTER_LINUX_SECCOMP_FILTER_H
#define LIGHTER_LINUX_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/oci_spec.h"

struct seccomp_filter {
	struct sock_filter *insns; /* malloc'ed; NULL: no filter */
	size_t len;                /* instructions */
	unsigned flags;            /* SECCOMP_FILTER_FLAG_* */
};
#define SECCOMP_FILTER_INIT   \
	{                     \
		.insns = NULL \
	}
void seccomp_filter_done(struct seccomp_filter *f);

/*
 * The filter for a section, from `cache_fd` (a directory; -EBADF: no cache) or compiled and put there. A cache that
 * can't be read or written is not an error. ERR_INVALID for what libseccomp refuses, ERR_NOT_IMPLEMENTED for
 * SCMP_ACT_NOTIFY.
 */
int seccomp_filter_get(const struct oci_seccomp *section, int cache_fd, struct seccomp_filter *ret,
		       struct err *err) _must_check_;

/* Compiles, without a cache. */
int seccomp_filter_compile(const struct oci_seccomp *section, struct seccomp_filter *ret, struct err *err) _must_check_;

/* Appends the key of a section. */
int seccomp_cache_key(const struct oci_seccomp *section, struct buf *out) _must_check_;

/*
 * Loads it for the calling thread, which must have no_new_privs or CAP_SYS_ADMIN. After this, only what the filter allows:
 * the caller should have nothing left to do but drop capabilities and exec. 0 or -errno.
 */
int seccomp_filter_load(const struct seccomp_filter *f) _must_check_;

#endif
