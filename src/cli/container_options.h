/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `run` and `create` share: the options that describe a container, and the body of POST /containers/create made of
 * them. The engine decides what it can do; the command line passes on what was asked.
 */
#ifndef LIGHTER_CLI_CONTAINER_OPTIONS_H
#define LIGHTER_CLI_CONTAINER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"

struct container_options {
	/* the client's own */
	const char *name, *cidfile, *pull, *platform, *detach_keys;
	bool detach, rm, quiet, sig_proxy, sig_proxy_given;
	char **attach;
	/* ContainerConfig */
	bool tty, interactive, no_healthcheck;
	const char *entrypoint, *hostname, *domainname, *user, *workdir, *stop_signal, *mac_address;
	bool entrypoint_given;
	char **env, **env_file, **label, **label_file, **expose, **volume;
	int64_t stop_timeout;
	bool stop_timeout_given;
	/* HostConfig */
	const char *network, *ipc, *pid, *uts, *userns, *cgroupns, *cgroup_parent, *restart, *runtime, *log_driver,
		*volume_driver, *cpuset_cpus, *cpuset_mems;
	bool privileged, read_only, init, init_given, publish_all, oom_kill_disable;
	char **cap_add, **cap_drop, **device, **device_cgroup_rule, **dns, **dns_option, **dns_search, **add_host, **group_add,
		**link, **log_opt, **publish, **security_opt, **storage_opt, **sysctl, **tmpfs, **ulimit, **volumes_from,
		**network_alias, **mount;
	int64_t memory, memory_reservation, memory_swap, memory_swappiness, shm_size, cpu_shares, cpu_period, cpu_quota,
		nano_cpus, pids_limit, oom_score_adj, blkio_weight;
	bool memory_swappiness_given;
	uint32_t rows, columns; /* of the user's terminal; 0: none */
};

/* Defaults that aren't zero. */
#define CONTAINER_OPTIONS_INIT                             \
	{                                                  \
		.memory_swappiness = -1, .sig_proxy = true \
	}

extern const struct option container_option_table[];
extern const size_t container_n_options;

/* How standard streams are attached: from -a, -i, -d. */
struct container_streams {
	bool in, out, err;
};
int container_streams_choose(const struct container_options *o, struct container_streams *ret, struct err *err) _must_check_;

/* Appends the JSON body. `args`: IMAGE and what follows. Reads --env-file and --label-file. */
int container_body(const struct container_options *o, char *const *args, const struct container_streams *streams,
		   struct buf *out, struct err *err) _must_check_;

#endif
