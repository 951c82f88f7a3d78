/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI runtime as a library: a bundle becomes a process. Used by the shim in-process and by lighter-runtime. Single-
 * threaded callers only: it clones with namespaces, and may setns for a moment. It never exits, logs or aborts; memory
 * failures are errors.
 *
 * Life of a container's first process:
 *     runtime_create   clones it into its namespaces and cgroup; it builds its root and stops before exec ("created")
 *     runtime_start    lets it exec
 *     the caller       waits for it by pidfd: it is the caller's child
 *     runtime_destroy  kills what is left in the cgroup, removes the cgroup, drops the fds
 */
#ifndef LIGHTER_RUNTIME_RUNTIME_H
#define LIGHTER_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct oci_spec;
struct oci_process;
struct overlay_recipe;
struct cgroup;

struct runtime_options {
	const char *id;
	const struct oci_spec *spec;          /* borrowed until runtime_start returned */
	int bundle_fd;                        /* relative paths of the spec start here; -EBADF: none are allowed */
	const struct overlay_recipe *overlay; /* the root; NULL: spec->root->path */
	int stdio_fds[3];                     /* become 0, 1, 2 of the process; ignored with a terminal */
	int preserve_fds;                     /* descriptors from 3 on that stay open */
	int seccomp_cache_fd;                 /* root-only directory of compiled filters; -EBADF: no cache */
	bool systemd_cgroup;
	bool kill_with_parent;      /* SIGKILL for the process when the caller dies (until its program says otherwise) */
	const int *start_listen_fd; /* listening unix socket: whoever connects starts it (runtime_start_by_socket) */

	/*
	 * Called while the child builds its root, with its network namespace (-EBADF when it has none of its own). The
	 * process is executed only after this returned 0. NULL: nothing to do.
	 */
	int (*setup_network)(void *arg, pid_t pid, int netns_fd, struct err *err);
	void *arg;
};

struct runtime_process {
	pid_t pid;
	int pidfd;
	int console_fd;        /* master of its terminal, -EBADF without */
	int start_fd;          /* private to runtime_start */
	int mntns_fd;          /* held so that the kernel drops the mounts cheaply; -EBADF for execs */
	struct cgroup *cgroup; /* NULL for execs */
};
#define RUNTIME_PROCESS_INIT                                                                  \
	{                                                                                     \
		.pidfd = -EBADF, .console_fd = -EBADF, .start_fd = -EBADF, .mntns_fd = -EBADF \
	}

/*
 * On failure nothing is left: the half-made child is killed and reaped, its cgroup removed. A program that doesn't exist or
 * isn't executable is found out here (ERR_COMMAND_MISSING 127, ERR_NOT_EXECUTABLE 126), as Docker has it. Messages are
 * what Docker writes behind "unable to start container process: ".
 */
int runtime_create(const struct runtime_options *options, struct runtime_process *ret_process, struct err *err) _must_check_;

/*
 * Returns once exec succeeded, or with the child's own error (it is reaped then). A program that was found but that the
 * kernel can't execute (its format, a missing interpreter) is no error here: as with Docker the process says so on its
 * stderr and exits with 255.
 */
int runtime_start(struct runtime_process *process, struct err *err) _must_check_;

/* The same from another process, over a connection to the socket that start_listen_fd was listening on. */
int runtime_start_by_socket(int fd, struct err *err) _must_check_;

struct runtime_exec_options {
	const char *id;                    /* as it was given to runtime_create */
	const struct oci_spec *spec;       /* the container's: seccomp, capabilities' bound, masks */
	const struct oci_process *process; /* what to run */
	int stdio_fds[3];
	int preserve_fds;
	int seccomp_cache_fd;
	bool kill_with_parent;
	const char *cgroup_sub; /* cgroup below the container's, or NULL */
};

/*
 * Runs another process in the container that `target` (its init) lives in: joins namespaces, cgroup and root by fd, never
 * by a name the container could have replaced. The new process is the caller's child. Returns after exec succeeded.
 */
int runtime_exec(const struct runtime_process *target, const struct runtime_exec_options *options,
		 struct runtime_process *ret_process, struct err *err) _must_check_;

/* A signal to its first process (by pidfd), or to every process of its cgroup. */
int runtime_kill(const struct runtime_process *process, int signo, struct err *err) _must_check_;
int runtime_kill_all(const struct runtime_process *process, int signo, struct err *err) _must_check_;

/* Freezes and thaws the cgroup; deadline 10 s. */
int runtime_pause(const struct runtime_process *process, struct err *err) _must_check_;
int runtime_resume(const struct runtime_process *process, struct err *err) _must_check_;

/* True when the kernel's OOM killer took a process of this cgroup since its creation. */
bool runtime_oom_killed(const struct runtime_process *process);

/*
 * After the first process was reaped: kills and waits out the rest of the cgroup (deadline_ms), removes the cgroup, closes
 * the fds. The first error is returned; everything is tried.
 */
int runtime_destroy(struct runtime_process *process, int deadline_ms, struct err *err);

/* Closes the fds only. */
void runtime_process_done(struct runtime_process *process);

#endif
