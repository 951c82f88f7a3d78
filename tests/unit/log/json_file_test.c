/* SPDX-License-Identifier: Apache-2.0 */
/* The json-file log, written and read back: rotation, a full disk, torn lines, tail, times, and reading while it grows. */
#include "../unit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "log/json_file.h"
#include "log/json_file_reader.h"
#include "log/json_line.h"

#define NAME "c-json.log"

static char dir_name[] = "/tmp/lighter-log-XXXXXX";
static int dir = -EBADF;

static int setup(void **state)
{
	strcpy(dir_name + strlen(dir_name) - 6, "XXXXXX");
	if (!mkdtemp(dir_name))
		return -1;
	dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(dir);
	return file_remove_tree_at(AT_FDCWD, dir_name);
}

static struct json_file *open_log(uint64_t max_size, uint32_t max_file)
{
	struct json_file_options o = {.dirfd = dir, .name = NAME, .max_size = max_size, .max_file = max_file};
	struct json_file *f = NULL;
	struct err err;

	assert_int_equal(0, json_file_open(&o, &f, &err));
	return f;
}

static const struct json_file_query all = {.stdout_ = true, .stderr_ = true, .tail = -1};

static struct json_file_reader *open_reader(const struct json_file_query *q)
{
	struct json_file_reader *r = NULL;
	struct err err;

	assert_int_equal(0, json_file_reader_open(dir, NAME, q, &r, &err));
	return r;
}

/* Everything there is now, records behind each other. Returns what ended it: 0 or -ENODATA. */
static int read_on(struct json_file_reader *r, struct buf *out)
{
	struct log_record record;
	struct err err;
	int n;

	while ((n = json_file_reader_next(r, &record, &err)) == 1)
		buf_add(out, record.bytes, record.len);
	return n;
}

static void expect(const struct json_file_query *q, const char *text)
{
	_cleanup_(json_file_reader_freep) struct json_file_reader *r = open_reader(q);
	_cleanup_buf_ struct buf out = BUF_INIT;
	int n = read_on(r, &out);

	assert_true(n == 0 || n == -ENODATA);
	assert_string_equal(text, out.data);
}

static void add(struct json_file *f, enum log_stream stream, const char *s)
{
	json_file_add(f, stream, s, strlen(s));
}

static void test_write_and_read(void **state)
{
	struct json_file *f = open_log(0, 1);
	struct stat st;

	expect(&all, "");
	add(f, LOG_STDOUT, "one\nno new");
	add(f, LOG_STDERR, "err\n");
	json_file_flush(f);
	expect(&all, "one\nerr\n");
	add(f, LOG_STDOUT, "line");
	json_file_end(f, LOG_STDOUT);
	json_file_free(f);
	expect(&all, "one\nerr\nno newline");
	expect(&(struct json_file_query){.stdout_ = true, .tail = -1}, "one\nno newline");
	expect(&(struct json_file_query){.stderr_ = true, .tail = -1}, "err\n");
	assert_int_equal(0, fstatat(dir, NAME, &st, 0));
	assert_int_equal(0640, st.st_mode & 0777 & ~umask(022));
}

static void test_missing_log_is_empty(void **state)
{
	_cleanup_(json_file_reader_freep) struct json_file_reader *r = open_reader(&all);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_file *f;

	assert_int_equal(0, read_on(r, &out));
	f = open_log(0, 1);
	add(f, LOG_STDOUT, "now\n");
	json_file_free(f);
	assert_int_equal(0, read_on(r, &out));
	assert_string_equal("now\n", out.data);
}

static void test_torn_line_is_cut_off(void **state)
{
	static const char torn[] =
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n{\"log\":\"b\\n\",\"str";
	struct json_file *f;

	assert_int_equal(0, file_write_atomic_at(dir, NAME, torn, strlen(torn), 0640, 0));
	expect(&all, "a\n");
	f = open_log(0, 1);
	add(f, LOG_STDOUT, "c\n");
	json_file_free(f);
	expect(&all, "a\nc\n");
}

static void test_rotation(void **state)
{
	struct json_file *f = open_log(1000, 3);
	char text[64], name[32];
	struct stat st;

	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "line %d\n", i);
		add(f, LOG_STDOUT, text);
	}
	json_file_free(f);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), i ? NAME ".%d" : NAME, i);
		assert_int_equal(0, fstatat(dir, name, &st, 0));
		assert_true(st.st_size <= 1000 && (i == 0 || st.st_size > 900));
	}
	assert_int_equal(-1, fstatat(dir, NAME ".3", &st, 0));
	expect(&(struct json_file_query){.stdout_ = true, .tail = 2}, "line 58\nline 59\n");
	expect(&(struct json_file_query){.stdout_ = true, .tail = 0}, "");
	for (int n = 1; n < 30; n++) { /* across the files' borders */
		_cleanup_buf_ struct buf expected = BUF_INIT;

		for (int i = 60 - n; i < 60; i++)
			buf_addf(&expected, "line %d\n", i);
		expect(&(struct json_file_query){.stdout_ = true, .stderr_ = true, .tail = n}, expected.data);
	}
}

static void test_one_file_is_emptied(void **state)
{
	struct json_file *f = open_log(300, 1);
	_cleanup_(json_file_reader_freep) struct json_file_reader *r = open_reader(&all);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct stat st;

	for (int i = 0; i < 10; i++) {
		add(f, LOG_STDOUT, "some line of text\n");
		json_file_flush(f);
		assert_int_equal(0, read_on(r, &out));
	}
	assert_int_equal(10 * strlen("some line of text\n"), out.len);
	assert_int_equal(0, fstatat(dir, NAME, &st, 0));
	assert_true(st.st_size <= 300);
	assert_int_equal(-1, fstatat(dir, NAME ".1", &st, 0));
	json_file_free(f);
}

