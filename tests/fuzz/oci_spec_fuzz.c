/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json: what is accepted is written and accepted again with the same text; the parts of the runtime that read it
 * before anything is made (mount options, device policy, capabilities, sysctl names) take it too.
 * Covers: src/codec/oci_spec.c src/codec/oci_spec_check.c src/runtime/mount_options.c src/linux/device_bpf.c
 */
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/oci_spec.h"
#include "linux/capabilities.h"
#include "linux/cgroup_internal.h"
#include "linux/device_bpf.h"
#include "runtime/mount_plan.h"
#include "runtime/rlimits.h"
#include "runtime/sysctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_runtime(const struct oci_spec *spec)
{
	struct mount_plan plan;
	struct cap_sets caps;
	struct err err = {0};

	if (mount_plan_parse(&spec->mounts, &plan, &err) == 0)
		mount_plan_done(&plan);
	if (spec->process && spec->process->capabilities && cap_sets_parse(spec->process->capabilities, &caps, &err) < 0)
		err = (struct err){0};
	if (spec->process && rlimits_check(spec->process, &err) < 0)
		err = (struct err){0};
	if (spec->linux_ && sysctl_check(&spec->linux_->sysctl, CLONE_NEWNET | CLONE_NEWIPC, &err) < 0)
		err = (struct err){0};
	if (spec->linux_ && spec->linux_->resources) {
		_cleanup_(device_bpf_done) struct device_bpf p = DEVICE_BPF_INIT;

		if (device_bpf_build(&p, &spec->linux_->resources->devices, &cgroup_default_devices) == 0 && p.len > p.cap)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *a = arena_new(0), *again = arena_new(0);
	_cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT;
	struct oci_spec *spec;
	struct err err = {0};

	if (!a || !again)
		abort();
	if (oci_spec_parse((const char *)data, size, a, &spec, &err) < 0) {
		if (!err.kind || !err.msg[0])
			abort();
		return 0;
	}
	oci_spec_write(spec, &first);
	if (oci_spec_parse(first.data, first.len, again, &spec, &err) < 0)
		abort();
	oci_spec_write(spec, &second);
	if (strcmp(first.data, second.data) != 0)
		abort();
	read_as_runtime(spec);
	return 0;
}
