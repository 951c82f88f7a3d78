/* SPDX-License-Identifier: Apache-2.0 */
/* The filters parameter, in both its forms. */
#include "../unit.h"

#include "engine/filters.h"

static struct filters *parse(const char *json)
{
	struct filters *f = NULL;
	struct err err;

	assert_int_equal(filters_parse(json, &f, &err), 0);
	return f;
}

static void both_forms(void **state)
{
	_cleanup_(filters_freep) struct filters *list = parse("{\"name\":[\"a\",\"b\"]}");
	_cleanup_(filters_freep) struct filters *old = parse("{\"name\":{\"a\":true}}");

	(void)state;
	assert_true(filters_match(list, "name", "b"));
	assert_false(filters_match(list, "name", "c"));
	assert_true(filters_match(old, "name", "a"));
	assert_true(filters_match(old, "label", "anything"));
}

static void empty_is_no_filter(void **state)
{
	_cleanup_(filters_freep) struct filters *none = parse(NULL);
	_cleanup_(filters_freep) struct filters *text = parse("");
	_cleanup_(filters_freep) struct filters *values = parse("{\"name\":[]}");

	(void)state;
	assert_true(filters_empty(none));
	assert_true(filters_empty(text));
	assert_true(filters_match(values, "name", "x"));
}

static void patterns(void **state)
{
	_cleanup_(filters_freep) struct filters *f = parse("{\"name\":[\"^we.\"],\"id\":[\"ab\"],\"bad\":[\"(\"]}");

	(void)state;
	assert_true(filters_match_pattern(f, "name", "web"));
	assert_false(filters_match_pattern(f, "name", "a-web"));
	assert_true(filters_match_prefix(f, "id", "abc"));
	assert_false(filters_match_prefix(f, "id", "cab"));
	assert_true(filters_match_pattern(f, "bad", "("));
	assert_false(filters_match_pattern(f, "bad", "x"));
}

static void booleans(void **state)
{
	_cleanup_(filters_freep) struct filters *yes = parse("{\"dangling\":[\"true\"]}");
	_cleanup_(filters_freep) struct filters *bad = parse("{\"dangling\":[\"x\"]}");
	struct err err;
	int value;

	(void)state;
	assert_int_equal(filters_bool(yes, "dangling", &value, &err), 0);
	assert_int_equal(value, 1);
	assert_int_equal(filters_bool(yes, "other", &value, &err), 0);
	assert_int_equal(value, -1);
	assert_true(filters_bool(bad, "dangling", &value, &err) < 0);
	assert_string_equal(err.msg, "invalid filter 'dangling=[x]'");
}

static void errors(void **state)
{
	static const char *const bad[] = {"bad", "[]", "{\"a\":1}", "{\"a\":[1]}", "{\"a\":{\"b\":1}}", "{\"a\":[\"b\"]"};
	static const char *const known[] = {"name", NULL};
	_cleanup_(filters_freep) struct filters *f = parse("{\"name\":[\"a\"],\"foo\":[\"x\"]}");
	struct filters *none;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(filters_parse(bad[i], &none, &err) < 0);
		assert_string_equal(err.msg, "invalid filter");
	}
	assert_true(filters_check_keys(f, known, &err) < 0);
	assert_string_equal(err.msg, "invalid filter 'foo'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms), cmocka_unit_test(empty_is_no_filter),
		cmocka_unit_test(patterns),   cmocka_unit_test(booleans),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
