/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another process in a running container. Its parent visits the container's pid namespace for the length of the clone,
 * so that the child is born there and is still the caller's own; the child joins the cgroup and, by the first process's
 * pidfd, all other namespaces in one call. Being visible to the container from its first moment on, it must not be
 * looked into: it is not dumpable until it has executed the container's program.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/cgroup.h"
#include "linux/mounts.h"
#include "linux/namespaces.h"
#include "linux/path.h"
#include "linux/process.h"
#include "linux/syscalls.h"
#include "runtime/become.h"
#include "runtime/channel.h"
#include "runtime/check.h"
#include "runtime/child.h"
#include "runtime/runtime.h"

struct joining {
	const struct runtime_process *target;
	const struct runtime_exec_options *options;
	uint64_t flags; /* CLONE_NEW* of the container, without its pid namespace */
	bool has_pid_namespace;
	struct become become;
	struct seccomp_filter filter;
	const struct cgroup *cgroup; /* to join: the container's, or that of its first process */
	struct cgroup *init_cgroup;
	bool cloned_into_cgroup;
	int null_fd;
	int ends[2];
};

static void joining_done(struct joining *j)
{
	seccomp_filter_done(&j->filter);
	cgroup_free(j->init_cgroup);
	fd_close(j->null_fd);
	fd_close(j->ends[0]);
	fd_close(j->ends[1]);
}

static void read_namespaces(struct joining *j)
{
	const struct oci_linux *l = j->options->spec->linux_;

	for (size_t i = 0; l && i < l->namespaces.len; i++)
		j->flags |= (uint64_t)namespace_flag(l->namespaces.items[i].type);
	j->has_pid_namespace = j->flags & CLONE_NEWPID;
	j->flags &= ~(uint64_t)CLONE_NEWPID;
}

static int prepare_stdio(struct joining *j, struct err *err)
{
	for (int i = 0; i < 3; i++) {
		int fd = j->options->process->terminal ? -EBADF : j->options->stdio_fds[i];

		if (fd < 0 && !j->options->process->terminal) {
			if (j->null_fd < 0)
				j->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (j->null_fd < 0)
				return err_sys(err, errno, "open /dev/null");
			fd = j->null_fd;
		}
		j->become.stdio[i] = fd;
	}
	return 0;
}

static int prepare(struct joining *j, struct err *err)
{
	const struct runtime_exec_options *o = j->options;
	const struct oci_linux *l = o->spec->linux_;
	int r;

	if (o->cgroup_sub)
		return err_set(err, ERR_NOT_IMPLEMENTED, "exec in a cgroup below the container's is not supported");
	r = check_process_supported(o->process, err);
	if (r == 0)
		r = become_init(&j->become, o->process, o->spec->process, err);
	if (r == 0)
		r = prepare_stdio(j, err);
	if (r == 0 && l && l->seccomp)
		r = seccomp_filter_get(l->seccomp, o->seccomp_cache_fd, &j->filter, err);
	if (r < 0)
		return r;
	read_namespaces(j);
	j->become.personality = l ? l->personality : NULL;
	j->become.filter = &j->filter;
	j->become.preserve_fds = o->preserve_fds;
	j->become.kill_with_parent = o->kill_with_parent;
	j->cgroup = j->target->cgroup;
	return 0;
}

static int join_namespaces(const struct joining *j, struct err *err)
{
	if (setns(j->target->pidfd, (int)j->flags) < 0)
		return err_sys(err, errno == ESRCH ? ECHILD : errno, "join the container's namespaces");
	return j->flags & CLONE_NEWUSER ? child_become_root(err) : 0;
}

/* The container's own devpts: where no link leads to it and it proves to be one. */
static int open_terminal(struct joining *j, int *ret_master, struct err *err)
{
	_cleanup_close_ int devpts_fd = -EBADF;

	if (!j->options->process->terminal)
		return 0;
	devpts_fd = path_open_beneath(j->become.root_fd, "dev/pts", O_PATH | O_DIRECTORY, 0);
	if (devpts_fd < 0)
		return err_sys(err, devpts_fd, "open the container's /dev/pts");
	return child_open_terminal(j->options->process, devpts_fd, &j->become, ret_master, err);
}

