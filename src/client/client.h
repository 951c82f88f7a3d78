/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the Engine API: one kept-alive connection for plain calls, and connections of their own for streams. For
 * single-threaded programs. Memory failures abort.
 *
 * The version is negotiated as Docker's clients do: /_ping's Api-Version, at most CLIENT_API_MAX; DOCKER_API_VERSION
 * overrides it. Paths are given without the version.
 */
#ifndef LIGHTER_CLIENT_CLIENT_H
#define LIGHTER_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define CLIENT_API_MAX "1.51"

struct client;

/* `host`: "unix:///path" or "tcp://name:port". Nothing is connected yet; ERR_INVALID for another form. */
int client_new(const char *host, struct client **ret, struct err *err) _must_check_;
void client_free(struct client *c);
DEFINE_CLEANUP(struct client *, client_free)

struct client_reply {
	int status;
	struct buf body;
};
#define CLIENT_REPLY_INIT        \
	{                        \
		.body = BUF_INIT \
	}
void client_reply_done(struct client_reply *r);
#define _cleanup_reply_ _cleanup_(client_reply_done)

/*
 * One call. Status 400 and above becomes an error: its message is the server's, its kind the status's. No daemon:
 * ERR_UNAVAILABLE "Cannot connect to the Lighter daemon at HOST. Is it running?". `body` NULL: none; JSON otherwise.
 */
int client_call(struct client *c, const char *method, const char *path, const char *body, struct client_reply *ret,
		struct err *err) _must_check_;

/* ---- calls at the same time ---- */
struct client_pending;

/* Sends a call on a connection of its own and returns; client_finish() waits for the answer, as client_call() reports it. */
int client_begin(struct client *c, const char *method, const char *path, struct client_pending **ret,
		 struct err *err) _must_check_;
/* Consumes `p` either way. */
int client_finish(struct client_pending *p, struct client_reply *ret, struct err *err) _must_check_;

/* ---- streams ---- */
struct client_stream;

/*
 * Starts a call on a connection of its own. With `upload_fd` >= 0 its bytes are the body (chunked, type `type`).
 * Error statuses as in client_call. Read the answer's body with client_stream_read.
 */
int client_stream_open(struct client *c, const char *method, const char *path, const char *body, int upload_fd,
		       const char *type, struct client_stream **ret, struct err *err) _must_check_;
/* Bytes of the body, decoded; 0 at its end; negative on failure. Blocks. */
ssize_t client_stream_read(struct client_stream *s, void *bytes, size_t len, struct err *err) _must_check_;
/* The connection, for poll(2); bytes may be buffered: look at client_stream_buffered() first. */
int client_stream_fd(const struct client_stream *s);
bool client_stream_buffered(const struct client_stream *s);
/* "application/vnd.docker.raw-stream" or "...multiplexed-stream" as the server said; never NULL. */
const char *client_stream_type(const struct client_stream *s);
void client_stream_free(struct client_stream *s);
DEFINE_CLEANUP(struct client_stream *, client_stream_free)

/* Asks for "Upgrade: tcp" and takes the connection: *ret_fd is the caller's, `extra` what the server sent behind its head. */
int client_hijack(struct client *c, const char *path, int *ret_fd, struct buf *extra, struct err *err) _must_check_;

/* Appends `text` percent-encoded for a query or path component. */
void client_escape(struct buf *out, const char *text);

/* The host as given. */
const char *client_host(const struct client *c);
/* What the server said of itself at the ping: "1.51"; negotiates when it hasn't. */
int client_negotiate(struct client *c, struct err *err) _must_check_;
const char *client_version(const struct client *c);

#endif
