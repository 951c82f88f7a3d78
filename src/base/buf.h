/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte string. `data` always ends with a NUL that `len` doesn't count, even when nothing was added, so it can
 * be read as a C string as long as no NUL was put in.
 *
 * Failure is sticky: when memory runs out or `limit` would be passed, `failed` is set, the bytes there were stay, and
 * everything added later is dropped. A writer builds the whole text and looks once, at the end. In programs that called
 * buf_abort_on_failure(true) (the daemon, the CLI) running out of memory aborts instead; passing `limit` never does.
 */
#ifndef LIGHTER_BASE_BUF_H
#define LIGHTER_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;   /* bytes allocated; 0 while data points to the shared empty string */
	size_t limit; /* most bytes it may hold; 0: no limit */
	bool failed;
};

extern char buf_empty[1];
#define BUF_INIT                  \
	{                         \
		.data = buf_empty \
	}

void buf_abort_on_failure(bool on);

/* Frees the bytes and makes it empty; `limit` stays. */
void buf_done(struct buf *b);

/* Empties it and keeps the memory; clears `failed`. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap);

/* Room for `len` more bytes; the place to write them to, or NULL on failure. buf_grew() then says how many were written. */
char *buf_reserve(struct buf *b, size_t len);
void buf_grew(struct buf *b, size_t len);

/* Removes `len` bytes from the front. */
void buf_consume(struct buf *b, size_t len);

/* Cuts to `len` bytes. */
void buf_truncate(struct buf *b, size_t len);

/* The malloc'ed bytes, NUL-terminated, now the caller's; the buf is empty again. NULL when it had failed. */
char *buf_steal(struct buf *b);

#define _cleanup_buf_ _cleanup_(buf_done)

#endif
