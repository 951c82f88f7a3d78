/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a child with all of root's powers to the container's process; see become.h. What the order guarantees:
 * - limits and labels are set while there is the power to set them;
 * - the working directory is entered as root first (it may be unreadable for the user) and checked afterwards: if it lies
 *   outside the root, getcwd says so (CVE-2024-21626);
 * - every descriptor that isn't the process's own is marked close-on-exec after the last one was opened;
 * - the bounding set shrinks before the user changes, the other sets after; without no_new_privs the filter needs
 *   CAP_SYS_ADMIN, which is kept for that one call and dropped by the next;
 * - after the filter only capset, prctl and execve follow (write and exit on failure).
 */
#include "runtime/become.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/path.h"
#include "runtime/command.h"
#include "runtime/home.h"
#include "runtime/rlimits.h"

#define EXIT_EXEC_FAILED 255
#define DEFAULT_UMASK 0022

static const struct oci_user root_user;

static const struct oci_user *user_of(const struct become *b)
{
	return b->process->user ? b->process->user : &root_user;
}

int become_init(struct become *b, const struct oci_process *process, const struct oci_process *fallback, struct err *err)
{
	const struct oci_capabilities *caps = process->capabilities;
	int r;

	if (!process->args || !process->args[0])
		return err_set(err, ERR_INVALID, "args must not be empty");
	if (!caps && fallback)
		caps = fallback->capabilities;
	b->process = process;
	b->has_caps = caps != NULL;
	if (caps) {
		r = cap_sets_parse(caps, &b->caps, err);
		if (r < 0)
			return r;
	}
	return rlimits_check(process, err);
}

/* Puts the three descriptors at 0, 1 and 2, wherever they are now. */
static int place_stdio(struct become *b)
{
	for (int i = 0; i < 3; i++)
		if (b->stdio[i] >= 0 && b->stdio[i] < 3 && b->stdio[i] != i) {
			b->stdio[i] = fcntl(b->stdio[i], F_DUPFD_CLOEXEC, 3);
			if (b->stdio[i] < 0)
				return -errno;
		}
	for (int i = 0; i < 3; i++) {
		int r = b->stdio[i] == i ? fcntl(i, F_SETFD, 0) : dup2(b->stdio[i], i);

		if (r < 0)
			return -errno;
	}
	return 0;
}

