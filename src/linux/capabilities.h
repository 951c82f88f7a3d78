/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets by name, and the few steps that turn a full root into what a container's process may be. */
#ifndef LIGHTER_LINUX_CAPABILITIES_H
#define LIGHTER_LINUX_CAPABILITIES_H

#include <stdint.h>

#include "base/err.h"
#include "codec/oci_spec.h"

#define CAP_BIT(cap) (UINT64_C(1) << (cap))

struct cap_sets {
	uint64_t bounding;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t permitted;
	uint64_t ambient;
};

/* "CAP_CHOWN" -> 0, ...; -ENOENT. */
int cap_from_name(const char *name) _must_check_;

/* 0 -> "CAP_CHOWN"; NULL past the last one this program knows. */
const char *cap_name(int cap);

/* The highest capability the running kernel knows. */
int cap_last(void);

/*
 * The sets a spec asks for. Names this program or the kernel doesn't know are ERR_INVALID. Ambient and inheritable are
 * exactly what the lists say, never more (CVE-2022-24769).
 */
int cap_sets_parse(const struct oci_capabilities *c, struct cap_sets *ret, struct err *err) _must_check_;

/* Drops everything outside `keep` from the bounding set. Needs CAP_SETPCAP. 0 or -errno. */
int cap_bound(uint64_t keep) _must_check_;

/* Sets the three sets of the calling thread. 0 or -errno (-EPERM: more than it has). */
int cap_set(uint64_t effective, uint64_t permitted, uint64_t inheritable) _must_check_;
int cap_get(struct cap_sets *ret) _must_check_;

/* Makes the ambient set exactly this; the caps must be permitted and inheritable by now. */
int cap_set_ambient(uint64_t ambient) _must_check_;

#endif
