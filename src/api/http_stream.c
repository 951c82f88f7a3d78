/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of unknown length, and connections that leave the server. See http_internal.h for locks and lifetimes. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "api/http_internal.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/timefmt.h"

#define HIJACK_DEADLINE_MS 10000

static struct http_stream *begin(struct http_request *req, int status, const char *type)
{
	struct http_conn *c = req->conn;
	_cleanup_buf_ struct buf head = BUF_INIT;
	struct http_stream *s = xcalloc(1, sizeof(*s));
	struct iovec part;

	s->conn = c;
	s->req = req;
	s->chunked = req->head.minor == 1;
	s->no_body = strcmp(req->head.method, "HEAD") == 0;
	http_head_write(req, &head, status, type, s->chunked ? FRAME_CHUNKED : FRAME_NONE, 0,
			!s->chunked || !req->head.keep_alive);
	part = (struct iovec){.iov_base = head.data, .iov_len = head.len};
	pthread_mutex_lock(&c->lock);
	http_conn_send(c, &part, 1);
	c->stream = s;
	c->close_after = !s->chunked || !req->head.keep_alive;
	http_conn_notify(c);
	pthread_mutex_unlock(&c->lock);
	return s;
}

struct http_stream *http_stream_begin_early(struct http_request *req, int status, const char *type)
{
	return begin(req, status, type);
}

struct http_stream *http_stream_begin(struct http_request *req, int status, const char *type)
{
	struct http_conn *c = req->conn;
	struct http_stream *s = begin(req, status, type);

	pthread_mutex_lock(&c->lock);
	s->req = NULL;
	c->linger = !http1_body_ended(&req->body);
	c->close_after = c->close_after || c->linger;
	c->req = NULL;
	pthread_mutex_unlock(&c->lock);
	http_request_free(req);
	return s;
}

static size_t queued(const struct http_conn *c)
{
	return c->out.len - c->out_sent;
}

int http_stream_write(struct http_stream *s, const void *bytes, size_t len)
{
	struct http_conn *c = s->conn;
	char line[HTTP1_CHUNK_HEAD_MAX];
	struct iovec parts[3];
	int n = 0, r = 0;

	if (s->chunked)
		parts[n++] = (struct iovec){.iov_base = line, .iov_len = http1_chunk_head(line, len)};
	parts[n++] = (struct iovec){.iov_base = (void *)bytes, .iov_len = len};
	if (s->chunked)
		parts[n++] = (struct iovec){.iov_base = (void *)HTTP1_CHUNK_TAIL, .iov_len = strlen(HTTP1_CHUNK_TAIL)};
	pthread_mutex_lock(&c->lock);
	while (!c->gone && queued(c) >= HTTP_STREAM_QUEUE_MAX && r == 0) {
		if (http_on_loop(c->server))
			r = -EAGAIN;
		else
			pthread_cond_wait(&c->changed, &c->lock);
	}
	if (r == 0 && len > 0 && !s->no_body)
		http_conn_send(c, parts, n);
	if (c->gone) {
		r = -EPIPE;
		http_conn_notify(c);
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}

size_t http_stream_queued(struct http_stream *s)
{
	size_t n;

	pthread_mutex_lock(&s->conn->lock);
	n = queued(s->conn);
	pthread_mutex_unlock(&s->conn->lock);
	return n;
}

void http_stream_on_close(struct http_stream *s, void (*closed)(void *arg), void *arg)
{
	pthread_mutex_lock(&s->conn->lock);
	s->closed = closed;
	s->closed_arg = arg;
	http_conn_notify(s->conn);
	pthread_mutex_unlock(&s->conn->lock);
}

void http_stream_on_room(struct http_stream *s, void (*room)(void *arg), void *arg)
{
	pthread_mutex_lock(&s->conn->lock);
	s->room = room;
	s->room_arg = arg;
	http_conn_notify(s->conn);
	pthread_mutex_unlock(&s->conn->lock);
}

void http_stream_end(struct http_stream *s, bool complete)
{
	const struct iovec last = {.iov_base = (void *)HTTP1_CHUNKS_END, .iov_len = strlen(HTTP1_CHUNKS_END)};
	struct http_conn *c = s->conn;
	struct http_request *req;

	pthread_mutex_lock(&c->lock);
	while (c->in_callback && !http_on_loop(c->server))
		pthread_cond_wait(&c->changed, &c->lock);
	req = s->req;
	if (req) {
		c->close_after = c->close_after || http_must_close(req);
		c->linger = !http1_body_ended(&req->body);
	}
	if (s->chunked && complete && !s->no_body)
		http_conn_send(c, &last, 1);
	if (!complete) {
		c->close_after = true;
		c->linger = false;
	}
	c->stream = NULL;
	c->req = NULL;
	c->finish = true;
	http_conn_notify(c);
	pthread_mutex_unlock(&c->lock);
	if (req)
		http_request_free(req);
	free(s);
}

/* ---- connections that leave ---- */

static void write_hijack_head(struct http_request *req, enum http_hijack_kind kind, const char *type, struct buf *out)
{
	if (kind == HTTP_HIJACK_CHUNKED)
		http_head_write(req, out, 200, type, FRAME_CHUNKED, 0, true);
	else if (req->head.upgrade)
		buf_addf(out, "HTTP/1.1 101 UPGRADED\r\nContent-Type: %s\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", type);
	else
		buf_adds(out, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n");
}

/*
 * Sends what is queued: the head, and perhaps "100 Continue" before it. Takes the lock, and on success keeps it. It waits
 * without it, since the loop must never have to.
 */
static int send_all_and_lock(struct http_conn *c)
{
	int64_t until = timefmt_monotonic_ms() + HIJACK_DEADLINE_MS;

	for (;;) {
		struct pollfd p = {.fd = c->fd, .events = POLLOUT};
		int r = 0;

		pthread_mutex_lock(&c->lock);
		http_conn_flush(c);
		if (!c->gone && queued(c) == 0)
			return 0;
		if (c->gone)
			r = -EPIPE;
		else if (timefmt_monotonic_ms() >= until)
			r = -ETIMEDOUT;
		pthread_mutex_unlock(&c->lock);
		if (r == 0 && poll(&p, 1, 100) < 0 && errno != EINTR)
			r = -errno;
		if (r < 0)
			return r;
	}
}

/* The request is gone, and the loop lets go of the connection. With the lock, which it releases. */
static void leave(struct http_conn *c, struct http_request *req)
{
	c->close_after = true;
	c->finish = true;
	c->req = NULL;
	http_conn_notify(c);
	pthread_mutex_unlock(&c->lock);
	http_request_free(req);
}

int http_hijack(struct http_request *req, enum http_hijack_kind kind, const char *type, int *ret_fd, struct buf *extra)
{
	struct http_conn *c = req->conn;
	_cleanup_buf_ struct buf head = BUF_INIT;
	struct iovec part;
	int r;

	write_hijack_head(req, kind, type, &head);
	part = (struct iovec){.iov_base = head.data, .iov_len = head.len};
	pthread_mutex_lock(&c->lock);
	http_conn_send(c, &part, 1);
	pthread_mutex_unlock(&c->lock);
	r = send_all_and_lock(c);
	if (r < 0) {
		pthread_mutex_lock(&c->lock);
		http_conn_set_gone(c);
		leave(c, req);
		return r;
	}
	/* The loop's registration would follow the descriptor into whatever process it goes to. */
	epoll_ctl(c->server->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	buf_add(extra, c->in.data, c->in.len);
	*ret_fd = TAKE_FD(c->fd);
	leave(c, req);
	return 0;
}