/* The user may open /dev/stdout again, so it has to own what is behind it; the null device stays as it is. */
static int own_stdio(uid_t uid)
{
	for (int i = 0; i < 3; i++) {
		struct stat st;

		if (fstat(i, &st) < 0)
			return -errno;
		if (st.st_uid == uid || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		if (fchown(i, uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM && errno != EROFS && errno != ENOSYS)
			return -errno;
	}
	return 0;
}

static int set_personality(const struct oci_personality *p, struct err *err)
{
	unsigned long value;

	if (!p)
		return 0;
	if (p->flags && p->flags[0])
		return err_set(err, ERR_NOT_IMPLEMENTED, "linux.personality.flags: not supported");
	value = strcmp(p->domain, "LINUX32") == 0 ? PER_LINUX32 : PER_LINUX;
	return personality(value) < 0 ? err_sys(err, errno, "set the personality %s", p->domain) : 0;
}

static int set_label(const struct become *b, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64], value[300];
	int len;

	if (!b->process->apparmor_profile || !*b->process->apparmor_profile)
		return 0;
	snprintf(path, sizeof(path), "%d/attr/apparmor/exec", (int)getpid());
	fd = path_open_same_mount(b->proc_fd, path, O_WRONLY);
	if (fd < 0) {
		snprintf(path, sizeof(path), "%d/attr/exec", (int)getpid());
		fd = path_open_same_mount(b->proc_fd, path, O_WRONLY);
	}
	len = snprintf(value, sizeof(value), "exec %s", b->process->apparmor_profile);
	if (fd < 0 || len >= (int)sizeof(value) || write(fd, value, (size_t)len) < 0)
		return err_sys(err, fd < 0 ? fd : errno, "apply the AppArmor profile %s", b->process->apparmor_profile);
	return 0;
}

static int enter_cwd(const char *cwd, struct err *err)
{
	char text[128];

	if (chdir(cwd) == 0)
		return 0;
	return err_set(err, errno == ENOENT ? ERR_COMMAND_MISSING : ERR_NOT_EXECUTABLE,
		       "chdir to cwd (\"%s\") set in config.json failed: %s", cwd, command_strerror(errno, text, sizeof(text)));
}

/* The kernel names a directory that isn't below the root "(unreachable)/...", which the C library calls ENOENT. */
static int check_cwd(struct err *err)
{
	char path[PATH_MAX];

	if (!getcwd(path, sizeof(path)) || path[0] != '/')
		return err_set(err, ERR_FORBIDDEN,
			       "current working directory is outside of container mount namespace root "
			       "-- possible container breakout detected");
	return 0;
}

static int change_user(const struct become *b, struct err *err)
{
	const struct oci_user *u = user_of(b);

	if (b->has_caps || b->filter->insns)
		if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
			return err_sys(err, errno, "keep capabilities");
	if (setgroups(u->additional_gids.len, u->additional_gids.items) < 0)
		return err_sys(err, errno, "set supplementary groups");
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return err_sys(err, errno, "set the group %u", u->gid);
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return err_sys(err, errno, "set the user %u", u->uid);
	return 0;
}

/* The sets without an explicit list: all for root, none for anybody else. */
static int default_caps(struct become *b)
{
	if (user_of(b)->uid != 0) {
		b->caps = (struct cap_sets){0};
		return 0;
	}
	return cap_get(&b->caps);
}

/* True while CAP_SYS_ADMIN has to be kept until the filter is loaded. */
static bool keeps_admin(const struct become *b)
{
	return b->filter->insns && !b->process->no_new_privileges;
}

static int set_final_caps(const struct become *b)
{
	int r = cap_set(b->caps.effective, b->caps.permitted, b->caps.inheritable);

	return r < 0 || !b->caps.ambient ? r : cap_set_ambient(b->caps.ambient);
}

static int set_caps(struct become *b, struct err *err)
{
	uint64_t extra = keeps_admin(b) ? CAP_BIT(CAP_SYS_ADMIN) : 0;
	int r = b->has_caps ? 0 : default_caps(b);

	if (r == 0)
		r = cap_set(b->caps.effective | extra, b->caps.permitted | extra, b->caps.inheritable);
	if (r == 0 && !extra)
		r = set_final_caps(b);
	return r < 0 ? err_sys(err, r, "unable to apply caps") : 0;
}

static int hide_fds(int first)
{
	struct rlimit limit;

	if (close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (int fd = first; fd < (int)MIN(limit.rlim_cur, (rlim_t)65536); fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF)
			return -errno;
	return 0;
}

static int prepare_as_root(struct become *b, struct err *err)
{
	int r;

	r = place_stdio(b);
	if (r == 0)
		r = own_stdio(user_of(b)->uid);
	if (r < 0)
		return err_sys(err, r, "set up standard input and output");
	r = home_add(b->root_fd, user_of(b)->uid, b->process->env, &b->env, err);
	if (r == 0)
		r = set_personality(b->personality, err);
	if (r == 0)
		r = set_label(b, err);
	if (r == 0)
		r = rlimits_apply(b->process, err);
	umask(user_of(b)->umask ? (mode_t)*user_of(b)->umask : DEFAULT_UMASK);
	return r;
}

int become_prepare(struct become *b, struct err *err)
{
	int r, at_home;

	r = prepare_as_root(b, err);
	if (r < 0)
		return r;
	at_home = enter_cwd(b->process->cwd, err);
	if (b->process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "set no_new_privs");
	r = b->has_caps ? cap_bound(b->caps.bounding) : 0;
	if (r < 0)
		return err_sys(err, r, "unable to apply bounding set");
	r = change_user(b, err);
	if (r == 0)
		r = set_caps(b, err);
	if (r < 0)
		return r;
	/* Root of a container may lack the power that the user himself has, on NFS for instance. */
	if (at_home < 0) {
		r = enter_cwd(b->process->cwd, err);
		if (r < 0)
			return r;
	}
	r = check_cwd(err);
	if (r == 0)
		r = command_find(b->process->args[0], b->env, &b->path, err);
	if (r < 0)
		return r;
	if (b->kill_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, errno, "tie the process to its parent");
	r = hide_fds(3 + b->preserve_fds);
	return r < 0 ? err_sys(err, r, "close descriptors") : 0;
}

int become_exec(struct become *b, struct err *err)
{
	char text[128];
	int r;

	r = seccomp_filter_load(b->filter);
	if (r < 0)
		return err_sys(err, r, "unable to load the seccomp filter");
	if (keeps_admin(b)) {
		r = set_final_caps(b);
		if (r < 0)
			return err_sys(err, r, "unable to apply caps");
	}
	execve(b->path, b->process->args, b->env);
	dprintf(STDERR_FILENO, "exec %s: %s\n", b->path, command_strerror(errno, text, sizeof(text)));
	_exit(EXIT_EXEC_FAILED);
}
