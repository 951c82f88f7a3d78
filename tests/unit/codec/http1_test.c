/* SPDX-License-Identifier: Apache-2.0 */
/* Framing: what is accepted, what is refused with which status, and bodies cut at every byte. */
#include "codec/http1.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../unit.h"

static struct arena *arena;

static int set_up(void **state)
{
	arena = arena_new(0);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	arena_free(arena);
	return 0;
}

static int request(const char *text, struct http1_head *head, int *status)
{
	struct http1_scan scan = {0};
	size_t len = strlen(text);

	assert_int_equal(http1_head_scan(&scan, text, len), len);
	return http1_request_parse(text, len, arena, head, status, NULL);
}

static void a_request_is_taken_apart(void **state)
{
	struct http1_head head;
	int status;

	assert_int_equal(
		request("\r\nPOST /a?b=c HTTP/1.1\r\nhost: d\r\nX-Empty:\r\nX-Two:  a b \t\r\nContent-Length: 007\r\n\r\n",
			&head, &status),
		0);
	assert_string_equal(head.method, "POST");
	assert_string_equal(head.target, "/a?b=c");
	assert_int_equal(head.minor, 1);
	assert_int_equal(head.n_headers, 4);
	assert_string_equal(http1_header_get(&head, "HOST"), "d");
	assert_string_equal(http1_header_get(&head, "x-empty"), "");
	assert_string_equal(http1_header_get(&head, "x-two"), "a b");
	assert_null(http1_header_get(&head, "x-three"));
	assert_int_equal(head.body, HTTP1_BODY_LENGTH);
	assert_int_equal(head.length, 7);
	assert_true(head.keep_alive);
	assert_false(head.expect_continue);
	assert_null(head.upgrade);
}

