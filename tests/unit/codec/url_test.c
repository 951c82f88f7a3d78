/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../unit.h"

static void targets_are_split_and_decoded(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct url_query q;
	char *path;

	assert_int_equal(url_target_parse("/a%2Fb/c+d?x=1&y=a%20b+c&z&x=2&&%3D=%26", a, &path, &q, NULL), 0);
	assert_string_equal(path, "/a/b/c+d");
	assert_int_equal(q.len, 5);
	assert_string_equal(url_query_get(&q, "x"), "1");
	assert_string_equal(url_query_get(&q, "y"), "a b c");
	assert_string_equal(url_query_get(&q, "z"), "");
	assert_string_equal(url_query_get(&q, "="), "&");
	assert_null(url_query_get(&q, "X"));
	assert_int_equal(url_target_parse("http://host:1/p?q=1#f", a, &path, &q, NULL), 0);
	assert_string_equal(path, "/p");
	assert_string_equal(url_query_get(&q, "q"), "1");
	assert_int_equal(url_target_parse("http://host", a, &path, &q, NULL), 0);
	assert_string_equal(path, "/");
	assert_int_equal(q.len, 0);
}

static void bad_targets_are_refused(void **state)
{
	static const char *const bad[] = {"/%", "/%2", "/%zz", "/a%00b", "/a?x=%", "/a?x=%00", "/a?x=1;y=2", "*", "a", "/%+1"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);
		struct url_query q;
		struct err err = {0};
		char *path;

		assert_int_equal(url_target_parse(bad[i], a, &path, &q, &err), -EINVAL);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void paths_are_cleaned_as_docker_does(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"/", "/"},        {"", "/"},          {"//", "/"},       {"/a", "/a"},        {"//a", "/a"},
		{"/a//b", "/a/b"}, {"/a/./b", "/a/b"}, {"/a/../b", "/b"}, {"/../a", "/a"},     {"/a/", "/a/"},
		{"/a/b/..", "/a"}, {"/a/.", "/a"},     {"/..", "/"},      {"/a/b/../", "/a/"}, {"/...", "/..."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);

		assert_string_equal(url_path_clean(cases[i].in, a), cases[i].out);
	}
}

static void everything_else_is_encoded(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	url_encode(&out, "a/b c&d=\xe2\x82\xac~", false);
	assert_string_equal(out.data, "a%2Fb%20c%26d%3D%E2%82%AC~");
	buf_reset(&out);
	url_encode(&out, "a/b:c", true);
	assert_string_equal(out.data, "a/b%3Ac");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_split_and_decoded),
		cmocka_unit_test(bad_targets_are_refused),
		cmocka_unit_test(paths_are_cleaned_as_docker_does),
		cmocka_unit_test(everything_else_is_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
