/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP server share; private to them.
 *
 * A connection belongs to the loop: only the loop frees it, and it does so only while nobody else has its request or
 * stream. What handlers on other threads touch is guarded by `lock`; they tell the loop by http_conn_notify(), which is
 * called with the lock held (after the lock is released the loop may free the connection). Lock order: connection, then
 * server.
 */
#ifndef LIGHTER_API_HTTP_INTERNAL_H
#define LIGHTER_API_HTTP_INTERNAL_H

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include "api/http_server.h"
#include "api/worker_pool.h"
#include "codec/http1.h"
#include "codec/url.h"

#define HTTP_HEAD_DEADLINE_MS (30 * 1000)
#define HTTP_IDLE_DEADLINE_MS (60 * 60 * 1000)
#define HTTP_BODY_DEADLINE_MS (30 * 1000)   /* without a byte */
#define HTTP_FLUSH_DEADLINE_MS (300 * 1000) /* of a complete answer that the client doesn't read */
#define HTTP_LINGER_DEADLINE_MS (5 * 1000)
#define HTTP_LINGER_BYTES_MAX (64 * 1024 * 1024)
#define HTTP_BODY_MAX (8 * 1024 * 1024)
#define HTTP_PARAMS_MAX 4
#define HTTP_EXTRA_MAX 8

enum http_conn_phase {
	CONN_HEAD,   /* between requests, or in a head */
	CONN_BODY,   /* in a body that is read whole */
	CONN_ANSWER, /* a handler has the request or a stream, or the answer is being sent */
	CONN_LINGER, /* answered and shut down; what still comes is dropped, so that the answer isn't lost to a reset */
};

struct http_conn {
	struct http_server *server;
	struct http_conn *prev, *next; /* of server->conns; loop */

	/* the loop's, or whoever's the request is */
	struct buf in;
	struct http1_scan scan;

	/* the loop's */
	enum http_conn_phase phase;
	uint32_t watched; /* what epoll looks for; 0 with `polled` false: not registered */
	bool polled;
	bool is_unix;
	bool eof; /* the client has sent all it will */
	int64_t deadline_ms;
	uint64_t dropped_bytes;

	pthread_mutex_t lock;   /* guards all below */
	pthread_cond_t changed; /* there is room in `out`, the client left, or a callback has ended */
	int fd;                 /* -EBADF once it was handed over */
	struct buf out;
	size_t out_sent;
	struct http_request *req;
	struct http_stream *stream;
	bool gone;        /* nothing reaches the client any more */
	bool finish;      /* the answer is complete */
	bool close_after; /* and the last */
	bool linger;      /* more of the request may be coming */
	bool in_callback;

	bool ready; /* on server->ready; guarded by the server's lock */
	struct http_conn *ready_next;
};

struct http_params {
	struct url_pair items[HTTP_PARAMS_MAX];
	size_t len;
};

struct http_request {
	struct http_conn *conn;
	struct arena *arena;
	struct http1_head head;
	const struct http_route *route;
	struct url_query query;
	struct http_params params;
	int api_version;
	bool bare; /* the answer goes without the API's own headers, as Docker's to unknown routes */
	bool no_experimental;
	struct http1_body body;
	bool continue_sent;
	struct buf content; /* the whole body */
	struct http1_header extra[HTTP_EXTRA_MAX];
	size_t n_extra;
};

struct http_stream {
	struct http_conn *conn;
	struct http_request *req; /* kept for its body, or NULL */
	bool chunked;
	bool no_body; /* the answer to a HEAD */
	bool closed_told;
	void (*closed)(void *arg);
	void *closed_arg;
	void (*room)(void *arg);
	void *room_arg;
};

struct http_post {
	struct http_post *next;
	void (*fn)(void *arg);
	void *arg;
};

struct http_listener {
	int fd;
	bool is_unix;
	struct http_listener *next;
};

struct http_server {
	const struct http_route *routes;
	size_t n_routes;
	void *context;
	int epoll_fd, event_fd;
	struct http_listener *listeners;
	bool accepting;
	struct http_conn *conns;
	int64_t next_sweep_ms;                      /* 0: no deadline is set */
	int64_t head_deadline_ms, body_deadline_ms; /* tests shorten them */
	struct worker_pool *pool;
	bool stop; /* set by any thread, read by the loop */

	pthread_mutex_t lock; /* guards what follows */
	struct http_conn *ready;
	struct http_post *posts, **posts_end;
};

/* ---- http_server.c ---- */
bool http_on_loop(const struct http_server *s);
void http_wake(struct http_server *s);
/* Loop. Sets the connection's deadline; 0: none. */
void http_conn_set_deadline(struct http_conn *c, int64_t after_ms);

/* ---- http_conn.c: loop, unless said otherwise ---- */
void http_conn_new(struct http_server *s, int fd, bool is_unix);
void http_conn_free(struct http_conn *c);
void http_conn_event(struct http_conn *c, uint32_t events);
/* Does whatever can be done now. The connection may be gone afterwards. */
void http_conn_advance(struct http_conn *c);
/* Any thread, with the connection's lock. */
void http_conn_notify(struct http_conn *c);
/* Any thread, with the connection's lock. Sends what goes at once and queues the rest. */
void http_conn_send(struct http_conn *c, const struct iovec *parts, int n);
/* Loop, with the lock: sends what is queued. */
void http_conn_flush(struct http_conn *c);
/* Any thread, with the lock: nothing reaches the client from now on. */
void http_conn_set_gone(struct http_conn *c);

/* ---- http_dispatch.c ---- */
/* A head of `len` bytes stands at the front of c->in: takes it and begins to answer. */
void http_dispatch_head(struct http_conn *c, size_t len);
/* More of a body that is read whole has come. False: it isn't complete. */
bool http_dispatch_body(struct http_conn *c);
/* Answers a head that can't be read, and closes. */
void http_dispatch_bad_head(struct http_conn *c, int status, const char *why);
void http_request_free(struct http_request *req);
/* Sends "100 Continue" if the client waits for it. Whoever has the request. */
void http_request_continue(struct http_request *req);

/* ---- http_route.c ---- */
const struct http_route *http_route_find(const struct http_server *s, const char *method, const char *path, struct arena *a,
					 struct http_params *ret_params);
/* Cuts "/v1.NN" off; *ret_version is what stands between 'v' and '/', or NULL. */
const char *http_route_version(const char *path, struct arena *a, const char **ret_version);
/* Less than, equal to or greater than 0, number by number. */
int http_version_compare(const char *a, const char *b);

/* ---- http_reply.c ---- */
enum http_framing { FRAME_LENGTH, FRAME_CHUNKED, FRAME_NONE };
/* Appends status line and headers. `close`: the connection ends with this answer. */
void http_head_write(struct http_request *req, struct buf *out, int status, const char *type, enum http_framing framing,
		     size_t len, bool close);
/* Whether the connection must end with the answer to this request. */
bool http_must_close(const struct http_request *req);

#endif
