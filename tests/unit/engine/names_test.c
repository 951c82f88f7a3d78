/* SPDX-License-Identifier: Apache-2.0 */
/* Given and generated names. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/container.h"
#include "engine/names_table.h"

static void rules(void **state)
{
	static const char *const good[] = {"ab", "a.b", "0_-", "Web-1"};
	static const char *const bad[] = {"", "a", "-ab", "a b", ".ab", "a/b", "\xc3\xa4\xc3\xa4"};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(names_check(good[i], &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(names_check(bad[i], &err) < 0);
	assert_true(names_check("a", &err) < 0);
	assert_string_equal(err.msg, "Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
}

static void lists_hold_names(void **state)
{
	struct err err;

	(void)state;
	for (size_t i = 0; i < names_n_adjectives; i++)
		assert_int_equal(names_check(names_adjectives[i], &err), 0);
	for (size_t i = 0; i < names_n_surnames; i++)
		assert_int_equal(names_check(names_surnames[i], &err), 0);
	assert_true(names_n_adjectives * names_n_surnames > 10000);
}

/* With every plain name taken, generated ones get a number and still end. */
static void generation_ends(void **state)
{
	struct engine e = {.by_name = map_new()};
	char *name;

	(void)state;
	for (size_t i = 0; i < names_n_adjectives; i++)
		for (size_t k = 0; k < names_n_surnames; k++) {
			char taken[64];

			snprintf(taken, sizeof(taken), "%s_%s", names_adjectives[i], names_surnames[k]);
			map_set(e.by_name, taken, &e);
		}
	name = names_generate(&e);
	assert_null(map_get(e.by_name, name));
	assert_non_null(strpbrk(name, "0123456789"));
	free(name);
	map_free(e.by_name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(lists_hold_names),
		cmocka_unit_test(generation_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
