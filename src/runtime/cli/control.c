/* SPDX-License-Identifier: Apache-2.0 */
/* `start`, `kill`, `pause`, `resume` and `delete`. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/cgroup.h"
#include "linux/process.h"
#include "runtime/cli/cli.h"

#define ARENA_MAX (64u << 20)
#define END_TIMEOUT_MS 10000

struct target {
	struct arena *arena;
	struct state state;
	const char *id;
};

static void target_done(struct target *t)
{
	state_done(&t->state);
	arena_free(t->arena);
}

static int target_load(struct cli *c, int argc, char **argv, struct target *t, struct err *err)
{
	int r;

	*t = (struct target){.state = {.dir_fd = -EBADF}};
	r = cli_only_id(argc, argv, &t->id, err);
	if (r < 0)
		return r;
	t->arena = arena_new(ARENA_MAX);
	if (!t->arena)
		return err_sys(err, ENOMEM, "container %s", t->id);
	return state_load(c->root_fd, t->id, t->arena, &t->state, err);
}

static int no_options(int argc, char **argv, struct err *err)
{
	static const struct option none[] = {{0}};

	return cli_getopt(argc, argv, "+", none, err) == -1 ? 0 : -EINVAL;
}

static int connect_start(const struct state *s)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (fd < 0)
		return -errno;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", s->dir_fd, STATE_SOCKET);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int start(struct target *t, struct err *err)
{
	enum state_status status = state_status(&t->state);
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (status == STATUS_STOPPED)
		return err_set(err, ERR_CONFLICT, "cannot start a container that has stopped");
	if (status != STATUS_CREATED)
		return err_set(err, ERR_CONFLICT, "cannot start an already running container");
	fd = connect_start(&t->state);
	if (fd < 0)
		return err_sys(err, fd, "reach the process of %s", t->id);
	r = runtime_start_by_socket(fd, err);
	if (unlinkat(t->state.dir_fd, STATE_SOCKET, 0) < 0 && r == 0)
		r = err_sys(err, errno, "remove the start socket of %s", t->id);
	return r;
}

int cli_start(struct cli *c, int argc, char **argv, struct err *err)
{
	struct target t = {.state = {.dir_fd = -EBADF}};
	int r = no_options(argc, argv, err);

	if (r == 0)
		r = target_load(c, argc, argv, &t, err);
	if (r == 0)
		r = start(&t, err);
	target_done(&t);
	return r;
}

/* "9", "KILL" or "SIGKILL". */
static int signal_number(const char *text, struct err *err)
{
	const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;
	long n = strtol(text, &end, 10);

	if (end != text && *end == '\0' && n > 0 && n <= SIGRTMAX)
		return (int)n;
	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		const char *known = signo < NSIG ? sigabbrev_np(signo) : NULL;

		if (known && strcasecmp(known, name) == 0)
			return signo;
	}
	return err_set(err, ERR_INVALID, "unknown signal \"%s\"", text);
}

static int send_signal(struct target *t, int signo, bool all, struct err *err)
{
	struct runtime_process p;
	int r = state_open_process(&t->state, all, &p, err);

	if (r < 0)
		return r;
	if (all)
		r = p.cgroup ? runtime_kill_all(&p, signo, err) : 0;
	else
		r = runtime_kill(&p, signo, err);
	runtime_process_done(&p);
	return r;
}

int cli_kill(struct cli *c, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {{"all", no_argument, NULL, 'a'}, {0}};
	struct target t = {.state = {.dir_fd = -EBADF}};
	int letter, r, signo = SIGTERM;
	bool all = false;

	while ((letter = cli_getopt(argc, argv, "+a", options, err)) != -1) {
		if (letter != 'a')
			return -EINVAL;
		all = true;
	}
	if (argc - optind == 2) {
		signo = signal_number(argv[optind + 1], err);
		argc--;
	}
	r = signo < 0 ? signo : target_load(c, argc, argv, &t, err);
	if (r == 0)
		r = send_signal(&t, signo, all, err);
	target_done(&t);
	return r;
}

static int pause_or_resume(struct cli *c, int argc, char **argv, bool pause, struct err *err)
{
	struct runtime_process p = RUNTIME_PROCESS_INIT;
	struct target t = {.state = {.dir_fd = -EBADF}};
	int r = no_options(argc, argv, err);
	enum state_status status;

	if (r == 0)
		r = target_load(c, argc, argv, &t, err);
	if (r == 0) {
		status = state_status(&t.state);
		if (pause && status != STATUS_RUNNING && status != STATUS_CREATED)
			r = err_set(err, ERR_CONFLICT, "container not running or created: %s", state_status_name(status));
		else if (!pause && status != STATUS_PAUSED)
			r = err_set(err, ERR_CONFLICT, "container not paused");
	}
	if (r == 0)
		r = state_open_process(&t.state, false, &p, err);
	if (r == 0)
		r = pause ? runtime_pause(&p, err) : runtime_resume(&p, err);
	runtime_process_done(&p);
	target_done(&t);
	return r;
}

int cli_pause(struct cli *c, int argc, char **argv, struct err *err)
{
	return pause_or_resume(c, argc, argv, true, err);
}

int cli_resume(struct cli *c, int argc, char **argv, struct err *err)
{
	return pause_or_resume(c, argc, argv, false, err);
}

/* Ends the first process and waits until it has: whoever its parent is reaps it. */
static int end_process(const struct runtime_process *p, struct err *err)
{
	int r;

	if (p->pidfd < 0)
		return 0;
	r = process_pidfd_kill(p->pidfd, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return err_sys(err, r, "kill process %d", (int)p->pid);
	if (p->cgroup && cgroup_is_frozen(p->cgroup) == 1) {
		r = runtime_resume(p, err);
		if (r < 0)
			return r;
	}
	r = process_wait_end(p->pidfd, END_TIMEOUT_MS);
	if (r == 0)
		return err_set(err, ERR_DEADLINE, "container init still running");
	return r < 0 ? err_sys(err, r, "wait for process %d", (int)p->pid) : 0;
}

static int delete_container(struct cli *c, struct target *t, bool force, struct err *err)
{
	enum state_status status = state_status(&t->state);
	struct runtime_process p;
	int r;

	if (!force && status != STATUS_STOPPED && status != STATUS_CREATED)
		return err_set(err, ERR_CONFLICT, "cannot delete container %s that is not stopped: %s", t->id,
			       state_status_name(status));
	r = state_open_process(&t->state, true, &p, err);
	if (r < 0)
		return r;
	r = end_process(&p, err);
	if (r == 0)
		r = runtime_destroy(&p, END_TIMEOUT_MS, err);
	runtime_process_done(&p);
	return r < 0 ? r : state_remove(c->root_fd, t->id, err);
}

/* A creation that died half-way left a directory without a state. */
static int delete_broken(struct cli *c, const char *id, struct err *err)
{
	int r = state_check_id(id, err);

	return r < 0 ? r : state_remove(c->root_fd, id, err);
}

int cli_delete(struct cli *c, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {{"force", no_argument, NULL, 'f'}, {0}};
	struct target t = {.state = {.dir_fd = -EBADF}};
	bool force = false;
	int letter, r;

	while ((letter = cli_getopt(argc, argv, "+f", options, err)) != -1) {
		if (letter != 'f')
			return -EINVAL;
		force = true;
	}
	r = target_load(c, argc, argv, &t, err);
	if (r == 0)
		r = delete_container(c, &t, force, err);
	else if (r == -ENOENT && force && t.id) {
		*err = (struct err){0};
		r = delete_broken(c, t.id, err);
	}
	target_done(&t);
	return r;
}
