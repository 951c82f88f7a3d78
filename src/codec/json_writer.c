/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The append-only writer. It writes what Docker's encoder (Go's encoding/json) would: the same escapes, the same number
 * forms, so that replies can be compared byte by byte. State is one flag: whether a comma is due before the next value.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "codec/utf8.h"

static void before_value(struct json_writer *w)
{
	if (w->need_comma)
		buf_addc(w->out, ',');
	w->need_comma = true;
}

static void open_bracket(struct json_writer *w, char c)
{
	before_value(w);
	buf_addc(w->out, c);
	w->need_comma = false;
}

static void close_bracket(struct json_writer *w, char c)
{
	buf_addc(w->out, c);
	w->need_comma = true;
}

void json_begin_object(struct json_writer *w)
{
	open_bracket(w, '{');
}

void json_end_object(struct json_writer *w)
{
	close_bracket(w, '}');
}

void json_begin_array(struct json_writer *w)
{
	open_bracket(w, '[');
}

void json_end_array(struct json_writer *w)
{
	close_bracket(w, ']');
}

static void add_escaped(struct buf *out, unsigned char c)
{
	static const char shorts[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
	const char *p = c ? strchr(shorts, c) : NULL;

	if (p) {
		buf_addc(out, '\\');
		buf_addc(out, letters[p - shorts]);
	} else {
		buf_addf(out, "\\u%04x", c);
	}
}

static bool is_plain(const struct json_writer *w, unsigned char c)
{
	if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
		return false;
	return !w->escape_html || (c != '<' && c != '>' && c != '&');
}

/* Writes the character at `s` that is not plain; returns its length. */
static size_t add_special(struct json_writer *w, const char *s, size_t len)
{
	size_t n = utf8_char_len(s, len);

	if (n == 0) {
		buf_adds(w->out, "\\ufffd");
		return 1;
	}
	if (n == 1)
		add_escaped(w->out, (unsigned char)*s);
	else if (w->escape_html && n == 3 && memcmp(s, "\xe2\x80", 2) == 0 && (s[2] == '\xa8' || s[2] == '\xa9'))
		buf_adds(w->out, s[2] == '\xa8' ? "\\u2028" : "\\u2029");
	else
		buf_add(w->out, s, n);
	return n;
}

static void add_quoted(struct json_writer *w, const char *s, size_t len)
{
	size_t start = 0, at = 0;

	buf_addc(w->out, '"');
	while (at < len) {
		if (is_plain(w, (unsigned char)s[at])) {
			at++;
			continue;
		}
		buf_add(w->out, s + start, at - start);
		at += add_special(w, s + at, len - at);
		start = at;
	}
	buf_add(w->out, s + start, at - start);
	buf_addc(w->out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
	before_value(w);
	add_quoted(w, key, strlen(key));
	buf_addc(w->out, ':');
	w->need_comma = false;
}

void json_string_len(struct json_writer *w, const char *s, size_t len)
{
	before_value(w);
	add_quoted(w, s, len);
}

void json_string(struct json_writer *w, const char *s)
{
	if (s)
		json_string_len(w, s, strlen(s));
	else
		json_null(w);
}

void json_int(struct json_writer *w, int64_t n)
{
	before_value(w);
	buf_addf(w->out, "%lld", (long long)n);
}

void json_uint(struct json_writer *w, uint64_t n)
{
	before_value(w);
	buf_addf(w->out, "%llu", (unsigned long long)n);
}

/* The fewest digits that read back as the same number, in Go's choice of form ('e' below 1e-6 and from 1e21 on). */
void json_double(struct json_writer *w, double n)
{
	double magnitude = fabs(n);
	char text[64];
	int digits;

	if (!isfinite(n)) {
		json_null(w);
		return;
	}
	before_value(w);
	for (digits = 0; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits, n);
		if (strtod(text, NULL) == n)
			break;
	}
	if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21)) {
		int exponent = atoi(strchr(text, 'e') + 1);

		buf_addf(w->out, "%.*f", MAX(digits - exponent, 0), n);
		return;
	}
	/* Go writes e-7, not e-07. */
	char *e = strchr(text, 'e');
	if (e[2] == '0')
		memmove(e + 2, e + 3, strlen(e + 3) + 1);
	buf_adds(w->out, text);
}

void json_bool(struct json_writer *w, bool b)
{
	json_raw(w, b ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	json_raw(w, "null");
}

void json_raw(struct json_writer *w, const char *text)
{
	before_value(w);
	buf_adds(w->out, text);
}

void json_strings(struct json_writer *w, char *const *v)
{
	if (!v) {
		json_null(w);
		return;
	}
	json_begin_array(w);
	for (; *v; v++)
		json_string(w, *v);
	json_end_array(w);
}

void json_member_string(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_string(w, s);
}

void json_member_int(struct json_writer *w, const char *key, int64_t n)
{
	json_key(w, key);
	json_int(w, n);
}

void json_member_bool(struct json_writer *w, const char *key, bool b)
{
	json_key(w, key);
	json_bool(w, b);
}

void json_member_strings(struct json_writer *w, const char *key, char *const *v)
{
	json_key(w, key);
	json_strings(w, v);
}
