/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdio.h>

#include "base/array.h"

#include "../unit.h"

static void test_many_keys_come_and_go(void **state)
{
	_cleanup_(map_freep) struct map *m = map_new();
	char key[32];

	for (uintptr_t i = 1; i <= 5000; i++) {
		snprintf(key, sizeof(key), "key%zu", (size_t)i);
		assert_null(map_set(m, key, (void *)i));
		if (i % 3 == 0)
			assert_ptr_equal(map_remove(m, key), (void *)i);
	}
	assert_int_equal(map_len(m), 5000 - 5000 / 3);
	assert_null(map_get(m, "key3"));
	assert_ptr_equal(map_get(m, "key4999"), (void *)4999);
	assert_ptr_equal(map_set(m, "key1", (void *)7), (void *)1);
}

static void test_order_is_insertion(void **state)
{
	_cleanup_(map_freep) struct map *m = map_new();
	const char *key;
	void *value;
	size_t pos = 0;

	map_set(m, "z", (void *)1);
	map_set(m, "gone", (void *)2);
	map_set(m, "a", (void *)3);
	map_remove(m, "gone");
	assert_true(map_next(m, &pos, &key, &value));
	assert_string_equal(key, "z");
	assert_true(map_next(m, &pos, &key, &value));
	assert_string_equal(key, "a");
	assert_false(map_next(m, &pos, &key, &value));
}

static void test_string_vectors(void **state)
{
	_cleanup_strv_ char **v = NULL;

	strv_add(&v, "A=1");
	strv_add(&v, "AB=2");
	assert_int_equal(strv_len(v), 2);
	assert_string_equal(strv_env_get(v, "AB"), "2");
	assert_null(strv_env_get(v, "B"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_keys_come_and_go),
					   cmocka_unit_test(test_order_is_insertion), cmocka_unit_test(test_string_vectors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
