/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor from its first to its last step. It leaves the daemon's session and process group, ignores what would
 * stop a daemon, adopts and reaps what the container leaves behind, and takes its container with it should it be killed.
 */
#include "shim/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "shim/shim.h"

static void signal_ready(struct loop_source *source, uint32_t events)
{
	struct shim *s = container_of(source, struct shim, signals);
	struct signalfd_siginfo info;

	while (read(source->fd, &info, sizeof(info)) > 0)
		;
	shim_reap(s);
}

static int set_up_process(struct err *err)
{
	static const int ignored[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ, SIGTTOU, SIGTTIN};

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (getsid(0) != getpid() && setsid() < 0)
		return err_sys(err, errno, "leave the daemon's session");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "become a subreaper");
	prctl(PR_SET_NAME, "lighter-shim", 0, 0, 0);
	for (int fd = SHIM_FD_START; fd <= SHIM_FD_LAYERS; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 && fd != SHIM_FD_LAYERS)
			return err_sys(err, errno, "descriptor %d is not there", fd);
	if (chdir("/") < 0)
		return err_sys(err, errno, "leave the working directory");
	return 0;
}

static int watch_signals(struct shim *s, struct err *err)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return err_sys(err, errno, "block SIGCHLD");
	s->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	s->signals.ready = signal_ready;
	if (s->signals.fd < 0)
		return err_sys(err, errno, "watch for children");
	r = loop_watch(&s->loop, &s->signals, EPOLLIN);
	return r < 0 ? err_sys(err, r, "watch for children") : 0;
}

static int set_up(struct shim *s, struct err *err)
{
	int r = loop_init(&s->loop);

	if (r < 0)
		return err_sys(err, r, "make an epoll");
	s->run_dir = SHIM_FD_RUN;
	s->container_dir = SHIM_FD_CONTAINER;
	s->layers_dir = SHIM_FD_LAYERS;
	shim_read_document(s, SHIM_FD_START);
	close(SHIM_FD_START);
	r = process_io_init(&s->io, &s->loop, s->start.tty);
	if (r < 0)
		return err_sys(err, r, "make the streams");
	s->io.open_stdin = s->start.open_stdin;
	s->io.stdin_once = s->start.stdin_once;
	s->io.detach_keys = s->start.detach_keys;
	if (s->start.log && s->start.log->path) {
		s->io.log_dir = s->container_dir;
		s->io.log_name = s->start.log->path;
	}
	shim_exit_init(s);
	r = watch_signals(s, err);
	if (r == 0)
		r = shim_control_open(s, SHIM_FD_SOCKET, err);
	return r;
}

static void tear_down(struct shim *s)
{
	struct json_file *log = TAKE(s->io.streams.log);

	shim_control_close(s);
	shim_waits_close(s);
	shim_execs_free(s);
	process_io_done(&s->io);
	json_file_free(log);
	record_done(&s->record);
	runtime_process_done(&s->process);
	fd_close(s->tty_slave);
	fd_close(s->signals.fd);
	arena_free(s->arena);
	loop_done(&s->loop);
}

int shim_supervise(struct err *err)
{
	struct shim s = {.process = RUNTIME_PROCESS_INIT,
			 .tty_slave = -EBADF,
			 .record = RECORD_INIT,
			 .listener = {.fd = -EBADF},
			 .signals = {.fd = -EBADF},
			 .loop = {.epoll_fd = -EBADF}};
	int r = set_up_process(err);

	if (r == 0)
		r = set_up(&s, err);
	if (r == 0) {
		r = loop_run(&s.loop);
		if (r < 0)
			err_sys(err, r, "wait for events");
	}
	tear_down(&s);
	return r;
}
