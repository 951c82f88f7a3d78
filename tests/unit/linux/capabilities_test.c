/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../unit.h"
#include "linux/capabilities.h"

static void test_names_and_numbers(void **state)
{
	assert_int_equal(cap_from_name("CAP_CHOWN"), 0);
	assert_int_equal(cap_from_name("CAP_SYS_ADMIN"), 21);
	assert_int_equal(cap_from_name("CAP_CHECKPOINT_RESTORE"), 40);
	assert_true(cap_from_name("SYS_ADMIN") < 0);
	assert_true(cap_from_name("CAP_sys_admin") < 0);
	for (int cap = 0; cap_name(cap); cap++)
		assert_int_equal(cap_from_name(cap_name(cap)), cap);
}

static void test_sets_are_exactly_the_lists(void **state)
{
	char *two[] = {(char *)"CAP_KILL", (char *)"CAP_CHOWN", NULL}, *bad[] = {(char *)"CAP_ALL", NULL};
	struct oci_capabilities c = {.bounding = two, .permitted = two, .effective = two};
	struct cap_sets sets = {.inheritable = 7, .ambient = 7};
	struct err err = {0};

	assert_int_equal(cap_sets_parse(&c, &sets, &err), 0);
	assert_true(sets.bounding == (CAP_BIT(5) | CAP_BIT(0)));
	assert_true(sets.inheritable == 0 && sets.ambient == 0);
	c.ambient = bad;
	assert_true(cap_sets_parse(&c, &sets, &err) < 0);
	assert_string_equal(err.msg, "process.capabilities.ambient: unknown capability \"CAP_ALL\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names_and_numbers),
					   cmocka_unit_test(test_sets_are_exactly_the_lists)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
