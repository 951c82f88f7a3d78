/* SPDX-License-Identifier: Apache-2.0 */
/* What json_parse() refuses, with its reason, and what it keeps exactly. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "codec/json.h"
#include "codec/json_c.h"

static int parse(const char *text, size_t len, struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;

	return json_parse(text, len, &o, err);
}

static void refuses_what_is_not_json(void **state)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{"", "empty at offset 0"},
		{"  ", "unexpected end at offset 2"},
		{"{", "unexpected end at offset 1"},
		{"{\"a\"", "unexpected end at offset 4"},
		{"{\"a\":", "unexpected end at offset 5"},
		{"{\"a\":1", "unexpected end at offset 6"},
		{"{\"a\":1,}", "expected a member's name at offset 7"},
		{"{a:1}", "expected a member's name at offset 1"},
		{"{\"a\" 1}", "expected ':' at offset 5"},
		{"[1,]", "unexpected character at offset 3"},
		{"[1 2]", "expected ',' or a closing bracket at offset 3"},
		{"[1}", "expected ',' or a closing bracket at offset 2"},
		{"{} {}", "more text behind the document at offset 3"},
		{"1 x", "more text behind the document at offset 2"},
		{"/*c*/ 1", "unexpected character at offset 0"},
		{"'a'", "unexpected character at offset 0"},
		{"NaN", "unexpected character at offset 0"},
		{"-Infinity", "bad number at offset 1"},
		{"True", "unexpected character at offset 0"},
		{"tru", "unexpected character at offset 0"},
		{"01", "number with a leading zero at offset 2"},
		{"1.", "bad number at offset 2"},
		{"1e+", "bad number at offset 3"},
		{"+1", "unexpected character at offset 0"},
		{"\"a", "unexpected end at offset 2"},
		{"\"\\", "unexpected end at offset 2"},
		{"\"\\x\"", "unknown escape in a string at offset 2"},
		{"\"\\u12g4\"", "bad \\u escape in a string at offset 5"},
		{"\"a\tb\"", "control character in a string at offset 2"},
		{"{\"a\\u0000b\":1}", "NUL in a member's name at offset 9"},
		{"18446744073709551616", "number out of range at offset 20"},
		{"-9223372036854775809", "number out of range at offset 20"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};

		assert_int_equal(parse(bad[i].text, strlen(bad[i].text), &err), -EINVAL);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_string_equal(err.msg, bad[i].reason);
	}
}

static void refuses_bad_utf8(void **state)
{
	static const char *const bad[] = {
		"\"\x80\"", "\"\xc0\xaf\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
		"\"\xf5\"", "\"\xe2\x82\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};

		assert_int_equal(parse(bad[i], strlen(bad[i]), &err), -EINVAL);
		assert_string_equal(err.msg, "invalid UTF-8 at offset 1");
	}
}

static void a_nul_ends_nothing(void **state)
{
	struct err err = {0};

	assert_int_equal(parse("{}\0", 3, &err), -EINVAL);
	assert_int_equal(parse("\"a\0b\"", 5, &err), -EINVAL);
}

static int parse_nested(size_t depth, const char *open, const char *middle, const char *close, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (size_t i = 0; i < depth; i++)
		buf_adds(&text, open);
	buf_adds(&text, middle);
	for (size_t i = 0; i < depth; i++)
		buf_adds(&text, close);
	return parse(text.data, text.len, err);
}

static void depth_is_bounded(void **state)
{
	struct err err = {0};

	assert_int_equal(parse_nested(JSON_DEPTH_MAX, "[", "1", "]", &err), 0);
	assert_int_equal(parse_nested(JSON_DEPTH_MAX, "[", "", "]", &err), 0);
	assert_int_equal(parse_nested(JSON_DEPTH_MAX, "{\"a\":", "{}", "}", &err), -EINVAL);
	assert_int_equal(parse_nested(JSON_DEPTH_MAX, "{\"a\":", "\"x\"", "}", &err), 0);
	assert_int_equal(parse_nested(JSON_DEPTH_MAX + 1, "[", "1", "]", &err), -EINVAL);
	assert_string_equal(err.msg, "nested too deeply at offset 64");
	assert_int_equal(parse_nested(1000000, "[", "", "", &err), -EINVAL);
	assert_int_equal(parse_nested(1000000, "{\"a\":", "", "", &err), -EINVAL);
}

static void keeps_values_exactly(void **state)
{
	static const char *const same[] = {
		"null",
		"true",
		"0",
		"-1",
		"18446744073709551615",
		"9223372036854775807",
		"-9223372036854775808",
		"1.50",
		"1E5",
		"\"\"",
		"\"\\u0000\"",
		"[]",
		"{}",
		"[[[]],{}]",
		"{\"\":\"a\\nb\\\"\\\\/\"}",
		"{\"a\":1,\"b\":[1,2.5,null,false]}",
		"\"\xe2\x82\xac\xf0\x9f\x9a\xa2\"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		_cleanup_(json_freep) struct json_object *o = NULL;
		struct err err = {0};

		assert_int_equal(json_parse(same[i], strlen(same[i]), &o, &err), 0);
		assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
				    same[i]);
	}
}

static void the_last_of_duplicate_members_wins(void **state)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	struct err err = {0};
	const char *text = " {\"a\":1,\"b\":2,\"a\":3}\r\n\t";

	assert_int_equal(json_parse(text, strlen(text), &o, &err), 0);
	assert_int_equal(json_object_get_int(json_object_object_get(o, "a")), 3);
	assert_int_equal(json_object_object_length(o), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_json), cmocka_unit_test(refuses_bad_utf8),
		cmocka_unit_test(a_nul_ends_nothing),       cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(keeps_values_exactly),     cmocka_unit_test(the_last_of_duplicate_members_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
