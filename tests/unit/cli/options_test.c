/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <string.h>

#include "base/array.h"
#include "cli/format.h"
#include "cli/table.h"

#include "../unit.h"

struct values {
	bool tty, interactive, rm, number_given;
	const char *name;
	char **env;
	int64_t number, memory, cpus;
};

static const struct option table[] = {
	{'t', "tty", OPTION_BOOL, offsetof(struct values, tty), NULL, "Terminal"},
	{'i', "interactive", OPTION_BOOL, offsetof(struct values, interactive), NULL, "Input"},
	{0, "rm", OPTION_BOOL, offsetof(struct values, rm), NULL, "Remove"},
	{0, "name", OPTION_STRING, offsetof(struct values, name), NULL, "Name"},
	{'e', "env", OPTION_LIST, offsetof(struct values, env), NULL, "Environment"},
	{'n', "number", OPTION_INT, offsetof(struct values, number), NULL, "Number", offsetof(struct values, number_given)},
	{'m', "memory", OPTION_BYTES, offsetof(struct values, memory), NULL, "Memory"},
	{0, "cpus", OPTION_DECIMAL, offsetof(struct values, cpus), NULL, "Number of CPUs"},
};

static int parse(struct values *v, int flags, char ***args, struct err *err, const char *line)
{
	static char copy[256];
	char *argv[32], *save = NULL;
	bool help = false;
	int argc = 0;

	strncpy(copy, line, sizeof(copy) - 1);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return options_parse(table, ARRAY_SIZE(table), v, argc, argv, flags, args, &help, err);
}

static void test_forms(void **state)
{
	_cleanup_free_ char **args = NULL;
	struct values v = {0};
	struct err err = {0};

	assert_int_equal(parse(&v, 0, &args, &err, "-it --rm --name x -eA=1 -e=B=2 --env C=3 -n-5 -m 1.5g --cpus=0.5 img"), 0);
	assert_true(v.tty && v.interactive && v.rm && v.number_given);
	assert_string_equal(v.name, "x");
	assert_int_equal(strv_len(v.env), 3);
	assert_string_equal(v.env[1], "B=2");
	assert_int_equal(v.number, -5);
	assert_int_equal(v.memory, 1610612736);
	assert_int_equal(v.cpus, 500000000);
	assert_string_equal(args[0], "img");
	options_done(table, ARRAY_SIZE(table), &v);
	assert_null(v.env);
}

static void test_stop_at_argument(void **state)
{
	_cleanup_free_ char **args = NULL;
	struct values v = {0};
	struct err err = {0};

	assert_int_equal(parse(&v, OPTIONS_STOP_AT_ARGUMENT, &args, &err, "-t --rm=false img ls -i --name"), 0);
	assert_true(v.tty && !v.interactive && !v.rm);
	assert_int_equal(strv_len(args), 4);
}

static void test_errors(void **state)
{
	static const char *const rows[][2] = {
		{"--nope", "unknown flag: --nope"},
		{"-x", "unknown shorthand flag: 'x' in -x"},
		{"--name", "flag needs an argument: --name"},
		{"-e", "flag needs an argument: 'e' in -e"},
		{"-n x", "invalid argument \"x\" for \"-n, --number\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"},
		{"-m x", "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'"},
		{"-m -5", "invalid argument \"-5\" for \"-m, --memory\" flag: invalid size: '-5'"},
		{"--rm=maybe",
		 "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char **args = NULL;
		struct values v = {0};
		struct err err = {0};

		assert_true(parse(&v, 0, &args, &err, rows[i][0]) < 0);
		assert_string_equal(err.msg, rows[i][1]);
	}
}

static void test_table(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct table t = {0};

	table_add(&t, "A\tLONG HEADER\tC");
	table_add(&t, "some long cell\tx\tlast");
	table_print(&t, &out);
	assert_string_equal(out.data, "A                LONG HEADER   C\nsome long cell   x             last\n");
	table_done(&t);
}

static void test_texts(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	format_size(1982000, 3, &out);
	format_size(0, 3, &out);
	format_size(1982000, 4, &out);
	assert_string_equal(out.data, "1.98MB0B1.982MB");
	buf_reset(&out);
	format_binary_size(25271263232.0, &out);
	assert_string_equal(out.data, "23.54GiB");
	buf_reset(&out);
	format_indent("{\"a\":[1,{\"b\":\"x:,{\\\"\"}],\"c\":{},\"d\":[ ]}", 39, "", &out);
	assert_string_equal(out.data, "{\n    \"a\": [\n        1,\n        {\n            \"b\": \"x:,{\\\"\"\n        }\n    "
				      "],\n    \"c\": {},\n    \"d\": []\n}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_stop_at_argument),
					   cmocka_unit_test(test_errors), cmocka_unit_test(test_table),
					   cmocka_unit_test(test_texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
