/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources on cgroup v1: each member of the specification is a file of its controller. Pairs whose order depends on the
 * values there are (limit and swap, quota and period) are tried the other way round when the kernel says EINVAL.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "linux/cgroup_internal.h"

/* The cgroup's directory in the controller's hierarchy, or an error that says what can't be set without it. */
static int need(const struct cgroup *cg, const char *controller, const char *what, struct err *err)
{
	const struct cgroup_hierarchy *h = cgroup_v1_find(cg, controller);

	if (!h || h->fd < 0)
		return err_set(err, ERR_INVALID, "can't set %s: the kernel has no %s cgroup", what, controller);
	return h->fd;
}

/* cpuset of a new directory is empty, and nobody can join until it has cpus and memory nodes. */
static int copy_from_parent(int parent_fd, int fd, const char *file, struct err *err)
{
	_cleanup_buf_ struct buf own = BUF_INIT, value = BUF_INIT;
	int r;

	r = file_read_at(fd, file, 65536, &own);
	if (r == 0 && own.len > 1)
		return 0;
	if (r == 0)
		r = file_read_at(parent_fd, file, 65536, &value);
	if (r == 0)
		r = file_write_value_at(fd, file, value.data);
	return r < 0 ? err_sys(err, r, "copy %s from the parent cgroup", file) : 0;
}

int cgroup_v1_prepare_cpuset(int parent_fd, int fd, struct err *err)
{
	int r = copy_from_parent(parent_fd, fd, "cpuset.cpus", err);

	return r < 0 ? r : copy_from_parent(parent_fd, fd, "cpuset.mems", err);
}

/* Writes two files whose admissible order the kernel alone knows. Either value may be absent. */
static int set_pair(int fd, const char *first, const int64_t *first_value, const char *second, const int64_t *second_value,
		    struct err *err)
{
	int r = 0;

	if (first_value)
		r = cgroup_set(fd, first, err, "%lld", (long long)*first_value);
	if (r == -EINVAL && second_value) {
		r = cgroup_set(fd, second, err, "%lld", (long long)*second_value);
		return r < 0 ? r : cgroup_set(fd, first, err, "%lld", (long long)*first_value);
	}
	if (r == 0 && second_value)
		r = cgroup_set(fd, second, err, "%lld", (long long)*second_value);
	return r;
}

static int check_usage(int fd, const struct oci_memory *m, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	unsigned long long usage;

	if (!m->check_before_update || !*m->check_before_update || !m->limit || *m->limit < 0)
		return 0;
	if (file_read_at(fd, "memory.usage_in_bytes", 64, &text) < 0 || sscanf(text.data, "%llu", &usage) != 1)
		return 0;
	if (usage > (unsigned long long)*m->limit)
		return err_set(err, ERR_INVALID, "memory limit %lld is below what is in use, %llu", (long long)*m->limit,
			       usage);
	return 0;
}

static int apply_memory(const struct cgroup *cg, const struct oci_memory *m, struct err *err)
{
	static const int64_t unlimited = -1;
	const int64_t *swap = m->swap;
	int fd, r;

	if (!m->limit && !m->reservation && !m->swap && !m->kernel && !m->kernel_tcp && !m->swappiness &&
	    !(m->disable_oom_killer && *m->disable_oom_killer))
		return 0;
	fd = need(cg, "memory", "memory limits", err);
	if (fd < 0)
		return fd;
	r = check_usage(fd, m, err);
	if (r < 0)
		return r;
	if (m->limit && *m->limit == -1 && !swap)
		swap = &unlimited;
	if (swap && *swap == -1 && !cgroup_has(fd, "memory.memsw.limit_in_bytes"))
		swap = NULL; /* swap isn't counted here, so it is unlimited already */
	r = set_pair(fd, "memory.limit_in_bytes", m->limit, "memory.memsw.limit_in_bytes", swap, err);
	if (r == 0 && m->reservation)
		r = cgroup_set(fd, "memory.soft_limit_in_bytes", err, "%lld", (long long)*m->reservation);
	if (r == 0 && m->kernel)
		r = cgroup_set(fd, "memory.kmem.limit_in_bytes", err, "%lld", (long long)*m->kernel);
	if (r == 0 && m->kernel_tcp)
		r = cgroup_set(fd, "memory.kmem.tcp.limit_in_bytes", err, "%lld", (long long)*m->kernel_tcp);
	if (r == 0 && m->swappiness)
		r = cgroup_set(fd, "memory.swappiness", err, "%llu", (unsigned long long)*m->swappiness);
	if (r == 0 && m->disable_oom_killer && *m->disable_oom_killer)
		r = cgroup_set(fd, "memory.oom_control", err, "1");
	return r;
}

