/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to shims; see shim_link.h and shim/protocol.h. */
#include "engine/shim_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "codec/json_c.h"

#define START_DEADLINE_MS 60000
#define FIRST_PARKED 3 /* sequence numbers: behind hello and subscribe */
#define PARKED_AT_ONCE 32
#define SIMPLE "{\"type\":\"%s\",\"seq\":%lld}"

static const char *const condition_names[] = {
	[WAIT_NOT_RUNNING] = "not-running", [WAIT_NEXT_EXIT] = "next-exit", [WAIT_REMOVED] = "removed"};

void shim_attach_request(struct buf *out, const struct engine_attach_options *o)
{
	struct json_writer w = {.out = out};
	struct shim_attach a = {.stdin_ = o->stdin_,
				.stdout_ = o->stdout_,
				.stderr_ = o->stderr_,
				.stream = o->stream,
				.logs = o->logs,
				.detach_keys = (char *)o->detach_keys};

	json_begin_object(&w);
	json_member_string(&w, "type", "attach");
	json_encode_members(&w, &shim_attach_shape, &a);
	json_end_object(&w);
}

void shim_wait_request(struct buf *out, enum wait_condition condition)
{
	struct json_writer w = {.out = out};

	json_begin_object(&w);
	json_member_string(&w, "type", "wait");
	json_member_string(&w, "condition", condition_names[condition]);
	json_end_object(&w);
}

/* Puts "seq" behind the members of an object. */
static void seq_add(struct buf *json, int64_t seq)
{
	buf_truncate(json, json->len - 1);
	buf_addf(json, ",\"seq\":%lld}", (long long)seq);
}

static int send_simple(int sock, const char *type, int64_t seq)
{
	char json[64];
	int len = snprintf(json, sizeof(json), SIMPLE, type, (long long)seq);

	return shim_packet_send(sock, json, (size_t)len, NULL, 0, NULL, 0);
}

int shim_send(struct container *c, const char *type)
{
	return c->shim_sock < 0 ? -ENOTCONN : send_simple(c->shim_sock, type, (int64_t)++c->next_seq);
}

/* ---- parked clients ---- */

static void attach_free(struct parked_attach *a)
{
	fd_close(a->fd);
	free(a->detach_keys);
	buf_done(&a->extra);
	free(a);
}

static void take_parked(struct container *c, struct parked_attach **ret_attaches, struct parked_wait **ret_waits)
{
	engine_lock(c->engine);
	*ret_attaches = TAKE(c->attaches);
	*ret_waits = TAKE(c->waits);
	engine_unlock(c->engine);
}

static int packet_next(int sock, int64_t deadline_ms, struct shim_packet *ret, struct err *err)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	int r;

	do {
		int64_t left = deadline_ms - timefmt_monotonic_ms();

		r = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(err, errno, "wait for the shim");
	if (r == 0)
		return err_set(err, ERR_DEADLINE, "the shim did not answer in time");
	r = shim_packet_recv(sock, ret, err);
	if (r == 0)
		return err_set(err, ERR_SYSTEM, "the shim ended before the container was started");
	return r;
}

/* Reads replies until that of `last`; refusals of parked clients are logged, others are the result. */
static int replies_read(struct container *c, int sock, int64_t last, int64_t *parked, struct shim_packet *ret, struct err *err)
{
	int64_t deadline = timefmt_monotonic_ms() + START_DEADLINE_MS;

	for (;;) {
		struct shim_packet p = {0};
		int r = packet_next(sock, deadline, &p, err);

		if (r < 0)
			return r;
		if (strcmp(p.type, "event") == 0) {
			shim_packet_done(&p);
			continue;
		}
		r = shim_error_read(&p, err);
		if (r < 0 && p.seq >= parked[0] && p.seq < parked[1]) {
			log_warn("container %.12s: a client is lost: %s", c->id, err->msg);
			r = 0;
		}
		if (r >= 0 && p.seq == last) {
			*ret = p;
			return 0;
		}
		shim_packet_done(&p);
		if (r < 0)
			return r;
	}
}

/*
 * A shim closes a connection rather than wait for it to be read, so its replies must not pile up: after some, all so far
 * are read.
 */
static int parked_sent(struct container *c, int sock, int64_t seq, struct err *err)
{
	int64_t parked[2] = {FIRST_PARKED, seq + 1};
	struct shim_packet reply = {0};
	int r = (seq - FIRST_PARKED) % PARKED_AT_ONCE == PARKED_AT_ONCE - 1 ? replies_read(c, sock, seq, parked, &reply, err)
									    : 0;

	shim_packet_done(&reply);
	return r;
}

static int send_parked_attach(struct container *c, int sock, struct parked_attach *a, int64_t seq, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	int r;

	a->options.detach_keys = a->detach_keys;
	shim_attach_request(&json, &a->options);
	seq_add(&json, seq);
	r = shim_packet_send(sock, json.data, json.len, a->extra.data, a->extra.len, &a->fd, 1);
	return r < 0 ? err_sys(err, r, "talk to the shim of container %s", c->id) : parked_sent(c, sock, seq, err);
}

static int send_parked_wait(struct container *c, int sock, const struct parked_wait *w, int64_t seq, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	int r;

	shim_wait_request(&json, w->condition);
	seq_add(&json, seq);
	r = shim_packet_send(sock, json.data, json.len, NULL, 0, &w->fd, 1);
	return r < 0 ? err_sys(err, r, "talk to the shim of container %s", c->id) : parked_sent(c, sock, seq, err);
}