static void test_record_larger_than_the_file(void **state)
{
	struct json_file *f = open_log(50, 2);

	add(f, LOG_STDOUT, "much too long for fifty bytes\n");
	add(f, LOG_STDOUT, "and another\n");
	add(f, LOG_STDOUT, "and the last\n");
	json_file_free(f);
	expect(&all, "and another\nand the last\n");
}

/* The reader is behind, the writer rotates: nothing is lost or doubled as long as the reader was there once per file. */
static void test_following_through_rotation(void **state)
{
	struct json_file *f = open_log(400, 3);
	_cleanup_(json_file_reader_freep) struct json_file_reader *r = open_reader(&all);
	_cleanup_buf_ struct buf out = BUF_INIT, expected = BUF_INIT;
	struct log_record record;
	char text[32];

	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "line %d\n", i);
		buf_adds(&expected, text);
		add(f, LOG_STDOUT, text);
		json_file_flush(f);
		if (i % 7 == 0)
			assert_int_equal(0, read_on(r, &out));
		else if (i % 3 == 0 && json_file_reader_next(r, &record, NULL) == 1)
			buf_add(&out, record.bytes, record.len);
	}
	json_file_free(f);
	assert_int_equal(0, read_on(r, &out));
	assert_string_equal(expected.data, out.data);
}

static void test_full_disk_drops_whole_records(void **state)
{
	struct json_file *f = open_log(0, 1);
	struct rlimit old, limit;
	int error = 0;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &old));
	add(f, LOG_STDOUT, "before\n");
	json_file_flush(f);
	limit = old;
	limit.rlim_cur = 200; /* room for one more line and a piece */
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
	add(f, LOG_STDOUT, "fits\ndropped\ndropped\n");
	json_file_flush(f);
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &old));
	assert_int_equal(2, json_file_dropped(f, &error));
	assert_int_equal(EFBIG, error);
	expect(&all, "before\nfits\n");
	add(f, LOG_STDOUT, "after\n");
	json_file_free(f);
	expect(&all, "before\nfits\nafter\n");
}

static void test_reader_survives_a_line_taken_back(void **state)
{
	static const char a[] = "{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n";
	_cleanup_close_ int fd = openat(dir, NAME, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	_cleanup_(json_file_reader_freep) struct json_file_reader *r = open_reader(&all);
	_cleanup_buf_ struct buf out = BUF_INIT;

	assert_int_equal(0, fd_write_all(fd, a, strlen(a)));
	assert_int_equal(0, fd_write_all(fd, a, 20));
	assert_int_equal(0, read_on(r, &out));
	assert_int_equal(0, ftruncate(fd, (off_t)strlen(a)));
	assert_int_equal(0, read_on(r, &out));
	assert_int_equal(0, fd_write_all(fd, a, strlen(a)));
	assert_int_equal(0, read_on(r, &out));
	assert_string_equal("a\na\n", out.data);
}

static void test_times(void **state)
{
	static const char lines[] = "{\"log\":\"1\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:01Z\"}\n"
				    "{\"log\":\"2\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-01T00:00:02Z\"}\n"
				    "{\"log\":\"3\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:03.5Z\"}\n"
				    "{\"log\":\"4\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:04Z\"}\n";
	const time_t t = 1767225600;
	struct json_file_query q = all;

	assert_int_equal(0, file_write_atomic_at(dir, NAME, lines, strlen(lines), 0640, 0));
	q.since = (struct timespec){t + 2, 0};
	expect(&q, "2\n3\n4\n");
	q.until = (struct timespec){t + 3, 500000000};
	expect(&q, "2\n3\n");
	q.since = (struct timespec){t + 2, 1};
	expect(&q, "3\n");
	q.tail = 1; /* counted before the times choose, as Docker does */
	expect(&q, "");
	q.until = (struct timespec){0};
	expect(&q, "4\n");
	q = (struct json_file_query){.stderr_ = true, .tail = 2};
	expect(&q, "");
	q.tail = 3;
	expect(&q, "2\n");
}

static void test_garbage_and_overlong_lines_are_skipped(void **state)
{
	static const char good[] = "{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n";
	_cleanup_close_ int fd = openat(dir, NAME, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	char block[4096];

	memset(block, 'x', sizeof(block));
	assert_int_equal(0, fd_write_all(fd, "garbage\n\n{}\n", 12));
	assert_int_equal(0, fd_write_all(fd, good, strlen(good)));
	for (int i = 0; i < 100; i++)
		assert_int_equal(0, fd_write_all(fd, block, sizeof(block)));
	assert_int_equal(0, fd_write_all(fd, "\n", 1));
	assert_int_equal(0, fd_write_all(fd, good, strlen(good)));
	expect(&all, "a\na\n");
}

static void test_refuses_what_is_no_log(void **state)
{
	struct json_file_options o = {.dirfd = dir, .name = "../x"};
	struct json_file *f = NULL;
	struct err err = {0};

	assert_int_equal(-EINVAL, json_file_open(&o, &f, &err));
	o.name = NAME;
	assert_int_equal(0, mkdirat(dir, NAME, 0700));
	assert_true(json_file_open(&o, &f, &err) < 0);
	assert_int_equal(0, unlinkat(dir, NAME, AT_REMOVEDIR));
	assert_int_equal(0, symlinkat("/tmp/elsewhere", dir, NAME));
	assert_true(json_file_open(&o, &f, &err) < 0);
	assert_null(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_log_is_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn_line_is_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_file_is_emptied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_record_larger_than_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_following_through_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_drops_whole_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader_survives_a_line_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_garbage_and_overlong_lines_are_skipped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses_what_is_no_log, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
