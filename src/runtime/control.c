/* SPDX-License-Identifier: Apache-2.0 */
/* A running container from outside: signals, pause, the end. */
#include <errno.h>
#include <signal.h>

#include "base/fd.h"
#include "linux/cgroup.h"
#include "linux/process.h"
#include "runtime/runtime.h"

#define FREEZE_TIMEOUT_MS 10000

int runtime_kill(const struct runtime_process *p, int signo, struct err *err)
{
	int r = process_pidfd_kill(p->pidfd, signo);

	if (r == -ESRCH)
		return err_set(err, ERR_CONFLICT, "container not running");
	return r < 0 ? err_sys(err, r, "send signal %d to process %d", signo, (int)p->pid) : 0;
}

int runtime_kill_all(const struct runtime_process *p, int signo, struct err *err)
{
	return cgroup_kill(p->cgroup, signo, err);
}

int runtime_pause(const struct runtime_process *p, struct err *err)
{
	return cgroup_freeze(p->cgroup, true, FREEZE_TIMEOUT_MS, err);
}

int runtime_resume(const struct runtime_process *p, struct err *err)
{
	return cgroup_freeze(p->cgroup, false, FREEZE_TIMEOUT_MS, err);
}

bool runtime_oom_killed(const struct runtime_process *p)
{
	return p->cgroup && cgroup_oom_kills(p->cgroup) > 0;
}

int runtime_destroy(struct runtime_process *p, int deadline_ms, struct err *err)
{
	int r = p->cgroup ? cgroup_remove(p->cgroup, deadline_ms, err) : 0;

	runtime_process_done(p);
	return r;
}

void runtime_process_done(struct runtime_process *p)
{
	fd_close(p->pidfd);
	fd_close(p->console_fd);
	fd_close(p->start_fd);
	fd_close(p->mntns_fd);
	cgroup_free(p->cgroup);
	*p = (struct runtime_process)RUNTIME_PROCESS_INIT;
}
