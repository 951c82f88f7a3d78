/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's side of a container's start: cgroup, clone, id maps, network, and the two words "created" and "start". The
 * child does its own part at the same time (child.c). When anything fails the child is killed and reaped and the cgroup
 * removed before the error is returned.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "linux/cgroup.h"
#include "linux/ids.h"
#include "linux/process.h"
#include "linux/syscalls.h"
#include "runtime/channel.h"
#include "runtime/launch.h"
#include "runtime/runtime.h"

#define CLEANUP_TIMEOUT_MS 5000

static int make_cgroup(struct launch *l, struct err *err)
{
	const struct oci_linux *linux_ = l->spec->linux_;
	char path[160];

	snprintf(path, sizeof(path), "/lighter/%s", l->options->id);
	if (linux_ && linux_->cgroups_path && *linux_->cgroups_path)
		return cgroup_create(linux_->cgroups_path, linux_->resources, &l->cgroup, err);
	return cgroup_create(path, linux_ ? linux_->resources : NULL, &l->cgroup, err);
}

/* "monotonic S NS\nboottime S NS\n" */
static void write_offsets(const struct oci_time_offsets *o, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	if (o && o->monotonic)
		len = (size_t)snprintf(text, size, "monotonic %lld %u\n", (long long)o->monotonic->secs,
				       o->monotonic->nanosecs);
	if (o && o->boottime)
		snprintf(text + len, size - len, "boottime %lld %u\n", (long long)o->boottime->secs, o->boottime->nanosecs);
}

static int enter_visits(struct launch *l, struct namespace_visit *visit, struct err *err)
{
	char offsets[128];
	int r;

	for (size_t i = 0; i < l->n_joins; i++) {
		r = namespace_visit_enter(visit, l->join_fds[i], l->join_flags[i]);
		if (r < 0)
			return err_sys(err, r, "join the %s namespace", namespace_file(l->join_flags[i]));
	}
	if (l->new_flags & CLONE_NEWTIME) {
		write_offsets(l->spec->linux_->time_offsets, offsets, sizeof(offsets));
		r = namespace_visit_new_time(visit, offsets);
		if (r < 0)
			return err_sys(err, r, "make a time namespace");
	}
	return 0;
}

/* Clones the child; the parent comes back from every namespace it had to visit for that. */
static int clone_child(struct launch *l, struct runtime_process *p, struct err *err)
{
	/* A cgroup namespace is made by the child when it is in its cgroup, a time namespace by the parent beforehand. */
	uint64_t flags = l->new_flags & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME | launch_late_flags(l));
	struct namespace_visit visit = NAMESPACE_VISIT_INIT;
	int left, r;

	r = enter_visits(l, &visit, err);
	if (r == 0) {
		pid_t pid = process_clone(flags, cgroup_clone_fd(l->cgroup), &p->pidfd);

		if (pid == 0)
			launch_child(l);
		if (pid < 0)
			r = err_sys(err, pid, "clone the container's first process");
		else
			p->pid = pid;
	}
	left = namespace_visit_leave(&visit);
	if (left < 0 && r == 0)
		r = err_sys(err, left, "come back from the container's namespaces");
	return r;
}

static int open_namespace_of(pid_t pid, const char *name)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int map_users(struct launch *l, pid_t pid, struct err *err)
{
	const struct oci_linux *linux_ = l->spec->linux_;
	int r;

	if (!launch_has_user_namespace(l))
		return 0;
	r = ids_write_maps(pid, &linux_->uid_mappings, &linux_->gid_mappings, err);
	if (r < 0)
		return r;
	r = channel_send(l->ends[0], CHANNEL_MAPPED, -EBADF);
	return r < 0 ? err_sys(err, r, "let the container's first process go on") : 0;
}

/* The child is gone before the parent was done: what it said last is the reason. */
static int last_words(struct launch *l, struct err *err)
{
	enum channel_message message;
	int r;

	do
		r = channel_recv(l->ends[0], &message, NULL, err);
	while (r == 0 && message != CHANNEL_END);
	return r < 0 ? r : err_set(err, ERR_SYSTEM, "the container's first process ended before it was ready");
}

