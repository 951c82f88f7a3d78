/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a head to its handler, in the order in which Docker decides: target, redirect to the clean path, route (404),
 * version (400), query (400), body, handler.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/http_internal.h"
#include "base/alloc.h"
#include "base/log.h"
#include "codec/json.h"

#define API_MIN "1.24"
#define API_MAX "1.51"
#define ARENA_LIMIT (64 * 1024 * 1024)

void http_request_free(struct http_request *req)
{
	buf_done(&req->content);
	arena_free(req->arena);
	free(req);
}

static struct http_request *request_new(struct http_conn *c)
{
	struct http_request *req = xcalloc(1, sizeof(*req));

	req->arena = arena_new(ARENA_LIMIT);
	if (!req->arena)
		abort();
	req->conn = c;
	req->content = (struct buf)BUF_INIT;
	req->api_version = 151;
	pthread_mutex_lock(&c->lock);
	c->req = req;
	pthread_mutex_unlock(&c->lock);
	return req;
}

void http_request_continue(struct http_request *req)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct iovec part = {.iov_base = (void *)text, .iov_len = sizeof(text) - 1};

	if (!req->head.expect_continue || req->continue_sent)
		return;
	req->continue_sent = true;
	pthread_mutex_lock(&req->conn->lock);
	http_conn_send(req->conn, &part, 1);
	pthread_mutex_unlock(&req->conn->lock);
}

static void reply_message(struct http_request *req, int status, const char *message)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct json_writer w = {.out = &body, .escape_html = true};

	json_begin_object(&w);
	json_member_string(&w, "message", message);
	json_end_object(&w);
	buf_addc(&body, '\n');
	http_reply(req, status, "application/json", body.data, body.len);
}

void http_dispatch_bad_head(struct http_conn *c, int status, const char *why)
{
	struct http_request *req = request_new(c);
	char text[160];

	snprintf(text, sizeof(text), "%d %s%s%s", status, http1_reason(status), why ? ": " : "", why ? why : "");
	req->bare = true;
	req->head.minor = 1;
	/* Where this request ends is unknown. */
	req->head.keep_alive = false;
	req->body.kind = HTTP1_BODY_UNTIL_CLOSE;
	http_reply(req, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* To the path without empty and dot segments; Docker's redirect has neither body nor its own headers. */
static void redirect(struct http_request *req, const char *clean)
{
	const char *query = strchr(req->head.target, '?');
	_cleanup_buf_ struct buf location = BUF_INIT;

	url_encode(&location, clean, true);
	if (query)
		buf_adds(&location, query);
	req->bare = true;
	http_reply_header(req, "Location", location.data);
	http_reply(req, 301, "", NULL, 0);
}

static void refuse_version(struct http_request *req, const char *version, bool too_new)
{
	char text[256];

	req->no_experimental = true;
	if (too_new) {
		snprintf(text, sizeof(text), "client version %s is too new. Maximum supported API version is " API_MAX,
			 version);
		reply_message(req, 400, text);
		return;
	}
	snprintf(text, sizeof(text),
		 "client version %s is too old. Minimum supported API version is " API_MIN
		 ", please upgrade your client to a newer version\n",
		 version);
	http_reply_header(req, "X-Content-Type-Options", "nosniff");
	http_reply(req, 400, "text/plain; charset=utf-8", text, strlen(text));
}

/* Answers what no handler has to; false: go on. */
static bool answer_unrouted(struct http_request *req, const char *path)
{
	const char *clean = url_path_clean(path, req->arena), *version, *rest;

	if (!clean || strlen(path) > HTTP1_LINE_MAX) {
		http_reply(req, 431, "", NULL, 0);
		return true;
	}
	if (strcmp(req->head.method, "OPTIONS") == 0) {
		http_reply(req, 200, "", NULL, 0);
		return true;
	}
	if (strcmp(clean, path) != 0) {
		redirect(req, clean);
		return true;
	}
	rest = http_route_version(path, req->arena, &version);
	req->route = http_route_find(req->conn->server, req->head.method, rest, req->arena, &req->params);
	if (!req->route) {
		req->bare = true;
		reply_message(req, 404, "page not found");
		return true;
	}
	if (!version)
		return false;
	if (http_version_compare(version, API_MAX) > 0 || http_version_compare(version, API_MIN) < 0) {
		refuse_version(req, version, http_version_compare(version, API_MAX) > 0);
		return true;
	}
	req->api_version = 100 + atoi(strchr(version, '.') + 1);
	return false;
}

/* On a worker. */
static void run_handler(void *arg)
{
	struct http_request *req = arg;

	req->route->handler(req, req->conn->server->context);
}

static void run(struct http_request *req)
{
	if (req->route->flags & HTTP_INLINE)
		run_handler(req);
	else
		http_server_defer(req->conn->server, run_handler, req);
}

static void begin_body(struct http_conn *c, struct http_request *req)
{
	if ((req->route->flags & HTTP_BODY_STREAM) || http1_body_ended(&req->body)) {
		run(req);
		return;
	}
	if (req->head.body == HTTP1_BODY_LENGTH && req->head.length > HTTP_BODY_MAX) {
		reply_message(req, 413, "the request's body is too large");
		return;
	}
	http_request_continue(req);
	c->phase = CONN_BODY;
}

void http_dispatch_head(struct http_conn *c, size_t len)
{
	struct http_request *req;
	struct http1_head head;
	struct err err = {0};
	char *path = NULL;
	int status = 400, r;

	req = request_new(c);
	r = http1_request_parse(c->in.data, len, req->arena, &head, &status, &err);
	buf_consume(&c->in, len);
	if (r >= 0 && strcmp(head.target, "*") != 0)
		r = url_target_parse(head.target, req->arena, &path, &req->query, &err);
	if (r < 0 && !path) {
		http_request_free(req);
		http_dispatch_bad_head(c, status, err.msg);
		return;
	}
	log_debug("%s %s", head.method, head.target);
	req->head = head;
	http1_body_init(&req->body, &head);
	if (!path) {
		req->bare = true;
		http_reply(req, strcmp(head.method, "OPTIONS") == 0 ? 200 : 400, "", NULL, 0);
		return;
	}
	if (answer_unrouted(req, path))
		return;
	if (r < 0)
		http_reply_error(req, &err);
	else
		begin_body(c, req);
}

bool http_dispatch_body(struct http_conn *c)
{
	struct http_request *req = c->req;
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < c->in.len) {
		const char *data;
		size_t used, n;

		r = http1_body_next(&req->body, c->in.data + at, c->in.len - at, &used, &data, &n);
		if (r >= 0)
			buf_add(&req->content, data, n);
		at += used;
		if (req->content.len > HTTP_BODY_MAX)
			r = -EFBIG;
	}
	buf_consume(&c->in, at);
	if (r == 0)
		return false;
	c->phase = CONN_ANSWER;
	if (r == 1)
		run(req);
	else if (r == -EFBIG)
		reply_message(req, 413, "the request's body is too large");
	else
		reply_message(req, 400, "invalid chunk in the request's body");
	return true;
}
