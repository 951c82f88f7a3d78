/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end, in the order protocol.h promises: what is left in the cgroup is killed, the pipes are drained into log and
 * queue, the record is written, the daemon told; with its answer (or without one, after a while) clients and waits get
 * their end; then the container is torn down. The last to go are clients who read slowly and waits for the removal.
 */
#include "shim/shim.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/log.h"

#define DRAIN_MS 1000    /* for an end of output that somebody outside the container holds up */
#define ACK_MS 2000      /* for the daemon to free names and ports */
#define REMOVED_MS 10000 /* for a daemon to fetch the waits for the removal */
#define TEARDOWN_MS 5000 /* for the rest of the cgroup to die */
#define ORPHAN_MS 30000  /* for a daemon to come, when the one that made us left before the start */

static void write_record(struct shim *s)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	int r;

	buf_addc(&json, '{');
	shim_state_write(s, &json);
	buf_addc(&json, '}');
	r = json.failed ? -ENOMEM : record_finish(&s->record, &json);
	if (r < 0)
		log_error("container %s: the exit record could not be written: %s", s->start.id, strerror(-r));
	record_done(&s->record);
}

static void send_exit_event(struct shim *s)
{
	_cleanup_buf_ struct buf json = BUF_INIT;

	buf_adds(&json, "{\"type\":\"event\",\"event\":\"exit\"");
	shim_state_write(s, &json);
	buf_addc(&json, '}');
	shim_send_event(s, &json);
}

static void drained(struct shim *s)
{
	loop_timer_clear(&s->loop, &s->drain_deadline);
	write_record(s);
	if (s->io.streams.log && json_file_dropped(s->io.streams.log, NULL))
		log_warn("container %s: %llu log records could not be written", s->start.id,
			 (unsigned long long)json_file_dropped(s->io.streams.log, NULL));
	send_exit_event(s);
	loop_timer_set(&s->loop, &s->ack_deadline, shim_has_subscriber(s) ? ACK_MS : 0);
}

static void drain_deadline_passed(struct loop_timer *timer)
{
	drained(container_of(timer, struct shim, drain_deadline));
}

static void ack_deadline_passed(struct loop_timer *timer)
{
	shim_exit_acknowledged(container_of(timer, struct shim, ack_deadline));
}

void shim_exit_acknowledged(struct shim *s)
{
	if (s->status != SHIM_EXITING || s->drain_deadline.set)
		return;
	loop_timer_clear(&s->loop, &s->ack_deadline);
	s->status = SHIM_EXITED;
	if (shim_waits_left(s))
		loop_timer_set(&s->loop, &s->removed_deadline, REMOVED_MS);
	shim_waits_answer(s, false);
	shim_execs_end(s);
	process_io_end(&s->io);
	loop_timer_set(&s->loop, &s->teardown, 0);
}

static void tear_down(struct loop_timer *timer)
{
	static const char event[] = "{\"type\":\"event\",\"event\":\"gone\"}";
	struct shim *s = container_of(timer, struct shim, teardown);
	struct buf json = {.data = (char *)event, .len = sizeof(event) - 1};
	struct err err;

	fd_close(TAKE_FD(s->tty_slave));
	if (runtime_destroy(&s->process, TEARDOWN_MS, &err) < 0)
		log_warn("container %s: %s", s->start.id, err.msg);
	s->torn_down = true;
	shim_send_event(s, &json);
	shim_leave_if_done(s);
}

static void removed_deadline_passed(struct loop_timer *timer)
{
	struct shim *s = container_of(timer, struct shim, removed_deadline);

	shim_waits_answer(s, true);
	shim_leave_if_done(s);
}

static void orphan_deadline_passed(struct loop_timer *timer)
{
	struct shim *s = container_of(timer, struct shim, orphan_deadline);

	s->loop.stop = true;
}

/* The first process has ended and was reaped. */
static void container_exited(struct shim *s, int exit_code)
{
	struct err err;

	s->values.exit_code = exit_code;
	clock_gettime(CLOCK_REALTIME, &s->values.finished_at);
	s->values.oom_killed = runtime_oom_killed(&s->process);
	s->status = SHIM_EXITING;
	/* With a pid namespace of its own everything is dead by now; this is for shared ones. */
	if (runtime_kill_all(&s->process, SIGKILL, &err) < 0)
		log_warn("container %s: kill what is left: %s", s->start.id, err.msg);
	loop_timer_set(&s->loop, &s->drain_deadline, DRAIN_MS);
	if (streams_drain(&s->io.streams))
		drained(s);
}

static int exit_code_of(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
}

void shim_reap(struct shim *s)
{
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) < 0 || info.si_pid == 0)
			break;
		if (info.si_pid == s->process.pid && (s->status == SHIM_RUNNING || s->status == SHIM_PAUSED))
			container_exited(s, exit_code_of(&info));
		else
			shim_exec_ended(s, info.si_pid, exit_code_of(&info)); /* or a stray whose parent died */
	}
}

/* The output's end came while we waited for it after the exit. */
static void streams_changed(struct streams *streams)
{
	struct shim *s = container_of(streams, struct shim, io.streams);

	if (s->status == SHIM_EXITING && s->drain_deadline.set && streams_all_ended(streams))
		loop_timer_set(&s->loop, &s->drain_deadline, 0);
	if (!s->io.sweep.set)
		loop_timer_set(&s->loop, &s->io.sweep, 0);
}

static void clients_gone(struct process_io *io)
{
	shim_leave_if_done(container_of(io, struct shim, io));
}

void shim_leave_if_done(struct shim *s)
{
	if (s->status == SHIM_CREATED && !s->connections)
		loop_timer_set(&s->loop, &s->orphan_deadline, ORPHAN_MS);
	if (s->torn_down && process_io_is_idle(&s->io) && !shim_waits_left(s) && !shim_execs_busy(s))
		s->loop.stop = true;
}

void shim_exit_init(struct shim *s)
{
	s->drain_deadline.fire = drain_deadline_passed;
	s->ack_deadline.fire = ack_deadline_passed;
	s->removed_deadline.fire = removed_deadline_passed;
	s->orphan_deadline.fire = orphan_deadline_passed;
	s->teardown.fire = tear_down;
	s->io.streams.changed = streams_changed;
	s->io.idle = clients_gone;
}
