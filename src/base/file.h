/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the engine's own directories (never of a container: that is linux/path). A directory fd comes before the path
 * it applies to; AT_FDCWD is allowed. All return 0 or a negative errno.
 */
#ifndef LIGHTER_BASE_FILE_H
#define LIGHTER_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/macros.h"

/* Appends the whole file to `out`; -EFBIG when it is larger than `max_bytes`, -ENOMEM when `out` fails. */
int file_read_at(int dirfd, const char *path, size_t max_bytes, struct buf *out) _must_check_;

/* The same from an open descriptor, from its current offset. */
int file_read_fd(int fd, size_t max_bytes, struct buf *out) _must_check_;

enum file_write_flags {
	FILE_SYNC = 1 << 0, /* fsync the file before the rename and the directory after it */
};

/*
 * Makes the file hold exactly these bytes, or leaves it as it was: written beside it under a temporary name and renamed.
 * Readers see the old or the new, never a part.
 */
int file_write_atomic_at(int dirfd, const char *path, const void *bytes, size_t len, mode_t mode, int flags) _must_check_;

/* Writes a value to an existing kernel file (procfs, sysfs, cgroupfs) in one write(2). */
int file_write_value_at(int dirfd, const char *path, const char *value) _must_check_;

/* Makes the directory and its missing parents. An existing directory is no error; its mode stays. */
int file_mkdir_p_at(int dirfd, const char *path, mode_t mode) _must_check_;

/* Opens (and first makes) a directory: an O_PATH-free, O_DIRECTORY fd or -errno. */
int file_open_dir_at(int dirfd, const char *path, bool make, mode_t mode) _must_check_;

/* Removes whatever is there, recursively, without following links or crossing into mounts. Missing is no error. */
int file_remove_tree_at(int dirfd, const char *path) _must_check_;

#endif
