/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the engine and what came over it; shared by client.c and stream.c only. */
#ifndef LIGHTER_CLIENT_CONNECTION_H
#define LIGHTER_CLIENT_CONNECTION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "client/client.h"
#include "codec/http1.h"

struct connection {
	int fd;
	struct buf in;       /* received, not yet used */
	struct arena *arena; /* the present head's */
	struct http1_head head;
	struct http1_body body;
};

struct connection *connection_new(const char *host, struct err *err);
void connection_free(struct connection *c);
DEFINE_CLEANUP(struct connection *, connection_free)

/* False when the other side has closed it meanwhile (or sent what nobody asked for). */
bool connection_usable(const struct connection *c);

/* Sends a request's head and, with `body`, its JSON body; `extra` are further header lines with CRLF, or "". */
int connection_send(struct connection *c, const char *method, const char *version, const char *path, const char *body,
		    const char *extra, struct err *err) _must_check_;

/* More bytes into `in`: their number, 0 at the end, or negative. Blocks. */
ssize_t connection_receive(struct connection *c, struct err *err) _must_check_;

/* When `in` holds a whole head: parses it (of the answer to `method`), 1. 0: not yet. Interim answers (100) are skipped. */
int connection_take_head(struct connection *c, const char *method, struct err *err) _must_check_;

/* Blocks until the head is there. */
int connection_read_head(struct connection *c, const char *method, struct err *err) _must_check_;

/* Appends the rest of the body to `out`. */
int connection_read_body(struct connection *c, struct buf *out, struct err *err) _must_check_;

/* The error that a status of 400 and above stands for; `text` is the body. */
int connection_error(const struct connection *c, const char *text, size_t len, struct err *err);

#endif
