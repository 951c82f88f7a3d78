/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to json-c's tree: first the strict check (json_check.c), then the building, which has nothing to look out for but
 * memory. json-c's own parser is not used: when memory runs out it drops parts of the document, and says nothing.
 */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "codec/json_c.h"
#include "codec/json_check.h"

struct builder {
	const char *at;
	const char *end;
	struct json_object *open[JSON_DEPTH_MAX]; /* each is owned by the one before it, the first by the caller */
	unsigned depth;
	struct buf name;   /* of the member whose value comes next */
	struct buf string; /* scratch */
};

static void skip_space(struct builder *b)
{
	while (b->at < b->end && (*b->at == ' ' || *b->at == '\t' || *b->at == '\r' || *b->at == '\n'))
		b->at++;
}

static unsigned read_hex(struct builder *b)
{
	char digits[5] = {b->at[0], b->at[1], b->at[2], b->at[3]};

	b->at += 4;
	return (unsigned)strtoul(digits, NULL, 16);
}

static void add_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_addc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_addc(out, (char)(0xf0 | c >> 18));
		buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (c & 0x3f)));
}

/* Behind "\u". Half a surrogate pair becomes U+FFFD, as in Docker. */
static void read_code(struct builder *b, struct buf *out)
{
	unsigned c = read_hex(b);

	if (c >= 0xd800 && c < 0xdc00 && b->end - b->at >= 6 && b->at[0] == '\\' && b->at[1] == 'u') {
		const char *before = b->at;
		unsigned low;

		b->at += 2;
		low = read_hex(b);
		if (low >= 0xdc00 && low < 0xe000) {
			add_utf8(out, 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff));
			return;
		}
		b->at = before;
	}
	add_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

static void read_escape(struct builder *b, struct buf *out)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	char c = *b->at++;
	const char *p = strchr(letters, c);

	if (c == 'u')
		read_code(b, out);
	else
		buf_addc(out, p ? meanings[p - letters] : c);
}

static void read_string(struct builder *b, struct buf *out)
{
	buf_reset(out);
	b->at++;
	while (*b->at != '"') {
		const char *start = b->at;

		while (*b->at != '"' && *b->at != '\\')
			b->at++;
		buf_add(out, start, (size_t)(b->at - start));
		if (*b->at == '\\') {
			b->at++;
			read_escape(b, out);
		}
	}
	b->at++;
}

static struct json_object *new_whole(const char *text)
{
	unsigned long long n;

	if (text[0] == '-')
		return json_object_new_int64(strtoll(text, NULL, 10));
	n = strtoull(text, NULL, 10);
	return n <= INT64_MAX ? json_object_new_int64((int64_t)n) : json_object_new_uint64(n);
}

/* In the C locale, whatever the program has set; glibc has that one without memory. Keeps the text as it was. */
static struct json_object *new_double(const char *text)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	double d;

	if (c == (locale_t)0)
		return NULL;
	d = strtod_l(text, NULL, c);
	freelocale(c);
	return json_object_new_double_s(d, text);
}

static struct json_object *read_number(struct builder *b)
{
	const char *start = b->at;
	bool whole = true;

	for (; b->at < b->end && *b->at && strchr("0123456789+-.eE", *b->at); b->at++)
		if (strchr(".eE", *b->at))
			whole = false;
	buf_reset(&b->string);
	buf_add(&b->string, start, (size_t)(b->at - start));
	if (b->string.failed)
		return NULL;
	return whole ? new_whole(b->string.data) : new_double(b->string.data);
}

/* A value; of a list or an object only its opening bracket. *ret_null: NULL is the value, and no failure. */
static struct json_object *read_value(struct builder *b, bool *ret_null)
{
	char c = *b->at;

	*ret_null = false;
	switch (c) {
	case '{':
		b->at++;
		return json_object_new_object();
	case '[':
		b->at++;
		return json_object_new_array();
	case '"':
		read_string(b, &b->string);
		return b->string.failed ? NULL : json_object_new_string_len(b->string.data, (int)b->string.len);
	case 't':
		b->at += 4;
		return json_object_new_boolean(1);
	case 'f':
		b->at += 5;
		return json_object_new_boolean(0);
	case 'n':
		b->at += 4;
		*ret_null = true;
		return NULL;
	default:
		return read_number(b);
	}
}

/* Gives the value to the innermost open bracket; on failure it stays the caller's. */
static int attach(struct builder *b, struct json_object *value)
{
	struct json_object *parent = b->open[b->depth - 1];

	if (json_object_is_type(parent, json_type_array))
		return json_object_array_add(parent, value) < 0 ? -ENOMEM : 0;
	if (b->name.failed || json_object_object_add(parent, b->name.data, value) < 0)
		return -ENOMEM;
	/* json-c adds a member without a name when it can't copy it; the value is the tree's then. */
	return json_object_get_object(parent)->tail->k ? 0 : -EOVERFLOW;
}

/* Commas and closing brackets, up to the next value or the end. */
static void skip_to_value(struct builder *b)
{
	for (skip_space(b); b->depth > 0; skip_space(b)) {
		if (*b->at == ']' || *b->at == '}')
			b->depth--;
		else if (*b->at != ',')
			break;
		b->at++;
	}
	if (b->depth == 0 || !json_object_is_type(b->open[b->depth - 1], json_type_object))
		return;
	read_string(b, &b->name);
	skip_space(b);
	b->at++;
	skip_space(b);
}

static int build(struct builder *b, struct json_object **ret)
{
	do {
		bool is_null, opens = *b->at == '{' || *b->at == '[';
		struct json_object *value = read_value(b, &is_null);
		int r = !value && !is_null ? -ENOMEM : b->depth > 0 ? attach(b, value) : 0;

		if (r < 0) {
			if (r != -EOVERFLOW)
				json_object_put(value);
			return -ENOMEM;
		}
		if (b->depth == 0)
			*ret = value;
		if (opens)
			b->open[b->depth++] = value;
		skip_to_value(b);
	} while (b->depth > 0);
	return 0;
}

int json_parse(const char *text, size_t len, struct json_object **ret, struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	struct builder b = {.at = text, .end = text + len, .name = BUF_INIT, .string = BUF_INIT};
	int r;

	if (len > INT_MAX - 1)
		return err_set(err, ERR_TOO_LARGE, "a document of %zu bytes is too large", len);
	r = json_check(text, len, err);
	if (r < 0)
		return r;
	skip_space(&b);
	r = build(&b, &o);
	buf_done(&b.name);
	buf_done(&b.string);
	if (r < 0)
		return err_sys(err, -r, "parse a document");
	*ret = TAKE(o);
	return 0;
}

void json_free(struct json_object *o)
{
	json_object_put(o);
}
