/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A control group of ours: a directory in every hierarchy that is mounted, made with the resources of an OCI spec,
 * entered by a child itself, frozen, killed, and removed. Three kinds of host look the same from here: v1 (one
 * directory per controller), v2 (one directory), and mixed ones, where v1 holds the controllers and an empty v2
 * hierarchy beside them is used for what only it can do (cgroup.kill, cgroup.events).
 *
 * Paths are as in linux.cgroupsPath: absolute ones start at the hierarchies' mount points, others at the caller's own
 * cgroup. A controller that isn't there is an error only when the resources ask for it.
 */
#ifndef LIGHTER_LINUX_CGROUP_H
#define LIGHTER_LINUX_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "codec/oci_spec.h"

struct cgroup;

/*
 * Makes the cgroup (missing parents too) and applies the resources (NULL: none, but the device policy below is applied
 * all the same). An existing one is ERR_CONFLICT when processes are in it. On failure what was made is removed again.
 *
 * Devices: everything is denied, then the rules apply in order, the last match deciding; then those every container has
 * (null, zero, full, random, urandom, tty, console, ptmx, pts, tun; mknod of all) are allowed, as Docker's are.
 */
int cgroup_create(const char *path, const struct oci_resources *resources, struct cgroup **ret, struct err *err) _must_check_;

/* Opens an existing one; ERR_NOT_FOUND when no hierarchy has it. */
int cgroup_open(const char *path, struct cgroup **ret, struct err *err) _must_check_;

/* Closes the descriptors; the cgroup stays. */
void cgroup_free(struct cgroup *cg);
DEFINE_CLEANUP(struct cgroup *, cgroup_free)

/* Changes limits of a living one; members that are absent stay as they are. Devices only when there are rules. */
int cgroup_update(struct cgroup *cg, const struct oci_resources *resources, struct err *err) _must_check_;

/* The v2 directory for CLONE_INTO_CGROUP, or -EBADF where there is no v2 hierarchy. Borrowed. */
int cgroup_clone_fd(const struct cgroup *cg);

/*
 * Moves the calling thread, the only one of its process, into the cgroup. `cloned`: it was born in the v2 directory
 * already. On v1 by writing 0 to `tasks`, which unlike cgroup.procs waits for no grace period.
 */
int cgroup_attach_self(const struct cgroup *cg, bool cloned, struct err *err) _must_check_;

/* Sends a signal to every process in it and below. 0 also when there are none. */
int cgroup_kill(const struct cgroup *cg, int signo, struct err *err) _must_check_;

/* The processes in it (not below), host's pids: malloc'ed, *ret_n of them. */
int cgroup_pids(const struct cgroup *cg, pid_t **ret_pids, size_t *ret_n, struct err *err) _must_check_;

/* Freezes or thaws and waits until it is done. */
int cgroup_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct err *err) _must_check_;
int cgroup_is_frozen(const struct cgroup *cg);

/* Processes of it that the kernel killed for want of memory; 0 when nobody counts. */
uint64_t cgroup_oom_kills(const struct cgroup *cg);

/* Kills what is in it, waits, and removes it with all below. The first error is returned, everything is tried. */
int cgroup_remove(struct cgroup *cg, int timeout_ms, struct err *err);

/*
 * One directory per hierarchy, for cgroup mounts. `index` counts from 0; false past the last. `ret_name` is the name of
 * the directory under /sys/fs/cgroup ("cpu,cpuacct", "systemd", "" on a pure v2 host); `ret_fd` the cgroup's own
 * directory; `ret_controllers` the hierarchy's mount options ("cpu,cpuacct", "none,name=systemd", "" for v2). Borrowed.
 */
struct cgroup_dir {
	const char *name;
	const char *controllers;
	bool v2;
	int fd;
};
bool cgroup_dir_at(const struct cgroup *cg, size_t index, struct cgroup_dir *ret);

/* Where that directory is on the host. 0 or -ENAMETOOLONG. */
int cgroup_dir_path(const struct cgroup *cg, size_t index, char *ret_path, size_t size) _must_check_;

/* True where v2 has the controllers. */
bool cgroup_is_v2(const struct cgroup *cg);

#endif
