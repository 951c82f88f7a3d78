/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of protocol.h, one function each. */
#include "shim/shim.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/timefmt.h"
#include "linux/terminal.h"

#define REQUEST_MEMORY (512 * 1024)

/* What the small requests carry, all in one. */
struct members {
	int32_t min, max;
	char *condition;
	int32_t signo;
	bool all;
	uint32_t rows, cols;
	char *exec_id;
};
static const struct json_field members_fields[] = {
	JSON_FIELD("min", struct members, min, JSON_INT32),
	JSON_FIELD("max", struct members, max, JSON_INT32),
	JSON_FIELD("condition", struct members, condition, JSON_STRING),
	JSON_FIELD("signo", struct members, signo, JSON_INT32),
	JSON_FIELD("all", struct members, all, JSON_BOOL),
	JSON_FIELD("rows", struct members, rows, JSON_UINT32),
	JSON_FIELD("cols", struct members, cols, JSON_UINT32),
	JSON_FIELD("exec_id", struct members, exec_id, JSON_STRING),
};
static const struct json_shape members_shape = JSON_SHAPE("request", struct members, members_fields);

struct request {
	struct shim *s;
	struct shim_packet *packet;
	struct arena *arena;
	struct members m;
	struct shim_reply *reply;
};

static struct json_writer reply_writer(const struct request *q)
{
	return (struct json_writer){.out = q->reply->json, .need_comma = true};
}

static int not_running(const struct shim *s, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "container %s is not running", s->start.id);
}

static bool is_running(const struct shim *s)
{
	return s->status == SHIM_RUNNING || s->status == SHIM_PAUSED;
}

/* The packet's only descriptor, now the caller's. */
static int take_client(struct shim_packet *p, struct err *err)
{
	if (p->n_fds != 1)
		return err_set(err, ERR_INVALID, "%s needs one descriptor, not %zu", p->type, p->n_fds);
	p->n_fds = 0;
	return p->fds[0];
}

static int hello(struct request *q, struct err *err)
{
	struct json_writer w = reply_writer(q);

	if (q->m.min > SHIM_PROTOCOL_MAX || q->m.max < SHIM_PROTOCOL_MIN)
		return err_set(err, ERR_NOT_IMPLEMENTED, "this shim speaks versions %d to %d, not %d to %d", SHIM_PROTOCOL_MIN,
			       SHIM_PROTOCOL_MAX, q->m.min, q->m.max);
	json_member_int(&w, "version", MIN(q->m.max, SHIM_PROTOCOL_MAX));
	json_member_int(&w, "pid", getpid());
	return 0;
}

static int start(struct request *q, struct err *err)
{
	struct json_writer w = reply_writer(q);
	char at[TIMEFMT_MAX];
	int r = shim_start_container(q->s, err);

	if (r < 0)
		return r;
	timefmt_rfc3339nano(&q->s->values.started_at, at);
	json_member_int(&w, "pid", q->s->process.pid);
	json_member_string(&w, "started_at", at);
	return 0;
}

void shim_state_write(const struct shim *s, struct buf *json)
{
	static const char *const names[] = {[SHIM_CREATED] = "created",
					    [SHIM_RUNNING] = "running",
					    [SHIM_PAUSED] = "paused",
					    [SHIM_EXITING] = "exited",
					    [SHIM_EXITED] = "exited"};
	struct json_writer w = {.out = json, .need_comma = json->len > 1};
	char started_at[TIMEFMT_MAX], finished_at[TIMEFMT_MAX];
	struct shim_state state = {.status = (char *)names[s->status],
				   .exit_code = s->values.exit_code,
				   .oom_killed = s->values.oom_killed,
				   .started_at = started_at,
				   .finished_at = finished_at,
				   .error = (char *)s->values.error};

	state.pid = is_running(s) ? s->process.pid : 0;
	timefmt_rfc3339nano(&s->values.started_at, started_at);
	timefmt_rfc3339nano(&s->values.finished_at, finished_at);
	if (s->io.streams.log)
		state.log_dropped = json_file_dropped(s->io.streams.log, NULL);
	json_encode_members(&w, &shim_state_shape, &state);
}

static int state(struct request *q, struct err *err)
{
	shim_state_write(q->s, q->reply->json);
	return 0;
}

static int subscribe(struct request *q, struct err *err)
{
	q->reply->subscribe = true;
	return state(q, err);
}

