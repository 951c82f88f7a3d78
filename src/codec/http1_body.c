/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in the three framings of HTTP/1.1; see http1.h. The chunk reader is a state machine over single bytes of its
 * lines and whole spans of its data, so that input may be cut anywhere. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "codec/http1.h"

#define CHUNK_LINE_MAX 4096
#define TRAILERS_MAX (16 * 1024)

enum chunk_state {
	CHUNK_SIZE,      /* in the hexadecimal digits */
	CHUNK_EXTENSION, /* between them and CR, ignored */
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER, /* in a line behind the last chunk; an empty one ends the body */
	CHUNK_TRAILER_LF,
	CHUNK_DONE,
};

void http1_body_init(struct http1_body *b, const struct http1_head *head)
{
	memset(b, 0, sizeof(*b));
	b->kind = head->body;
	b->left = head->body == HTTP1_BODY_LENGTH ? head->length : 0;
}

bool http1_body_ended(const struct http1_body *b)
{
	switch (b->kind) {
	case HTTP1_BODY_NONE:
		return true;
	case HTTP1_BODY_LENGTH:
		return b->left == 0;
	case HTTP1_BODY_CHUNKED:
		return b->state == CHUNK_DONE;
	default:
		return false;
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_size(struct http1_body *b, char c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		/* The sign bit stays free, so that no sum with a buffer's size can wrap. */
		if (b->left >> 59)
			return -EPROTO;
		b->left = b->left << 4 | (uint64_t)digit;
		return 0;
	}
	if (b->line_len == 1)
		return -EPROTO;
	if (c == '\r')
		b->state = CHUNK_SIZE_LF;
	else if (c == ';' || c == ' ' || c == '\t')
		b->state = CHUNK_EXTENSION;
	else
		return -EPROTO;
	return 0;
}

static int read_trailer(struct http1_body *b, char c)
{
	if (++b->trailers_len > TRAILERS_MAX || c == '\n' || c == '\0')
		return -EPROTO;
	if (c != '\r')
		return 0;
	b->line_len--;
	b->state = CHUNK_TRAILER_LF;
	return 0;
}

/* One byte that is not data. */
static int chunk_step(struct http1_body *b, char c)
{
	if (++b->line_len > CHUNK_LINE_MAX)
		return -EPROTO;
	switch (b->state) {
	case CHUNK_SIZE:
		return read_size(b, c);
	case CHUNK_EXTENSION:
		if (c == '\r')
			b->state = CHUNK_SIZE_LF;
		return c == '\n' || c == '\0' ? -EPROTO : 0;
	case CHUNK_SIZE_LF:
		b->state = b->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
		break;
	case CHUNK_DATA_CR:
		b->state = CHUNK_DATA_LF;
		return c == '\r' ? 0 : -EPROTO;
	case CHUNK_DATA_LF:
		b->state = CHUNK_SIZE;
		break;
	case CHUNK_TRAILER:
		return read_trailer(b, c);
	case CHUNK_TRAILER_LF:
		b->state = b->line_len > 1 ? CHUNK_TRAILER : CHUNK_DONE;
		break;
	default:
		return -EPROTO;
	}
	b->line_len = 0;
	return c == '\n' ? 0 : -EPROTO;
}

/* Uses what is payload, up to the end of the length or chunk. */
static size_t take_data(struct http1_body *b, size_t len)
{
	size_t n = b->left < len ? (size_t)b->left : len;

	b->left -= n;
	return n;
}

static int chunks_next(struct http1_body *b, const char *bytes, size_t len, size_t *ret_used, const char **ret_data,
		       size_t *ret_len)
{
	size_t at = 0;

	while (at < len && b->state != CHUNK_DONE) {
		if (b->state == CHUNK_DATA) {
			*ret_data = bytes + at;
			*ret_len = take_data(b, len - at);
			at += *ret_len;
			if (b->left == 0)
				b->state = CHUNK_DATA_CR;
			break;
		}
		if (chunk_step(b, bytes[at++]) < 0)
			return -EPROTO;
	}
	*ret_used = at;
	return b->state == CHUNK_DONE;
}

int http1_body_next(struct http1_body *b, const char *bytes, size_t len, size_t *ret_used, const char **ret_data,
		    size_t *ret_len)
{
	*ret_used = 0;
	*ret_len = 0;
	*ret_data = bytes;
	switch (b->kind) {
	case HTTP1_BODY_NONE:
		return 1;
	case HTTP1_BODY_LENGTH:
		*ret_used = *ret_len = take_data(b, len);
		return b->left == 0;
	case HTTP1_BODY_CHUNKED:
		return chunks_next(b, bytes, len, ret_used, ret_data, ret_len);
	default:
		*ret_used = *ret_len = len;
		return 0;
	}
}

size_t http1_chunk_head(char ret_line[HTTP1_CHUNK_HEAD_MAX], size_t len)
{
	return (size_t)snprintf(ret_line, HTTP1_CHUNK_HEAD_MAX, "%zx\r\n", len);
}
