/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Further processes in the container, each with its own streams and at most one client. As with Docker the end of the
 * client's input is the end of the process's, output nobody asked for is read and dropped, and a pipe that a process left
 * behind holds open ends the client's stream a while after the exit. Exit codes are remembered until the container's end,
 * the last EXECS_KEPT of them.
 */
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "linux/terminal.h"

#define EXECS_KEPT 256
#define DRAIN_MS 1000
#define PROCESS_MEMORY (1024 * 1024)

struct shim_exec_run {
	struct shim_exec_run *next; /* newest first */
	struct shim *shim;
	char *id;
	struct process_io *io; /* NULL once its last client has gone */
	struct runtime_process process;
	int tty_slave;
	bool running;
	int exit_code;
	struct loop_timer drain_deadline, cleanup;
};

static struct shim_exec_run *find(struct shim *s, const char *id)
{
	for (struct shim_exec_run *e = s->execs; e && id; e = e->next)
		if (strcmp(e->id, id) == 0)
			return e;
	return NULL;
}

static void release_io(struct shim_exec_run *e)
{
	if (!e->io)
		return;
	process_io_done(e->io);
	free(TAKE(e->io));
	fd_close(TAKE_FD(e->tty_slave));
}

static void free_run(struct shim_exec_run *e)
{
	struct shim_exec_run **at = &e->shim->execs;

	while (*at && *at != e)
		at = &(*at)->next;
	if (*at)
		*at = e->next;
	loop_timer_clear(&e->shim->loop, &e->drain_deadline);
	loop_timer_clear(&e->shim->loop, &e->cleanup);
	release_io(e);
	runtime_process_done(&e->process);
	free(e->id);
	free(e);
}

/* Forgets the oldest that are over, beyond EXECS_KEPT. */
static void forget_old(struct shim *s)
{
	struct shim_exec_run *next;
	size_t n = 0;

	for (struct shim_exec_run *e = s->execs; e; e = next) {
		next = e->next;
		if (!e->running && !e->io && ++n > EXECS_KEPT)
			free_run(e);
	}
}

static void clean_up(struct loop_timer *timer)
{
	struct shim_exec_run *e = container_of(timer, struct shim_exec_run, cleanup);
	struct shim *s = e->shim;

	release_io(e);
	forget_old(s);
	shim_leave_if_done(s);
}

/* The last client has what it wanted; its stdio can't be freed from within its own call. */
static void clients_gone(struct process_io *io)
{
	for (struct shim_exec_run *e = container_of(io->loop, struct shim, loop)->execs; e; e = e->next)
		if (e->io == io && !e->cleanup.set)
			loop_timer_set(io->loop, &e->cleanup, 0);
}

static void drain_deadline_passed(struct loop_timer *timer)
{
	struct shim_exec_run *e = container_of(timer, struct shim_exec_run, drain_deadline);

	if (e->io && !e->io->streams.ended) {
		streams_drain(&e->io->streams);
		process_io_end(e->io);
	}
}

/* ---- start ---- */

struct exec_fds {
	int theirs[3], ours[3];
};

static int make_pipes(const struct shim_exec *request, struct exec_fds *f, struct err *err)
{
	for (int i = request->stdin_ ? 0 : 1; i < 3 && !request->tty; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return err_sys(err, errno, "make a pipe");
		f->theirs[i] = ends[i == 0 ? 0 : 1];
		f->ours[i] = ends[i == 0 ? 1 : 0];
	}
	return 0;
}

static int use_terminal(struct shim_exec_run *e, const struct shim_exec *request, struct exec_fds *f, struct err *err)
{
	int master = e->process.console_fd;

	if (master < 0)
		return err_set(err, ERR_SYSTEM, "the runtime made no terminal");
	e->tty_slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	f->ours[1] = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (request->stdin_)
		f->ours[0] = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (f->ours[1] < 0 || (request->stdin_ && f->ours[0] < 0))
		return err_sys(err, errno, "use the terminal");
	return 0;
}

