/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts by descriptor: a mount is made detached, given its attributes, and attached onto a descriptor. No function here
 * takes a target's name, so nothing can be swapped between looking and mounting. A detached mount that is never attached
 * vanishes with its descriptor.
 *
 * All return a descriptor (O_CLOEXEC) or 0, or a negative errno.
 */
#ifndef LIGHTER_LINUX_MOUNTS_H
#define LIGHTER_LINUX_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#include "base/err.h"

/* One fsconfig setting; a NULL value is a flag. */
struct mount_option {
	const char *key;
	const char *value;
};

/*
 * A new instance of a file system (fsopen, fsconfig, fsmount), detached. `attr` are MOUNT_ATTR_ bits. `err`
 * (may be NULL) gets the kernel's own message where it gave one.
 */
int mount_new(const char *fstype, const char *source, const struct mount_option *options, size_t n, uint64_t attr,
	      struct err *err) _must_check_;

/*
 * A detached clone of the mount at `path` (with all below it when `recursive`), that is: a bind mount not yet attached.
 * An empty path means the descriptor itself. Symlinks in the last component are followed unless `nofollow`. The caller
 * should only give paths of the host here; for paths of a container it mustn't: open those by linux/path and give the fd.
 */
int mount_clone(int dir_fd, const char *path, bool recursive, bool nofollow) _must_check_;

/* Sets and clears MOUNT_ATTR_ bits, and the propagation (MS_PRIVATE, ..., or 0 to leave it), of a mount. */
int mount_change(int mount_fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation) _must_check_;

/* Attaches a detached mount onto the file or directory that `target_fd` is. mount_fd stays open and valid. */
int mount_attach(int mount_fd, int target_fd) _must_check_;

/*
 * Makes the attached mount `root_fd` the root and the working directory of the calling process's mount namespace and
 * drops the old tree. Only in a mount namespace of one's own.
 */
int mount_pivot(int root_fd) _must_check_;

/* All mounts of the namespace stop or limit propagation (MS_PRIVATE, MS_SLAVE) to where they came from. */
int mount_detach_propagation(uint64_t propagation) _must_check_;

/*
 * The directory `fd` in the calling process's own mount namespace. A descriptor that came along from another namespace is
 * good for reading, but what it names can't be cloned or used as an overlay's layer; so it is looked up again by its
 * path and must prove to be the same directory. For directories of the host only.
 */
int mount_reopen_dir(int fd) _must_check_;

/* The MOUNT_ATTR_ bits a mount has now; only those that statvfs shows. */
int mount_attributes(int fd, uint64_t *ret_attr) _must_check_;

#endif
