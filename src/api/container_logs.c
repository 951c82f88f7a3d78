/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /containers/{id}/logs. Reading the file may block on disk, so workers do it, one at a time per stream; between reads
 * (the client is slow, or with follow nothing new was written) no thread is held. `state` says which: a wake during a
 * read makes it read again, so none is lost.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/alloc.h"
#include "base/log.h"
#include "engine/engine.h"

#define RAW_STREAM "application/vnd.docker.raw-stream"
#define MULTIPLEXED_STREAM "application/vnd.docker.multiplexed-stream"
#define API_MULTIPLEXED_TYPE 142
#define READS_PER_TURN 64 /* then others get the thread */

enum log_state {
	LOG_IDLE,
	LOG_READING,       /* a worker is at it, or queued to be */
	LOG_READING_WOKEN, /* and is to look again when it is done */
};

struct log_stream {
	struct http_server *server;
	struct http_stream *stream;
	struct engine_logs *logs;
	pthread_mutex_t lock; /* guards what follows */
	enum log_state state;
	bool closed; /* the client left */
};

static void read_logs(void *arg);

/* Any thread: the engine has more, there is room, or the client left. */
static void wake(void *arg)
{
	struct log_stream *s = arg;
	bool start;

	pthread_mutex_lock(&s->lock);
	start = s->state == LOG_IDLE;
	s->state = start ? LOG_READING : LOG_READING_WOKEN;
	pthread_mutex_unlock(&s->lock);
	if (start)
		http_server_defer(s->server, read_logs, s);
}

static void closed(void *arg)
{
	struct log_stream *s = arg;

	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

/* On the worker that reads; once the log is closed and the stream ended, nobody can wake it any more. */
static void end(struct log_stream *s, bool complete)
{
	engine_logs_set_wake(s->logs, NULL, NULL);
	engine_logs_close(s->logs);
	http_stream_end(s->stream, complete);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool is_closed(struct log_stream *s)
{
	bool result;

	pthread_mutex_lock(&s->lock);
	result = s->closed;
	pthread_mutex_unlock(&s->lock);
	return result;
}

/* Reads and writes until there is no more, no room or the turn is over. As engine_logs_next; -EPIPE: the client left. */
static int turn(struct log_stream *s)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = {0};
	int r = 1;

	for (int i = 0; i < READS_PER_TURN && r > 0; i++) {
		if (is_closed(s))
			return -EPIPE;
		if (http_stream_queued(s->stream) >= HTTP_STREAM_QUEUE_MAX / 2) {
			http_stream_on_room(s->stream, wake, s);
			return 0;
		}
		buf_reset(&out);
		r = engine_logs_next(s->logs, &out, &err);
		if (r < 0 && r != -ENODATA)
			log_error("read a container's log: %s", err.msg);
		if (out.len > 0 && http_stream_write(s->stream, out.data, out.len) < 0)
			return -EPIPE;
	}
	return r;
}

static void read_logs(void *arg)
{
	struct log_stream *s = arg;
	bool again;
	int r = turn(s);

	if (r < 0) {
		end(s, r == -ENODATA);
		return;
	}
	pthread_mutex_lock(&s->lock);
	again = r > 0 || s->state == LOG_READING_WOKEN;
	s->state = again ? LOG_READING : LOG_IDLE;
	pthread_mutex_unlock(&s->lock);
	if (again)
		http_server_defer(s->server, read_logs, s);
}

/* "all", a negative number and nonsense mean all, as in Docker. */
static int64_t parse_tail(const char *text)
{
	char *end;
	long n;

	if (!text || !*text)
		return -1;
	n = strtol(text, &end, 10);
	return *end || n < 0 ? -1 : n;
}

void api_container_logs(struct http_request *req, void *context)
{
	const struct engine_log_options o = {
		.stdout_ = http_query_bool(req, "stdout", false),
		.stderr_ = http_query_bool(req, "stderr", false),
		.follow = http_query_bool(req, "follow", false),
		.timestamps = http_query_bool(req, "timestamps", false),
		.details = http_query_bool(req, "details", false),
		.tail = parse_tail(http_query(req, "tail")),
		.since = http_query(req, "since"),
		.until = http_query(req, "until"),
	};
	struct engine_logs *logs;
	struct log_stream *s;
	struct err err = {0};
	bool tty, raw;
	int r = 0;

	if (!o.stdout_ && !o.stderr_)
		r = err_set(&err, ERR_INVALID, "Bad parameters: you must choose at least one stream");
	if (r >= 0)
		r = engine_logs_open(context, http_param(req, "id"), &o, &logs, &tty, &err);
	if (r < 0) {
		http_reply_error(req, &err);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	s->state = LOG_READING;
	s->server = http_request_server(req);
	s->logs = logs;
	raw = tty || http_api_version(req) < API_MULTIPLEXED_TYPE;
	s->stream = http_stream_begin(req, 200, raw ? RAW_STREAM : MULTIPLEXED_STREAM);
	http_stream_on_close(s->stream, closed, s);
	engine_logs_set_wake(logs, wake, s);
	read_logs(s);
}
