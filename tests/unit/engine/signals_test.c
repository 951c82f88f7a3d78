/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as clients write them; the messages are Docker 28's. */
#include "../unit.h"

#include <signal.h>

#include "engine/signals.h"

static void expect(const char *text, int signo)
{
	struct err err;
	int got = 0;

	assert_int_equal(signal_parse(text, &got, &err), 0);
	assert_int_equal(got, signo);
}

static void expect_error(const char *text, const char *message)
{
	struct err err;
	int got;

	assert_true(signal_parse(text, &got, &err) < 0);
	assert_string_equal(err.msg, message);
}

static void forms(void **state)
{
	(void)state;
	expect("TERM", SIGTERM);
	expect("SIGTERM", SIGTERM);
	expect("sigwinch", SIGWINCH);
	expect("15", SIGTERM);
	expect("64", 64);
	expect("RTMIN", 34);
	expect("SIGRTMIN+3", 37);
	expect("rtmax-1", 63);
}

static void errors(void **state)
{
	(void)state;
	expect_error("FOO", "invalid signal: FOO");
	expect_error("0", "invalid signal: 0");
	expect_error("", "invalid signal: ");
	expect_error("-9", "invalid signal: -9");
	expect_error("9x", "invalid signal: 9x");
	expect_error("RTMIN-1", "invalid signal: RTMIN-1");
	expect_error("RTMIN+99", "invalid signal: RTMIN+99");
	expect_error("99", "the linux daemon does not support signal 99");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(errors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
