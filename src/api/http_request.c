/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler may ask of its request, and its body as it comes. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/http_internal.h"

#define BODY_READ_SIZE (64 * 1024)

const char *http_method(const struct http_request *req)
{
	return req->head.method;
}

const char *http_param(const struct http_request *req, const char *name)
{
	for (size_t i = 0; i < req->params.len; i++)
		if (strcmp(req->params.items[i].name, name) == 0)
			return req->params.items[i].value;
	return NULL;
}

const char *http_query(const struct http_request *req, const char *name)
{
	return url_query_get(&req->query, name);
}

const char *http_query_nth(const struct http_request *req, const char *name, size_t n)
{
	for (size_t i = 0; i < req->query.len; i++)
		if (strcmp(req->query.pairs[i].name, name) == 0 && n-- == 0)
			return req->query.pairs[i].value;
	return NULL;
}

bool http_query_bool(const struct http_request *req, const char *name, bool absent)
{
	static const char *const negative[] = {"", "0", "no", "false", "none"};
	const char *value = http_query(req, name);

	if (!value)
		return absent;
	while (*value == ' ' || *value == '\t')
		value++;
	for (size_t i = 0; i < ARRAY_SIZE(negative); i++)
		if (strcasecmp(value, negative[i]) == 0)
			return false;
	return true;
}

const char *http_header(const struct http_request *req, const char *name)
{
	return http1_header_get(&req->head, name);
}

const struct http_route *http_request_route(const struct http_request *req)
{
	return req->route;
}

struct http_server *http_request_server(const struct http_request *req)
{
	return req->conn->server;
}

int http_api_version(const struct http_request *req)
{
	return req->api_version;
}

struct arena *http_arena(struct http_request *req)
{
	return req->arena;
}

const char *http_body(const struct http_request *req, size_t *ret_len)
{
	*ret_len = req->content.len;
	return req->content.data;
}

bool http_client_gone(const struct http_request *req)
{
	bool gone;

	pthread_mutex_lock(&req->conn->lock);
	gone = req->conn->gone;
	pthread_mutex_unlock(&req->conn->lock);
	return gone;
}

/* Blocks until something was received: bytes, 0 at the end of the connection, or -errno. */
static ssize_t receive(const struct http_conn *c, void *bytes, size_t len)
{
	for (;;) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		ssize_t n = recv(c->fd, bytes, len, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (errno == EAGAIN) {
			if (poll(&p, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

/* What was received behind the head already, or what came with the chunk before. */
static ssize_t read_buffered(struct http_request *req, void *bytes, size_t len)
{
	struct buf *in = &req->conn->in;

	while (in->len > 0 && !http1_body_ended(&req->body)) {
		const char *data;
		size_t used, n;

		/* At most as much as fits is looked at, so that what it yields fits. */
		if (http1_body_next(&req->body, in->data, MIN(in->len, len), &used, &data, &n) < 0)
			return -EPROTO;
		memcpy(bytes, data, n);
		buf_consume(in, used);
		if (n > 0)
			return (ssize_t)n;
	}
	return 0;
}

ssize_t http_body_read(struct http_request *req, void *bytes, size_t len)
{
	struct http_conn *c = req->conn;

	http_request_continue(req);
	for (;;) {
		ssize_t n = read_buffered(req, bytes, len);
		char *room;

		if (n != 0 || http1_body_ended(&req->body))
			return n;
		/* A plain length needs no decoding: straight into the caller's memory. */
		if (req->body.kind == HTTP1_BODY_LENGTH) {
			n = receive(c, bytes, (size_t)MIN((uint64_t)len, req->body.left));
			if (n > 0)
				req->body.left -= (uint64_t)n;
			return n == 0 ? -ECONNRESET : n;
		}
		room = buf_reserve(&c->in, BODY_READ_SIZE);
		n = room ? receive(c, room, BODY_READ_SIZE) : -ENOMEM;
		if (n <= 0)
			return n == 0 ? -ECONNRESET : n;
		buf_grew(&c->in, (size_t)n);
	}
}
