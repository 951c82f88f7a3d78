/* SPDX-License-Identifier: Apache-2.0 */
/* Every row was asked of Docker 28.5 (GET /images/NAME/json: its 404 shows the familiar form, its 400 the message). */
#include "codec/reference.h"

#include <string.h>

#include "../unit.h"

#define HEX32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX64 HEX32 HEX32
#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text, *full, *familiar, *error;
} rows[] = {
	{"debian", "docker.io/library/debian:latest", "debian:latest", NULL},
	{"debian:12", "docker.io/library/debian:12", "debian:12", NULL},
	{"library/debian", "docker.io/library/debian:latest", "debian:latest", NULL},
	{"docker.io/debian", "docker.io/library/debian:latest", "debian:latest", NULL},
	{"index.docker.io/library/x:y", "docker.io/library/x:y", "x:y", NULL},
	{"registry-1.docker.io/x", "registry-1.docker.io/x:latest", "registry-1.docker.io/x:latest", NULL},
	{"docker.io", "docker.io/library/docker.io:latest", "docker.io:latest", NULL},
	{"docker.io/a.b/x", "docker.io/a.b/x:latest", "a.b/x:latest", NULL},
	{"library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest", NULL},
	{"localhost/x", "localhost/x:latest", "localhost/x:latest", NULL},
	{"localhost", "docker.io/library/localhost:latest", "localhost:latest", NULL},
	{"localhost:5000/x", "localhost:5000/x:latest", "localhost:5000/x:latest", NULL},
	{"x:5000", "docker.io/library/x:5000", "x:5000", NULL},
	{"Foo/x", "Foo/x:latest", "Foo/x:latest", NULL},
	{"FOO:5000/x:T", "FOO:5000/x:T", "FOO:5000/x:T", NULL},
	{"[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest", NULL},
	{"[::1]/x", "[::1]/x:latest", "[::1]/x:latest", NULL},
	{"1.2.3.4:5/x/y/z:1.2", "1.2.3.4:5/x/y/z:1.2", "1.2.3.4:5/x/y/z:1.2", NULL},
	{"a.b:99999999/x", "a.b:99999999/x:latest", "a.b:99999999/x:latest", NULL},
	{"a--b", "docker.io/library/a--b:latest", "a--b:latest", NULL},
	{"a__b", "docker.io/library/a__b:latest", "a__b:latest", NULL},
	{"a_b/c", "docker.io/a_b/c:latest", "a_b/c:latest", NULL},
	{"x:_a", "docker.io/library/x:_a", "x:_a", NULL},
	{"x@sha256:" HEX64, "docker.io/library/x@sha256:" HEX64, "x@sha256:" HEX64, NULL},
	{"x:t@sha256:" HEX64, "docker.io/library/x:t@sha256:" HEX64, "x:t@sha256:" HEX64, NULL},
	{"x@sha384:" HEX64 HEX32, "docker.io/library/x@sha384:" HEX64 HEX32, "x@sha384:" HEX64 HEX32, NULL},
	{"foo/" HEX64, "docker.io/foo/" HEX64 ":latest", "foo/" HEX64 ":latest", NULL},
	{"docker.io/" HEX64, "docker.io/library/" HEX64 ":latest", HEX64 ":latest", NULL},
	{"Debian", NULL, NULL, "invalid reference format: repository name (library/Debian) must be lowercase"},
	{"foo/Bar:1", NULL, NULL, "invalid reference format: repository name (foo/Bar) must be lowercase"},
	{"docker.io/Foo/x", NULL, NULL, "invalid reference format: repository name (Foo/x) must be lowercase"},
	{"Debian@sha256:" HEX64, NULL, NULL,
	 "invalid reference format: repository name (library/Debian@sha256) must be lowercase"},
	{A50 A50 A50 A50 A50 "abcde", NULL, NULL, "repository name must not be more than 255 characters"},
	{"x@sha256:" HEX32, NULL, NULL, "invalid checksum digest length"},
	{"x@sha512:" HEX64, NULL, NULL, "invalid checksum digest length"},
	{"x@foo:" HEX64, NULL, NULL, "unsupported digest algorithm"},
	{"x@sha256+b64:" HEX64, NULL, NULL, "unsupported digest algorithm"},
	{"x@sha256:" HEX32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL, NULL, "invalid checksum digest format"},
	{HEX64, NULL, NULL, "invalid repository name (" HEX64 "), cannot specify 64-byte hexadecimal strings"},
	{"", NULL, NULL, "invalid reference format"},
	{"x:", NULL, NULL, "invalid reference format"},
	{"x:-a", NULL, NULL, "invalid reference format"},
	{"x:" HEX64 HEX64 "a", NULL, NULL, "invalid reference format"},
	{"x:t:t", NULL, NULL, "invalid reference format"},
	{"x/y:t/z", NULL, NULL, "invalid reference format"},
	{"x@", NULL, NULL, "invalid reference format"},
	{"a@b", NULL, NULL, "invalid reference format"},
	{"x@sha256:abc", NULL, NULL, "invalid reference format"},
	{"x@sha256:" HEX64 ":t", NULL, NULL, "invalid reference format"},
	{"x y", NULL, NULL, "invalid reference format"},
	{"\xc3\xa9", NULL, NULL, "invalid reference format"},
	{"/a", NULL, NULL, "invalid reference format"},
	{"a/", NULL, NULL, "invalid reference format"},
	{"a//b", NULL, NULL, "invalid reference format"},
	{"a___b", NULL, NULL, "invalid reference format"},
	{"a._b", NULL, NULL, "invalid reference format"},
	{"a..b", NULL, NULL, "invalid reference format"},
	{"-a", NULL, NULL, "invalid reference format"},
	{"a-", NULL, NULL, "invalid reference format"},
	{"_a", NULL, NULL, "invalid reference format"},
	{"a/-b", NULL, NULL, "invalid reference format"},
	{"a_b:5/c", NULL, NULL, "invalid reference format"},
	{"a:b/c", NULL, NULL, "invalid reference format"},
	{"a.b:/c", NULL, NULL, "invalid reference format"},
	{"a-/x.y:/", NULL, NULL, "invalid reference format"},
	{"-a.b/x", NULL, NULL, "invalid reference format"},
	{"a.b-/x", NULL, NULL, "invalid reference format"},
	{"a.b./x", NULL, NULL, "invalid reference format"},
	{"[fe80::1%eth0]/x", NULL, NULL, "invalid reference format"},
	{"http://x/y", NULL, NULL, "invalid reference format"},
};