static int send_parked(struct container *c, int sock, int64_t *seq, struct err *err)
{
	struct parked_attach *attaches, *next_attach;
	struct parked_wait *waits, *next_wait;
	int r = 0;

	take_parked(c, &attaches, &waits);
	for (; attaches; attaches = next_attach) {
		next_attach = attaches->next;
		if (r >= 0)
			r = send_parked_attach(c, sock, attaches, ++*seq, err);
		attach_free(attaches);
	}
	for (; waits; waits = next_wait) {
		next_wait = waits->next;
		if (r >= 0)
			r = send_parked_wait(c, sock, waits, ++*seq, err);
		fd_close(waits->fd);
		free(waits);
	}
	return r;
}

void shim_pass_parked(struct container *c)
{
	struct parked_attach *attaches, *next_attach;
	struct parked_wait *waits, *next_wait;
	struct err err;

	take_parked(c, &attaches, &waits);
	for (; attaches; attaches = next_attach) {
		_cleanup_buf_ struct buf json = BUF_INIT;

		next_attach = attaches->next;
		attaches->options.detach_keys = attaches->detach_keys;
		shim_attach_request(&json, &attaches->options);
		if (shim_request(c, json.data, attaches->extra.data, attaches->extra.len, attaches->fd, 10000, &err) < 0)
			log_warn("container %.12s: an attached client is lost: %s", c->id, err.msg);
		attach_free(attaches);
	}
	for (; waits; waits = next_wait) {
		_cleanup_buf_ struct buf json = BUF_INIT;

		next_wait = waits->next;
		shim_wait_request(&json, waits->condition);
		if (shim_request(c, json.data, NULL, 0, waits->fd, 10000, &err) < 0)
			log_warn("container %.12s: a waiting client is lost: %s", c->id, err.msg);
		fd_close(waits->fd);
		free(waits);
	}
}

/* ---- requests ---- */

int shim_request(struct container *c, const char *json, const void *raw, size_t raw_len, int fd, int timeout_ms,
		 struct err *err)
{
	_cleanup_close_ int run_fd = shim_run_dir_open(c), sock = -EBADF;

	if (run_fd < 0)
		return err_sys_kind(err, ERR_UNAVAILABLE, run_fd, "reach the shim of container %s", c->id);
	sock = shim_connect(run_fd, timeout_ms);
	if (sock < 0)
		return err_sys_kind(err, ERR_UNAVAILABLE, sock, "reach the shim of container %s", c->id);
	return shim_call(sock, json, strlen(json), raw, raw_len, &fd, fd >= 0 ? 1 : 0, timeout_ms, NULL, err);
}

static int started_read(const struct shim_packet *p, pid_t *ret_pid, char *ret_started_at, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct shim_state state;
	int r = json_decode(p->json, &shim_state_shape, 0, a, &state, err);

	if (r < 0)
		return r;
	*ret_pid = state.pid;
	snprintf(ret_started_at, TIMEFMT_MAX, "%s", state.started_at ? state.started_at : "");
	return 0;
}

int shim_first_talk(struct container *c, int sock, pid_t *ret_pid, char *ret_started_at, struct err *err)
{
	int64_t seq = FIRST_PARKED - 1, parked[2] = {FIRST_PARKED, FIRST_PARKED};
	struct shim_packet reply = {0};
	char hello[96];
	int len = snprintf(hello, sizeof(hello), "{\"type\":\"hello\",\"seq\":1,\"min\":%d,\"max\":%d}", SHIM_PROTOCOL_MIN,
			   SHIM_PROTOCOL_MAX);
	int r = shim_packet_send(sock, hello, (size_t)len, NULL, 0, NULL, 0);

	if (r >= 0)
		r = send_simple(sock, "subscribe", seq);
	if (r < 0)
		return err_sys(err, r, "talk to the shim of container %s", c->id);
	r = send_parked(c, sock, &seq, err);
	if (r < 0)
		return r;
	parked[1] = seq + 1;
	r = send_simple(sock, "start", ++seq);
	if (r < 0)
		return err_sys(err, r, "talk to the shim of container %s", c->id);
	r = replies_read(c, sock, seq, parked, &reply, err);
	c->next_seq = (uint64_t)seq;
	if (r >= 0)
		r = started_read(&reply, ret_pid, ret_started_at, err);
	shim_packet_done(&reply);
	return r;
}

/* ---- waits that come back ---- */

static enum wait_condition condition_at(struct json_object *conditions, size_t i)
{
	const char *name =
		conditions && json_object_is_type(conditions, json_type_array) && i < json_object_array_length(conditions)
			? json_object_get_string(json_object_array_get_idx(conditions, i))
			: "removed";

	for (size_t k = 0; k < ARRAY_SIZE(condition_names); k++)
		if (strcmp(condition_names[k], name) == 0)
			return (enum wait_condition)k;
	return WAIT_REMOVED;
}

int shim_waits_returned(struct container *c, struct shim_packet *p)
{
	struct json_object *conditions = NULL, *more = NULL;

	json_object_object_get_ex(p->json, "conditions", &conditions);
	json_object_object_get_ex(p->json, "more", &more);
	engine_lock(c->engine);
	for (size_t i = 0; i < p->n_fds; i++) {
		struct parked_wait *w = xcalloc(1, sizeof(*w));

		w->fd = TAKE_FD(p->fds[i]);
		w->condition = condition_at(conditions, i);
		w->next = c->waits;
		c->waits = w;
	}
	engine_unlock(c->engine);
	return more && json_object_get_boolean(more);
}

void shim_take_waits(struct container *c, int sock)
{
	static const char request[] = "{\"type\":\"take_waits\"}";
	int more = 1;

	while (more) {
		struct shim_packet reply = {0};

		if (shim_call(sock, request, strlen(request), NULL, 0, NULL, 0, 5000, &reply, NULL) < 0)
			return;
		more = shim_waits_returned(c, &reply);
		shim_packet_done(&reply);
	}
}
