/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 heads and bodies, as a server and as a client: cut anywhere, the input must read the same as whole. The first
 * byte chooses where it is cut.
 * Covers: src/codec/http1.c src/codec/http1_body.c src/codec/url.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/http1.h"
#include "codec/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t scan_in_steps(const char *text, size_t len, size_t step)
{
	struct http1_scan scan = {0};
	ssize_t n = 0;

	for (size_t at = 0; n == 0 && at < len;) {
		at = len - at > step ? at + step : len;
		n = http1_head_scan(&scan, text, at);
	}
	return n;
}

/* The payload and how the body ended: 1, 0 or -EPROTO. */
static int read_body(struct http1_body b, const char *text, size_t len, size_t step, struct buf *out, size_t *ret_used)
{
	int r = http1_body_ended(&b);
	size_t at = 0;

	while (r == 0 && at < len) {
		size_t used, n, have = len - at > step ? step : len - at;
		const char *payload;

		r = http1_body_next(&b, text + at, have, &used, &payload, &n);
		if (r < 0)
			break;
		if (used > have || (n > 0 && (payload < text + at || payload + n > text + at + used)))
			abort();
		if (r == 0 && used == 0)
			abort();
		buf_add(out, payload, n);
		at += used;
	}
	*ret_used = at;
	return r;
}

static void try_body(const struct http1_head *head, const char *text, size_t len, size_t step)
{
	_cleanup_buf_ struct buf whole = BUF_INIT, cut = BUF_INIT;
	struct http1_body b;
	size_t used_whole, used_cut;
	int r;

	http1_body_init(&b, head);
	r = read_body(b, text, len, len + 1, &whole, &used_whole);
	if (r != read_body(b, text, len, step, &cut, &used_cut))
		abort();
	if (r >= 0 && (used_whole != used_cut || whole.len != cut.len || memcmp(whole.data, cut.data, cut.len) != 0))
		abort();
}

/* What is encoded decodes to the same. */
static void try_encoding(const char *text, struct arena *a)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	char *decoded;

	url_encode(&out, text, strlen(text) & 1);
	if (url_decode(out.data, out.len, false, a, &decoded, NULL) < 0 || strcmp(decoded, text) != 0)
		abort();
}

/* What is sent in chunks of `step` bytes reads as it was. */
static void try_chunks(const char *text, size_t len, size_t step)
{
	const struct http1_head head = {.body = HTTP1_BODY_CHUNKED};
	_cleanup_buf_ struct buf sent = BUF_INIT, read = BUF_INIT;
	struct http1_body b;
	size_t used;

	for (size_t at = 0; at < len; at += step) {
		size_t n = len - at > step ? step : len - at;
		char line[HTTP1_CHUNK_HEAD_MAX];

		buf_add(&sent, line, http1_chunk_head(line, n));
		buf_add(&sent, text + at, n);
		buf_adds(&sent, HTTP1_CHUNK_TAIL);
	}
	buf_adds(&sent, HTTP1_CHUNKS_END);
	http1_body_init(&b, &head);
	if (read_body(b, sent.data, sent.len, step + 3, &read, &used) != 1 || used != sent.len || read.len != len ||
	    memcmp(read.data, text, len) != 0)
		abort();
}

static void try_headers(const struct http1_head *head, struct arena *a)
{
	for (size_t i = 0; i < head->n_headers; i++) {
		const char *value = http1_header_get(head, head->headers[i].name);

		if (!value || !http1_value_valid(head->headers[i].value))
			abort();
		if (http1_token_in(value, "chunked") && !strcasestr(value, "chunked"))
			abort();
		try_encoding(value, a);
	}
}

static void try_target(const char *target, struct arena *a)
{
	struct url_query query;
	char *path, *clean;

	if (url_target_parse(target, a, &path, &query, NULL) < 0)
		return;
	clean = url_path_clean(path, a);
	if (!clean || clean[0] != '/' || strstr(clean, "//") || strcmp(url_path_clean(clean, a), clean) != 0)
		abort();
	for (size_t i = 0; i < query.len; i++)
		if (!url_query_get(&query, query.pairs[i].name))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct http1_head head;
	const char *text;
	size_t step;
	ssize_t n;
	int status = 0;

	if (size < 2 || !a)
		return 0;
	step = data[0] % 32 + 1;
	text = (const char *)data + 1;
	size--;
	n = scan_in_steps(text, size, size);
	if (n != scan_in_steps(text, size, step))
		abort();
	if (n <= 0)
		return 0;
	if (http1_request_parse(text, (size_t)n, a, &head, &status, NULL) >= 0) {
		try_target(head.target, a);
		try_headers(&head, a);
		try_chunks(text, (size_t)n, step);
		try_body(&head, text + n, size - (size_t)n, step);
	} else if (status < 400 || !*http1_reason(status)) {
		abort();
	}
	if (http1_response_parse(text, (size_t)n, data[0] & 1 ? "GET" : "HEAD", a, &head, NULL) >= 0)
		try_body(&head, text + n, size - (size_t)n, step);
	return 0;
}
