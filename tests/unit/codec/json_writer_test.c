/* SPDX-License-Identifier: Apache-2.0 */
/* The writer writes what Docker's encoder would; the expected texts are what Go's encoding/json gives. */
#include "../unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

static void strings_are_escaped_as_docker_does(void **state)
{
	static const struct {
		const char *in, *plain, *html;
	} cases[] = {
		{"", "\"\"", "\"\""},
		{"a\"\\/\b\f\n\r\t\x01\x7f", "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\"",
		 "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\""},
		{"<a&b>", "\"<a&b>\"", "\"\\u003ca\\u0026b\\u003e\""},
		{"x\xe2\x80\xa8\xe2\x80\xa9y", "\"x\xe2\x80\xa8\xe2\x80\xa9y\"", "\"x\\u2028\\u2029y\""},
		{"a\xff\xe2\x82"
		 "b",
		 "\"a\\ufffd\\ufffd\\ufffdb\"", "\"a\\ufffd\\ufffd\\ufffdb\""},
		{"\xe2\x82\xac", "\"\xe2\x82\xac\"", "\"\xe2\x82\xac\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf plain = BUF_INIT, html = BUF_INIT;
		struct json_writer w = {.out = &plain}, h = {.out = &html, .escape_html = true};

		json_string(&w, cases[i].in);
		json_string(&h, cases[i].in);
		assert_string_equal(plain.data, cases[i].plain);
		assert_string_equal(html.data, cases[i].html);
	}
}

static void doubles_are_shortest(void **state)
{
	static const struct {
		double in;
		const char *out;
	} cases[] = {
		{0, "0"},
		{1, "1"},
		{-1.5, "-1.5"},
		{0.1, "0.1"},
		{1e20, "100000000000000000000"},
		{1e21, "1e+21"},
		{1e-6, "0.000001"},
		{1e-7, "1e-7"},
		{123456789.125, "123456789.125"},
		{1.0 / 3, "0.3333333333333333"},
		{5e-324, "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{100, "100"},
		{NAN, "null"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct json_writer w = {.out = &out};

		json_double(&w, cases[i].in);
		assert_string_equal(out.data, cases[i].out);
	}
}

static void commas_come_where_they_belong(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_writer w = {.out = &out};
	char *strings[] = {(char *)"a", (char *)"b", NULL};

	json_begin_object(&w);
	json_key(&w, "a");
	json_begin_array(&w);
	json_int(&w, -1);
	json_uint(&w, UINT64_MAX);
	json_begin_object(&w);
	json_end_object(&w);
	json_begin_array(&w);
	json_end_array(&w);
	json_null(&w);
	json_end_array(&w);
	json_member_bool(&w, "b", true);
	json_member_strings(&w, "c", strings);
	json_member_strings(&w, "d", NULL);
	json_member_string(&w, "e", NULL);
	json_key(&w, "f");
	json_raw(&w, "{\"x\":1}");
	json_member_int(&w, "g", INT64_MIN);
	json_end_object(&w);
	assert_string_equal(out.data, "{\"a\":[-1,18446744073709551615,{},[],null],\"b\":true,\"c\":[\"a\",\"b\"],\"d\":null,"
				      "\"e\":null,\"f\":{\"x\":1},\"g\":-9223372036854775808}");
}

static void what_is_written_parses_again(void **state)
{
	char text[256];

	for (int i = 0; i < 256; i++) {
		_cleanup_(json_freep) struct json_object *o = NULL;
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct json_writer w = {.out = &out, .escape_html = i & 1};
		struct err err = {0};

		for (int j = 0; j < 255; j++)
			text[j] = (char)((i + j * 7) & 0xff);
		json_string_len(&w, text, 255);
		assert_int_equal(json_parse(out.data, out.len, &o, &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped_as_docker_does),
		cmocka_unit_test(doubles_are_shortest),
		cmocka_unit_test(commas_come_where_they_belong),
		cmocka_unit_test(what_is_written_parses_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
