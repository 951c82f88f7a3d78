/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is made ready before a container's first process is cloned, and what that process then does with it. The child is a
 * copy of the parent: it finds all of this in its memory and its descriptors, and nothing has to be sent.
 */
#ifndef LIGHTER_RUNTIME_LAUNCH_H
#define LIGHTER_RUNTIME_LAUNCH_H

#include <stdint.h>

#include "base/err.h"
#include "linux/namespaces.h"
#include "runtime/become.h"
#include "runtime/mount_plan.h"
#include "runtime/rootfs.h"
#include "runtime/runtime.h"

struct launch {
	const struct runtime_options *options;
	const struct oci_spec *spec;
	uint64_t new_flags; /* CLONE_NEW* it gets new ones of */
	uint64_t own_flags; /* those, and the ones it joins */
	int join_fds[NAMESPACE_VISITS_MAX];
	int join_flags[NAMESPACE_VISITS_MAX];
	size_t n_joins;
	struct become become;
	struct seccomp_filter filter;
	struct mount_plan plan;
	struct rootfs rootfs;
	int *host_devices; /* of a user namespace: see devices.h */
	size_t n_host_devices;
	struct cgroup *cgroup;
	int null_fd;
	int ends[2]; /* channel: parent's, child's */
};

/* Reads and checks everything; opens nothing of the container yet. launch_done() releases, also after a failure. */
int launch_prepare(struct launch *l, const struct runtime_options *options, struct err *err) _must_check_;
void launch_done(struct launch *l);

/* True when the container lives in a user namespace of its own. */
bool launch_has_user_namespace(const struct launch *l);

/*
 * Namespaces the child makes itself once it is root of its user namespace: the files of an ipc namespace belong to
 * whoever made it.
 */
uint64_t launch_late_flags(const struct launch *l);

/* For a user namespace: opens what only the parent can reach (root, bind mounts, device nodes). */
int launch_open_for_child(struct launch *l, struct err *err) _must_check_;

/* The child, from clone to exec. */
_Noreturn void launch_child(struct launch *l);

#endif
