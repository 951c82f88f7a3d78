/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's root, built by the child in two halves. rootfs_open() and mount_plan_open_*() take everything they need
 * from the host as detached mounts; rootfs_enter() makes the root the process's own and drops the host's tree; all that
 * follows happens inside, where no path can lead back.
 */
#ifndef LIGHTER_RUNTIME_ROOTFS_H
#define LIGHTER_RUNTIME_ROOTFS_H

#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/mount_plan.h"

struct overlay_recipe;

struct rootfs {
	const struct oci_spec *spec;
	struct mount_plan *plan;
	int mount_fd;            /* detached root, before rootfs_enter */
	int root_fd;             /* "/" of the container */
	int dev_fd;              /* its /dev */
	int sys_fd;              /* "sys" of a procfs of ours, unmasked */
	int proc_fd;             /* that procfs's root */
	const int *host_devices; /* clones of the host's nodes for user namespaces, or NULL */
};
#define ROOTFS_INIT                                                                                          \
	{                                                                                                    \
		.mount_fd = -EBADF, .root_fd = -EBADF, .dev_fd = -EBADF, .sys_fd = -EBADF, .proc_fd = -EBADF \
	}
void rootfs_done(struct rootfs *r);

/* The root as a detached mount: the overlay, or a clone of spec->root->path (relative to bundle_fd). An fd or negative. */
int rootfs_open(const struct oci_spec *spec, const struct overlay_recipe *overlay, int bundle_fd, struct err *err) _must_check_;

/* A procfs for our own use, made before the host's is gone: in a user namespace a new one needs to see it. */
int rootfs_open_proc(struct rootfs *r, struct err *err) _must_check_;

/* Attaches the root, pivots into it, attaches the mounts and fills /dev. */
int rootfs_enter(struct rootfs *r, struct err *err) _must_check_;

/* The container's devpts, for its terminal: verified. An fd or negative. */
int rootfs_open_devpts(const struct rootfs *r, struct err *err) _must_check_;

/* Masks, read-only paths, the working directory, and last the read-only mounts and the read-only root. */
int rootfs_seal(struct rootfs *r, struct err *err) _must_check_;

#endif
