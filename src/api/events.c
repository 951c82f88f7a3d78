/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /events: a state of the loop. The engine wakes us on any thread; everything else (writing, learning that the client
 * left, closing) happens on the loop, so the state needs no lock but the flag of a pump that is already posted.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/alloc.h"
#include "engine/engine.h"

struct events_stream {
	struct http_server *server;
	struct http_stream *stream; /* NULL: ended */
	struct engine_events *events;
	bool posted; /* atomic: a pump is on its way to the loop, and holds this */
};

/* Loop. The memory goes with whoever is last: this, or the pump that is still on its way. */
static void end(struct events_stream *s, bool complete)
{
	engine_events_set_wake(s->events, NULL, NULL);
	engine_events_close(s->events);
	http_stream_end(s->stream, complete);
	s->stream = NULL;
	if (!__atomic_exchange_n(&s->posted, true, __ATOMIC_ACQ_REL))
		free(s);
}

static void closed(void *arg)
{
	end(arg, false);
}

static void pump(void *arg);

/* Any thread. */
static void wake(void *arg)
{
	struct events_stream *s = arg;

	if (!__atomic_exchange_n(&s->posted, true, __ATOMIC_ACQ_REL))
		http_server_post(s->server, pump, s);
}

static void pump(void *arg)
{
	struct events_stream *s = arg;
	int r = 1;

	if (!s->stream) {
		free(s);
		return;
	}
	__atomic_store_n(&s->posted, false, __ATOMIC_RELEASE);
	while (r > 0) {
		_cleanup_buf_ struct buf out = BUF_INIT;

		if (http_stream_queued(s->stream) >= HTTP_STREAM_QUEUE_MAX / 2) {
			http_stream_on_room(s->stream, wake, s);
			return;
		}
		r = engine_events_next(s->events, &out);
		/* A client that left is told by `closed`. */
		if (out.len > 0 && http_stream_write(s->stream, out.data, out.len) < 0)
			return;
	}
	if (r < 0)
		end(s, true);
}

void api_events(struct http_request *req, void *context)
{
	struct engine_events *events;
	struct events_stream *s;
	struct err err = {0};
	int r = engine_events_open(context, http_query(req, "filters"), http_query(req, "since"), http_query(req, "until"),
				   &events, &err);

	if (r < 0) {
		http_reply_error(req, &err);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	s->server = http_request_server(req);
	s->events = events;
	s->stream = http_stream_begin(req, 200, "application/json");
	http_stream_on_close(s->stream, closed, s);
	engine_events_set_wake(events, wake, s);
	wake(s);
}
