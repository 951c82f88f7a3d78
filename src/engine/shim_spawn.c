/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the shim program. posix_spawn with file actions only, so that nothing of the daemon runs between clone and
 * exec; a shim is reaped through its pidfd by whoever sees it end, and never by a wait for any child.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/shim_link.h"

/* Sources are moved up here first, so that dup2 onto 3..7 never overwrites one that is still needed. */
#define SAFE_FD 16

int shim_run_dir_make(struct container *c, struct err *err)
{
	int shims_fd = c->engine->shims_fd;
	int r = file_remove_tree_at(shims_fd, c->id), fd;

	if (r < 0)
		return err_sys(err, r, "clear the run directory of container %s", c->id);
	fd = file_open_dir_at(shims_fd, c->id, true, 0700);
	return fd < 0 ? err_sys(err, fd, "make the run directory of container %s", c->id) : fd;
}

int shim_run_dir_open(struct container *c)
{
	return file_open_dir_at(c->engine->shims_fd, c->id, false, 0);
}

void shim_run_dir_remove(struct container *c)
{
	int r = file_remove_tree_at(c->engine->shims_fd, c->id);

	if (r < 0)
		log_warn("container %.12s: its run directory stays: %s", c->id, strerror(-r));
}

static int actions_fill(posix_spawn_file_actions_t *actions, const int *sources, size_t n)
{
	int r = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
	for (size_t i = 0; i < n && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(actions, sources[i], SHIM_FD_START + (int)i);
	return -r;
}

static int attributes_fill(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawnattr_setsigmask(attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attributes, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return -r;
}

static int spawn(const char *path, const char *id, const int *sources, size_t n, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *const argv[] = {(char *)"lighter-shim", (char *)id, NULL};
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	r = actions_fill(&actions, sources, n);
	if (r == 0)
		r = attributes_fill(&attributes);
	if (r == 0)
		r = -posix_spawn(ret_pid, path, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int spawn_moved(struct container *c, const int fds[5], pid_t *ret_pid)
{
	int moved[5] = {-EBADF, -EBADF, -EBADF, -EBADF, -EBADF};
	int r = 0;

	for (size_t i = 0; i < 5 && r == 0; i++) {
		moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SAFE_FD);
		if (moved[i] < 0)
			r = -errno;
	}
	if (r == 0)
		r = spawn(c->engine->shim_path, c->id, moved, 5, ret_pid);
	for (size_t i = 0; i < 5; i++)
		fd_close(moved[i]);
	return r;
}

int shim_spawn(struct container *c, int start_fd, int run_fd, int container_fd, int layers_fd, struct shim_process *ret,
	       struct err *err)
{
	struct shim_process p = {.pidfd = -EBADF, .sock = -EBADF};
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "make a socket for the shim");
	p.sock = pair[0];
	r = spawn_moved(c, (int[5]){start_fd, pair[1], run_fd, container_fd, layers_fd}, &p.pid);
	fd_close(pair[1]);
	if (r < 0) {
		fd_close(p.sock);
		return err_sys(err, r, "start %s", c->engine->shim_path);
	}
	p.pidfd = pidfd_open(p.pid, 0);
	if (p.pidfd < 0) {
		r = -errno;
		shim_process_abort(&p);
		return err_sys(err, r, "open the shim's pidfd");
	}
	*ret = p;
	return 0;
}

void shim_process_abort(struct shim_process *p)
{
	siginfo_t info;

	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		while (waitid(P_PID, (id_t)p->pid, &info, WEXITED) < 0 && errno == EINTR)
			;
	}
	fd_close(TAKE_FD(p->pidfd));
	fd_close(TAKE_FD(p->sock));
	p->pid = 0;
}