static int attach(struct request *q, struct err *err)
{
	struct shim_attach request;
	int fd, r = json_decode(q->packet->json, &shim_attach_shape, 0, q->arena, &request, err);

	if (r < 0)
		return r;
	fd = take_client(q->packet, err);
	if (fd < 0)
		return fd;
	if (q->s->io.streams.ended && !request.logs) {
		close(fd);
		return not_running(q->s, err);
	}
	return process_io_attach(&q->s->io, &request, fd, TAKE(q->packet->raw), q->packet->raw_len, err);
}

static int wait_for_exit(struct request *q, struct err *err)
{
	int fd = take_client(q->packet, err);

	return fd < 0 ? fd : shim_wait_add(q->s, q->m.condition, fd, err);
}

static int take_waits(struct request *q, struct err *err)
{
	shim_waits_take(q->s, q->reply);
	return 0;
}

static int send_signal(struct request *q, struct err *err)
{
	if (!is_running(q->s))
		return not_running(q->s, err);
	if (q->m.signo < 1 || q->m.signo > 64)
		return err_set(err, ERR_INVALID, "%d is not a signal", q->m.signo);
	return q->m.all ? runtime_kill_all(&q->s->process, q->m.signo, err) : runtime_kill(&q->s->process, q->m.signo, err);
}

static int resize(struct request *q, struct err *err)
{
	struct shim *s = q->s;
	int r;

	if (q->m.exec_id)
		return shim_exec_resize(s, q->m.exec_id, q->m.rows, q->m.cols, err);
	if (!is_running(s))
		return not_running(s, err);
	if (s->process.console_fd < 0)
		return err_set(err, ERR_INVALID, "container %s has no terminal", s->start.id);
	r = tty_set_size(s->process.console_fd, (uint16_t)q->m.rows, (uint16_t)q->m.cols);
	return r < 0 ? err_sys(err, r, "resize the terminal") : 0;
}

static int exec_start(struct request *q, struct err *err)
{
	return shim_exec_start(q->s, q->packet, q->reply, err);
}

static int exec_state(struct request *q, struct err *err)
{
	return shim_exec_describe(q->s, q->m.exec_id, q->reply, err);
}

static int pause_container(struct request *q, struct err *err)
{
	int r;

	if (q->s->status == SHIM_PAUSED)
		return err_set(err, ERR_CONFLICT, "container %s is already paused", q->s->start.id);
	if (!is_running(q->s))
		return not_running(q->s, err);
	r = runtime_pause(&q->s->process, err);
	if (r == 0)
		q->s->status = SHIM_PAUSED;
	return r;
}

static int resume(struct request *q, struct err *err)
{
	int r;

	if (q->s->status != SHIM_PAUSED)
		return err_set(err, ERR_CONFLICT, "container %s is not paused", q->s->start.id);
	r = runtime_resume(&q->s->process, err);
	if (r == 0)
		q->s->status = SHIM_RUNNING;
	return r;
}

static int exited_ok(struct request *q, struct err *err)
{
	shim_exit_acknowledged(q->s);
	return 0;
}

static int quit(struct request *q, struct err *err)
{
	if (q->s->status != SHIM_CREATED)
		return err_set(err, ERR_CONFLICT, "container %s was started", q->s->start.id);
	q->reply->quit = true;
	return 0;
}

static const struct {
	const char *type;
	int (*run)(struct request *q, struct err *err);
} table[] = {
	{"hello", hello},           {"start", start},           {"state", state},
	{"subscribe", subscribe},   {"attach", attach},         {"wait", wait_for_exit},
	{"take_waits", take_waits}, {"signal", send_signal},    {"resize", resize},
	{"exec_start", exec_start}, {"exec_state", exec_state}, {"pause", pause_container},
	{"resume", resume},         {"exited_ok", exited_ok},   {"quit", quit},
};

int shim_request(struct shim *s, struct shim_packet *packet, struct shim_reply *reply, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new(REQUEST_MEMORY);
	struct request q = {.s = s, .packet = packet, .arena = arena, .reply = reply};
	int r;

	if (!arena)
		return err_sys(err, ENOMEM, "read a request");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(packet->type, table[i].type) != 0)
			continue;
		r = json_decode(packet->json, &members_shape, 0, arena, &q.m, err);
		return r < 0 ? r : table[i].run(&q, err);
	}
	return err_set(err, ERR_NOT_IMPLEMENTED, "this shim knows no request \"%s\"", packet->type);
}