static int apply_cpu_time(const struct cgroup *cg, const struct oci_cpu *c, struct err *err)
{
	int64_t period = c->period ? (int64_t)*c->period : 0;
	int fd, r = 0;

	if (!c->shares && !c->quota && !c->period && !c->burst && !c->realtime_period && !c->realtime_runtime && !c->idle)
		return 0;
	fd = need(cg, "cpu", "CPU limits", err);
	if (fd < 0)
		return fd;
	if (c->shares && *c->shares)
		r = cgroup_set(fd, "cpu.shares", err, "%llu", (unsigned long long)*c->shares);
	if (r == 0)
		r = set_pair(fd, "cpu.cfs_period_us", period ? &period : NULL, "cpu.cfs_quota_us",
			     c->quota && *c->quota ? c->quota : NULL, err);
	if (r == 0 && c->burst)
		r = cgroup_set(fd, "cpu.cfs_burst_us", err, "%llu", (unsigned long long)*c->burst);
	if (r == 0 && c->realtime_period && *c->realtime_period)
		r = cgroup_set(fd, "cpu.rt_period_us", err, "%llu", (unsigned long long)*c->realtime_period);
	if (r == 0 && c->realtime_runtime && *c->realtime_runtime)
		r = cgroup_set(fd, "cpu.rt_runtime_us", err, "%lld", (long long)*c->realtime_runtime);
	if (r == 0 && c->idle)
		r = cgroup_set(fd, "cpu.idle", err, "%lld", (long long)*c->idle);
	return r;
}

static int apply_cpuset(const struct cgroup *cg, const struct oci_cpu *c, struct err *err)
{
	bool cpus = c->cpus && *c->cpus, mems = c->mems && *c->mems;
	int fd, r = 0;

	if (!cpus && !mems)
		return 0;
	fd = need(cg, "cpuset", "CPU and memory node sets", err);
	if (fd < 0)
		return fd;
	if (cpus)
		r = cgroup_set(fd, "cpuset.cpus", err, "%s", c->cpus);
	if (r == 0 && mems)
		r = cgroup_set(fd, "cpuset.mems", err, "%s", c->mems);
	return r;
}

static int apply_pids(const struct cgroup *cg, const struct oci_pids *p, struct err *err)
{
	int fd = need(cg, "pids", "a limit of processes", err);

	if (fd < 0)
		return fd;
	if (p->limit <= 0)
		return cgroup_set(fd, "pids.max", err, "max");
	return cgroup_set(fd, "pids.max", err, "%lld", (long long)p->limit);
}

void cgroup_throttles(const struct oci_block_io *b, struct cgroup_throttle ret[CGROUP_THROTTLES])
{
	ret[0] = (struct cgroup_throttle){"blkio.throttle.read_bps_device", "rbps", &b->throttle_read_bps_device};
	ret[1] = (struct cgroup_throttle){"blkio.throttle.write_bps_device", "wbps", &b->throttle_write_bps_device};
	ret[2] = (struct cgroup_throttle){"blkio.throttle.read_iops_device", "riops", &b->throttle_read_iops_device};
	ret[3] = (struct cgroup_throttle){"blkio.throttle.write_iops_device", "wiops", &b->throttle_write_iops_device};
}

static int apply_weights(int fd, const struct oci_block_io *b, struct err *err)
{
	bool bfq = cgroup_has(fd, "blkio.bfq.weight");
	int r = 0;

	if (b->weight && *b->weight)
		r = cgroup_set(fd, bfq ? "blkio.bfq.weight" : "blkio.weight", err, "%u", *b->weight);
	if (r == 0 && b->leaf_weight && *b->leaf_weight)
		r = cgroup_set(fd, "blkio.leaf_weight", err, "%u", *b->leaf_weight);
	for (size_t i = 0; r == 0 && i < b->weight_device.len; i++) {
		const struct oci_weight_device *d = &b->weight_device.items[i];

		if (d->weight && *d->weight)
			r = cgroup_set(fd, bfq ? "blkio.bfq.weight_device" : "blkio.weight_device", err, "%lld:%lld %u",
				       (long long)d->major, (long long)d->minor, *d->weight);
		if (r == 0 && d->leaf_weight && *d->leaf_weight)
			r = cgroup_set(fd, "blkio.leaf_weight_device", err, "%lld:%lld %u", (long long)d->major,
				       (long long)d->minor, *d->leaf_weight);
	}
	return r;
}

