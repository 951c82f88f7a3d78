/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's first process between clone and exec. It was born into its namespaces (and, on v2, its cgroup); here it
 * joins the rest, builds its root, changes into it, and becomes the container's program. Whatever fails travels to the
 * parent as one struct err, and the process ends. Steps that need the host's files come before rootfs_enter(),
 * everything that a container could influence after it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "linux/cgroup.h"
#include "linux/mounts.h"
#include "linux/overlay.h"
#include "linux/process.h"
#include "linux/syscalls.h"
#include "linux/terminal.h"
#include "runtime/channel.h"
#include "runtime/child.h"
#include "runtime/devices.h"
#include "runtime/launch.h"
#include "runtime/sysctl.h"

int child_set_oom_score(const struct oci_process *p, struct err *err)
{
	char value[16];
	int r;

	if (!p->oom_score_adj)
		return 0;
	snprintf(value, sizeof(value), "%d", *p->oom_score_adj);
	r = file_write_value_at(AT_FDCWD, "/proc/self/oom_score_adj", value);
	return r < 0 ? err_sys(err, r, "set oomScoreAdj %s", value) : 0;
}

int child_become_root(struct err *err)
{
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, errno, "become root of the user namespace");
	return 0;
}

int child_join_keyring(const char *id, struct err *err)
{
	char name[80];

	snprintf(name, sizeof(name), "_ses.%.64s", id ? id : "");
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) < 0 && errno != ENOSYS)
		return err_sys(err, errno, "join a session keyring");
	return 0;
}