static int connect_streams(struct shim_exec_run *e, struct exec_fds *f, struct err *err)
{
	int r = 0;

	for (int i = LOG_STDOUT; r == 0 && i <= LOG_STDERR; i++) {
		if (f->ours[i] >= 0)
			r = streams_add_source(&e->io->streams, (enum log_stream)i, TAKE_FD(f->ours[i]));
	}
	if (r == 0)
		r = process_io_start(e->io, TAKE_FD(f->ours[0]));
	return r < 0 ? err_sys(err, r, "connect the process's streams") : 0;
}

static int run(struct shim_exec_run *e, const struct shim_exec *request, struct arena *arena, struct exec_fds *f,
	       struct err *err)
{
	const struct shim *s = e->shim;
	_cleanup_close_ int cache_fd = -EBADF;
	struct runtime_exec_options o = {
		.id = shim_runtime_id(s), .spec = s->spec, .kill_with_parent = true, .seccomp_cache_fd = -EBADF};
	struct oci_console_size size = {.height = request->rows, .width = request->cols};
	struct oci_process *process;
	int r = oci_process_parse(request->process, strlen(request->process), arena, &process, err);

	if (r == 0 && process->terminal != request->tty)
		r = err_set(err, ERR_INVALID, "process.terminal is not what tty says");
	if (r == 0)
		r = make_pipes(request, f, err);
	if (r < 0)
		return r;
	if (s->start.seccomp_cache && *s->start.seccomp_cache)
		cache_fd = o.seccomp_cache_fd = open(s->start.seccomp_cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (request->rows || request->cols)
		process->console_size = &size; /* set before the program can ask */
	o.process = process;
	memcpy(o.stdio_fds, f->theirs, sizeof(o.stdio_fds));
	r = runtime_exec(&s->process, &o, &e->process, err);
	if (r < 0)
		return r;
	e->running = true;
	if (request->tty)
		r = use_terminal(e, request, f, err);
	if (r == 0)
		r = connect_streams(e, f, err);
	if (r < 0 && runtime_kill(&e->process, SIGKILL, NULL) < 0)
		return r; /* it is gone already */
	return r;
}

static struct shim_exec_run *new_run(struct shim *s, const struct shim_exec *request)
{
	struct shim_exec_run *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->shim = s;
	e->process = (struct runtime_process)RUNTIME_PROCESS_INIT;
	e->tty_slave = -EBADF;
	e->drain_deadline.fire = drain_deadline_passed;
	e->cleanup.fire = clean_up;
	e->id = strdup(request->exec_id);
	e->io = calloc(1, sizeof(*e->io));
	if (!e->id || !e->io || process_io_init(e->io, &s->loop, request->tty) < 0) {
		free_run(e);
		return NULL;
	}
	e->io->open_stdin = request->stdin_;
	e->io->stdin_once = true;
	e->io->detach_keys = s->start.detach_keys;
	e->io->idle = clients_gone;
	e->next = s->execs;
	s->execs = e;
	return e;
}

static int attach_client(struct shim_exec_run *e, const struct shim_exec *request, struct shim_packet *packet, struct err *err)
{
	struct shim_attach attach = {.stdin_ = request->stdin_,
				     .stdout_ = request->stdout_,
				     .stderr_ = request->stderr_,
				     .stream = true,
				     .detach_keys = request->detach_keys};

	if (packet->n_fds == 0)
		return 0;
	packet->n_fds = 0;
	return process_io_attach(e->io, &attach, packet->fds[0], TAKE(packet->raw), packet->raw_len, err);
}

static int check(struct shim *s, const struct shim_exec *request, const struct shim_packet *packet, struct err *err)
{
	if (s->status == SHIM_PAUSED)
		return err_set(err, ERR_CONFLICT, "container %s is paused, unpause the container before exec", s->start.id);
	if (s->status != SHIM_RUNNING)
		return err_set(err, ERR_CONFLICT, "container %s is not running", s->start.id);
	if (find(s, request->exec_id))
		return err_set(err, ERR_CONFLICT, "exec %s was started already", request->exec_id);
	if (packet->n_fds > 1)
		return err_set(err, ERR_INVALID, "exec_start takes one descriptor, not %zu", packet->n_fds);
	return 0;
}

int shim_exec_start(struct shim *s, struct shim_packet *packet, struct shim_reply *reply, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new(PROCESS_MEMORY);
	struct exec_fds f = {.theirs = {-EBADF, -EBADF, -EBADF}, .ours = {-EBADF, -EBADF, -EBADF}};
	struct json_writer w = {.out = reply->json, .need_comma = true};
	struct shim_exec request;
	struct shim_exec_run *e;
	int r;

	if (!arena)
		return err_sys(err, ENOMEM, "start a process");
	r = json_decode(packet->json, &shim_exec_shape, 0, arena, &request, err);
	if (r == 0)
		r = check(s, &request, packet, err);
	if (r < 0)
		return r;
	e = new_run(s, &request);
	if (!e)
		return err_sys(err, ENOMEM, "start a process");
	r = run(e, &request, arena, &f, err);
	for (int i = 0; i < 3; i++) {
		fd_close(f.theirs[i]);
		fd_close(f.ours[i]);
	}
	if (r == 0) {
		r = attach_client(e, &request, packet, err);
		if (r < 0 && runtime_kill(&e->process, SIGKILL, NULL) < 0)
			log_debug("exec %s had ended before its client was refused", request.exec_id);
	}
	if (r < 0) {
		free_run(e);
		return r;
	}
	json_member_int(&w, "pid", e->process.pid);
	return 0;
}

/* ---- afterwards ---- */

bool shim_exec_ended(struct shim *s, pid_t pid, int exit_code)
{
	struct shim_exec_run *e = s->execs;
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct json_writer w = {.out = &json};

	while (e && !(e->running && e->process.pid == pid))
		e = e->next;
	if (!e)
		return false;
	e->running = false;
	e->exit_code = exit_code;
	json_begin_object(&w);
	json_member_string(&w, "type", "event");
	json_member_string(&w, "event", "exec_exit");
	json_member_string(&w, "exec_id", e->id);
	json_member_int(&w, "exit_code", exit_code);
	json_end_object(&w);
	shim_send_event(s, &json);
	runtime_process_done(&e->process);
	if (!e->io)
		return true;
	if (streams_drain(&e->io->streams))
		process_io_end(e->io);
	else
		loop_timer_set(&s->loop, &e->drain_deadline, DRAIN_MS);
	return true;
}

int shim_exec_describe(struct shim *s, const char *exec_id, struct shim_reply *reply, struct err *err)
{
	struct json_writer w = {.out = reply->json, .need_comma = true};
	const struct shim_exec_run *e = find(s, exec_id);

	if (!e)
		return err_set(err, ERR_NOT_FOUND, "No such exec instance: %s", exec_id ? exec_id : "");
	json_member_bool(&w, "running", e->running);
	json_member_int(&w, "pid", e->running ? e->process.pid : 0);
	json_member_int(&w, "exit_code", e->exit_code);
	return 0;
}

int shim_exec_resize(struct shim *s, const char *exec_id, uint32_t rows, uint32_t cols, struct err *err)
{
	const struct shim_exec_run *e = find(s, exec_id);
	int r;

	if (!e)
		return err_set(err, ERR_NOT_FOUND, "No such exec instance: %s", exec_id);
	if (!e->running || e->process.console_fd < 0)
		return err_set(err, ERR_CONFLICT, "exec %s has no terminal or is not running", exec_id);
	r = tty_set_size(e->process.console_fd, (uint16_t)rows, (uint16_t)cols);
	return r < 0 ? err_sys(err, r, "resize the terminal") : 0;
}

void shim_execs_end(struct shim *s)
{
	for (struct shim_exec_run *e = s->execs; e; e = e->next) {
		loop_timer_clear(&s->loop, &e->drain_deadline);
		if (e->io && !e->io->streams.ended) {
			streams_drain(&e->io->streams);
			process_io_end(e->io);
		}
	}
}

bool shim_execs_busy(const struct shim *s)
{
	for (const struct shim_exec_run *e = s->execs; e; e = e->next)
		if (e->io)
			return true;
	return false;
}

void shim_execs_free(struct shim *s)
{
	while (s->execs)
		free_run(s->execs);
}