static int apply_block_io(const struct cgroup *cg, const struct oci_block_io *b, struct err *err)
{
	struct cgroup_throttle t[CGROUP_THROTTLES];
	bool any = (b->weight && *b->weight) || (b->leaf_weight && *b->leaf_weight) || b->weight_device.len > 0;
	int fd, r;

	cgroup_throttles(b, t);
	for (size_t i = 0; i < CGROUP_THROTTLES; i++)
		any |= t[i].devices->len > 0;
	if (!any)
		return 0;
	fd = need(cg, "blkio", "block I/O limits", err);
	if (fd < 0)
		return fd;
	r = apply_weights(fd, b, err);
	for (size_t i = 0; r == 0 && i < CGROUP_THROTTLES; i++)
		for (size_t j = 0; r == 0 && j < t[i].devices->len; j++) {
			const struct oci_throttle_device *d = &t[i].devices->items[j];

			r = cgroup_set(fd, t[i].v1_file, err, "%lld:%lld %llu", (long long)d->major, (long long)d->minor,
				       (unsigned long long)d->rate);
		}
	return r;
}

static int apply_network(const struct cgroup *cg, const struct oci_net_resources *n, struct err *err)
{
	int fd, r = 0;

	if (n->class_id) {
		fd = need(cg, "net_cls", "a network class", err);
		r = fd < 0 ? fd : cgroup_set(fd, "net_cls.classid", err, "%u", *n->class_id);
	}
	for (size_t i = 0; r == 0 && i < n->priorities.len; i++) {
		fd = need(cg, "net_prio", "network priorities", err);
		r = fd < 0 ? fd
			   : cgroup_set(fd, "net_prio.ifpriomap", err, "%s %u", n->priorities.items[i].name,
					n->priorities.items[i].priority);
	}
	return r;
}

static int apply_rest(const struct cgroup *cg, const struct oci_resources *r, struct err *err)
{
	char file[64];
	int fd, rc = 0;

	for (size_t i = 0; rc == 0 && i < r->hugepage_limits.len; i++) {
		const struct oci_hugepage_limit *l = &r->hugepage_limits.items[i];

		fd = need(cg, "hugetlb", "huge page limits", err);
		if (fd < 0)
			return fd;
		if (strchr(l->page_size, '/') ||
		    snprintf(file, sizeof(file), "hugetlb.%s.limit_in_bytes", l->page_size) >= (int)sizeof(file))
			return err_set(err, ERR_INVALID, "linux.resources.hugepageLimits[%zu].pageSize: \"%s\"", i,
				       l->page_size);
		rc = cgroup_set(fd, file, err, "%llu", (unsigned long long)l->limit);
	}
	for (size_t i = 0; rc == 0 && i < r->rdma.len; i++) {
		const struct oci_rdma *d = &r->rdma.items[i];

		fd = need(cg, "rdma", "RDMA limits", err);
		if (fd < 0)
			return fd;
		if (d->hca_handles)
			rc = cgroup_set(fd, "rdma.max", err, "%s hca_handle=%u", d->key, *d->hca_handles);
		if (rc == 0 && d->hca_objects)
			rc = cgroup_set(fd, "rdma.max", err, "%s hca_object=%u", d->key, *d->hca_objects);
	}
	return rc;
}

int cgroup_v1_apply(const struct cgroup *cg, const struct oci_resources *r, struct err *err)
{
	int rc = 0;

	if (r->unified.len > 0)
		return err_set(err, ERR_INVALID, "linux.resources.unified: can't be set on cgroup v1");
	if (r->memory)
		rc = apply_memory(cg, r->memory, err);
	if (rc == 0 && r->cpu)
		rc = apply_cpu_time(cg, r->cpu, err);
	if (rc == 0 && r->cpu)
		rc = apply_cpuset(cg, r->cpu, err);
	if (rc == 0 && r->pids)
		rc = apply_pids(cg, r->pids, err);
	if (rc == 0 && r->block_io)
		rc = apply_block_io(cg, r->block_io, err);
	if (rc == 0 && r->network)
		rc = apply_network(cg, r->network, err);
	return rc < 0 ? rc : apply_rest(cg, r, err);
}

int cgroup_v1_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct err *err)
{
	const char *state = frozen ? "FROZEN" : "THAWED";
	struct timespec pause = {.tv_nsec = 1000000};
	int r, fd = need(cg, "freezer", "the freezer's state", err);

	if (fd < 0)
		return fd;
	for (int waited_ms = 0;; waited_ms++) {
		_cleanup_buf_ struct buf text = BUF_INIT;

		/* Written again each time: a fork in the middle can leave it FREEZING until it is asked once more. */
		r = cgroup_set(fd, "freezer.state", err, "%s", state);
		if (r < 0)
			return r;
		r = file_read_at(fd, "freezer.state", 64, &text);
		if (r < 0)
			return err_sys(err, r, "read freezer.state");
		if (strncmp(text.data, state, 6) == 0)
			return 0;
		if (waited_ms >= timeout_ms)
			break;
		nanosleep(&pause, NULL);
	}
	if (frozen)
		r = cgroup_set(fd, "freezer.state", NULL, "THAWED");
	return err_set(err, ERR_DEADLINE, "cgroup %s isn't %s after %d ms", cg->path, frozen ? "frozen" : "thawed", timeout_ms);
}
