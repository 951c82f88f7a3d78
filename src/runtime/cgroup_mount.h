/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's view of its cgroup at /sys/fs/cgroup. v2: one cgroup2 mount. v1: a tmpfs with one directory per
 * hierarchy, in each a mount of the hierarchy (rooted at the container's cgroup by its cgroup namespace) or, without a
 * namespace of its own, a bind mount of the container's cgroup. Private to the mount plan.
 */
#ifndef LIGHTER_RUNTIME_CGROUP_MOUNT_H
#define LIGHTER_RUNTIME_CGROUP_MOUNT_H

#include "runtime/mount_plan.h"

/* Makes the mount that goes onto the entry's destination, and keeps what goes below it in the plan's private list. */
int cgroup_mount_open(struct mount_plan *p, struct mount_entry *e, struct err *err) _must_check_;

/* After the entry is attached: the directories, links and mounts of the hierarchies below it. Nothing to do on v2. */
int cgroup_mount_fill(struct mount_plan *p, struct mount_entry *e, struct err *err) _must_check_;

#endif