static int set_up_network(struct launch *l, pid_t pid, struct err *err)
{
	const struct runtime_options *o = l->options;
	_cleanup_close_ int netns_fd = -EBADF;

	if (!o->setup_network)
		return 0;
	if (l->own_flags & CLONE_NEWNET) {
		netns_fd = open_namespace_of(pid, "net");
		if (netns_fd == -ENOENT)
			return last_words(l, err);
		if (netns_fd < 0)
			return err_sys(err, netns_fd, "open the container's network namespace");
	}
	return o->setup_network(o->arg, pid, netns_fd, err);
}

/* Until the child has done its part; the network is there by now. */
static int await_created(struct launch *l, int *ret_console, struct err *err)
{
	enum channel_message message;
	int r;

	r = channel_recv(l->ends[0], &message, ret_console, err);
	if (r == 0 && message == CHANNEL_WANT_NETWORK) {
		r = channel_send(l->ends[0], CHANNEL_NETWORK, -EBADF);
		if (r < 0)
			return err_sys(err, r, "let the container's first process go on");
		r = channel_recv(l->ends[0], &message, ret_console, err);
	}
	if (r < 0)
		return r;
	if (message != CHANNEL_CREATED)
		return err_set(err, ERR_SYSTEM, "the container's first process ended before it was ready");
	return 0;
}

static int create(struct launch *l, struct runtime_process *p, struct err *err)
{
	int r;

	r = make_cgroup(l, err);
	if (r < 0)
		return r;
	if (launch_has_user_namespace(l)) {
		r = launch_open_for_child(l, err);
		if (r < 0)
			return r;
	}
	r = channel_open(l->ends, err);
	if (r < 0)
		return r;
	r = clone_child(l, p, err);
	fd_close(l->ends[1]);
	l->ends[1] = -EBADF;
	if (r < 0)
		return r;
	p->mntns_fd = open_namespace_of(p->pid, "mnt");
	r = map_users(l, p->pid, err);
	if (r == 0)
		r = set_up_network(l, p->pid, err);
	return r < 0 ? r : await_created(l, &p->console_fd, err);
}

int runtime_create(const struct runtime_options *options, struct runtime_process *ret_process, struct err *err)
{
	struct runtime_process p = RUNTIME_PROCESS_INIT;
	struct launch l;
	int r;

	r = launch_prepare(&l, options, err);
	if (r == 0)
		r = create(&l, &p, err);
	if (r == 0) {
		p.start_fd = TAKE_FD(l.ends[0]);
		p.cgroup = TAKE(l.cgroup);
		*ret_process = p;
	} else {
		process_kill_and_reap(p.pidfd);
		/* The error to tell is the one that led here. */
		if (l.cgroup && cgroup_remove(l.cgroup, CLEANUP_TIMEOUT_MS, NULL) < 0)
			err_wrap(err, "(and its cgroup could not be removed)");
		runtime_process_done(&p);
	}
	launch_done(&l);
	return r;
}

int runtime_start_by_socket(int fd, struct err *err)
{
	enum channel_message message;
	int r;

	r = channel_send(fd, CHANNEL_START, -EBADF);
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return err_sys(err, r, "start the container's first process");
	r = channel_recv(fd, &message, NULL, err);
	if (r < 0)
		return r;
	return message == CHANNEL_END ? 0 : err_set(err, ERR_SYSTEM, "the container's first process is out of step");
}

int runtime_start(struct runtime_process *p, struct err *err)
{
	_cleanup_close_ int fd = TAKE_FD(p->start_fd);
	int r;

	if (fd < 0)
		return err_set(err, ERR_CONFLICT, "the container was started already");
	r = runtime_start_by_socket(fd, err);
	if (r < 0)
		process_kill_and_reap(p->pidfd);
	return r;
}
