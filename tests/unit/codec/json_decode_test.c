/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables: every type both ways, ranges, paths in errors, arenas that run out. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

struct option {
	char *name;
	int64_t level;
};
static const struct json_field option_fields[] = {
	JSON_FIELD("name", struct option, name, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("level", struct option, level, JSON_INT64),
};
static const struct json_shape option_shape = JSON_SHAPE("option", struct option, option_fields);

struct port {
	char *key;
	uint32_t number;
};
static const struct json_field port_fields[] = {
	JSON_FIELD("number", struct port, number, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape port_shape = JSON_SHAPE("port", struct port, port_fields);

struct all {
	bool b;
	int64_t i64;
	uint64_t u64;
	int32_t i32;
	uint32_t u32;
	double d;
	char *s;
	char **list;
	struct json_string_map map;
	struct option *option;
	JSON_ARRAY(struct option) options;
	JSON_ARRAY(struct port) ports;
	char *text;
	bool *opt_b;
	int64_t *opt_i64;
	uint64_t *opt_u64;
	int32_t *opt_i32;
	uint32_t *opt_u32;
	JSON_ARRAY(uint32_t) numbers;
};
static const struct json_field all_fields[] = {
	JSON_FIELD("b", struct all, b, JSON_BOOL),
	JSON_FIELD("i64", struct all, i64, JSON_INT64),
	JSON_FIELD("u64", struct all, u64, JSON_UINT64),
	JSON_FIELD("i32", struct all, i32, JSON_INT32),
	JSON_FIELD("u32", struct all, u32, JSON_UINT32),
	JSON_FIELD("d", struct all, d, JSON_DOUBLE),
	JSON_FIELD("s", struct all, s, JSON_STRING),
	JSON_FIELD("list", struct all, list, JSON_STRINGS),
	JSON_FIELD("map", struct all, map, JSON_STRING_MAP),
	JSON_FIELD("option", struct all, option, JSON_OBJECT, .shape = &option_shape),
	JSON_FIELD("options", struct all, options, JSON_OBJECTS, .shape = &option_shape),
	JSON_FIELD("ports", struct all, ports, JSON_OBJECT_MAP, .shape = &port_shape),
	JSON_FIELD("text", struct all, text, JSON_TEXT),
	JSON_FIELD("optB", struct all, opt_b, JSON_OPT_BOOL),
	JSON_FIELD("optI64", struct all, opt_i64, JSON_OPT_INT64),
	JSON_FIELD("optU64", struct all, opt_u64, JSON_OPT_UINT64),
	JSON_FIELD("optI32", struct all, opt_i32, JSON_OPT_INT32),
	JSON_FIELD("optU32", struct all, opt_u32, JSON_OPT_UINT32),
	JSON_FIELD("numbers", struct all, numbers, JSON_UINT32S),
};
static const struct json_shape all_shape = JSON_SHAPE("all", struct all, all_fields);

#define FULL                                                                                                            \
	"{\"b\":true,\"i64\":-9223372036854775808,\"u64\":18446744073709551615,\"i32\":-2147483648,\"u32\":4294967295," \
	"\"d\":1.5,\"s\":\"x\",\"list\":[\"a\",\"\"],\"map\":{\"k\":\"v\",\"l\":\"\"},\"option\":{\"name\":\"n\","      \
	"\"level\":9223372036854775807},\"options\":[{\"name\":\"p\",\"level\":1}],\"ports\":{\"80/tcp\":{},"           \
	"\"81/tcp\":{\"number\":7}},\"text\":{\"z\":[1,2.50,null]},\"optB\":false,\"optI64\":-1,\"optU64\":1,"          \
	"\"optI32\":-2,\"optU32\":2,\"numbers\":[1,4294967295]}"

static int decode(const char *text, int flags, struct arena *a, struct all *ret, struct err *err)
{
	return json_decode_text(text, strlen(text), &all_shape, flags, a, ret, err);
}

static void every_type_goes_both_ways(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_writer w = {.out = &out};
	struct err err = {0};
	struct all all;

	assert_int_equal(decode(FULL, 0, a, &all, &err), 0);
	assert_true(all.u64 == UINT64_MAX);
	assert_true(all.i64 == INT64_MIN);
	assert_int_equal(all.option->level, INT64_MAX);
	assert_string_equal(all.ports.items[1].key, "81/tcp");
	assert_null(all.list[2]);
	json_encode(&w, &all_shape, &all);
	assert_string_equal(out.data, FULL);
}

static void null_is_absent(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct err err = {0};
	struct all all;

	assert_int_equal(
		decode("{\"b\":null,\"i64\":null,\"s\":null,\"list\":null,\"map\":null,\"option\":null,\"options\":null,"
		       "\"text\":null,\"optB\":null,\"unknown\":{\"s\":1}}",
		       0, a, &all, &err),
		0);
	assert_null(all.s);
	assert_null(all.list);
	assert_null(all.map.items);
	assert_null(all.option);
	assert_null(all.options.items);
	assert_null(all.text);
	assert_null(all.opt_b);
	assert_int_equal(decode("{\"list\":[],\"options\":[],\"map\":{},\"ports\":{\"80/tcp\":null}}", 0, a, &all, &err), 0);
	assert_non_null(all.list);
	assert_null(all.list[0]);
	assert_non_null(all.options.items);
	assert_int_equal(all.options.len, 0);
	assert_int_equal(all.ports.len, 1);
	assert_string_equal(all.ports.items[0].key, "80/tcp");
}

static void errors_name_the_path(void **state)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{"[]", "expected an object"},
		{"null", "expected an object"},
		{"{\"b\":1}", "b: expected true or false"},
		{"{\"i64\":\"1\"}", "i64: expected a whole number"},
		{"{\"i64\":1.0}", "i64: expected a whole number"},
		{"{\"i64\":9223372036854775808}", "i64: number out of range"},
		{"{\"u64\":-1}", "u64: number out of range"},
		{"{\"i32\":2147483648}", "i32: number out of range"},
		{"{\"i32\":-2147483649}", "i32: number out of range"},
		{"{\"u32\":4294967296}", "u32: number out of range"},
		{"{\"u32\":-1}", "u32: number out of range"},
		{"{\"d\":\"1\"}", "d: expected a number"},
		{"{\"s\":1}", "s: expected a string"},
		{"{\"s\":\"a\\u0000b\"}", "s: NUL in a string"},
		{"{\"list\":\"a\"}", "list: expected a list of strings"},
		{"{\"list\":[\"a\",1]}", "list[1]: expected a string"},
		{"{\"map\":{\"k\":1}}", "map.k: expected a string"},
		{"{\"option\":[]}", "option: expected an object"},
		{"{\"option\":{}}", "option.name: is missing"},
		{"{\"options\":[{\"name\":\"a\"},{\"name\":1}]}", "options[1].name: expected a string"},
		{"{\"options\":[null]}", "options[0]: expected an object"},
		{"{\"ports\":{\"80/tcp\":{\"number\":-1}}}", "ports.80/tcp.number: number out of range"},
		{"{\"optI32\":2147483648}", "optI32: number out of range"},
		{"{\"numbers\":[1,null]}", "numbers[1]: expected a whole number"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);
		struct err err = {0};
		struct all all;

		assert_int_equal(decode(bad[i].text, 0, a, &all, &err), -EINVAL);
		assert_string_equal(err.msg, bad[i].reason);
	}
}

static void names_match_in_any_case_only_on_request(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct err err = {0};
	struct all all;

	assert_int_equal(decode("{\"S\":\"x\",\"OPTi64\":4}", 0, a, &all, &err), 0);
	assert_null(all.s);
	assert_int_equal(decode("{\"S\":\"x\",\"OPTi64\":4}", JSON_ANY_CASE, a, &all, &err), 0);
	assert_string_equal(all.s, "x");
	assert_int_equal(*all.opt_i64, 4);
	assert_int_equal(decode("{\"S\":\"other\",\"s\":\"exact\"}", JSON_ANY_CASE, a, &all, &err), 0);
	assert_string_equal(all.s, "exact");
}

static void an_arena_that_runs_out_is_an_error(void **state)
{
	int r = -1;

	/* Whatever the limit, it is either a whole document or an error. */
	for (size_t limit = 1; r < 0; limit += 16) {
		_cleanup_arena_ struct arena *a = arena_new(limit);
		struct err err = {0};
		struct all all;

		assert_true(limit < 65536);
		r = decode(FULL, 0, a, &all, &err);
		assert_int_equal(r < 0, arena_failed(a));
		if (r < 0)
			assert_int_equal(err.kind, ERR_TOO_LARGE);
	}
}

static void absent_values_are_written_as_asked(void **state)
{
	static const struct json_field fields[] = {
		JSON_FIELD("plain", struct all, list, JSON_STRINGS),
		JSON_FIELD("empty", struct all, list, JSON_STRINGS, .flags = JSON_EMPTY_LIST),
		JSON_FIELD("map", struct all, map, JSON_STRING_MAP, .flags = JSON_EMPTY_LIST),
		JSON_FIELD("gone", struct all, s, JSON_STRING, .flags = JSON_OMIT_EMPTY),
		JSON_FIELD("zero", struct all, i32, JSON_INT32, .flags = JSON_OMIT_EMPTY),
		JSON_FIELD("object", struct all, option, JSON_OBJECT, .shape = &option_shape),
		JSON_FIELD("opt", struct all, opt_b, JSON_OPT_BOOL),
	};
	static const struct json_shape shape = JSON_SHAPE("absent", struct all, fields);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_writer w = {.out = &out};
	struct all all = {0};

	json_begin_object(&w);
	json_member_string(&w, "first", "1");
	json_encode_members(&w, &shape, &all);
	json_end_object(&w);
	assert_string_equal(out.data, "{\"first\":\"1\",\"plain\":null,\"empty\":[],\"map\":{},\"object\":null,\"opt\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_goes_both_ways),
		cmocka_unit_test(null_is_absent),
		cmocka_unit_test(errors_name_the_path),
		cmocka_unit_test(names_match_in_any_case_only_on_request),
		cmocka_unit_test(an_arena_that_runs_out_is_an_error),
		cmocka_unit_test(absent_values_are_written_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
