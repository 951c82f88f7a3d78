/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources on cgroup v2. The specification speaks v1, so shares become weights and memory+swap becomes swap; what has no
 * counterpart is refused. Values of the `unified` map are written last, as they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/timefmt.h"
#include "linux/cgroup_internal.h"

/* Hands every controller the parent has down to its children; EBUSY means processes sit in the parent itself. */
int cgroup_v2_enable_controllers(int parent_fd, struct err *err)
{
	_cleanup_buf_ struct buf has = BUF_INIT, on = BUF_INIT, value = BUF_INIT;
	char *word, *state = NULL;
	int r;

	r = file_read_at(parent_fd, "cgroup.controllers", 4096, &has);
	if (r == 0)
		r = file_read_at(parent_fd, "cgroup.subtree_control", 4096, &on);
	if (r < 0)
		return err_sys(err, r, "read cgroup.controllers");
	for (word = strtok_r(has.data, " \n", &state); word; word = strtok_r(NULL, " \n", &state)) {
		const char *at = strstr(on.data, word);
		size_t len = strlen(word);

		if (!at || (at != on.data && at[-1] != ' ') || (at[len] != ' ' && at[len] != '\n'))
			buf_addf(&value, "%s+%s", value.len ? " " : "", word);
	}
	if (value.failed)
		return err_sys(err, ENOMEM, "enable controllers");
	if (value.len == 0)
		return 0;
	r = file_write_value_at(parent_fd, "cgroup.subtree_control", value.data);
	return r < 0 ? err_sys(err, r, "write \"%s\" to cgroup.subtree_control", value.data) : 0;
}

static int set_limit(int fd, const char *file, int64_t value, struct err *err)
{
	if (value < 0)
		return cgroup_set(fd, file, err, "max");
	return cgroup_set(fd, file, err, "%lld", (long long)value);
}

static int apply_swap(int fd, const struct oci_memory *m, struct err *err)
{
	int64_t swap = *m->swap;

	if (swap > 0) {
		if (!m->limit || *m->limit < 0)
			return err_set(err, ERR_INVALID, "linux.resources.memory.swap: needs a memory limit");
		swap -= *m->limit;
		if (swap < 0)
			return err_set(err, ERR_INVALID, "linux.resources.memory.swap: smaller than the memory limit");
	}
	if (swap < 0 && !cgroup_has(fd, "memory.swap.max"))
		return 0; /* swap isn't counted here, so it is unlimited already */
	return set_limit(fd, "memory.swap.max", swap, err);
}

static int apply_memory(int fd, const struct oci_memory *m, struct err *err)
{
	int r = 0;

	if (m->kernel_tcp || m->kernel || m->swappiness || (m->disable_oom_killer && *m->disable_oom_killer))
		return err_set(
			err, ERR_INVALID,
			"linux.resources.memory: kernel, kernelTCP, swappiness and disableOOMKiller don't exist on cgroup v2");
	if (m->check_before_update && *m->check_before_update && m->limit && *m->limit > 0) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		unsigned long long usage;

		if (file_read_at(fd, "memory.current", 64, &text) == 0 && sscanf(text.data, "%llu", &usage) == 1 &&
		    usage > (unsigned long long)*m->limit)
			return err_set(err, ERR_INVALID, "memory limit %lld is below what is in use, %llu",
				       (long long)*m->limit, usage);
	}
	/* Swap first: between the two writes the sum is then never larger than asked for. */
	if (m->swap && *m->swap)
		r = apply_swap(fd, m, err);
	if (r == 0 && m->limit && *m->limit)
		r = set_limit(fd, "memory.max", *m->limit, err);
	if (r == 0 && m->reservation && *m->reservation)
		r = set_limit(fd, "memory.low", *m->reservation, err);
	return r;
}

/* 2..262144 shares to 1..10000, linear, as runc and the kernel's documentation of the move have it. */
static uint64_t weight_of_shares(uint64_t shares)
{
	shares = shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
	return 1 + (shares - 2) * 9999 / 262142;
}

static int apply_bandwidth(int fd, const struct oci_cpu *c, struct err *err)
{
	if (!c->period && !(c->quota && *c->quota))
		return 0;
	if (c->quota && *c->quota > 0) {
		if (c->period && *c->period)
			return cgroup_set(fd, "cpu.max", err, "%lld %llu", (long long)*c->quota,
					  (unsigned long long)*c->period);
		return cgroup_set(fd, "cpu.max", err, "%lld", (long long)*c->quota);
	}
	if (c->period && *c->period)
		return cgroup_set(fd, "cpu.max", err, "max %llu", (unsigned long long)*c->period);
	return cgroup_set(fd, "cpu.max", err, "max");
}

static int apply_cpu(int fd, const struct oci_cpu *c, struct err *err)
{
	int r = 0;

	if ((c->realtime_runtime && *c->realtime_runtime) || (c->realtime_period && *c->realtime_period))
		return err_set(err, ERR_INVALID, "linux.resources.cpu: realtime limits don't exist on cgroup v2");
	if (c->idle)
		r = cgroup_set(fd, "cpu.idle", err, "%lld", (long long)*c->idle);
	if (r == 0 && c->shares && *c->shares)
		r = cgroup_set(fd, "cpu.weight", err, "%llu", (unsigned long long)weight_of_shares(*c->shares));
	if (r == 0)
		r = apply_bandwidth(fd, c, err);
	if (r == 0 && c->burst)
		r = cgroup_set(fd, "cpu.max.burst", err, "%llu", (unsigned long long)*c->burst);
	if (r == 0 && c->cpus && *c->cpus)
		r = cgroup_set(fd, "cpuset.cpus", err, "%s", c->cpus);
	if (r == 0 && c->mems && *c->mems)
		r = cgroup_set(fd, "cpuset.mems", err, "%s", c->mems);
	return r;
}

