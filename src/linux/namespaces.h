/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces by the specification's names, and the move into another one for the length of a clone: children are born
 * into it, the caller comes back. For single-threaded programs only.
 */
#ifndef LIGHTER_LINUX_NAMESPACES_H
#define LIGHTER_LINUX_NAMESPACES_H

#include <stddef.h>

#include "base/macros.h"

/* "pid" -> CLONE_NEWPID, ...; 0 for a name that isn't one. */
int namespace_flag(const char *type);

/* CLONE_NEWPID -> its file below /proc/PID/ns ("pid"; "pid_for_children" is what a visit of ours changes). */
const char *namespace_file(int flag);

/* Opens the namespace `flag` of the process with this /proc/PID directory, or of the caller (proc_pid_fd -EBADF). */
int namespace_open(int proc_pid_fd, int flag) _must_check_;

/* Opens a namespace by a host path and checks that it is of the kind `flag`. -EINVAL when it is something else. */
int namespace_open_path(const char *path, int flag) _must_check_;

#define NAMESPACE_VISITS_MAX 8

/* Where the caller came from, one descriptor per namespace it left. */
struct namespace_visit {
	int flags[NAMESPACE_VISITS_MAX];
	int home_fds[NAMESPACE_VISITS_MAX];
	size_t n;
};
#define NAMESPACE_VISIT_INIT \
	{                    \
		.n = 0       \
	}

/* Joins a namespace (not mount, not user: one can't come back from those), remembering the way home. 0 or -errno. */
int namespace_visit_enter(struct namespace_visit *v, int ns_fd, int flag) _must_check_;

/*
 * A new time namespace for children, with offsets: `offsets` is the text for timens_offsets ("monotonic S NS\n..."), may
 * be "".
 */
int namespace_visit_new_time(struct namespace_visit *v, const char *offsets) _must_check_;

/* Back home, in reverse order. 0 or the first -errno; the caller mustn't go on as if nothing was when it fails. */
int namespace_visit_leave(struct namespace_visit *v) _must_check_;

#endif
