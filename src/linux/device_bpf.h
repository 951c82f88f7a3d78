/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device policy as the program that cgroup v2 asks on every open and mknod of a device. No I/O: the instructions only,
 * so that tests can run them.
 */
#ifndef LIGHTER_LINUX_DEVICE_BPF_H
#define LIGHTER_LINUX_DEVICE_BPF_H

#include <linux/bpf.h>
#include <stddef.h>

#include "base/macros.h"
#include "codec/oci_spec.h"

struct device_bpf {
	struct bpf_insn *insns;
	size_t len;
	size_t cap;
};
#define DEVICE_BPF_INIT       \
	{                     \
		.insns = NULL \
	}

/* Denies all, then `rules`, then `last`; of those that match, the last decides. 0, -ENOMEM or -E2BIG. */
int device_bpf_build(struct device_bpf *p, const struct oci_device_rules *rules,
		     const struct oci_device_rules *last) _must_check_;
void device_bpf_done(struct device_bpf *p);

#endif
