/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "../unit.h"

static void test_wrap_puts_context_in_front(void **state)
{
	struct err err = {0};

	assert_int_equal(err_sys(&err, EACCES, "open %s", "/x"), -EACCES);
	assert_string_equal(err.msg, "open /x: Permission denied");
	assert_int_equal(err_wrap(&err, "start container %d", 7), -EACCES);
	assert_string_equal(err.msg, "start container 7: open /x: Permission denied");
	assert_int_equal(err.kind, ERR_SYSTEM);
}

static void test_long_messages_are_cut(void **state)
{
	struct err err = {0};
	char long_text[2000];

	memset(long_text, 'a', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(err_set(&err, ERR_NOT_FOUND, "%s", long_text), -ENOENT);
	err_wrap(&err, "%s", long_text);
	assert_int_equal(strlen(err.msg), ERR_MSG_SIZE - 1);
}

static void test_null_err_still_gives_the_number(void **state)
{
	assert_int_equal(err_set(NULL, ERR_CONFLICT, "x"), -EBUSY);
	assert_int_equal(err_sys(NULL, -ENOSPC, "x"), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrap_puts_context_in_front),
					   cmocka_unit_test(test_long_messages_are_cut),
					   cmocka_unit_test(test_null_err_still_gives_the_number)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
