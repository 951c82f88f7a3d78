/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces by name, and visits to them; see namespaces.h. */
#include "linux/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/fd.h"
#include "base/file.h"
#include "linux/syscalls.h"

static const struct {
	const char *type;
	int flag;
	const char *file;     /* below /proc/PID/ns */
	const char *children; /* what children get, where that is another file */
} kinds[] = {
	{"user", CLONE_NEWUSER, "user", NULL},
	{"mount", CLONE_NEWNS, "mnt", NULL},
	{"pid", CLONE_NEWPID, "pid", "pid_for_children"},
	{"network", CLONE_NEWNET, "net", NULL},
	{"ipc", CLONE_NEWIPC, "ipc", NULL},
	{"uts", CLONE_NEWUTS, "uts", NULL},
	{"cgroup", CLONE_NEWCGROUP, "cgroup", NULL},
	{"time", CLONE_NEWTIME, "time", "time_for_children"},
};

int namespace_flag(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return kinds[i].flag;
	return 0;
}

const char *namespace_file(int flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].flag == flag)
			return kinds[i].file;
	return NULL;
}

static const char *children_file(int flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].flag == flag)
			return kinds[i].children ? kinds[i].children : kinds[i].file;
	return NULL;
}

int namespace_open(int proc_pid_fd, int flag)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%sns/%s", proc_pid_fd < 0 ? "/proc/self/" : "", namespace_file(flag));
	fd = openat(proc_pid_fd < 0 ? AT_FDCWD : proc_pid_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int namespace_open_path(const char *path, int flag)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int kind;

	if (fd < 0)
		return -errno;
	kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind != flag)
		return -EINVAL;
	return TAKE_FD(fd);
}

static int visit_remember(struct namespace_visit *v, int flag)
{
	char path[64];
	int fd;

	if (v->n == NAMESPACE_VISITS_MAX)
		return -E2BIG;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", flag == CLONE_NEWTIME ? "time" : children_file(flag));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	v->flags[v->n] = flag;
	v->home_fds[v->n++] = fd;
	return 0;
}

int namespace_visit_enter(struct namespace_visit *v, int ns_fd, int flag)
{
	int r = visit_remember(v, flag);

	if (r < 0)
		return r;
	if (setns(ns_fd, flag) < 0) {
		r = -errno;
		fd_close(v->home_fds[--v->n]);
		return r;
	}
	return 0;
}

int namespace_visit_new_time(struct namespace_visit *v, const char *offsets)
{
	int r = visit_remember(v, CLONE_NEWTIME);

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWTIME) < 0)
		return -errno;
	return *offsets ? file_write_value_at(AT_FDCWD, "/proc/self/timens_offsets", offsets) : 0;
}

int namespace_visit_leave(struct namespace_visit *v)
{
	int r = 0;

	while (v->n > 0) {
		v->n--;
		if (setns(v->home_fds[v->n], v->flags[v->n]) < 0 && r == 0)
			r = -errno;
		fd_close(v->home_fds[v->n]);
	}
	return r;
}
