/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timefmt.h"

#include <errno.h>
#include <stdlib.h>

#include "../unit.h"

static void test_nano_cuts_zeros(void **state)
{
	char text[TIMEFMT_MAX];

	timefmt_rfc3339nano(&(struct timespec){.tv_sec = 1700000000, .tv_nsec = 120000000}, text);
	assert_string_equal(text, "2023-11-14T22:13:20.12Z");
	timefmt_rfc3339nano(&(struct timespec){.tv_sec = 1700000000}, text);
	assert_string_equal(text, "2023-11-14T22:13:20Z");
	timefmt_rfc3339nano_fixed(&(struct timespec){.tv_sec = 1700000000}, text);
	assert_string_equal(text, "2023-11-14T22:13:20.000000000Z");
	timefmt_rfc3339nano(&(struct timespec){0}, text);
	assert_string_equal(text, TIMEFMT_ZERO);
}

static void test_parse(void **state)
{
	struct timespec ts;

	assert_int_equal(timefmt_parse("2023-11-15T00:13:20.5+02:00", &ts), 0);
	assert_int_equal(ts.tv_sec, 1700000000);
	assert_int_equal(ts.tv_nsec, 500000000);
	assert_int_equal(timefmt_parse("2023-13-15T00:13:20Z", &ts), -EINVAL);
	assert_int_equal(timefmt_parse("2023-11-15T00:13:20", &ts), -EINVAL);
	assert_int_equal(timefmt_parse("", &ts), -EINVAL);
}

static void test_since(void **state)
{
	struct timespec ts, now;

	assert_int_equal(timefmt_parse_since("1700000000.25", &ts), 0);
	assert_int_equal(ts.tv_nsec, 250000000);
	clock_gettime(CLOCK_REALTIME, &now);
	assert_int_equal(timefmt_parse_since("1h30m", &ts), 0);
	assert_in_range(now.tv_sec - ts.tv_sec, 5398, 5402);
	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(timefmt_parse_since("2023-11-14T22:13:20", &ts), 0);
	assert_int_equal(ts.tv_sec, 1700000000);
	assert_int_equal(timefmt_parse_since("yesterday", &ts), -EINVAL);
}

static void test_human(void **state)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} rows[] = {{0, "Less than a second"}, {1, "1 second"},    {59, "59 seconds"},   {60, "About a minute"},
		    {119, "About a minute"},   {120, "2 minutes"}, {3599, "59 minutes"}, {3600, "About an hour"},
		    {14400, "4 hours"},        {172800, "2 days"}, {1209600, "2 weeks"}, {5184000, "2 months"},
		    {63072000, "2 years"}};
	char text[TIMEFMT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		timefmt_human(rows[i].seconds, text);
		assert_string_equal(text, rows[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nano_cuts_zeros), cmocka_unit_test(test_parse),
					   cmocka_unit_test(test_since), cmocka_unit_test(test_human)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
