/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/digest.h"

#include <string.h>

#include "../unit.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_known_answers(void **state)
{
	_cleanup_(digest_stream_freep) struct digest_stream *d = digest_stream_new();
	char text[DIGEST_TEXT_MAX];

	digest_of("abc", 3, text);
	assert_string_equal(text, ABC);
	digest_stream_finish(d, text);
	assert_string_equal(text, EMPTY);
	digest_stream_add(d, "a", 1);
	digest_stream_add(d, "bc", 2);
	digest_stream_finish(d, text);
	assert_string_equal(text, ABC);
}

static void test_chain(void **state)
{
	char chain[DIGEST_TEXT_MAX], want[DIGEST_TEXT_MAX];

	digest_chain(NULL, ABC, chain);
	assert_string_equal(chain, ABC);
	digest_of(ABC " " EMPTY, strlen(ABC " " EMPTY), want);
	digest_chain(chain, EMPTY, chain);
	assert_string_equal(chain, want);
}

static void test_text(void **state)
{
	assert_true(digest_valid(ABC));
	assert_false(digest_valid(NULL));
	assert_false(digest_valid("sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	assert_false(digest_valid(ABC "0"));
	assert_false(digest_valid("sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	assert_string_equal(digest_hex(ABC), &ABC[7]);
	assert_int_equal(digest_check(ABC, NULL), 0);
	assert_true(digest_check(":", NULL) < 0);
	assert_true(digest_check("x", NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_answers), cmocka_unit_test(test_chain),
					   cmocka_unit_test(test_text)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
