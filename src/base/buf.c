/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte string with a sticky failure flag; see buf.h. */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

char buf_empty[1];
static bool abort_on_failure;

void buf_abort_on_failure(bool on)
{
	abort_on_failure = on;
}

void buf_done(struct buf *b)
{
	if (b->cap)
		free(b->data);
	b->data = buf_empty;
	b->len = 0;
	b->cap = 0;
	b->failed = false;
}

void buf_reset(struct buf *b)
{
	if (b->cap)
		b->data[0] = '\0';
	else
		b->data = buf_empty;
	b->len = 0;
	b->failed = false;
}

char *buf_reserve(struct buf *b, size_t len)
{
	size_t need, cap;
	char *data;

	if (b->failed)
		return NULL;
	if (len > SIZE_MAX / 4 - b->len || (b->limit && b->len + len > b->limit)) {
		b->failed = true;
		return NULL;
	}
	need = b->len + len + 1;
	if (need <= b->cap)
		return b->data + b->len;
	cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap += cap / 2 + 64;
	data = realloc(b->cap ? b->data : NULL, cap);
	if (!data) {
		if (abort_on_failure)
			abort();
		b->failed = true;
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	b->data[b->len] = '\0';
	return b->data + b->len;
}

void buf_grew(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	char *to;

	if (len == 0)
		return;
	to = buf_reserve(b, len);
	if (!to)
		return;
	memcpy(to, bytes, len);
	buf_grew(b, len);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *to;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	to = len < 0 ? NULL : buf_reserve(b, len);
	if (to) {
		vsnprintf(to, (size_t)len + 1, fmt, again);
		buf_grew(b, len);
	} else {
		b->failed = true;
	}
	va_end(again);
}

void buf_consume(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	if (len > b->len)
		len = b->len;
	memmove(b->data, b->data + len, b->len - len);
	buf_truncate(b, b->len - len);
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len > b->len || !b->cap)
		return;
	b->len = len;
	b->data[len] = '\0';
}

char *buf_steal(struct buf *b)
{
	char *data;

	if (b->failed) {
		buf_done(b);
		return NULL;
	}
	if (!b->cap && !buf_reserve(b, 1))
		return NULL;
	data = b->data;
	b->data = buf_empty;
	b->len = 0;
	b->cap = 0;
	return data;
}
