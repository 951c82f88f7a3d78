/* SPDX-License-Identifier: Apache-2.0 */
/* Making a launch ready: everything that can be found wrong is found here, before anything was made. See launch.h. */
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "linux/cgroup.h"
#include "linux/mounts.h"
#include "linux/syscalls.h"
#include "runtime/check.h"
#include "runtime/devices.h"
#include "runtime/sysctl.h"

static const struct oci_linux no_linux;

static const struct oci_linux *linux_of(const struct launch *l)
{
	return l->spec->linux_ ? l->spec->linux_ : &no_linux;
}

bool launch_has_user_namespace(const struct launch *l)
{
	return l->new_flags & CLONE_NEWUSER;
}

uint64_t launch_late_flags(const struct launch *l)
{
	return launch_has_user_namespace(l) ? l->new_flags & CLONE_NEWIPC : 0;
}

static int read_namespaces(struct launch *l, struct err *err)
{
	const struct oci_namespaces *list = &linux_of(l)->namespaces;

	for (size_t i = 0; i < list->len; i++) {
		const struct oci_namespace *n = &list->items[i];
		int fd, flag = namespace_flag(n->type);

		l->own_flags |= (uint64_t)flag;
		if (!n->path || !*n->path) {
			l->new_flags |= (uint64_t)flag;
			continue;
		}
		if (flag == CLONE_NEWUSER || flag == CLONE_NEWNS)
			return err_set(err, ERR_NOT_IMPLEMENTED,
				       "linux.namespaces[%zu]: joining a %s namespace is not supported", i, n->type);
		fd = namespace_open_path(n->path, flag);
		if (fd < 0)
			return err_sys(err, fd, "linux.namespaces[%zu]: open the %s namespace %s", i, n->type, n->path);
		l->join_fds[l->n_joins] = fd;
		l->join_flags[l->n_joins++] = flag;
	}
	if (!(l->new_flags & CLONE_NEWNS))
		return err_set(err, ERR_INVALID, "linux.namespaces: a mount namespace is required");
	return 0;
}

static int check_names(const struct launch *l, struct err *err)
{
	const char *host = l->spec->hostname, *domain = l->spec->domainname;

	if (((host && *host) || (domain && *domain)) && !(l->own_flags & CLONE_NEWUTS))
		return err_set(err, ERR_INVALID, "unable to set hostname without a private UTS namespace");
	if ((host && strlen(host) > 64) || (domain && strlen(domain) > 64))
		return err_set(err, ERR_INVALID, "hostname: longer than 64 bytes");
	return 0;
}

static int prepare_process(struct launch *l, struct err *err)
{
	const struct runtime_options *o = l->options;
	const struct oci_process *p = l->spec->process;
	int r;

	if (!p)
		return err_set(err, ERR_INVALID, "process: is required");
	r = become_init(&l->become, p, NULL, err);
	if (r < 0)
		return r;
	l->become.personality = linux_of(l)->personality;
	l->become.preserve_fds = o->preserve_fds;
	l->become.kill_with_parent = o->kill_with_parent;
	l->become.filter = &l->filter;
	for (int i = 0; i < 3; i++) {
		l->become.stdio[i] = p->terminal ? -EBADF : o->stdio_fds[i];
		if (l->become.stdio[i] < 0 && !p->terminal) {
			if (l->null_fd < 0)
				l->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (l->null_fd < 0)
				return err_sys(err, errno, "open /dev/null");
			l->become.stdio[i] = l->null_fd;
		}
	}
	if (!linux_of(l)->seccomp)
		return 0;
	return seccomp_filter_get(linux_of(l)->seccomp, o->seccomp_cache_fd, &l->filter, err);
}

int launch_prepare(struct launch *l, const struct runtime_options *options, struct err *err)
{
	int r;

	*l = (struct launch){.options = options,
			     .spec = options->spec,
			     .filter = SECCOMP_FILTER_INIT,
			     .rootfs = ROOTFS_INIT,
			     .null_fd = -EBADF,
			     .ends = {-EBADF, -EBADF}};
	r = check_supported(l->spec, err);
	if (r == 0)
		r = read_namespaces(l, err);
	if (r == 0)
		r = check_names(l, err);
	if (r == 0)
		r = sysctl_check(&linux_of(l)->sysctl, l->own_flags, err);
	if (r == 0)
		r = mount_plan_parse(&l->spec->mounts, &l->plan, err);
	if (r == 0)
		r = prepare_process(l, err);
	if (r < 0)
		return r;
	l->plan.cgroup_namespace = l->new_flags & CLONE_NEWCGROUP;
	l->rootfs.spec = l->spec;
	l->rootfs.plan = &l->plan;
	return 0;
}

void launch_done(struct launch *l)
{
	for (size_t i = 0; i < l->n_joins; i++)
		fd_close(l->join_fds[i]);
	for (size_t i = 0; i < l->n_host_devices; i++)
		fd_close(l->host_devices[i]);
	free(l->host_devices);
	seccomp_filter_done(&l->filter);
	mount_plan_done(&l->plan);
	rootfs_done(&l->rootfs);
	cgroup_free(l->cgroup);
	fd_close(l->null_fd);
	fd_close(l->ends[0]);
	fd_close(l->ends[1]);
}

/* The host's own nodes, for a container that can't make any. A device that the host doesn't have can't be given. */
static int clone_host_devices(struct launch *l, struct err *err)
{
	const struct oci_devices *devices = &linux_of(l)->devices;
	size_t n = DEVICES_DEFAULT + devices->len;

	l->host_devices = calloc(n, sizeof(*l->host_devices));
	if (!l->host_devices)
		return err_sys(err, ENOMEM, "open device nodes");
	for (size_t i = 0; i < n; i++) {
		char path[16];
		const char *from = i < DEVICES_DEFAULT ? path : devices->items[i - DEVICES_DEFAULT].path;
		int fd;

		if (i < DEVICES_DEFAULT)
			snprintf(path, sizeof(path), "/dev/%s", devices_default_names[i]);
		fd = mount_clone(AT_FDCWD, from, false, true);
		if (fd < 0)
			return err_sys(err, fd, "open the device node %s", from);
		l->host_devices[l->n_host_devices++] = fd;
	}
	l->rootfs.host_devices = l->host_devices;
	return 0;
}

int launch_open_for_child(struct launch *l, struct err *err)
{
	const struct runtime_options *o = l->options;
	int r;

	l->rootfs.mount_fd = rootfs_open(l->spec, o->overlay, o->bundle_fd, err);
	if (l->rootfs.mount_fd < 0)
		return l->rootfs.mount_fd;
	r = mount_plan_open_binds(&l->plan, o->bundle_fd, err);
	return r < 0 ? r : clone_host_devices(l, err);
}
