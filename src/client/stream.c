/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls whose request or answer is a stream, each on a connection of its own. An upload goes on while the answer is read:
 * the socket is non-blocking then, and one step of pump() moves bytes in whichever direction there is room. A server that
 * refuses in the middle of an upload is heard, and the rest is not sent.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "client/client_internal.h"

#define UPLOAD_SIZE (64 * 1024)

struct client_stream {
	struct connection *connection;
	const char *method;
	int upload_fd;  /* -EBADF when all of it was read; borrowed */
	struct buf out; /* of the upload, framed, not yet sent */
};

void client_stream_free(struct client_stream *s)
{
	if (!s)
		return;
	connection_free(s->connection);
	buf_done(&s->out);
	free(s);
}

int client_stream_fd(const struct client_stream *s)
{
	return s->connection->fd;
}

bool client_stream_buffered(const struct client_stream *s)
{
	return s->connection->in.len > 0 || http1_body_ended(&s->connection->body);
}

const char *client_stream_type(const struct client_stream *s)
{
	const char *type = http1_header_get(&s->connection->head, "Content-Type");

	return type ? type : "";
}

/* The next piece of the upload as a chunk; its end as the last one. */
static int read_upload(struct client_stream *s, struct err *err)
{
	static char bytes[UPLOAD_SIZE];
	char line[HTTP1_CHUNK_HEAD_MAX];
	ssize_t n = read(s->upload_fd, bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return err_sys(err, errno, "read what is to be sent");
	if (n == 0) {
		s->upload_fd = -EBADF;
		buf_adds(&s->out, HTTP1_CHUNKS_END);
		return 0;
	}
	buf_add(&s->out, line, http1_chunk_head(line, (size_t)n));
	buf_add(&s->out, bytes, (size_t)n);
	buf_adds(&s->out, HTTP1_CHUNK_TAIL);
	return 0;
}

static int send_upload(struct client_stream *s, struct err *err)
{
	ssize_t n;
	int r = 0;

	if (s->out.len == 0 && s->upload_fd >= 0)
		r = read_upload(s, err);
	if (r < 0 || s->out.len == 0)
		return r;
	n = send(s->connection->fd, s->out.data, s->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
		/* it has heard enough; why, its answer says */
		s->upload_fd = -EBADF;
		buf_reset(&s->out);
		return 0;
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : err_sys(err, errno, "send to the daemon");
	buf_consume(&s->out, (size_t)n);
	return 0;
}

/* One step in whichever direction there is room: 1 when bytes came, 0 when none did, -ENODATA at the end. */
static int pump(struct client_stream *s, struct err *err)
{
	bool sending = s->upload_fd >= 0 || s->out.len > 0;
	struct pollfd p = {.fd = s->connection->fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))};
	ssize_t n;
	int r = 0;

	if (poll(&p, 1, -1) < 0)
		return errno == EINTR ? 0 : err_sys(err, errno, "poll");
	if (p.revents & POLLOUT)
		r = send_upload(s, err);
	if (r < 0 || !(p.revents & (POLLIN | POLLHUP | POLLERR)))
		return r;
	n = connection_receive(s->connection, err);
	if (n == -EAGAIN)
		return 0;
	return n > 0 ? 1 : n == 0 ? -ENODATA : (int)n;
}

/* Like connection_read_head, with the upload going on. */
static int await_head(struct client_stream *s, struct err *err)
{
	for (;;) {
		int r = connection_take_head(s->connection, s->method, err);

		if (r != 0)
			return r < 0 ? r : 0;
		r = pump(s, err);
		if (r == -ENODATA)
			return err_set(err, ERR_UNAVAILABLE, "the daemon closed the connection without an answer");
		if (r < 0)
			return r;
	}
}

static int refuse(struct client_stream *s, struct err *err)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	int r = fd_set_nonblocking(s->connection->fd, false);

	if (r == 0)
		r = connection_read_body(s->connection, &body, err);
	/* a body that breaks off still leaves the status to tell */
	return connection_error(s->connection, body.data, r < 0 ? 0 : body.len, err);
}

int client_stream_open(struct client *c, const char *method, const char *path, const char *body, int upload_fd,
		       const char *type, struct client_stream **ret, struct err *err)
{
	_cleanup_(client_stream_freep) struct client_stream *s = xcalloc(1, sizeof(*s));
	_cleanup_buf_ struct buf extra = BUF_INIT;
	int r = client_negotiate(c, err);

	s->method = method;
	s->upload_fd = upload_fd;
	s->out = (struct buf)BUF_INIT;
	if (r < 0)
		return r;
	s->connection = connection_new(c->host, err);
	if (!s->connection)
		return err ? -err->sys : -ECONNREFUSED;
	if (upload_fd >= 0)
		buf_addf(&extra, "Content-Type: %s\r\nTransfer-Encoding: chunked\r\n", type);
	r = connection_send(s->connection, method, c->prefix, path, body, extra.data, err);
	if (r == 0 && upload_fd >= 0) {
		r = fd_set_nonblocking(s->connection->fd, true);
		if (r < 0)
			return err_sys(err, r, "set up the connection");
	}
	if (r == 0)
		r = await_head(s, err);
	if (r < 0)
		return r;
	if (s->connection->head.status >= 400)
		return refuse(s, err);
	*ret = TAKE(s);
	return 0;
}

ssize_t client_stream_read(struct client_stream *s, void *bytes, size_t len, struct err *err)
{
	struct connection *c = s->connection;

	for (;;) {
		const char *data;
		size_t used, n;
		int r = http1_body_next(&c->body, c->in.data, MIN(c->in.len, len), &used, &data, &n);

		if (r < 0)
			return err_sys(err, r, "read the daemon's answer");
		if (n > 0)
			memcpy(bytes, data, n);
		buf_consume(&c->in, used);
		if (n > 0)
			return (ssize_t)n;
		if (r > 0)
			return 0;
		if (used > 0)
			continue;
		r = pump(s, err);
		if (r == -ENODATA && c->body.kind == HTTP1_BODY_UNTIL_CLOSE)
			return 0;
		if (r == -ENODATA)
			return err_set(err, ERR_UNAVAILABLE, "the daemon closed the connection in the middle of its answer");
		if (r < 0)
			return r;
	}
}

int client_hijack(struct client *c, const char *path, int *ret_fd, struct buf *extra, struct err *err)
{
	_cleanup_(connection_freep) struct connection *connection = NULL;
	_cleanup_buf_ struct buf body = BUF_INIT;
	int r = client_negotiate(c, err);

	if (r < 0)
		return r;
	connection = connection_new(c->host, err);
	if (!connection)
		return err ? -err->sys : -ECONNREFUSED;
	r = connection_send(connection, "POST", c->prefix, path, NULL, "Connection: Upgrade\r\nUpgrade: tcp\r\n", err);
	if (r == 0)
		r = connection_read_head(connection, "POST", err);
	if (r < 0)
		return r;
	if (connection->head.status != 101 && connection->head.status != 200) {
		if (connection_read_body(connection, &body, err) < 0)
			buf_reset(&body);
		return connection_error(connection, body.data, body.len, err);
	}
	buf_add(extra, connection->in.data, connection->in.len);
	*ret_fd = TAKE_FD(connection->fd);
	return 0;
}
