/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets: percent-decoding, paths as Docker cleans them, queries (application/x-www-form-urlencoded). */
#ifndef LIGHTER_CODEC_URL_H
#define LIGHTER_CODEC_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct url_pair {
	const char *name;
	const char *value; /* "" for a name without '=' */
};
struct url_query {
	struct url_pair *pairs;
	size_t len;
};

/*
 * Decodes `len` bytes of percent-encoding ('+' as a space when `form`). ERR_INVALID for a '%' without two hexadecimal digits
 * and for an encoded NUL; ERR_TOO_LARGE when the arena is full.
 */
int url_decode(const char *text, size_t len, bool form, struct arena *a, char **ret, struct err *err) _must_check_;

/*
 * The decoded path of a request target "/path?query" or "http://host/path?query", and its query. A piece of the query that
 * has a ';' or doesn't decode is ERR_INVALID ("invalid semicolon separator in query"), as in Docker.
 */
int url_target_parse(const char *target, struct arena *a, char **ret_path, struct url_query *ret_query,
		     struct err *err) _must_check_;

/* The path without empty, "." and ".." segments; a '/' at the end stays. Begins with '/'. NULL when the arena is full. */
char *url_path_clean(const char *path, struct arena *a);

/* The first value of that name, or NULL. */
const char *url_query_get(const struct url_query *q, const char *name);

/* Appends `s` with everything but unreserved characters (and '/' when `path`) percent-encoded. */
void url_encode(struct buf *out, const char *s, bool path);

#endif
