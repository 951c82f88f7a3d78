/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the json-file format, byte for byte as a Docker 28 wrote them for the same output, and reading them back. */
#include "../unit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/json_line.h"

static char line[JSON_LINE_MAX];

static size_t write_line(const char *bytes, size_t len, enum log_stream stream, time_t sec, long nsec)
{
	struct json_line_clock clock = {0};
	struct log_record record = {.stream = stream, .time = {sec, nsec}, .bytes = bytes, .len = len};
	size_t n = json_line_write(line, &record, &clock);

	line[n] = '\0';
	return n;
}

static void expect_log(const char *bytes, size_t len, const char *escaped)
{
	char expected[4096];

	snprintf(expected, sizeof(expected),
		 "{\"log\":\"%s\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:25:33.471482166Z\"}\n", escaped);
	write_line(bytes, len, LOG_STDOUT, 1795256733, 471482166);
	assert_string_equal(expected, line);
}

static void test_escapes_are_dockers(void **state)
{
	expect_log("\0\1\2\3\4\5\6\7\10\t\n", 11, "\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\u0008\\u0009\\n");
	expect_log("\v\f\r\16\33\37 !\"#$%&'()<=>?[\\]/\177", 25,
		   "\\u000b\\u000c\\r\\u000e\\u001b\\u001f !\\\"#$%\\u0026'()\\u003c=\\u003e?[\\\\]/\177");
	expect_log("\x80\xff", 2, "\\ufffd\\ufffd");
	expect_log("\xe2\x80\xa8\xe2\x80\xa9 \xf0\x9f\x98\x80 \xed\xa0\x80 \xc0\x80 \xf4\x90\x80\x80 \xe2\x80\n", 27,
		   "\\u2028\\u2029 \xf0\x9f\x98\x80 \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd\\ufffd "
		   "\\ufffd\\ufffd\\n");
	expect_log("long enough for eight at a time\n", 32, "long enough for eight at a time\\n");
	expect_log("", 0, "");
}

static void test_times(void **state)
{
	static const struct {
		long nsec;
		const char *fraction;
	} cases[] = {{0, ""}, {500000000, ".5"}, {33976, ".000033976"}, {703397600, ".7033976"}, {999999999, ".999999999"}};
	struct json_line_clock clock = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_record record = {.stream = LOG_STDERR, .time = {1795256733, cases[i].nsec}, .bytes = "x", .len = 1};
		char expected[128];
		size_t n = json_line_write(line, &record, &clock);

		snprintf(expected, sizeof(expected),
			 "{\"log\":\"x\",\"stream\":\"stderr\",\"time\":\"2026-11-21T10:25:33%sZ\"}\n", cases[i].fraction);
		assert_int_equal(strlen(expected), n);
		assert_memory_equal(expected, line, n);
	}
}

static void test_longest_line_fits(void **state)
{
	static char zeros[LOG_RECORD_MAX];

	assert_true(write_line(zeros, sizeof(zeros), LOG_STDOUT, 1795256733, 471482166) < JSON_LINE_MAX);
}

static void test_round_trip(void **state)
{
	char bytes[256];
	struct log_record record;
	size_t n;

	for (size_t i = 0; i < 128; i++) /* ASCII of all kinds */
		bytes[i] = (char)i;
	memcpy(bytes + 128, "\xc3\xa9\xf0\x9f\x98\x80\n", 7);
	n = write_line(bytes, 135, LOG_STDERR, 951827696, 7); /* 29 February 2000 */
	assert_int_equal(0, json_line_read(line, n - 1, &record));
	assert_int_equal(135, record.len);
	assert_memory_equal(bytes, record.bytes, 135);
	assert_int_equal(LOG_STDERR, record.stream);
	assert_int_equal(951827696, record.time.tv_sec);
	assert_int_equal(7, record.time.tv_nsec);
	assert_false(record.partial);
	n = write_line("abc", 3, LOG_STDOUT, 1795256733, 0);
	assert_int_equal(0, json_line_read(line, n - 1, &record));
	assert_true(record.partial);
}

static int read_line(const char *text, struct log_record *ret)
{
	strcpy(line, text);
	return json_line_read(line, strlen(line), ret);
}

static void test_reads_what_docker_writes(void **state)
{
	struct log_record r;

	assert_int_equal(0, read_line("{\"log\":\"a\\n\",\"stream\":\"stderr\",\"attrs\":{\"x\":\"}\\\"\",\"l\":[1,{}]},"
				      "\"time\":\"2026-11-21T10:26:13.464004025Z\"}",
				      &r));
	assert_int_equal(2, r.len);
	assert_int_equal(464004025, r.time.tv_nsec);
	assert_int_equal(0, read_line(" { \"time\" : \"2026-11-21T12:26:13+02:00\" , \"n\":-1.5e3, \"t\":true, \"z\":null,"
				      "\"stream\":\"stdout\",\"log\":\"\\ud83d\\ude00\\ud800x\\udc00\\u00e9\\/\\b\\f\\t\" } \r",
				      &r));
	assert_int_equal(1795256773, r.time.tv_sec);
	assert_int_equal(17, r.len);
	assert_memory_equal("\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd\xc3\xa9/\b\f\t", r.bytes, 17);
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"{}",
		"null",
		"{\"log\":\"a\",\"stream\":\"stdout\"}",
		"{\"log\":\"a\",\"time\":\"2026-11-21T10:26:13Z\"}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"yesterday\"}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-13-21T10:26:13Z\"}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:26:13Z\"",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:26:13Z\"}}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:26:13Z\"}{",
		"{\"log\":\"a\\x\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:26:13Z\"}",
		"{\"log\":\"a\\u12\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:26:13Z\"}",
		"{\"log\":\"a\\",
		"{\"log\":\"a\",\"x\":[[[[[[[[[[1]]]]]]]]]],\"stream\":\"stdout\",\"time\":\"2026-11-21T10:26:13Z\"}",
		"{\"log\":1,\"stream\":\"stdout\",\"time\":\"2026-11-21T10:26:13Z\"}",
	};
	struct log_record r;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (read_line(bad[i], &r) != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes_are_dockers),      cmocka_unit_test(test_times),
		cmocka_unit_test(test_longest_line_fits),        cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reads_what_docker_writes), cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
