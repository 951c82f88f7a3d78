/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection as states of the loop. An event reads or marks; http_conn_advance() then goes from state to state until
 * it has to wait. Pipelined requests lie in `in` and are looked at one by one, when the answer before has been sent: so
 * they are answered in order. Input is not read while a handler is at work, which is the backpressure.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/http_internal.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"

#define READ_SIZE (16 * 1024)
#define KEEP_BUFFER_SIZE (64 * 1024)

enum step { STEP_WAIT, STEP_AGAIN, STEP_FREED };

void http_conn_new(struct http_server *s, int fd, bool is_unix)
{
	struct http_conn *c = xcalloc(1, sizeof(*c));

	c->server = s;
	c->fd = fd;
	c->is_unix = is_unix;
	c->in = (struct buf)BUF_INIT;
	c->out = (struct buf)BUF_INIT;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	http_conn_advance(c);
}

static void forget_ready(struct http_conn *c)
{
	struct http_server *s = c->server;

	pthread_mutex_lock(&s->lock);
	for (struct http_conn **p = &s->ready; c->ready && *p; p = &(*p)->ready_next) {
		if (*p != c)
			continue;
		*p = c->ready_next;
		c->ready = false;
		break;
	}
	pthread_mutex_unlock(&s->lock);
}

void http_conn_free(struct http_conn *c)
{
	forget_ready(c);
	if (c->prev)
		c->prev->next = c->next;
	else
		c->server->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	if (c->req)
		http_request_free(c->req);
	/* Closing alone is not enough: a program being started holds a copy of the descriptor until its exec. */
	if (c->fd >= 0 && c->polled && epoll_ctl(c->server->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL) < 0)
		log_error("can't stop watching a connection: %s", strerror(errno));
	fd_close(c->fd);
	buf_done(&c->in);
	buf_done(&c->out);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	free(c);
}

/* ---- for any thread ---- */

void http_conn_notify(struct http_conn *c)
{
	struct http_server *s = c->server;
	bool added = false;

	pthread_mutex_lock(&s->lock);
	if (!c->ready) {
		c->ready = added = true;
		c->ready_next = s->ready;
		s->ready = c;
	}
	pthread_mutex_unlock(&s->lock);
	if (added && !http_on_loop(s))
		http_wake(s);
}

void http_conn_set_gone(struct http_conn *c)
{
	c->gone = true;
	buf_reset(&c->out);
	c->out_sent = 0;
	pthread_cond_broadcast(&c->changed);
}

/* Bytes sent, or 0 when the socket is full or the client left (then `gone` is set). */
static size_t send_now(struct http_conn *c, const struct iovec *parts, int n)
{
	struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)n};
	ssize_t sent;

	do
		sent = sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return (size_t)sent;
	if (errno != EAGAIN)
		http_conn_set_gone(c);
	return 0;
}

