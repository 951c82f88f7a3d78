/* SPDX-License-Identifier: Apache-2.0 */
/* See url.h. */
#include "codec/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int url_decode(const char *text, size_t len, bool form, struct arena *a, char **ret, struct err *err)
{
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;

	if (!out)
		return err_set(err, ERR_TOO_LARGE, "out of memory for a URL");
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
			int low = len - i > 2 ? hex_value(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return err_set(err, ERR_INVALID, "invalid URL escape \"%.*s\"", (int)MIN(len - i, (size_t)3),
					       text + i);
			c = (char)(high << 4 | low);
			if (c == '\0')
				return err_set(err, ERR_INVALID, "NUL in a URL");
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	*ret = out;
	return 0;
}

static int parse_pair(const char *text, size_t len, struct arena *a, struct url_pair *ret, struct err *err)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	char *name, *value;
	int r;

	if (memchr(text, ';', len))
		return err_set(err, ERR_INVALID, "invalid semicolon separator in query");
	r = url_decode(text, name_len, true, a, &name, err);
	if (r < 0)
		return r;
	r = url_decode(text + name_len + (equals ? 1 : 0), len - name_len - (equals ? 1 : 0), true, a, &value, err);
	if (r < 0)
		return r;
	ret->name = name;
	ret->value = value;
	return 0;
}

static int parse_query(const char *text, struct arena *a, struct url_query *ret, struct err *err)
{
	size_t count = 1;

	for (const char *p = text; (p = strchr(p, '&')); p++)
		count++;
	ret->len = 0;
	ret->pairs = arena_array(a, count, sizeof(*ret->pairs));
	if (!ret->pairs)
		return err_set(err, ERR_TOO_LARGE, "out of memory for a URL");
	for (;;) {
		size_t len = strcspn(text, "&");

		if (len > 0) {
			int r = parse_pair(text, len, a, &ret->pairs[ret->len], err);

			if (r < 0)
				return r;
			ret->len++;
		}
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

int url_target_parse(const char *target, struct arena *a, char **ret_path, struct url_query *ret_query, struct err *err)
{
	size_t len;
	int r;

	if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0) {
		target = strchr(target, ':') + 3;
		target += strcspn(target, "/?#");
	}
	len = strcspn(target, "?#");
	if (len == 0) {
		*ret_path = arena_strdup(a, "/");
		r = *ret_path ? 0 : err_set(err, ERR_TOO_LARGE, "out of memory for a URL");
	} else if (target[0] != '/') {
		r = err_set(err, ERR_INVALID, "invalid URI for request");
	} else {
		r = url_decode(target, len, false, a, ret_path, err);
	}
	if (r < 0)
		return r;
	target += len;
	if (*target != '?')
		target = "";
	else
		target = arena_strndup(a, target + 1, strcspn(target + 1, "#"));
	if (!target)
		return err_set(err, ERR_TOO_LARGE, "out of memory for a URL");
	return parse_query(target, a, ret_query, err);
}

char *url_path_clean(const char *path, struct arena *a)
{
	size_t len = strlen(path), n = 0;
	bool slash = len > 0 && path[len - 1] == '/';
	char *out = arena_alloc(a, len + 2);

	if (!out)
		return NULL;
	/* Whole segments are added and taken back, each with its '/' in front. */
	while (*path) {
		size_t segment;

		path += strspn(path, "/");
		segment = strcspn(path, "/");
		if (segment == 2 && strncmp(path, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				continue;
		} else if (segment > 0 && !(segment == 1 && path[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, path, segment);
			n += segment;
		}
		path += segment;
	}
	if (n == 0 || slash)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

const char *url_query_get(const struct url_query *q, const char *name)
{
	for (size_t i = 0; i < q->len; i++)
		if (strcmp(q->pairs[i].name, name) == 0)
			return q->pairs[i].value;
	return NULL;
}

void url_encode(struct buf *out, const char *s, bool path)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s) || (path && *s == '/'))
			buf_addc(out, *s);
		else
			buf_addf(out, "%%%02X", (unsigned char)*s);
	}
}
