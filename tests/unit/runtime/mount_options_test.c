/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "../unit.h"
#include "runtime/mount_options.h"

static void parse(const char *options, struct mount_options *ret)
{
	static char copy[256];
	char *list[32], *word, *state = NULL;
	size_t n = 0;

	strcpy(copy, options);
	for (word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
		list[n++] = word;
	list[n] = NULL;
	assert_int_equal(mount_options_parse(list, ret, NULL), 0);
}

static void test_docker_tmpfs(void **state)
{
	struct mount_options o;

	parse("nosuid noexec nodev mode=1777 size=67108864", &o);
	assert_true(o.attr == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV));
	assert_int_equal(o.n_data, 2);
	assert_string_equal(o.data_options[0].key, "mode");
	assert_string_equal(o.data_options[1].value, "67108864");
	mount_options_done(&o);
}

static void test_later_options_win(void **state)
{
	struct mount_options o;

	parse("ro rw noatime strictatime rro rrw rrw rro private rslave", &o);
	assert_true(o.attr == MOUNT_ATTR_STRICTATIME);
	assert_true(o.rec_set == MOUNT_ATTR_RDONLY && o.rec_clear == 0);
	assert_true(o.propagation == MS_SLAVE && o.propagation_recursive);
	mount_options_done(&o);
	parse("strictatime noatime", &o);
	assert_true(o.attr == MOUNT_ATTR_NOATIME);
	mount_options_done(&o);
}

static void test_binds_and_flags(void **state)
{
	struct mount_options o;

	parse("rbind rprivate newinstance ptmxmode=0666", &o);
	assert_true(o.bind && o.recursive);
	assert_int_equal(o.n_data, 2);
	assert_null(o.data_options[0].value);
	mount_options_done(&o);
	assert_int_equal(mount_options_parse(NULL, &o, NULL), 0);
	assert_int_equal(o.n_data, 0);
	mount_options_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_docker_tmpfs), cmocka_unit_test(test_later_options_win),
					   cmocka_unit_test(test_binds_and_flags)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
