/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <string.h>

#include "../unit.h"

static void test_grows_and_terminates(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	assert_string_equal(b.data, "");
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%d,", i);
	assert_int_equal(b.len, strlen(b.data));
	assert_memory_equal(b.data, "0,1,2,3,", 8);
	buf_consume(&b, 4);
	assert_memory_equal(b.data, "2,3,", 4);
}

static void test_limit_is_sticky(void **state)
{
	_cleanup_buf_ struct buf b = {.data = buf_empty, .limit = 4};

	buf_adds(&b, "abc");
	buf_adds(&b, "de");
	assert_true(b.failed);
	buf_addc(&b, 'x');
	assert_string_equal(b.data, "abc");
	assert_null(buf_steal(&b));
}

static void test_steal_empty_is_a_string(void **state)
{
	struct buf b = BUF_INIT;
	char *s = buf_steal(&b);

	assert_string_equal(s, "");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows_and_terminates), cmocka_unit_test(test_limit_is_sticky),
					   cmocka_unit_test(test_steal_empty_is_a_string)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