/* 10..1000 of blkio to 1..10000 of io.weight. */
static unsigned io_weight(uint32_t weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

static int apply_block_io(int fd, const struct oci_block_io *b, struct err *err)
{
	bool bfq = cgroup_has(fd, "io.bfq.weight");
	struct cgroup_throttle t[CGROUP_THROTTLES];
	int r = 0;

	if (b->leaf_weight && *b->leaf_weight)
		return err_set(err, ERR_INVALID, "linux.resources.blockIO.leafWeight: doesn't exist on cgroup v2");
	if (b->weight && *b->weight)
		r = bfq ? cgroup_set(fd, "io.bfq.weight", err, "%u", *b->weight)
			: cgroup_set(fd, "io.weight", err, "%u", io_weight(*b->weight));
	for (size_t i = 0; r == 0 && i < b->weight_device.len; i++) {
		const struct oci_weight_device *d = &b->weight_device.items[i];

		if (d->weight && *d->weight)
			r = cgroup_set(fd, bfq ? "io.bfq.weight" : "io.weight", err, "%lld:%lld %u", (long long)d->major,
				       (long long)d->minor, bfq ? *d->weight : io_weight(*d->weight));
	}
	cgroup_throttles(b, t);
	for (size_t i = 0; r == 0 && i < CGROUP_THROTTLES; i++)
		for (size_t j = 0; r == 0 && j < t[i].devices->len; j++) {
			const struct oci_throttle_device *d = &t[i].devices->items[j];

			r = cgroup_set(fd, "io.max", err, "%lld:%lld %s=%llu", (long long)d->major, (long long)d->minor,
				       t[i].v2_key, (unsigned long long)d->rate);
		}
	return r;
}

static int apply_huge_and_rdma(int fd, const struct oci_resources *r, struct err *err)
{
	char file[64];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->hugepage_limits.len; i++) {
		const struct oci_hugepage_limit *l = &r->hugepage_limits.items[i];

		if (strchr(l->page_size, '/') ||
		    snprintf(file, sizeof(file), "hugetlb.%s.max", l->page_size) >= (int)sizeof(file))
			return err_set(err, ERR_INVALID, "linux.resources.hugepageLimits[%zu].pageSize: \"%s\"", i,
				       l->page_size);
		rc = cgroup_set(fd, file, err, "%llu", (unsigned long long)l->limit);
	}
	for (size_t i = 0; rc == 0 && i < r->rdma.len; i++) {
		const struct oci_rdma *d = &r->rdma.items[i];

		if (d->hca_handles)
			rc = cgroup_set(fd, "rdma.max", err, "%s hca_handle=%u", d->key, *d->hca_handles);
		if (rc == 0 && d->hca_objects)
			rc = cgroup_set(fd, "rdma.max", err, "%s hca_object=%u", d->key, *d->hca_objects);
	}
	return rc;
}

static int apply_unified(int fd, const struct json_string_map *unified, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < unified->len; i++) {
		const char *key = unified->items[i].key;

		if (strchr(key, '/') || !strchr(key, '.'))
			return err_set(err, ERR_INVALID, "linux.resources.unified: \"%s\" is not a file of a cgroup", key);
		rc = cgroup_set(fd, key, err, "%s", unified->items[i].value);
	}
	return rc;
}

int cgroup_v2_apply(int fd, const struct oci_resources *r, struct err *err)
{
	int rc = 0;

	if (r->network && (r->network->class_id || r->network->priorities.len > 0))
		return err_set(err, ERR_INVALID, "linux.resources.network: doesn't exist on cgroup v2");
	if (r->memory)
		rc = apply_memory(fd, r->memory, err);
	if (rc == 0 && r->cpu)
		rc = apply_cpu(fd, r->cpu, err);
	if (rc == 0 && r->pids)
		rc = set_limit(fd, "pids.max", r->pids->limit > 0 ? r->pids->limit : -1, err);
	if (rc == 0 && r->block_io)
		rc = apply_block_io(fd, r->block_io, err);
	if (rc == 0)
		rc = apply_huge_and_rdma(fd, r, err);
	return rc < 0 ? rc : apply_unified(fd, &r->unified, err);
}

/* Waits until a line of cgroup.events says so; the file becomes POLLPRI-readable whenever it changes. */
static int wait_event(int dir_fd, const char *key, uint64_t value, int timeout_ms)
{
	_cleanup_close_ int fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t deadline_ms = timefmt_monotonic_ms() + timeout_ms;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 1 : -errno;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLPRI};
		char text[256], *line;
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		int64_t left_ms;

		if (n < 0)
			return errno == ENODEV ? 1 : -errno;
		text[n] = '\0';
		line = strstr(text, key);
		if (line && strtoull(line + strlen(key), NULL, 10) == value)
			return 1;
		left_ms = deadline_ms - timefmt_monotonic_ms();
		if (left_ms <= 0)
			return 0;
		if (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
}

int cgroup_v2_wait_empty(int fd, int timeout_ms)
{
	return wait_event(fd, "populated ", 0, timeout_ms);
}

int cgroup_v2_freeze(int fd, bool frozen, int timeout_ms, struct err *err)
{
	int r = cgroup_set(fd, "cgroup.freeze", err, "%d", frozen);

	if (r < 0)
		return r;
	r = wait_event(fd, "frozen ", frozen, timeout_ms);
	if (r < 0)
		return err_sys(err, r, "wait for the freezer");
	if (r == 1)
		return 0;
	if (frozen)
		r = cgroup_set(fd, "cgroup.freeze", NULL, "0");
	return err_set(err, ERR_DEADLINE, "the cgroup isn't %s after %d ms", frozen ? "frozen" : "thawed", timeout_ms);
}
