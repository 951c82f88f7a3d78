/* SPDX-License-Identifier: Apache-2.0 */
/* Heads as Docker writes them (its own headers in alphabetical order, then Date and the framing), and whole answers. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api/http_internal.h"
#include "base/log.h"
#include "codec/json.h"

#define OWN_HEADERS 5

static void add_sorted(struct http1_header *headers, size_t *n, const char *name, const char *value)
{
	size_t at = *n;

	for (; at > 0 && strcasecmp(headers[at - 1].name, name) > 0; at--)
		headers[at] = headers[at - 1];
	headers[at] = (struct http1_header){name, value};
	(*n)++;
}

static void write_own_headers(struct http_request *req, struct buf *out, const char *type)
{
	struct http1_header headers[OWN_HEADERS + HTTP_EXTRA_MAX];
	size_t n = 0;

	if (!req->bare) {
		add_sorted(headers, &n, "Api-Version", "1.51");
		if (!req->no_experimental)
			add_sorted(headers, &n, "Docker-Experimental", "false");
		add_sorted(headers, &n, "Ostype", "linux");
		add_sorted(headers, &n, "Server", "Lighter/" LIGHTER_VERSION " (linux)");
	}
	if (type && *type)
		add_sorted(headers, &n, "Content-Type", type);
	for (size_t i = 0; i < req->n_extra; i++)
		add_sorted(headers, &n, req->extra[i].name, req->extra[i].value);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s: %s\r\n", headers[i].name, headers[i].value);
}

static void write_date(struct buf *out)
{
	static _Thread_local char text[64];
	static _Thread_local time_t when;
	time_t now = time(NULL);
	struct tm tm;

	if (now != when) {
		when = now;
		gmtime_r(&now, &tm);
		strftime(text, sizeof(text), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	}
	buf_adds(out, text);
}

bool http_must_close(const struct http_request *req)
{
	return !req->head.keep_alive || !http1_body_ended(&req->body);
}

void http_head_write(struct http_request *req, struct buf *out, int status, const char *type, enum http_framing framing,
		     size_t len, bool close)
{
	buf_addf(out, "HTTP/1.%d %d %s\r\n", req->head.minor, status, http1_reason(status));
	write_own_headers(req, out, type);
	write_date(out);
	if (framing == FRAME_CHUNKED)
		buf_adds(out, "Transfer-Encoding: chunked\r\n");
	else if (framing == FRAME_LENGTH && status != 204 && status != 304)
		buf_addf(out, "Content-Length: %zu\r\n", len);
	if (close)
		buf_adds(out, "Connection: close\r\n");
	else if (req->head.minor == 0)
		buf_adds(out, "Connection: keep-alive\r\n");
	buf_adds(out, "\r\n");
}

void http_reply_header(struct http_request *req, const char *name, const char *value)
{
	if (req->n_extra == HTTP_EXTRA_MAX || !http1_value_valid(value)) {
		log_error("header %s can't be sent", name);
		return;
	}
	req->extra[req->n_extra].name = arena_strdup(req->arena, name);
	req->extra[req->n_extra].value = arena_strdup(req->arena, value);
	if (req->extra[req->n_extra].name && req->extra[req->n_extra].value)
		req->n_extra++;
}

void http_reply(struct http_request *req, int status, const char *type, const void *body, size_t len)
{
	struct http_conn *c = req->conn;
	_cleanup_buf_ struct buf head = BUF_INIT;
	bool close = http_must_close(req), has_body = len > 0 && strcmp(req->head.method ? req->head.method : "", "HEAD") != 0;
	struct iovec parts[2];

	http_head_write(req, &head, status, type, FRAME_LENGTH, len, close);
	parts[0] = (struct iovec){.iov_base = head.data, .iov_len = head.len};
	parts[1] = (struct iovec){.iov_base = (void *)body, .iov_len = len};
	pthread_mutex_lock(&c->lock);
	http_conn_send(c, parts, has_body ? 2 : 1);
	c->close_after = close;
	c->linger = !http1_body_ended(&req->body);
	c->finish = true;
	c->req = NULL;
	http_conn_notify(c);
	pthread_mutex_unlock(&c->lock);
	http_request_free(req);
}

static int status_of(enum err_kind kind)
{
	static const int statuses[] = {
		[ERR_INVALID] = 400,         [ERR_UNAUTHORIZED] = 401,    [ERR_FORBIDDEN] = 403, [ERR_NOT_FOUND] = 404,
		[ERR_CONFLICT] = 409,        [ERR_NOT_MODIFIED] = 304,    [ERR_TOO_LARGE] = 413, [ERR_SYSTEM] = 500,
		[ERR_NOT_IMPLEMENTED] = 501, [ERR_UNAVAILABLE] = 503,     [ERR_CANCELLED] = 499, [ERR_DEADLINE] = 500,
		[ERR_NOT_EXECUTABLE] = 400,  [ERR_COMMAND_MISSING] = 400,
	};

	return (size_t)kind < ARRAY_SIZE(statuses) && statuses[kind] ? statuses[kind] : 500;
}

int http_error_status(const struct err *err)
{
	return status_of(err->kind);
}

void http_reply_error(struct http_request *req, const struct err *err)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct json_writer w = {.out = &body, .escape_html = true};
	int status = status_of(err->kind);

	if (status == 304) {
		http_reply(req, status, NULL, NULL, 0);
		return;
	}
	if (status == 500)
		log_error("%s %s: %s", req->head.method, req->head.target, err->msg);
	json_begin_object(&w);
	json_member_string(&w, "message", err->msg);
	json_end_object(&w);
	buf_addc(&body, '\n');
	http_reply(req, status, "application/json", body.data, body.len);
}
