/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that a create is refused for, or that this kernel can't give (a warning, and they are taken out). Docker's words. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "engine/create.h"

#define MEMORY_MIN (6LL * 1024 * 1024)

static int memory_check(struct host_config *h, struct err *err)
{
	if (h->memory != 0 && h->memory < MEMORY_MIN)
		return err_set(err, ERR_INVALID, "Minimum memory limit allowed is 6MB");
	if (h->memory > 0 && h->memory_swap > 0 && h->memory_swap < h->memory)
		return err_set(err, ERR_INVALID, "Minimum memoryswap limit should be larger than memory limit, see usage");
	if (h->memory == 0 && h->memory_swap > 0)
		return err_set(err, ERR_INVALID,
			       "You should always set the Memory limit when using Memoryswap limit, see usage");
	if (h->memory_swappiness && (*h->memory_swappiness < -1 || *h->memory_swappiness > 100))
		return err_set(err, ERR_INVALID, "Invalid value: %lld, valid memory swappiness range is 0-100",
			       (long long)*h->memory_swappiness);
	if (h->memory_reservation > 0 && h->memory_reservation < MEMORY_MIN)
		return err_set(err, ERR_INVALID, "Minimum memory reservation allowed is 6MB");
	if (h->memory > 0 && h->memory_reservation > 0 && h->memory < h->memory_reservation)
		return err_set(err, ERR_INVALID,
			       "Minimum memory limit can not be less than memory reservation limit, see usage");
	if (h->kernel_memory_tcp)
		return err_set(err, ERR_NOT_IMPLEMENTED, "a limit of the kernel's TCP memory is not supported");
	return 0;
}

