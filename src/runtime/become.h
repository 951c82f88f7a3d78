/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last steps of every process that enters a container, its first one and exec'ed ones alike: descriptors, limits, user,
 * capabilities, no_new_privs, working directory, filter, exec. To be called in the child, inside all namespaces, with the
 * container's root as its root. The order is the protection: see become.c.
 */
#ifndef LIGHTER_RUNTIME_BECOME_H
#define LIGHTER_RUNTIME_BECOME_H

#include "base/err.h"
#include "codec/oci_spec.h"
#include "linux/capabilities.h"
#include "linux/seccomp_filter.h"

struct become {
	const struct oci_process *process;
	const struct oci_personality *personality; /* NULL: the host's */
	struct cap_sets caps;
	bool has_caps;                       /* false: capabilities follow the uid alone */
	const struct seccomp_filter *filter; /* without instructions: none */
	int stdio[3];
	int root_fd;      /* the container's root, to look up a home directory */
	int proc_fd;      /* a procfs of ours, for security labels */
	int preserve_fds; /* descriptors from 3 on that stay */
	bool kill_with_parent;
	char *path; /* filled in by become_prepare */
	char **env;
};

/* Parses what can be parsed before the clone: capabilities (of `fallback` when the process names none). */
int become_init(struct become *b, const struct oci_process *process, const struct oci_process *fallback,
		struct err *err) _must_check_;

/*
 * All but the filter and exec. Afterwards the process is the container's user; on failure it should report and exit.
 */
int become_prepare(struct become *b, struct err *err) _must_check_;

/*
 * Loads the filter and executes. Returns only when the filter or the last capabilities can't be set. A program that the
 * kernel refuses though it was found (wrong format, missing interpreter) is told on its own stderr, and the process
 * exits with 255, as Docker has it.
 */
int become_exec(struct become *b, struct err *err) _must_check_;

#endif
