/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What json-c's strict mode lets through and we do not: NaN and Infinity, "1.", control characters in strings, overlong
 * UTF-8, numbers it would clamp to the nearest 64-bit one, a member name cut at a NUL. One pass over the text, no
 * recursion, no memory: the kinds of the open brackets are bits of one word, which is why JSON_DEPTH_MAX is 64.
 */
#include "codec/json_check.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "codec/json.h"
#include "codec/utf8.h"

_Static_assert(JSON_DEPTH_MAX <= 64, "the open brackets are bits of a uint64_t");

struct scan {
	const char *text;
	size_t len;
	size_t at;
	uint64_t objects; /* bit n: the bracket at depth n + 1 is an object's */
	unsigned depth;
	const char *problem; /* set by whoever fails */
};

static bool fail(struct scan *s, const char *problem)
{
	s->problem = problem;
	return false;
}

static int peek(const struct scan *s)
{
	return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void skip_space(struct scan *s)
{
	while (s->at < s->len && memchr(" \t\r\n", s->text[s->at], 4))
		s->at++;
}

/* Behind the backslash. */
static bool check_escape(struct scan *s, bool is_name)
{
	unsigned value = 0;
	int c = peek(s);

	if (c < 0)
		return fail(s, "unexpected end");
	if (c != 'u') {
		if (!strchr("\"\\/bfnrt", c) || c == 0)
			return fail(s, "unknown escape in a string");
		s->at++;
		return true;
	}
	s->at++;
	for (int i = 0; i < 4; i++, s->at++) {
		int digit = hex_value(peek(s));

		if (digit < 0)
			return fail(s, "bad \\u escape in a string");
		value = value << 4 | (unsigned)digit;
	}
	if (value == 0 && is_name)
		return fail(s, "NUL in a member's name");
	return true;
}

static bool check_string(struct scan *s, bool is_name)
{
	s->at++;
	for (;;) {
		int c = peek(s);
		size_t n;

		if (c < 0)
			return fail(s, "unexpected end");
		if (c < 0x20)
			return fail(s, "control character in a string");
		if (c == '"') {
			s->at++;
			return true;
		}
		if (c == '\\') {
			s->at++;
			if (!check_escape(s, is_name))
				return false;
			continue;
		}
		n = utf8_char_len(s->text + s->at, s->len - s->at);
		if (n == 0)
			return fail(s, "invalid UTF-8");
		s->at += n;
	}
}

static bool check_digits(struct scan *s)
{
	if (!is_digit(peek(s)))
		return fail(s, "bad number");
	while (is_digit(peek(s)))
		s->at++;
	return true;
}

/* Digits without sign or leading zeros against the largest that fits, by length and then by text. */
static bool whole_fits(const char *digits, size_t len, bool negative)
{
	const char *most = negative ? "9223372036854775808" : "18446744073709551615";

	return len < strlen(most) || (len == strlen(most) && memcmp(digits, most, len) <= 0);
}

static bool check_number(struct scan *s)
{
	bool negative = peek(s) == '-';
	size_t start;

	if (negative)
		s->at++;
	start = s->at;
	if (!check_digits(s))
		return false;
	if (s->text[start] == '0' && s->at - start > 1)
		return fail(s, "number with a leading zero");
	if (!whole_fits(s->text + start, s->at - start, negative) && peek(s) != '.' && peek(s) != 'e' && peek(s) != 'E')
		return fail(s, "number out of range");
	if (peek(s) == '.') {
		s->at++;
		if (!check_digits(s))
			return false;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (!check_digits(s))
			return false;
	}
	return true;
}

static bool check_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if (s->len - s->at < n || memcmp(s->text + s->at, word, n) != 0)
		return fail(s, "unexpected character");
	s->at += n;
	return true;
}

/* A value that is not a bracket. */
static bool check_scalar(struct scan *s)
{
	switch (peek(s)) {
	case -1:
		return fail(s, s->len == 0 ? "empty" : "unexpected end");
	case '"':
		return check_string(s, false);
	case 't':
		return check_word(s, "true");
	case 'f':
		return check_word(s, "false");
	case 'n':
		return check_word(s, "null");
	case '-':
	case '0' ... '9':
		return check_number(s);
	default:
		return fail(s, "unexpected character");
	}
}

/* In front of a member: its name and the colon. */
static bool check_name(struct scan *s)
{
	skip_space(s);
	if (peek(s) != '"')
		return fail(s, peek(s) < 0 ? "unexpected end" : "expected a member's name");
	if (!check_string(s, true))
		return false;
	skip_space(s);
	if (peek(s) != ':')
		return fail(s, peek(s) < 0 ? "unexpected end" : "expected ':'");
	s->at++;
	return true;
}

static bool in_object(const struct scan *s)
{
	return s->depth > 0 && (s->objects >> (s->depth - 1) & 1);
}

/* Opens the bracket; *ret_empty: it was closed at once. */
static bool open_bracket(struct scan *s, bool *ret_empty)
{
	bool object = peek(s) == '{';

	if (s->depth == JSON_DEPTH_MAX)
		return fail(s, "nested too deeply");
	s->at++;
	s->objects = (s->objects & ~(1ULL << s->depth)) | (uint64_t)object << s->depth;
	s->depth++;
	skip_space(s);
	*ret_empty = peek(s) == (object ? '}' : ']');
	if (*ret_empty) {
		s->at++;
		s->depth--;
		return true;
	}
	return object ? check_name(s) : true;
}

/* Behind a value: closes brackets up to the next comma; *ret_more is false when the document is complete. */
static bool close_brackets(struct scan *s, bool *ret_more)
{
	while (s->depth > 0) {
		skip_space(s);
		if (peek(s) == ',') {
			s->at++;
			*ret_more = true;
			return in_object(s) ? check_name(s) : true;
		}
		if (peek(s) != (in_object(s) ? '}' : ']'))
			return fail(s, peek(s) < 0 ? "unexpected end" : "expected ',' or a closing bracket");
		s->at++;
		s->depth--;
	}
	*ret_more = false;
	return true;
}

static bool check_document(struct scan *s)
{
	bool more = true;

	while (more) {
		bool empty;

		skip_space(s);
		if (peek(s) == '{' || peek(s) == '[') {
			if (!open_bracket(s, &empty))
				return false;
			if (!empty)
				continue;
		} else if (!check_scalar(s)) {
			return false;
		}
		if (!close_brackets(s, &more))
			return false;
	}
	skip_space(s);
	return s->at == s->len ? true : fail(s, "more text behind the document");
}

int json_check(const char *text, size_t len, struct err *err)
{
	struct scan s = {.text = text, .len = len};

	if (check_document(&s))
		return 0;
	return err_set(err, ERR_INVALID, "%s at offset %zu", s.problem, s.at);
}
