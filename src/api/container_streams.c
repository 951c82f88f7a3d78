/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attach and wait: connections that move to the container's shim. The engine calls back for the connection once it has
 * found nothing wrong; until then an error is an ordinary answer.
 */
#include <stdio.h>

#include "api/api.h"
#include "base/log.h"
#include "engine/engine.h"

#define RAW_STREAM "application/vnd.docker.raw-stream"
#define MULTIPLEXED_STREAM "application/vnd.docker.multiplexed-stream"
#define API_MULTIPLEXED_TYPE 142 /* older clients know only raw-stream */

struct hijacking {
	struct http_request *req; /* NULL once the connection was handed over */
	char what[96];            /* for the log, since the request is gone then */
};

static int hijack(void *arg, bool chunked, bool tty, int *ret_fd, struct buf *extra)
{
	struct hijacking *h = arg;
	bool raw = tty || http_api_version(h->req) < API_MULTIPLEXED_TYPE;
	struct http_request *req = h->req;

	h->req = NULL;
	if (chunked)
		return http_hijack(req, HTTP_HIJACK_CHUNKED, "application/json", ret_fd, extra);
	return http_hijack(req, HTTP_HIJACK_STREAM, raw ? RAW_STREAM : MULTIPLEXED_STREAM, ret_fd, extra);
}

static void begin(struct hijacking *h, struct http_request *req, const char *what)
{
	h->req = req;
	snprintf(h->what, sizeof(h->what), "%s %s", what, http_param(req, "id"));
}

/* Docker has chosen the stream's type before it looks for errors, and sends them as text in it. */
static void reply_attach_error(struct http_request *req, const struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s\r\n", err->msg);
	http_reply(req, http_error_status(err), RAW_STREAM, text.data, text.len);
}

void api_container_attach(struct http_request *req, void *context)
{
	const struct engine_attach_options o = {
		.stdin_ = http_query_bool(req, "stdin", false),
		.stdout_ = http_query_bool(req, "stdout", false),
		.stderr_ = http_query_bool(req, "stderr", false),
		.stream = http_query_bool(req, "stream", false),
		.logs = http_query_bool(req, "logs", false),
		.detach_keys = http_query(req, "detachKeys"),
	};
	struct hijacking h;
	struct err err = {0};
	const struct engine_client client = {.hijack = hijack, .arg = &h};
	int r;

	begin(&h, req, "attach");
	r = engine_container_attach(context, http_param(req, "id"), &o, &client, &err);
	if (r < 0 && h.req)
		reply_attach_error(h.req, &err);
	else if (r < 0)
		log_warn("%s: %s", h.what, err.msg);
	else if (h.req)
		http_reply(h.req, 200, RAW_STREAM, NULL, 0);
}

void api_container_wait(struct http_request *req, void *context)
{
	struct hijacking h;
	struct err err = {0};
	const struct engine_client client = {.hijack = hijack, .arg = &h};
	int r;

	begin(&h, req, "wait");
	r = engine_container_wait(context, http_param(req, "id"), http_query(req, "condition"), &client, &err);
	if (r >= 0 && h.req)
		r = err_set(&err, ERR_SYSTEM, "wait: the engine left the client without an answer");
	if (r < 0 && h.req)
		http_reply_error(h.req, &err);
	else if (r < 0)
		log_warn("%s: %s", h.what, err.msg);
}
