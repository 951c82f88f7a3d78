/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as descriptors; see process.h. */
#include "linux/process.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "linux/syscalls.h"

static pid_t clone_old(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	if (cgroup_fd >= 0 || flags & CLONE_NEWTIME)
		return -ENOSYS;
#ifdef __x86_64__
	return (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, NULL);
#else
	return (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, 0);
#endif
}

pid_t process_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {.flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
	pid_t pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid < 0 && (errno == ENOSYS || errno == EPERM))
		pid = clone_old(flags, cgroup_fd, &pidfd);
	if (pid < 0)
		return pid == -1 ? -errno : pid;
	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid;
}

int process_pidfd_open(pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	return fd < 0 ? -errno : fd;
}

int process_pidfd_kill(int pidfd, int signo)
{
	return pidfd_send_signal(pidfd, signo, NULL, 0) < 0 ? -errno : 0;
}

int process_wait_end(int pidfd, int timeout_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int process_reap(int pidfd, int *ret_status)
{
	siginfo_t info = {0};
	int r;

	do
		r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (info.si_code == CLD_EXITED)
		*ret_status = (info.si_status & 0xff) << 8;
	else
		*ret_status = info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
	return 0;
}

void process_kill_and_reap(int pidfd)
{
	int status;

	if (pidfd < 0)
		return;
	/* It may have ended already, or be reaped by a parent further up: there is nothing more to do then. */
	if (process_pidfd_kill(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return;
	if (process_reap(pidfd, &status) < 0)
		return;
}

void process_reset_signals(void)
{
	struct sigaction def = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signo = 1; signo <= SIGRTMAX; signo++)
		if (signo != SIGKILL && signo != SIGSTOP)
			(void)sigaction(signo, &def, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int process_set_dumpable(bool on)
{
	return prctl(PR_SET_DUMPABLE, on ? 1 : 0, 0, 0, 0) < 0 ? -errno : 0;
}
