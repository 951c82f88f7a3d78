/* SPDX-License-Identifier: Apache-2.0 */
/* The default seccomp profile, resolved for a container's capabilities, this architecture and a kernel version. */
#ifndef LIGHTER_ENGINE_SECCOMP_PROFILE_H
#define LIGHTER_ENGINE_SECCOMP_PROFILE_H

#include "base/arena.h"
#include "codec/oci_spec.h"

struct seccomp_group {
	const char *names;
	const char *action;
	uint32_t errno_ret; /* 0: none given */
	bool has_arg;
	struct {
		uint32_t index;
		uint64_t value;
		const char *op;
	} arg;
	const char *needs_caps;     /* all of these; NULL: none */
	const char *needs_arches;   /* one of these, in Docker's names ("amd64"); NULL: any */
	const char *without_caps;   /* left out when the container has one of these */
	const char *without_arches; /* left out on one of these */
	unsigned int min_kernel[2]; /* 0.0: any */
};
extern const struct seccomp_group seccomp_groups[];
extern const size_t seccomp_n_groups;

struct seccomp_arch {
	const char *name;   /* Docker's */
	const char *filter; /* SCMP_ARCH_... with those it runs beside */
};
extern const struct seccomp_arch seccomp_archs[];
extern const size_t seccomp_n_archs;

/* Docker's name of the architecture this program was built for ("amd64"). */
const char *seccomp_this_arch(void);

/*
 * The section for a container with these capabilities (NULL-terminated "CAP_..." names), in the arena. `arch` in Docker's
 * spelling. A group whose resolution is empty is left out.
 */
struct oci_seccomp *seccomp_profile_resolve(char *const *caps, const char *arch, unsigned int kernel_major,
					    unsigned int kernel_minor, struct arena *a);

#endif