static void connection_options_are_understood(void **state)
{
	static const struct {
		const char *text;
		bool keep_alive;
		const char *upgrade;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", false, NULL},
		{"GET / HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", true, "tcp"},
		{"GET / HTTP/1.1\r\nHost: d\r\nConnection: keep-alive , upgrade\r\nUpgrade: h2c\r\n\r\n", true, "h2c"},
		{"GET / HTTP/1.1\r\nHost: d\r\nUpgrade: tcp\r\n\r\n", true, NULL},
		{"GET / HTTP/1.0\r\n\r\n", false, NULL},
		{"GET / HTTP/1.0\nConnection: Keep-Alive\n\n", true, NULL},
		{"GET / HTTP/1.1\r\nHost: d\r\nConnection: a\r\nConnection: close\r\n\r\n", false, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http1_head head;
		int status;

		assert_int_equal(request(cases[i].text, &head, &status), 0);
		assert_int_equal(head.keep_alive, cases[i].keep_alive);
		if (cases[i].upgrade)
			assert_string_equal(head.upgrade, cases[i].upgrade);
		else
			assert_null(head.upgrade);
	}
}

#define R "GET / HTTP/1.1\r\nHost: d\r\n"

static void what_could_be_read_two_ways_is_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
	} bad[] = {
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{R "Host: e\r\n\r\n", 400},
		{"GET /\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: d\r\n\r\n", 400},
		{"GET / HTTP/1.1 x\r\nHost: d\r\n\r\n", 400},
		{"G(T / HTTP/1.1\r\nHost: d\r\n\r\n", 400},
		{" / HTTP/1.1\r\nHost: d\r\n\r\n", 400},
		{"GET /\x01 HTTP/1.1\r\nHost: d\r\n\r\n", 400},
		{"GET / HTTP/2.0\r\nHost: d\r\n\r\n", 505},
		{"GET / HTTP/1.x\r\nHost: d\r\n\r\n", 400},
		{"GET / http/1.1\r\nHost: d\r\n\r\n", 400},
		{R "A : b\r\n\r\n", 400},
		{R "A\r\n\r\n", 400},
		{R ": b\r\n\r\n", 400},
		{R "A: b\r\n c\r\n\r\n", 400},
		{R "A: b\rc\r\n\r\n", 400},
		{R "A: b\x02\r\n\r\n", 400},
		{R "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{R "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
		{R "Content-Length: -1\r\n\r\n", 400},
		{R "Content-Length: +1\r\n\r\n", 400},
		{R "Content-Length: 1, 1\r\n\r\n", 400},
		{R "Content-Length: \r\n\r\n", 400},
		{R "Content-Length: 0x10\r\n\r\n", 400},
		{R "Content-Length: 18446744073709551617\r\n\r\n", 400},
		{R "Transfer-Encoding: gzip\r\n\r\n", 501},
		{R "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
		{R "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{R "Expect: something\r\n\r\n", 417},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct http1_head head;
		int status = 0;

		assert_int_equal(request(bad[i].text, &head, &status), -EINVAL);
		assert_int_equal(status, bad[i].status);
	}
}

static void heads_are_capped(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct http1_scan scan = {0};
	struct http1_head head;
	int status = 0;

	buf_adds(&text, "GET /");
	while (text.len <= HTTP1_LINE_MAX)
		buf_addc(&text, 'a');
	assert_int_equal(http1_head_scan(&scan, text.data, text.len), -EMSGSIZE);
	buf_reset(&text);
	buf_adds(&text, R);
	while (text.len <= HTTP1_HEAD_MAX)
		buf_adds(&text, "A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n");
	scan = (struct http1_scan){0};
	assert_int_equal(http1_head_scan(&scan, text.data, text.len), -EMSGSIZE);
	buf_reset(&text);
	buf_adds(&text, R);
	for (int i = 0; i < HTTP1_HEADERS_MAX + 1; i++)
		buf_adds(&text, "A: b\r\n");
	buf_adds(&text, "\r\n");
	assert_int_equal(request(text.data, &head, &status), -EINVAL);
	assert_int_equal(status, 431);
	buf_reset(&text);
	for (size_t i = 0; i < HTTP1_HEAD_MAX; i++)
		buf_adds(&text, "\r\n");
	scan = (struct http1_scan){0};
	assert_int_equal(http1_head_scan(&scan, text.data, text.len), -EMSGSIZE);
}

static void a_head_may_come_in_any_pieces(void **state)
{
	static const char text[] = "POST / HTTP/1.1\r\nHost: d\r\nA: b\n\r\nbody";
	size_t end = sizeof(text) - 1 - strlen("body");

	for (size_t step = 1; step < sizeof(text); step++) {
		struct http1_scan scan = {0};
		ssize_t n = 0;

		for (size_t at = step; n == 0; at += step)
			n = http1_head_scan(&scan, text, MIN(at, sizeof(text) - 1));
		assert_int_equal(n, end);
	}
}

static int read_all(struct http1_body *b, const char *text, size_t step, struct buf *out, size_t *ret_used)
{
	size_t at = 0, len = strlen(text);
	int r = 0;

	while (r == 0 && at < len) {
		const char *data;
		size_t used, n;

		r = http1_body_next(b, text + at, MIN(step, len - at), &used, &data, &n);
		if (r < 0)
			return r;
		buf_add(out, data, n);
		at += used;
	}
	*ret_used = at;
	return r;
}

static void chunks_are_read_whatever_the_cut(void **state)
{
	static const char text[] = "5\r\nhello\r\n6;name=\"v\"\r\n world\r\n00\r\nA: b\r\nC: d\r\n\r\nNEXT";
	const struct http1_head head = {.body = HTTP1_BODY_CHUNKED};

	for (size_t step = 1; step < sizeof(text); step++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct http1_body b;
		size_t used;

		http1_body_init(&b, &head);
		assert_int_equal(read_all(&b, text, step, &out, &used), 1);
		assert_string_equal(out.data, "hello world");
		assert_string_equal(text + used, "NEXT");
		assert_true(http1_body_ended(&b));
	}
}

static void broken_chunks_are_refused(void **state)
{
	static const char *const bad[] = {
		"\r\n",
		"g\r\n",
		"-1\r\n",
		"1\nab",
		"1\r\nab\r\n",
		"1\r\na\n",
		"1x\r\n",
		"ffffffffffffffff\r\n",
		"0\r\nA: b\n\r\n",
		"1;x\ny\r\n",
		" 1\r\na\r\n",
	};
	const struct http1_head head = {.body = HTTP1_BODY_CHUNKED};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct http1_body b;
		size_t used;

		http1_body_init(&b, &head);
		assert_int_equal(read_all(&b, bad[i], 100, &out, &used), -EPROTO);
	}
}

static void lengths_end_where_they_say(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct http1_head head = {.body = HTTP1_BODY_LENGTH, .length = 5};
	struct http1_body b;
	size_t used;

	http1_body_init(&b, &head);
	assert_int_equal(read_all(&b, "helloNEXT", 3, &out, &used), 1);
	assert_string_equal(out.data, "hello");
	assert_int_equal(used, 5);
	head.length = 0;
	http1_body_init(&b, &head);
	assert_true(http1_body_ended(&b));
}

static void answers_know_their_bodies(void **state)
{
	static const struct {
		const char *text, *method;
		int status;
		enum http1_body_kind body;
		bool keep_alive;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "GET", 200, HTTP1_BODY_LENGTH, true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD", 200, HTTP1_BODY_NONE, true},
		{"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", 200, HTTP1_BODY_CHUNKED, true},
		{"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "GET", 200, HTTP1_BODY_UNTIL_CLOSE, false},
		{"HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", "POST", 204, HTTP1_BODY_NONE, true},
		{"HTTP/1.1 304 Not Modified\r\nA: b\r\n\r\n", "POST", 304, HTTP1_BODY_NONE, true},
		{"HTTP/1.1 100 Continue\r\n\r\n", "POST", 100, HTTP1_BODY_NONE, true},
		{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", "GET", 200, HTTP1_BODY_LENGTH, false},
	};
	struct http1_head head;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(
			http1_response_parse(cases[i].text, strlen(cases[i].text), cases[i].method, arena, &head, NULL), 0);
		assert_int_equal(head.status, cases[i].status);
		assert_int_equal(head.body, cases[i].body);
		assert_int_equal(head.keep_alive, cases[i].keep_alive);
	}
	assert_int_equal(http1_response_parse("HTP/1.1 200 OK\r\n\r\n", 18, "GET", arena, &head, NULL), -EINVAL);
	assert_int_equal(http1_response_parse("HTTP/1.1 20 OK\r\n\r\n", 18, "GET", arena, &head, NULL), -EINVAL);
	assert_int_equal(http1_response_parse("HTTP/1.1\r\n\r\n", 12, "GET", arena, &head, NULL), -EINVAL);
}

static void an_upgrade_is_seen(void **state)
{
	static const char text[] = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
	struct http1_head head;

	assert_int_equal(http1_response_parse(text, strlen(text), "POST", arena, &head, NULL), 0);
	assert_string_equal(head.upgrade, "tcp");
	assert_int_equal(head.body, HTTP1_BODY_NONE);
}

static void chunk_heads_are_written(void **state)
{
	char line[HTTP1_CHUNK_HEAD_MAX];

	assert_int_equal(http1_chunk_head(line, 255), 4);
	assert_memory_equal(line, "ff\r\n", 4);
	assert_true(http1_chunk_head(line, SIZE_MAX) < sizeof(line));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_request_is_taken_apart),  T(connection_options_are_understood), T(what_could_be_read_two_ways_is_refused),
		T(heads_are_capped),          T(a_head_may_come_in_any_pieces),     T(chunks_are_read_whatever_the_cut),
		T(broken_chunks_are_refused), T(lengths_end_where_they_say),        T(answers_know_their_bodies),
		T(an_upgrade_is_seen),        T(chunk_heads_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