static void test_as_docker_reads_them(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);
		struct reference r;
		struct err err = {0};

		if (reference_parse(rows[i].text, a, &r, &err) < 0) {
			assert_string_equal(err.msg, rows[i].error ? rows[i].error : rows[i].text);
			assert_int_equal(err.kind, ERR_INVALID);
			continue;
		}
		assert_string_equal(rows[i].error ? rows[i].text : "", "");
		reference_default_tag(&r);
		assert_string_equal(reference_text(&r, a), rows[i].full);
		assert_string_equal(reference_familiar(&r, a), rows[i].familiar);
	}
}

static void test_a_path_of_255_is_the_most(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct reference r;
	char text[300];

	memset(text, 'a', sizeof(text));
	memcpy(text, "a.io/", 5);
	text[5 + 255] = '\0';
	assert_int_equal(reference_parse(text, a, &r, NULL), 0);
	text[5 + 255] = 'a';
	text[5 + 256] = '\0';
	assert_true(reference_parse(text, a, &r, NULL) < 0);
}

static void test_tags(void **state)
{
	assert_true(reference_tag_valid("A.b-c_1"));
	assert_false(reference_tag_valid(""));
	assert_false(reference_tag_valid(".a"));
	assert_false(reference_tag_valid("a b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_docker_reads_them),
					   cmocka_unit_test(test_a_path_of_255_is_the_most), cmocka_unit_test(test_tags)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