void http_conn_send(struct http_conn *c, const struct iovec *parts, int n)
{
	size_t sent = 0;

	if (c->gone)
		return;
	if (c->out.len == c->out_sent)
		sent = send_now(c, parts, n);
	for (int i = 0; i < n && !c->gone; i++) {
		size_t skip = MIN(sent, parts[i].iov_len);

		buf_add(&c->out, (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
		sent -= skip;
	}
	if (c->out.len > c->out_sent)
		http_conn_notify(c);
}

void http_conn_flush(struct http_conn *c)
{
	while (!c->gone && c->out_sent < c->out.len) {
		struct iovec rest = {.iov_base = c->out.data + c->out_sent, .iov_len = c->out.len - c->out_sent};
		size_t sent = send_now(c, &rest, 1);

		if (sent == 0)
			return;
		c->out_sent += sent;
		if (c->stream)
			pthread_cond_broadcast(&c->changed);
	}
	if (c->out.cap > KEEP_BUFFER_SIZE)
		buf_done(&c->out);
	else
		buf_reset(&c->out);
	c->out_sent = 0;
}

/* ---- waiting ---- */

/* With events 0 only a full hang-up or an error is reported; `polled` false: not even that. */
static void watch(struct http_conn *c, bool polled, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = c};
	int op = !polled ? EPOLL_CTL_DEL : c->polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (c->fd < 0 || (polled == c->polled && (!polled || events == c->watched)))
		return;
	if (epoll_ctl(c->server->epoll_fd, op, c->fd, &event) < 0) {
		log_error("can't watch a connection: %s", strerror(errno));
		c->eof = true;
		return;
	}
	c->polled = polled;
	c->watched = events;
}

/* ---- reading ---- */

/* Reads what is there, once. */
static void read_some(struct http_conn *c)
{
	char *room = buf_reserve(&c->in, READ_SIZE);
	ssize_t n;

	if (!room)
		abort();
	do
		n = recv(c->fd, room, READ_SIZE, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		buf_grew(&c->in, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		c->eof = true;
}

static void drop_input(struct http_conn *c)
{
	read_some(c);
	c->dropped_bytes += c->in.len;
	buf_reset(&c->in);
	if (c->dropped_bytes > HTTP_LINGER_BYTES_MAX)
		c->eof = true;
}

/*
 * A hang-up while the client is being answered. On a unix socket HUP is a close; a half-close (RDHUP) is not, since the
 * client still reads. On TCP both look alike until something is sent: for a stream, that is taken as a close.
 */
static void note_hang_up(struct http_conn *c, uint32_t events)
{
	pthread_mutex_lock(&c->lock);
	if ((events & (EPOLLHUP | EPOLLERR)) || c->stream) {
		http_conn_set_gone(c);
		watch(c, false, 0);
	}
	pthread_mutex_unlock(&c->lock);
}

void http_conn_event(struct http_conn *c, uint32_t events)
{
	if (c->phase == CONN_LINGER)
		drop_input(c);
	else if (c->phase == CONN_ANSWER && (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)))
		note_hang_up(c, events);
	else if (c->phase != CONN_ANSWER)
		read_some(c);
	http_conn_advance(c);
}

/* ---- the states ---- */

static enum step wait_for_input(struct http_conn *c, int64_t deadline_ms)
{
	if (c->eof) {
		http_conn_free(c);
		return STEP_FREED;
	}
	watch(c, true, EPOLLIN);
	http_conn_set_deadline(c, deadline_ms);
	return STEP_WAIT;
}

static enum step advance_head(struct http_conn *c)
{
	bool began = c->scan.at > 0;
	ssize_t n = http1_head_scan(&c->scan, c->in.data, c->in.len);

	if (n == 0) {
		if (c->in.len == 0 && c->in.cap > KEEP_BUFFER_SIZE)
			buf_done(&c->in);
		/* The deadline of a head counts from its first byte, however the rest trickles in. */
		if (c->in.len == 0 || !began || c->eof)
			return wait_for_input(c, c->in.len == 0 ? HTTP_IDLE_DEADLINE_MS : c->server->head_deadline_ms);
		return STEP_WAIT;
	}
	c->deadline_ms = 0;
	c->phase = CONN_ANSWER;
	c->scan = (struct http1_scan){0};
	if (n < 0)
		http_dispatch_bad_head(c, 431, NULL);
	else
		http_dispatch_head(c, (size_t)n);
	return STEP_AGAIN;
}

static enum step advance_body(struct http_conn *c)
{
	if (http_dispatch_body(c)) {
		c->deadline_ms = 0;
		return STEP_AGAIN;
	}
	return wait_for_input(c, c->server->body_deadline_ms);
}

static void begin_linger(struct http_conn *c)
{
	c->phase = CONN_LINGER;
	buf_reset(&c->in);
	shutdown(c->fd, SHUT_WR);
	http_conn_set_deadline(c, HTTP_LINGER_DEADLINE_MS);
}

/* The answer is sent. */
static enum step after_answer(struct http_conn *c)
{
	bool linger = c->linger && !c->eof;

	if (!c->close_after) {
		c->finish = false;
		c->phase = CONN_HEAD;
		return STEP_AGAIN;
	}
	if (linger) {
		begin_linger(c);
		return STEP_AGAIN;
	}
	http_conn_free(c);
	return STEP_FREED;
}

/* With the lock, which it gives up while the callback runs. */
static void call_back(struct http_conn *c, void (*fn)(void *arg), void *arg)
{
	c->in_callback = true;
	pthread_mutex_unlock(&c->lock);
	fn(arg);
	pthread_mutex_lock(&c->lock);
	c->in_callback = false;
	pthread_cond_broadcast(&c->changed);
}

/* With the lock. Tells the stream's owner what it asked to be told. */
static void tell_stream(struct http_conn *c)
{
	struct http_stream *s = c->stream;

	if (s && c->gone && s->closed && !s->closed_told) {
		s->closed_told = true;
		call_back(c, s->closed, s->closed_arg);
	} else if (s && !c->gone && s->room && c->out.len - c->out_sent <= HTTP_STREAM_QUEUE_MAX / 2) {
		void (*room)(void *arg) = s->room;

		s->room = NULL;
		call_back(c, room, s->room_arg);
	}
}

/* With the lock. What to look for while an answer is in the making or on its way. */
static void watch_answer(struct http_conn *c)
{
	uint32_t events = c->out_sent < c->out.len ? EPOLLOUT : 0;

	if (c->gone) {
		watch(c, false, 0);
		return;
	}
	if (c->stream && !c->is_unix && !c->eof)
		events |= EPOLLRDHUP;
	watch(c, true, events);
	if (!c->finish)
		c->deadline_ms = 0;
	else if (c->deadline_ms == 0)
		http_conn_set_deadline(c, HTTP_FLUSH_DEADLINE_MS);
}

static enum step advance_answer(struct http_conn *c)
{
	bool done, abandoned;

	pthread_mutex_lock(&c->lock);
	http_conn_flush(c);
	tell_stream(c);
	abandoned = !c->req && !c->stream && (c->gone || c->fd < 0);
	done = c->finish && c->out_sent == c->out.len;
	if (!abandoned && !done)
		watch_answer(c);
	pthread_mutex_unlock(&c->lock);
	if (abandoned) {
		http_conn_free(c);
		return STEP_FREED;
	}
	return done ? after_answer(c) : STEP_WAIT;
}

static enum step advance_linger(struct http_conn *c)
{
	if (c->eof || c->gone) {
		http_conn_free(c);
		return STEP_FREED;
	}
	watch(c, true, EPOLLIN);
	return STEP_WAIT;
}

static enum step advance(struct http_conn *c)
{
	switch (c->phase) {
	case CONN_HEAD:
		return advance_head(c);
	case CONN_BODY:
		return advance_body(c);
	case CONN_ANSWER:
		return advance_answer(c);
	case CONN_LINGER:
		return advance_linger(c);
	}
	return STEP_WAIT;
}

void http_conn_advance(struct http_conn *c)
{
	while (advance(c) == STEP_AGAIN)
		continue;
}