static int open_root(struct joining *j, struct err *err)
{
	const char *profile = j->options->process->apparmor_profile;

	j->become.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (j->become.root_fd < 0)
		return err_sys(err, errno, "open the container's /");
	j->become.proc_fd = -EBADF;
	if (profile && *profile) {
		j->become.proc_fd =
			mount_new("proc", "proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
		if (j->become.proc_fd < 0)
			return j->become.proc_fd;
	}
	return 0;
}

static int run(struct joining *j, struct err *err)
{
	int r, master = -EBADF;

	process_reset_signals();
	if (setsid() < 0)
		return err_sys(err, errno, "start a session");
	r = cgroup_attach_self(j->cgroup, j->cloned_into_cgroup, err);
	if (r == 0)
		r = child_set_oom_score(j->options->process, err);
	if (r == 0)
		r = join_namespaces(j, err);
	if (r == 0)
		r = child_join_keyring(j->options->id, err);
	if (r == 0)
		r = open_root(j, err);
	if (r == 0)
		r = open_terminal(j, &master, err);
	if (r == 0)
		r = become_prepare(&j->become, err);
	if (r == 0 && master >= 0) {
		r = channel_send(j->ends[1], CHANNEL_CREATED, master);
		fd_close(master);
		if (r < 0)
			return err_sys(err, r, "hand the terminal over");
	}
	return r < 0 ? r : become_exec(&j->become, err);
}

static _Noreturn void child(struct joining *j)
{
	struct err err = {0};

	fd_close(j->ends[0]);
	if (run(j, &err) < 0 && channel_send_failed(j->ends[1], &err) < 0)
		_exit(1);
	_exit(1);
}

/*
 * Where a container has divided its own cgroup, the kernel lets nobody into the upper part (EBUSY): the process then
 * goes to where the container's first process is.
 */
static int use_cgroup_of_init(struct joining *j, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char path[32];
	char *at;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)j->target->pid);
	r = file_read_at(AT_FDCWD, path, 65536, &text);
	if (r < 0)
		return err_sys(err, r, "read %s", path);
	at = strstr(text.data, "0::/");
	if (!at)
		return err_set(err, ERR_SYSTEM, "%s names no v2 cgroup", path);
	at[strcspn(at, "\n")] = '\0';
	r = cgroup_open(at + 3, &j->init_cgroup, err);
	if (r == 0)
		j->cgroup = j->init_cgroup;
	return r;
}

static int clone_child(struct joining *j, struct runtime_process *p, struct err *err)
{
	int fd = cgroup_clone_fd(j->cgroup);
	pid_t pid;

	j->cloned_into_cgroup = fd >= 0;
	pid = process_clone(0, fd, &p->pidfd);
	if (pid == 0)
		child(j);
	if (pid < 0)
		return pid == -EBUSY ? -EBUSY : err_sys(err, pid, "clone");
	p->pid = pid;
	return 0;
}

static int clone_visiting(struct joining *j, struct runtime_process *p, struct err *err)
{
	struct namespace_visit visit = NAMESPACE_VISIT_INIT;
	int left, r = 0;

	if (j->has_pid_namespace)
		r = namespace_visit_enter(&visit, j->target->pidfd, CLONE_NEWPID);
	if (r < 0)
		return err_sys(err, r == -ESRCH ? ECHILD : r, "join the container's pid namespace");
	r = clone_child(j, p, err);
	if (r == -EBUSY && cgroup_is_v2(j->cgroup) && use_cgroup_of_init(j, err) == 0)
		r = clone_child(j, p, err);
	left = namespace_visit_leave(&visit);
	if (left < 0 && r == 0)
		r = err_sys(err, left, "come back from the container's pid namespace");
	return r;
}

static int await_exec(struct joining *j, struct runtime_process *p, struct err *err)
{
	enum channel_message message;
	int r;

	r = channel_recv(j->ends[0], &message, &p->console_fd, err);
	if (r == 0 && message == CHANNEL_CREATED)
		r = channel_recv(j->ends[0], &message, NULL, err);
	if (r < 0)
		return r;
	return message == CHANNEL_END ? 0 : err_set(err, ERR_SYSTEM, "the new process is out of step");
}

int runtime_exec(const struct runtime_process *target, const struct runtime_exec_options *options,
		 struct runtime_process *ret_process, struct err *err)
{
	struct joining j = {.target = target,
			    .options = options,
			    .filter = SECCOMP_FILTER_INIT,
			    .null_fd = -EBADF,
			    .ends = {-EBADF, -EBADF}};
	struct runtime_process p = RUNTIME_PROCESS_INIT;
	int r;

	r = prepare(&j, err);
	if (r == 0)
		r = channel_open(j.ends, err);
	if (r == 0 && process_set_dumpable(false) < 0)
		r = err_sys(err, errno, "hide the new process");
	if (r == 0) {
		r = clone_visiting(&j, &p, err);
		fd_close(j.ends[1]);
		j.ends[1] = -EBADF;
		if (process_set_dumpable(true) < 0 && r == 0)
			r = err_sys(err, errno, "come out of hiding");
	}
	if (r == 0)
		r = await_exec(&j, &p, err);
	if (r < 0) {
		process_kill_and_reap(p.pidfd);
		runtime_process_done(&p);
	} else {
		*ret_process = p;
	}
	joining_done(&j);
	return r;
}
