/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: HostConfig's resources, one to one, into the specification's. They were checked at create. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "engine/spec.h"

#define CPU_PERIOD_US 100000
#define NANO_CPUS 1000000000

#define OPTIONAL(a, field, value)                                 \
	do {                                                      \
		(field) = arena_alloc((a), sizeof(*(field)));     \
		if (field)                                        \
			*(field) = (__typeof__(*(field)))(value); \
	} while (0)

static void memory_fill(const struct host_config *h, struct oci_memory *m, struct arena *a)
{
	if (h->memory > 0)
		OPTIONAL(a, m->limit, h->memory);
	if (h->memory_reservation > 0)
		OPTIONAL(a, m->reservation, h->memory_reservation);
	if (h->memory_swap > 0 || h->memory_swap == -1)
		OPTIONAL(a, m->swap, h->memory_swap);
	if (h->memory_swappiness && *h->memory_swappiness >= 0)
		OPTIONAL(a, m->swappiness, *h->memory_swappiness);
	if (h->oom_kill_disable && *h->oom_kill_disable)
		OPTIONAL(a, m->disable_oom_killer, true);
}

static void cpu_fill(const struct host_config *h, struct oci_cpu *c, struct arena *a)
{
	if (h->cpu_shares)
		OPTIONAL(a, c->shares, h->cpu_shares);
	if (h->nano_cpus > 0) {
		OPTIONAL(a, c->period, CPU_PERIOD_US);
		OPTIONAL(a, c->quota, h->nano_cpus * (CPU_PERIOD_US / 1000) / (NANO_CPUS / 1000));
	}
	if (h->cpu_period)
		OPTIONAL(a, c->period, h->cpu_period);
	if (h->cpu_quota)
		OPTIONAL(a, c->quota, h->cpu_quota);
	if (h->cpu_realtime_period)
		OPTIONAL(a, c->realtime_period, h->cpu_realtime_period);
	if (h->cpu_realtime_runtime)
		OPTIONAL(a, c->realtime_runtime, h->cpu_realtime_runtime);
	c->cpus = *h->cpuset_cpus ? h->cpuset_cpus : NULL;
	c->mems = *h->cpuset_mems ? h->cpuset_mems : NULL;
}

static int block_device(const char *path, int64_t *ret_major, int64_t *ret_minor, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, ERR_SYSTEM, "could not get device information for %s: %s", path,
			       errno == ENOENT ? "no such file or directory" : strerror(errno));
	if (!S_ISBLK(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a block device", path);
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return 0;
}

static int throttle_fill(const struct api_throttle_devices *in, struct oci_throttle_devices *out, struct arena *a,
			 struct err *err)
{
	if (!in->len)
		return 0;
	out->items = arena_array(a, in->len, sizeof(*out->items));
	if (!out->items)
		return err_set(err, ERR_SYSTEM, "out of memory for block device limits");
	for (; out->len < in->len; out->len++) {
		struct oci_throttle_device *d = &out->items[out->len];
		int r = block_device(in->items[out->len].path, &d->major, &d->minor, err);

		if (r < 0)
			return r;
		d->rate = in->items[out->len].rate;
	}
	return 0;
}

static int block_fill(const struct host_config *h, struct oci_block_io *b, struct arena *a, struct err *err)
{
	int r;

	if (h->blkio_weight)
		OPTIONAL(a, b->weight, h->blkio_weight);
	if (h->blkio_weight_device.len) {
		b->weight_device.items = arena_array(a, h->blkio_weight_device.len, sizeof(*b->weight_device.items));
		if (!b->weight_device.items)
			return err_set(err, ERR_SYSTEM, "out of memory for block device weights");
	}
	for (; b->weight_device.len < h->blkio_weight_device.len; b->weight_device.len++) {
		struct oci_weight_device *d = &b->weight_device.items[b->weight_device.len];

		r = block_device(h->blkio_weight_device.items[b->weight_device.len].path, &d->major, &d->minor, err);
		if (r < 0)
			return r;
		OPTIONAL(a, d->weight, h->blkio_weight_device.items[b->weight_device.len].weight);
	}
	r = throttle_fill(&h->blkio_device_read_bps, &b->throttle_read_bps_device, a, err);
	if (r >= 0)
		r = throttle_fill(&h->blkio_device_write_bps, &b->throttle_write_bps_device, a, err);
	if (r >= 0)
		r = throttle_fill(&h->blkio_device_read_iops, &b->throttle_read_iops_device, a, err);
	if (r >= 0)
		r = throttle_fill(&h->blkio_device_write_iops, &b->throttle_write_iops_device, a, err);
	return r;
}

int spec_resources(const struct spec_input *in, struct arena *a, struct oci_resources *res, struct err *err)
{
	const struct host_config *h = in->host;

	if (h->memory || h->memory_reservation || h->memory_swap || h->memory_swappiness ||
	    (h->oom_kill_disable && *h->oom_kill_disable)) {
		res->memory = arena_new_object(a, struct oci_memory);
		if (res->memory)
			memory_fill(h, res->memory, a);
	}
	if (h->cpu_shares || h->nano_cpus || h->cpu_period || h->cpu_quota || h->cpu_realtime_period ||
	    h->cpu_realtime_runtime || *h->cpuset_cpus || *h->cpuset_mems) {
		res->cpu = arena_new_object(a, struct oci_cpu);
		if (res->cpu)
			cpu_fill(h, res->cpu, a);
	}
	if (h->pids_limit && *h->pids_limit != 0) {
		res->pids = arena_new_object(a, struct oci_pids);
		if (res->pids)
			res->pids->limit = *h->pids_limit;
	}
	if (!h->blkio_weight && !h->blkio_weight_device.len && !h->blkio_device_read_bps.len &&
	    !h->blkio_device_write_bps.len && !h->blkio_device_read_iops.len && !h->blkio_device_write_iops.len)
		return 0;
	res->block_io = arena_new_object(a, struct oci_block_io);
	if (!res->block_io)
		return err_set(err, ERR_SYSTEM, "out of memory for block device limits");
	return block_fill(h, res->block_io, a, err);
}
