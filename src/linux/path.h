/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to resolve a path that a container, an image, an archive or an API client can influence. Every function
 * starts from a directory descriptor and gives a descriptor back; nothing below that directory can lead out of it: not
 * "..", not an absolute or relative symlink, not a magic link of procfs, not a rename by a racing process.
 *
 * The caller should use the returned descriptor for all that follows (openat, move_mount, fchownat with AT_EMPTY_PATH)
 * and mustn't use the path again: by then it can mean something else. The caller mustn't take a success as a statement
 * about what is there: check type, device or file system of the descriptor where that matters.
 *
 * openat2 does it in the kernel. Where an outer filter hides that call (ENOSYS, EPERM), the path is walked one component
 * at a time with O_NOFOLLOW, holding a descriptor of every directory on the way, so that ".." never asks the file system.
 * What that loses: speed, and symlinks of procfs ("self") are refused like magic links.
 *
 * All functions return a descriptor (O_CLOEXEC) or 0, or a negative errno; -ELOOP is a link that isn't allowed, -EXDEV a
 * path that would leave.
 */
#ifndef LIGHTER_LINUX_PATH_H
#define LIGHTER_LINUX_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/macros.h"

/*
 * As a process chrooted to `root_fd` would open it: absolute paths and links start there, ".." stops there. `flags` are
 * open(2)'s, `mode` counts with O_CREAT.
 */
int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode) _must_check_;

/* Without a single symlink on the way (the last component included), and never above `dir_fd`. */
int path_open_beneath(int dir_fd, const char *path, int flags, mode_t mode) _must_check_;

/*
 * path_open_beneath() that doesn't cross mounts either: for files of a procfs, sysfs or cgroupfs. The caller should have
 * checked dir_fd's file system (path_check_magic), and then knows the file's.
 */
int path_open_same_mount(int dir_fd, const char *path, int flags) _must_check_;

/* -EXDEV unless the descriptor lies on a file system with this statfs magic. */
int path_check_magic(int fd, long magic) _must_check_;

/*
 * The directory at `path` in the root, made (with missing parents, all `mode`) if it isn't there: an
 * O_PATH|O_DIRECTORY fd. Links of existing components are followed inside the root; a dangling one is -ENOENT. What is
 * returned is always inside the root, whatever a racing process does.
 */
int path_make_dir_in_root(int root_fd, const char *path, mode_t mode) _must_check_;

/* The file at `path` in the root as an O_PATH fd; made empty, parents too (0755), if it isn't there. */
int path_make_file_in_root(int root_fd, const char *path, mode_t mode) _must_check_;

/*
 * Splits off the last component: its parent directory (made when missing) as an O_PATH fd, and the name in `ret_name`
 * (at least NAME_MAX + 1 bytes). -EINVAL for a path without a last component, such as "/" or "a/..".
 */
int path_open_parent_in_root(int root_fd, const char *path, char *ret_name) _must_check_;

/* True when both are the same file: device and inode. */
bool path_same_file(int a_fd, int b_fd);

/* For tests: take the road without openat2. */
void path_force_fallback(bool on);

#endif
