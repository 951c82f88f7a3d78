/* SPDX-License-Identifier: Apache-2.0 */
/* Detach keys: what is accepted and what goes through, as a Docker 28 was seen to have it. */
#include "../unit.h"
#include <errno.h>
#include <string.h>

#include "shim/detach.h"

static void test_names(void **state)
{
	static const char *const good[] = {NULL,
					   "",
					   "a",
					   "ctrl-a,b",
					   "ctrl-@",
					   "ctrl-[",
					   "ctrl-\\",
					   "ctrl-]",
					   "ctrl-^",
					   "ctrl-_",
					   "DEL",
					   "x,y,z",
					   "ctrl-a,ctrl-b,ctrl-c",
					   "?"};
	static const char *const bad[] = {"ctrl-A", "ctrl-a,",  ",",     "abc",
					  "ctrl-1", "\xc3\xa9", "ctrl-", "ctrl-nonsense",
					  "a,,b",   "ctrl-`",   "del",   "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"};
	struct detach d;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(0, detach_parse(good[i], &d));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (detach_parse(bad[i], &d) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(0, detach_parse("ctrl-a,ctrl-@,ctrl-_,DEL,b", &d));
	assert_memory_equal("\x01\0\x1f\x7f"
			    "b",
			    d.keys, 5);
	assert_int_equal(0, detach_parse(NULL, &d));
	assert_memory_equal("\x10\x11", d.keys, 2);
}

static void test_filter(void **state)
{
	static const struct {
		const char *keys;
		const char *sends[4];
		const char *passes[4];
		bool detached; /* by the last of them */
	} cases[] = {
		{"",
		 {"a\x10"
		  "b"},
		 {"a\x10"
		  "b"},
		 false},
		{"", {"\x10", "x"}, {"", "\x10x"}, false},
		{"", {"\x10", "\x10", "\x11"}, {"", "\x10\x10", "\x11"}, false},
		{"", {"\x10\x10\x11z"}, {"\x10\x10\x11z"}, false},
		{"",
		 {"a\x10\x11"
		  "b"},
		 {"a"},
		 true},
		{"", {"abc\x10", "\x11"}, {"abc", ""}, true},
		{"x,y,z", {"x", "y", "x", "yz"}, {"", "", "xyx", "yz"}, false},
		{"x,y,z", {"xxyz"}, {"xxyz"}, false},
		{"x,y,z", {"xyx", "yz", "xy", "z"}, {"xyx", "yz", "", ""}, true},
		{"DEL", {"q\x7fw"}, {"q"}, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool detached = false;
		struct detach d;

		assert_int_equal(0, detach_parse(cases[i].keys, &d));
		for (size_t j = 0; j < 4 && cases[i].sends[j]; j++) {
			char to[64];
			size_t len;

			assert_false(detached);
			detached = detach_filter(&d, cases[i].sends[j], strlen(cases[i].sends[j]), to, &len);
			assert_int_equal(strlen(cases[i].passes[j]), len);
			assert_memory_equal(cases[i].passes[j], to, len);
		}
		assert_int_equal(cases[i].detached, detached);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
