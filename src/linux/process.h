/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes as descriptors: clone3 into namespaces and a cgroup, signals and waits by pidfd, a start that is kept from
 * being looked into, and the protection of our own binary.
 */
#ifndef LIGHTER_LINUX_PROCESS_H
#define LIGHTER_LINUX_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Forks into new namespaces (`flags`: CLONE_NEW*), and into the cgroup v2 directory `cgroup_fd` (-EBADF: the caller's). In
 * the child: 0. In the parent: the pid, and its pidfd. Or -errno. Where clone3 is hidden: clone, which
 * can't place the child into a cgroup (-ENOSYS if one was asked for).
 */
pid_t process_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd) _must_check_;

int process_pidfd_open(pid_t pid) _must_check_;
int process_pidfd_kill(int pidfd, int signo) _must_check_;

/* Waits at most `timeout_ms` (-1: for ever) for a process to end, without reaping it. 1 ended, 0 not yet, or -errno. */
int process_wait_end(int pidfd, int timeout_ms) _must_check_;

/* Reaps a child that ended or will. The wait status in waitpid's form. */
int process_reap(int pidfd, int *ret_status) _must_check_;

/* SIGKILL and reap, for a child that was cloned and is no longer wanted. */
void process_kill_and_reap(int pidfd);

/* All signals back to their default action and unblocked: ignored ones survive exec otherwise. */
void process_reset_signals(void);

/*
 * Whether others of our uid may look into this process (/proc/PID/fd, exe, ptrace). Off while a child is on its way into a
 * container, so that nobody in there finds the host's descriptors in it (CVE-2016-9962's class). exec sets it again.
 */
int process_set_dumpable(bool on) _must_check_;

/*
 * Makes the running program's own file unwritable through /proc/PID/exe (CVE-2019-5736): a program that enters
 * containers should call this first thing in main() and mustn't go on when it fails. It executes the program again, from
 * a detached read-only mount of its own file, or where that can't be made from a sealed copy in memory. Returns 0 when it
 * already runs from one; a parent that spawns process_readonly_exe()'s descriptor saves the second exec.
 */
int process_protect_exe(char *const argv[], struct err *err) _must_check_;

/* A detached read-only mount of a program's file: to be executed as /proc/self/fd/N. O_CLOEXEC. Or -errno. */
int process_readonly_exe(const char *path) _must_check_;

#endif
