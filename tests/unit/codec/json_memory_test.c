/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out at the Nth allocation, for every N: a document is parsed whole or refused, never in part. malloc() and
 * its kin are ours in this program, json-c's calls included (so this is not for sanitizers, which bring their own).
 */
#include "codec/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../unit.h"
#include "codec/json_c.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static long countdown = -1; /* allocations that still succeed; negative: all */
static bool once;           /* only one fails, those after it succeed */

static bool fails_now(void)
{
	if (countdown < 0)
		return false;
	if (countdown > 0) {
		countdown--;
		return false;
	}
	if (once)
		countdown = -1;
	return true;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return fails_now() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
	return fails_now() ? NULL : __libc_realloc(p, size);
}

static const char text[] =
	"{\"a\":[1,2.5,true,null,\"a string that is long enough to be kept apart from its object\"],"
	"\"b\":{\"c\":\"x\",\"d\":{},\"e\":[],\"\\u20ac\":18446744073709551615},"
	"\"k1\":1,\"k2\":1,\"k3\":1,\"k4\":1,\"k5\":1,\"k6\":1,\"k7\":1,\"k8\":1,\"k9\":1,\"k10\":1,\"k11\":1,\"k12\":1,"
	"\"k13\":1,\"k14\":1,\"k15\":1,\"k16\":1,\"list\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,"
	"24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40]}";

static char *as_text(struct json_object *o)
{
	return strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

static void parse_with_failures(bool fail_once)
{
	struct json_object *o = NULL;
	bool reached = true;
	char *whole;
	int r;

	assert_int_equal(json_parse(text, strlen(text), &o, NULL), 0);
	whole = as_text(o);
	json_free(o);
	for (long n = 0; reached; n++) {
		struct err err = {0};

		assert_true(n < 10000);
		o = NULL;
		countdown = n;
		once = fail_once;
		r = json_parse(text, strlen(text), &o, &err);
		reached = countdown <= 0;
		countdown = -1;
		if (r >= 0) {
			char *again = as_text(o);

			assert_string_equal(again, whole);
			free(again);
		} else {
			assert_null(o);
			assert_int_equal(r, -ENOMEM);
		}
		json_free(o);
	}
	free(whole);
}

static void a_document_is_parsed_whole_or_refused(void **state)
{
	parse_with_failures(false);
}

static void one_failure_loses_nothing_silently(void **state)
{
	parse_with_failures(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_parsed_whole_or_refused),
		cmocka_unit_test(one_failure_loses_nothing_silently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
