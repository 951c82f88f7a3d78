/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>

#include "../unit.h"

static void test_many_sizes(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);

	for (size_t size = 0; size < 10000; size += 37) {
		char *p = arena_alloc(a, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		memset(p, 0xff, size);
	}
	assert_string_equal(arena_printf(a, "%s-%d", "x", 5), "x-5");
	assert_false(arena_failed(a));
}

static void test_limit_is_sticky(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(100);

	assert_non_null(arena_alloc(a, 50));
	assert_null(arena_alloc(a, 80));
	assert_null(arena_alloc(a, 1));
	assert_true(arena_failed(a));
	assert_null(arena_array(a, SIZE_MAX / 2, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_sizes), cmocka_unit_test(test_limit_is_sticky)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
