/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of a spec: read, then opened as detached mounts while the host's tree is still in sight, then attached in the
 * container's root when it no longer is. For a container in the host's user namespace the child opens them; for any other
 * the parent opens those that come from the host (bind mounts), and the child, inside its namespaces, the rest.
 */
#ifndef LIGHTER_RUNTIME_MOUNT_PLAN_H
#define LIGHTER_RUNTIME_MOUNT_PLAN_H

#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/mount_options.h"

struct cgroup;

enum mount_kind { MOUNT_BIND, MOUNT_NEW, MOUNT_CGROUP };

struct mount_entry {
	const struct oci_mount *mount; /* borrowed */
	enum mount_kind kind;
	struct mount_options options;
	int fd;       /* detached, later attached; -EBADF until opened */
	bool late_ro; /* made read-only when everything below it is in place */
};

#define MOUNT_CGROUPS_MAX 24

struct mount_plan {
	struct mount_entry *entries;
	size_t n;
	const struct cgroup *cgroup; /* borrowed; NULL: none to mount */
	bool cgroup_namespace;
	int cgroup_fds[MOUNT_CGROUPS_MAX]; /* of a v1 cgroup mount: one per hierarchy, -EBADF where there is none */
};
void mount_plan_done(struct mount_plan *p);

int mount_plan_parse(const struct oci_mounts *mounts, struct mount_plan *ret, struct err *err) _must_check_;

/* Opens what comes from the host. Relative sources start at bundle_fd (-EBADF: an error). */
int mount_plan_open_binds(struct mount_plan *p, int bundle_fd, struct err *err) _must_check_;

/* Makes the new file systems. In the container's namespaces, with the host's tree still there. */
int mount_plan_open_new(struct mount_plan *p, struct err *err) _must_check_;

/* Attaches all, in order, below the container's root, which is the calling process's own by now. */
int mount_plan_attach(struct mount_plan *p, int root_fd, struct err *err) _must_check_;

/* After the last thing was made below them: the read-only ones that had to be writable so far. */
int mount_plan_seal(struct mount_plan *p, struct err *err) _must_check_;

/* The entry whose destination is `path`, the last one if there are several, or NULL. */
struct mount_entry *mount_plan_find(const struct mount_plan *p, const char *path);

#endif