static int enter_namespaces(struct launch *l, struct err *err)
{
	int r;

	process_reset_signals();
	if (setsid() < 0)
		return err_sys(err, errno, "start a session");
	/* Before the user changes: the cgroup's files belong to the host's root, who we still are. */
	r = cgroup_attach_self(l->cgroup, cgroup_clone_fd(l->cgroup) >= 0, err);
	if (r < 0)
		return r;
	if (l->new_flags & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(err, errno, "make a cgroup namespace");
	r = child_set_oom_score(l->spec->process, err);
	if (r < 0)
		return r;
	if (launch_has_user_namespace(l)) {
		r = channel_expect(l->ends[1], CHANNEL_MAPPED, NULL, err);
		if (r == 0)
			r = child_become_root(err);
		if (r == 0 && launch_late_flags(l) && unshare((int)launch_late_flags(l)) < 0)
			r = err_sys(err, errno, "make an ipc namespace");
		if (r < 0)
			return r;
	}
	return child_join_keyring(l->options->id, err);
}

static int set_names(const struct oci_spec *spec, struct err *err)
{
	if (spec->hostname && *spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return err_sys(err, errno, "sethostname");
	if (spec->domainname && *spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return err_sys(err, errno, "setdomainname");
	return 0;
}

static bool needs_proc(const struct oci_spec *spec)
{
	return (spec->linux_ && spec->linux_->sysctl.len > 0) ||
	       (spec->process->apparmor_profile && *spec->process->apparmor_profile);
}

static int reopen(int *fd, struct err *err)
{
	if (*fd < 0)
		return 0;
	*fd = mount_reopen_dir(*fd);
	return *fd < 0 ? err_sys(err, *fd, "find a directory of the host again") : 0;
}

/* The root and the bind mounts. The parent's directories are those of its own mount namespace: found again in ours. */
static int open_from_host(struct launch *l, struct err *err)
{
	const struct runtime_options *o = l->options;
	struct overlay_recipe overlay;
	int r, bundle_fd = o->bundle_fd;

	r = reopen(&bundle_fd, err);
	if (r == 0 && o->overlay) {
		overlay = *o->overlay;
		r = reopen(&overlay.layers_fd, err);
		if (r == 0)
			r = reopen(&overlay.upper_fd, err);
	}
	if (r < 0)
		return r;
	l->rootfs.mount_fd = rootfs_open(l->spec, o->overlay ? &overlay : NULL, bundle_fd, err);
	if (l->rootfs.mount_fd < 0)
		return l->rootfs.mount_fd;
	return mount_plan_open_binds(&l->plan, bundle_fd, err);
}

static int build_root(struct launch *l, struct err *err)
{
	int r = 0;

	umask(0);
	l->plan.cgroup = l->cgroup;
	if (!launch_has_user_namespace(l))
		r = open_from_host(l, err);
	if (r == 0)
		r = mount_plan_open_new(&l->plan, err);
	if (r == 0 && needs_proc(l->spec))
		r = rootfs_open_proc(&l->rootfs, err);
	return r < 0 ? r : rootfs_enter(&l->rootfs, err);
}

/* Parameters of an interface appear with it; only if one is missing is the network waited for. */
static int apply_sysctls(struct launch *l, struct err *err)
{
	const struct oci_linux *linux_ = l->spec->linux_;
	int r;

	if (!linux_ || linux_->sysctl.len == 0)
		return 0;
	r = sysctl_apply(&linux_->sysctl, l->rootfs.sys_fd, true, err);
	if (r <= 0)
		return r;
	r = channel_send(l->ends[1], CHANNEL_WANT_NETWORK, -EBADF);
	if (r < 0)
		return err_sys(err, r, "wait for the network");
	r = channel_expect(l->ends[1], CHANNEL_NETWORK, NULL, err);
	return r < 0 ? r : sysctl_apply(&linux_->sysctl, l->rootfs.sys_fd, false, err);
}

int child_open_terminal(const struct oci_process *p, int devpts_fd, struct become *b, int *ret_master, struct err *err)
{
	const struct oci_console_size *size = p->console_size;
	int r, slave;

	r = tty_open_pair(devpts_fd, ret_master, &slave);
	if (r == 0 && size)
		r = tty_set_size(slave, (uint16_t)size->height, (uint16_t)size->width);
	if (r == 0)
		r = tty_set_controlling(slave);
	if (r < 0)
		return err_sys(err, r, "open a terminal");
	b->stdio[0] = b->stdio[1] = b->stdio[2] = slave;
	return 0;
}

static int open_console(struct launch *l, int *ret_master, struct err *err)
{
	_cleanup_close_ int devpts_fd = -EBADF;
	int r;

	if (!l->spec->process->terminal)
		return 0;
	devpts_fd = rootfs_open_devpts(&l->rootfs, err);
	if (devpts_fd < 0)
		return devpts_fd;
	r = child_open_terminal(l->spec->process, devpts_fd, &l->become, ret_master, err);
	return r < 0 ? r : devices_mount_console(l->rootfs.dev_fd, l->become.stdio[0], err);
}

/* Waits for the word to go on; from whoever connects, where another process is going to give it. */
static int await_start(struct launch *l, struct err *err)
{
	const int *listen_fd = l->options->start_listen_fd;
	int fd;

	if (listen_fd) {
		do
			fd = accept4(*listen_fd, NULL, NULL, SOCK_CLOEXEC);
		while (fd < 0 && errno == EINTR);
		if (fd < 0)
			return err_sys(err, errno, "wait for the start");
		fd_close(l->ends[1]);
		l->ends[1] = fd;
	}
	return channel_expect(l->ends[1], CHANNEL_START, NULL, err);
}

static int run(struct launch *l, struct err *err)
{
	int master = -EBADF, r;

	r = enter_namespaces(l, err);
	if (r == 0)
		r = set_names(l->spec, err);
	if (r == 0)
		r = build_root(l, err);
	if (r == 0)
		r = open_console(l, &master, err);
	if (r == 0)
		r = apply_sysctls(l, err);
	if (r == 0)
		r = rootfs_seal(&l->rootfs, err);
	if (r < 0)
		return r;
	l->become.root_fd = l->rootfs.root_fd;
	l->become.proc_fd = l->rootfs.proc_fd;
	r = become_prepare(&l->become, err);
	if (r < 0)
		return r;
	r = channel_send(l->ends[1], CHANNEL_CREATED, master);
	if (r < 0)
		return err_sys(err, r, "tell the parent");
	fd_close(master);
	r = await_start(l, err);
	return r < 0 ? r : become_exec(&l->become, err);
}

void launch_child(struct launch *l)
{
	struct err err = {0};

	fd_close(l->ends[0]);
	l->ends[0] = -EBADF;
	if (run(l, &err) < 0) {
		err_wrap(&err, "error during container init");
		/* A parent that is gone needs no word. */
		if (channel_send_failed(l->ends[1], &err) < 0)
			_exit(1);
	}
	_exit(1);
}
