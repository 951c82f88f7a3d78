/* SPDX-License-Identifier: Apache-2.0 */
/* Output into records: every way to chop the input gives the same ones, with the sizes a Docker 28 was seen to use. */
#include "../unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/splitter.h"

static struct {
	enum log_stream stream;
	size_t len;
	bool partial;
	struct timespec time;
	char last;
} got[64];
static size_t n_got;
static char text[1 << 20];
static size_t text_len;

static void sink(void *arg, const struct log_record *r)
{
	assert_true(n_got < ARRAY_SIZE(got));
	got[n_got].stream = r->stream;
	got[n_got].len = r->len;
	got[n_got].partial = r->partial;
	got[n_got].time = r->time;
	got[n_got++].last = r->bytes[r->len - 1];
	memcpy(text + text_len, r->bytes, r->len);
	text_len += r->len;
}

static void reset(void)
{
	n_got = text_len = 0;
}

static void test_lines(void **state)
{
	_cleanup_(log_splitter_freep) struct log_splitter *s = log_splitter_new(sink, NULL);
	size_t len;

	reset();
	log_splitter_add(s, LOG_STDOUT, "one\ntwo\n\nthr", 12);
	log_splitter_add(s, LOG_STDERR, "err", 3);
	assert_int_equal(3, n_got);
	assert_memory_equal("thr", log_splitter_pending(s, LOG_STDOUT, &len), 3);
	assert_int_equal(3, len);
	log_splitter_add(s, LOG_STDOUT, "ee\nend", 6);
	log_splitter_end(s, LOG_STDERR);
	log_splitter_end(s, LOG_STDOUT);
	log_splitter_end(s, LOG_STDOUT);
	assert_int_equal(6, n_got);
	text[text_len] = '\0';
	assert_string_equal("one\ntwo\n\nthree\nerrend", text);
	assert_false(got[3].partial);
	assert_true(got[4].partial);
	assert_int_equal(LOG_STDERR, got[4].stream);
}

static void test_long_lines(void **state)
{
	static const size_t docker[] = {16384, 16384, 7233, 16384, 1, 16384, 16384, 2, 16384};
	static char in[200000];
	size_t len = 0;

	len += (size_t)sprintf(in + len, "%040000d\n", 0);
	len += (size_t)sprintf(in + len, "%016384d\n", 0);
	len += (size_t)sprintf(in + len, "%016383d\n", 0);
	len += (size_t)sprintf(in + len, "%016385d\n", 0);
	len += (size_t)sprintf(in + len, "%016384d", 0);
	for (size_t step = 1; step < len * 2; step = step * 3 + 1) {
		_cleanup_(log_splitter_freep) struct log_splitter *s = log_splitter_new(sink, NULL);

		reset();
		for (size_t at = 0; at < len; at += step)
			log_splitter_add(s, LOG_STDOUT, in + at, MIN(step, len - at));
		log_splitter_end(s, LOG_STDOUT);
		assert_int_equal(ARRAY_SIZE(docker), n_got);
		for (size_t i = 0; i < n_got; i++) {
			assert_int_equal(docker[i], got[i].len);
			assert_int_equal(got[i].last != '\n', got[i].partial);
		}
		assert_int_equal(len, text_len);
		assert_memory_equal(in, text, len);
		/* The pieces of a line have one time. */
		assert_int_equal(got[0].time.tv_nsec, got[2].time.tv_nsec);
	}
}

static void test_characters_stay_whole(void **state)
{
	static const struct {
		const char *end; /* of a record that would be full */
		size_t cut;
	} cases[] = {
		{"\xc3", 1},         {"\xe2\x82", 2}, {"\xf0\x9f\x98", 3}, {"\xc3\xa9", 0},
		{"\xe2\x82\xac", 0}, {"\xff", 1},     {"\x80\x80\x80", 0},
	};
	static char in[LOG_RECORD_MAX + 10];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t step = 1; step <= LOG_RECORD_MAX; step += LOG_RECORD_MAX - 1) {
			_cleanup_(log_splitter_freep) struct log_splitter *s = log_splitter_new(sink, NULL);
			size_t end_len = strlen(cases[i].end), len = LOG_RECORD_MAX + 2;

			memset(in, 'x', sizeof(in));
			memcpy(in + LOG_RECORD_MAX - end_len, cases[i].end, end_len);
			reset();
			for (size_t at = 0; at < len; at += step)
				log_splitter_add(s, LOG_STDOUT, in + at, MIN(step, len - at));
			log_splitter_end(s, LOG_STDOUT);
			assert_int_equal(LOG_RECORD_MAX - cases[i].cut, got[0].len);
			assert_int_equal(len, text_len);
			assert_memory_equal(in, text, len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_characters_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
