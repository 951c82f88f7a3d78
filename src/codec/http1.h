/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 framing (RFC 9112) for both sides: heads, bodies, chunks. Bytes in, spans out; no I/O.
 *
 * Strict where leniency lets two readers of one stream disagree: Content-Length beside Transfer-Encoding, unequal lengths,
 * any coding but a single "chunked", folded lines, space before a colon, bare CR or NUL in a head, chunk lines without
 * CRLF: all refused. A lone LF ends a head's line, as Docker has it.
 */
#ifndef LIGHTER_CODEC_HTTP1_H
#define LIGHTER_CODEC_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define HTTP1_LINE_MAX (64 * 1024)  /* the request or status line */
#define HTTP1_HEAD_MAX (256 * 1024) /* with all headers */
#define HTTP1_HEADERS_MAX 256

/* How far the search for a head's end has come; zeroed for each head. */
struct http1_scan {
	size_t at;
	size_t line_start;
	bool past_first; /* the first line that isn't empty has ended */
};

/*
 * Looks for the blank line that ends the head that `bytes` begins with; earlier calls had a prefix of them. Its length with
 * the blank line (and with empty lines in front of a request, which are skipped), 0: not there yet, -EMSGSIZE: over a cap.
 */
ssize_t http1_head_scan(struct http1_scan *scan, const char *bytes, size_t len) _must_check_;

enum http1_body_kind {
	HTTP1_BODY_NONE,
	HTTP1_BODY_LENGTH,
	HTTP1_BODY_CHUNKED,
	HTTP1_BODY_UNTIL_CLOSE, /* responses only */
};

struct http1_header {
	const char *name;
	const char *value; /* trimmed */
};

struct http1_head {
	const char *method; /* requests */
	const char *target;
	int status; /* responses */
	const char *reason;
	int minor; /* 0 or 1: HTTP/1.minor */
	struct http1_header *headers;
	size_t n_headers;

	enum http1_body_kind body;
	uint64_t length; /* of HTTP1_BODY_LENGTH */
	bool keep_alive;
	bool expect_continue;
	const char *upgrade; /* the protocol asked for or agreed on, only together with "Connection: upgrade"; or NULL */
};

/*
 * Parses a head that http1_head_scan() found whole. Strings live in the arena. On failure *ret_status is what a server
 * answers: 400, 417 (an Expect it doesn't know), 431, 501 (a transfer coding) or 505.
 */
int http1_request_parse(const char *bytes, size_t len, struct arena *a, struct http1_head *ret, int *ret_status,
			struct err *err) _must_check_;

/* The same for an answer to `method` (a HEAD's has no body; nor has 1xx, 204, 304). ERR_INVALID when it isn't HTTP/1. */
int http1_response_parse(const char *bytes, size_t len, const char *method, struct arena *a, struct http1_head *ret,
			 struct err *err) _must_check_;

/* The first header of that name in any case, or NULL. */
const char *http1_header_get(const struct http1_head *head, const char *name);

/* Whether a comma-separated header value has this token, in any case. */
bool http1_token_in(const char *value, const char *token);

/* ---- bodies, as they come ---- */

struct http1_body {
	enum http1_body_kind kind;
	uint64_t left; /* of the length, or of the present chunk */
	int state;
	size_t line_len;     /* of the chunk line or trailer that is being read */
	size_t trailers_len; /* of all trailers */
};

void http1_body_init(struct http1_body *b, const struct http1_head *head);

/*
 * Takes from `bytes`: *ret_used of them are done with, of which *ret_len at *ret_data are payload (maybe none). 1 when the
 * body has ended (nothing beyond its end was used), 0 when it goes on, -EPROTO for broken chunks. Call until it used nothing.
 */
int http1_body_next(struct http1_body *b, const char *bytes, size_t len, size_t *ret_used, const char **ret_data,
		    size_t *ret_len) _must_check_;

/* Whether the body has been read to its end (one without bytes has from the start). */
bool http1_body_ended(const struct http1_body *b);

/* ---- writing ---- */

#define HTTP1_CHUNK_HEAD_MAX 20
/* Writes the line in front of `len` (> 0) bytes of a chunk; they are followed by CRLF. Its length. */
size_t http1_chunk_head(char ret_line[HTTP1_CHUNK_HEAD_MAX], size_t len);
#define HTTP1_CHUNK_TAIL "\r\n"
#define HTTP1_CHUNKS_END "0\r\n\r\n"

/* Whether it may be sent as a header's value: no control characters but tab. */
bool http1_value_valid(const char *value);

/* "OK" for 200; "" for a status without a common name. */
const char *http1_reason(int status);

#endif
