/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces by descriptor. For single-threaded programs (the shim, the runtime): a daemon's thread must never
 * change its namespace, because a thread pool would carry it into other work.
 */
#ifndef LIGHTER_LINUX_NETNS_H
#define LIGHTER_LINUX_NETNS_H

#include "base/macros.h"

/* The network namespace of the calling thread, or of a process. An fd or -errno. */
int netns_open_own(void) _must_check_;
int netns_open_pid(int pid) _must_check_;

/*
 * Calls `fn(arg)` with the calling thread inside the namespace and returns its result. -errno when the namespace can't
 * be entered (-EPERM without CAP_SYS_ADMIN over both). -ENOTRECOVERABLE when there was no way back: the process is in
 * the wrong namespace then and must exit.
 */
int netns_call(int netns_fd, int (*fn)(void *arg), void *arg) _must_check_;

#endif