static int cpu_check(struct engine *e, const struct host_config *h, struct err *err)
{
	if (h->nano_cpus > 0 && h->cpu_period > 0)
		return err_set(err, ERR_INVALID, "Conflicting options: Nano CPUs and CPU Period cannot both be set");
	if (h->nano_cpus > 0 && h->cpu_quota > 0)
		return err_set(err, ERR_INVALID, "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
	if (h->nano_cpus < 0 || h->nano_cpus > (int64_t)e->cpus * 1000000000 || (h->nano_cpus > 0 && h->nano_cpus < 1000000))
		return err_set(err, ERR_INVALID, "range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available",
			       e->cpus, e->cpus);
	if (h->cpu_shares < 0)
		return err_set(err, ERR_INVALID, "invalid CPU shares (%lld): value must be a positive integer",
			       (long long)h->cpu_shares);
	if (h->cpu_period != 0 && (h->cpu_period < 1000 || h->cpu_period > 1000000))
		return err_set(err, ERR_INVALID,
			       "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
	if (h->cpu_quota > 0 && h->cpu_quota < 1000)
		return err_set(err, ERR_INVALID, "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	if (h->cpu_realtime_period || h->cpu_realtime_runtime)
		return err_set(err, ERR_INVALID, "Your kernel does not support CPU real-time scheduler");
	return 0;
}

/* ---- cpu sets ---- */

#define SET_MAX 8192

/* "0-3,7" into a bitmap; false when it is no such list. */
static bool set_parse(const char *text, unsigned char bits[SET_MAX / 8])
{
	memset(bits, 0, SET_MAX / 8);
	while (*text) {
		char *end;
		unsigned long first, last;

		if (*text < '0' || *text > '9')
			return false;
		first = last = strtoul(text, &end, 10);
		if (*end == '-') {
			text = end + 1;
			if (*text < '0' || *text > '9')
				return false;
			last = strtoul(text, &end, 10);
		}
		if (last < first || last >= SET_MAX || (*end != '\0' && *end != ','))
			return false;
		for (; first <= last; first++)
			bits[first / 8] |= (unsigned char)(1 << (first % 8));
		text = *end ? end + 1 : end;
	}
	return true;
}

static int cpuset_check(struct engine *e, const char *asked, const char *file, const char *kind, const char *what,
			struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ char *path = NULL;
	unsigned char want[SET_MAX / 8], have[SET_MAX / 8];

	if (!*asked)
		return 0;
	if (!set_parse(asked, want))
		return err_set(err, ERR_INVALID, "Invalid value %s for %s: invalid format: %s", asked, kind, asked);
	path = e->cgroup_v2 ? xasprintf("/sys/fs/cgroup/%s.effective", file) : xasprintf("/sys/fs/cgroup/cpuset/%s", file);
	if (file_read_at(AT_FDCWD, path, 65536, &text) < 0)
		return err_set(err, ERR_INVALID, "Your kernel does not support cpuset or the cgroup is not mounted");
	text.data[strcspn(text.data, "\n")] = '\0';
	if (!set_parse(text.data, have))
		return err_set(err, ERR_SYSTEM, "%s can't be read as a list: %s", path, text.data);
	for (size_t i = 0; i < SET_MAX / 8; i++)
		if (want[i] & ~have[i])
			return err_set(err, ERR_INVALID, "Requested %s are not available - requested %s, available: %s", what,
				       asked, text.data);
	return 0;
}

/* ---- what the kernel lacks ---- */

static bool cgroup_file(struct engine *e, const char *v1_path)
{
	return e->cgroup_v2 || access(v1_path, F_OK) == 0;
}

static void kernel_warnings(struct engine *e, struct host_config *h, char ***warnings)
{
	if ((h->blkio_weight || h->blkio_weight_device.len) && !cgroup_file(e, "/sys/fs/cgroup/blkio/blkio.weight") &&
	    !cgroup_file(e, "/sys/fs/cgroup/blkio/blkio.bfq.weight")) {
		strv_add(warnings,
			 "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.");
		h->blkio_weight = 0;
		h->blkio_weight_device.len = 0;
	}
	if (h->memory_swap > 0 && !cgroup_file(e, "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes")) {
		strv_add(warnings,
			 "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited "
			 "without swap.");
		h->memory_swap = -1;
	}
	if (e->cgroup_v2 && h->memory_swappiness && *h->memory_swappiness >= 0) {
		strv_add(warnings,
			 "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory "
			 "swappiness discarded.");
		h->memory_swappiness = NULL;
	}
	if (e->cgroup_v2 && h->oom_kill_disable && *h->oom_kill_disable) {
		strv_add(warnings, "Your kernel does not support OomKillDisable. OomKillDisable discarded.");
		h->oom_kill_disable = NULL;
	}
	if (h->oom_kill_disable && *h->oom_kill_disable && !h->memory)
		strv_add(warnings,
			 "OOM killer is disabled for the container, but no memory limit is set, this can result in the "
			 "system running out of resources.");
	if (h->cpu_count || h->cpu_percent || h->io_maximum_iops || h->io_maximum_bandwidth)
		strv_add(warnings, "CpuCount, CpuPercent, IOMaximumIOps and IOMaximumBandwidth are options of Windows and have "
				   "no effect.");
}

int create_resources_check(struct engine *e, struct host_config *h, char ***warnings, struct err *err)
{
	int r = memory_check(h, err);

	if (r >= 0)
		r = cpu_check(e, h, err);
	if (r >= 0)
		r = cpuset_check(e, h->cpuset_cpus, "cpuset.cpus", "cpuset cpus", "CPUs", err);
	if (r >= 0)
		r = cpuset_check(e, h->cpuset_mems, "cpuset.mems", "cpuset mems", "memory nodes", err);
	if (r < 0)
		return r;
	if (h->blkio_weight && (h->blkio_weight < 10 || h->blkio_weight > 1000) && e->cgroup_v2)
		return err_set(err, ERR_INVALID, "Range of blkio weight is from 10 to 1000");
	kernel_warnings(e, h, warnings);
	return 0;
}
