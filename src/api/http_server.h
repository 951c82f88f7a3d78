/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP/1.1 server: one epoll thread that accepts, parses heads and answers what is quick; a bounded pool of workers
 * for handlers that block on disk, database or a shim; long streams as states of the loop. Handlers see five functions
 * and nothing of sockets:
 *
 *     http_reply        a whole answer
 *     http_body_read    the request's body, as it comes (blocking; workers only)
 *     http_stream_begin an answer of unknown length; then http_stream_write / http_stream_end from any thread
 *     http_hijack       the connection itself, after its head was written
 *     http_stream_on_close / http_client_gone: learn that the client left
 */
#ifndef LIGHTER_API_HTTP_SERVER_H
#define LIGHTER_API_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct http_server;
struct http_request;
struct http_stream;

enum http_route_flags {
	HTTP_INLINE = 1 << 0,      /* runs on the loop: must not block */
	HTTP_BODY_STREAM = 1 << 1, /* the handler reads the body itself (load, build); otherwise it is read whole, capped */
};

typedef void (*http_handler)(struct http_request *req, void *context);

struct http_route {
	const char *method;  /* "GET"; HEAD needs a route of its own, as in Docker */
	const char *pattern; /* "/containers/{id}/json"; "{name...}" takes slashes (image names) */
	http_handler handler;
	int flags;
};

int http_server_new(const struct http_route *routes, size_t n_routes, void *context, struct http_server **ret,
		    struct err *err) _must_check_;
/* Serves a listening socket; the server owns it from now on. Before http_server_run. */
int http_server_listen(struct http_server *s, int listen_fd, struct err *err) _must_check_;
/* The loop; returns after http_server_stop (any thread, signal-safe through its eventfd). */
int http_server_run(struct http_server *s, struct err *err) _must_check_;
void http_server_stop(struct http_server *s);
/* After http_server_run: false while a handler is still at work, when nothing it uses may be freed yet. */
bool http_server_is_idle(struct http_server *s);
/* Only when idle. */
void http_server_free(struct http_server *s);

/* ---- what a handler may ask of its request; all borrowed until it answered ---- */
const char *http_method(const struct http_request *req);
const char *http_param(const struct http_request *req, const char *name); /* of the pattern; decoded; NULL if not in it */
const char *http_query(const struct http_request *req, const char *name); /* decoded; NULL when absent, "" for "?x" */
bool http_query_bool(const struct http_request *req, const char *name,
		     bool absent);                                         /* Docker's: "", 0, no, false, none are false */
const char *http_header(const struct http_request *req, const char *name); /* case-insensitive; NULL when absent */
const char *http_query_nth(const struct http_request *req, const char *name, size_t n); /* of several with that name; from 0 */
const struct http_route *http_request_route(const struct http_request *req);
struct http_server *http_request_server(const struct http_request *req);
bool http_client_gone(const struct http_request *req); /* the client was seen to leave; for handlers that wait */
int http_api_version(const struct http_request *req);  /* 151 for 1.51; the newest when unversioned */
struct arena *http_arena(struct http_request *req);
const char *http_body(const struct http_request *req, size_t *ret_len); /* without HTTP_BODY_STREAM */

/* Up to `len` bytes of the body, 0 at its end, or -errno (-ECONNRESET: the client left; -EPROTO: broken chunks). */
ssize_t http_body_read(struct http_request *req, void *bytes, size_t len) _must_check_;

/* Extra header for the answer. Before answering. */
void http_reply_header(struct http_request *req, const char *name, const char *value);

/* The whole answer; the request is gone afterwards. `type` NULL or "": no Content-Type (204, 304; an empty answer). */
void http_reply(struct http_request *req, int status, const char *type, const void *body, size_t len);

/* {"message": ...} with the status that the error's kind stands for. The one place that maps kinds. */
void http_reply_error(struct http_request *req, const struct err *err);
/* The status alone, for answers in another form (errors of attach are text). */
int http_error_status(const struct err *err);

/* Starts a chunked answer and detaches it from the request (which is gone): the stream lives until http_stream_end. */
struct http_stream *http_stream_begin(struct http_request *req, int status, const char *type);
/* The same, and the request stays (its body is read while the answer is written) until http_stream_end. */
struct http_stream *http_stream_begin_early(struct http_request *req, int status, const char *type);
/* Queues bytes (sent by the loop or at once). 0, -EPIPE once the client has left. Over `HTTP_STREAM_QUEUE_MAX` queued bytes
 * it blocks a worker until there is room, and is -EAGAIN on the loop. Any thread, one at a time per stream. */
#define HTTP_STREAM_QUEUE_MAX (1024 * 1024)
int http_stream_write(struct http_stream *s, const void *bytes, size_t len) _must_check_;
/* Ends the answer (`complete` false: cut it, so that the client sees a broken stream). The stream is gone. */
void http_stream_end(struct http_stream *s, bool complete);
/*
 * Called once, on the loop, when the client left before the end; not after http_stream_end, which waits for it to return
 * (so it must not be called under a lock that `closed` takes). The stream still needs its http_stream_end.
 */
void http_stream_on_close(struct http_stream *s, void (*closed)(void *arg), void *arg);
/* Called once, on the loop, as soon as at most half of HTTP_STREAM_QUEUE_MAX is queued; under the same rules. */
void http_stream_on_room(struct http_stream *s, void (*room)(void *arg), void *arg);
/* Bytes that are queued. */
size_t http_stream_queued(struct http_stream *s);

/*
 * Writes the head and hands over the connection: 101 UPGRADED when the client asked for "Upgrade: tcp" (content type
 * `type`), otherwise the old 200 hijack; for `plain_chunked`, a 200 with Transfer-Encoding: chunked (wait). *ret_fd is
 * the caller's (non-blocking); `extra` receives the bytes that came behind the request. The request is gone.
 */
enum http_hijack_kind { HTTP_HIJACK_STREAM, HTTP_HIJACK_CHUNKED };
int http_hijack(struct http_request *req, enum http_hijack_kind kind, const char *type, int *ret_fd,
		struct buf *extra) _must_check_;

/* Runs a function on the worker pool. */
void http_server_defer(struct http_server *s, void (*fn)(void *arg), void *arg);
/* Runs a function on the loop, in order; it must not block. Any thread. */
void http_server_post(struct http_server *s, void (*fn)(void *arg), void *arg);

#endif
