/* SPDX-License-Identifier: Apache-2.0 */
/* Packets over a socketpair: what arrives, what is refused, and that no descriptor is ever lost. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "shim/protocol.h"
#include "../unit.h"

static int pair[2];

static int setup(void **state)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int teardown(void **state)
{
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static size_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void test_round_trip(void **state)
{
	static const char json[] = "{\"type\":\"attach\",\"seq\":7,\"stream\":true}";
	struct shim_packet p = {0};
	struct stat a, b;
	struct err err;
	size_t before = open_fds();

	assert_int_equal(0, shim_packet_send(pair[0], json, strlen(json), "a\0b", 3, &pair[0], 1));
	assert_int_equal(1, shim_packet_recv(pair[1], &p, &err));
	assert_string_equal("attach", p.type);
	assert_int_equal(7, p.seq);
	assert_int_equal(3, p.raw_len);
	assert_memory_equal("a\0b", p.raw, 3);
	assert_int_equal(1, p.n_fds);
	assert_int_equal(0, fstat(p.fds[0], &a));
	assert_int_equal(0, fstat(pair[0], &b));
	assert_true(a.st_ino == b.st_ino);
	assert_true(fcntl(p.fds[0], F_GETFD) & FD_CLOEXEC);
	shim_packet_done(&p);
	assert_int_equal(before, open_fds());
}

static void test_end_and_empty_socket(void **state)
{
	struct shim_packet p;

	assert_int_equal(0, fd_set_nonblocking(pair[1], true));
	assert_int_equal(-EAGAIN, shim_packet_recv(pair[1], &p, NULL));
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(0, shim_packet_recv(pair[1], &p, NULL));
}

static void send_raw(const void *bytes, size_t len)
{
	int fds[] = {pair[0], pair[1]};

	assert_int_equal(len, fd_send(pair[0], bytes, len, fds, 2));
}

static void packet(char *to, uint32_t magic, uint32_t json_len, uint32_t raw_len, const char *json)
{
	memcpy(to, &magic, 4);
	memcpy(to + 4, &json_len, 4);
	memcpy(to + 8, &raw_len, 4);
	memcpy(to + 12, json, strlen(json));
}

/* Whatever is refused is taken off the queue, its descriptors closed, and the next packet is read as if nothing had been. */
static void test_refusals(void **state)
{
	static const struct {
		uint32_t magic, json_len, raw_len;
		const char *json;
	} bad[] = {
		{SHIM_MAGIC, 0, 0, ""},
		{SHIM_MAGIC, 5, 0, "{}"},
		{SHIM_MAGIC, 2, 1, "{}"},
		{SHIM_MAGIC, UINT32_MAX, 3, "{}"},
		{SHIM_MAGIC, 2, 0, "{}"},
		{SHIM_MAGIC, 10, 0, "{\"type\":1}"},
		{SHIM_MAGIC, 3, 0, "{]}"},
		{SHIM_MAGIC, 2, 0, "[]"},
		{0x12345678, 12, 0, "{\"type\":\"a\"}"},
	};
	size_t before = open_fds();
	struct shim_packet p;
	struct err err;
	char bytes[64];

	send_raw("x", 1);
	assert_int_equal(-EBADMSG, shim_packet_recv(pair[1], &p, &err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		packet(bytes, bad[i].magic, bad[i].json_len, bad[i].raw_len, bad[i].json);
		send_raw(bytes, 12 + strlen(bad[i].json));
		err = (struct err){0};
		assert_int_equal(-EBADMSG, shim_packet_recv(pair[1], &p, &err));
		assert_int_equal(EBADMSG, err.sys);
		assert_int_equal(before, open_fds());
	}
	test_round_trip(state);
}

static void test_sizes(void **state)
{
	_cleanup_free_ char *raw = try_alloc(SHIM_PACKET_MAX, SHIM_PACKET_MAX);
	static const char json[] = "{\"type\":\"x\"}";
	size_t most = SHIM_PACKET_MAX - 12 - strlen(json);
	int fds[SHIM_PACKET_FDS + 1] = {0};
	struct shim_packet p;

	assert_non_null(raw);
	assert_int_equal(-EMSGSIZE, shim_packet_send(pair[0], json, strlen(json), raw, most + 1, NULL, 0));
	assert_int_equal(-EMSGSIZE, shim_packet_send(pair[0], json, strlen(json), raw, SIZE_MAX - 20, NULL, 0));
	assert_int_equal(-E2BIG, shim_packet_send(pair[0], json, strlen(json), NULL, 0, fds, SHIM_PACKET_FDS + 1));
	assert_int_equal(0, shim_packet_send(pair[0], json, strlen(json), raw, most, NULL, 0));
	assert_int_equal(1, shim_packet_recv(pair[1], &p, NULL));
	assert_int_equal(most, p.raw_len);
	shim_packet_done(&p);
}

static void test_too_large_is_refused(void **state)
{
	_cleanup_free_ char *bytes = try_alloc(SHIM_PACKET_MAX + 1, SHIM_PACKET_MAX + 1);
	size_t before = open_fds();
	struct shim_packet p;

	assert_non_null(bytes);
	send_raw(bytes, SHIM_PACKET_MAX + 1);
	assert_int_equal(-EBADMSG, shim_packet_recv(pair[1], &p, NULL));
	assert_int_equal(before, open_fds());
	test_round_trip(state);
}

static void test_full_socket_says_so(void **state)
{
	static const char json[] = "{\"type\":\"x\"}";
	int r;

	assert_int_equal(0, fd_set_nonblocking(pair[0], true));
	do
		r = shim_packet_send(pair[0], json, strlen(json), NULL, 0, NULL, 0);
	while (r == 0);
	assert_int_equal(-EAGAIN, r);
}

/* ---- calls ---- */

static void *answer(void *arg)
{
	static const char event[] = "{\"type\":\"event\",\"event\":\"oom\"}";
	const char *replies = arg;
	struct shim_packet p = {0};

	if (shim_packet_recv(pair[1], &p, NULL) == 1) {
		char reply[256];
		int len = snprintf(reply, sizeof(reply), "{\"type\":%s,\"seq\":%lld}", replies, (long long)p.seq);

		if (shim_packet_send(pair[1], event, strlen(event), NULL, 0, NULL, 0) < 0 ||
		    shim_packet_send(pair[1], reply, (size_t)len, NULL, 0, NULL, 0) < 0)
			abort();
	}
	shim_packet_done(&p);
	return NULL;
}

static int call(const char *replies, struct shim_packet *ret, struct err *err)
{
	static const char request[] = "{\"type\":\"signal\",\"signo\":15}";
	pthread_t thread;
	int r;

	assert_int_equal(0, pthread_create(&thread, NULL, answer, (void *)replies));
	r = shim_call(pair[0], request, strlen(request), NULL, 0, NULL, 0, 10000, ret, err);
	pthread_join(thread, NULL);
	return r;
}

static void test_call(void **state)
{
	struct shim_packet p = {0};
	struct err err = {0};

	assert_int_equal(0, call("\"ok\",\"pid\":5", &p, &err));
	assert_string_equal("ok", p.type);
	shim_packet_done(&p);
	assert_int_equal(0, call("\"ok\"", NULL, &err));
	assert_int_equal(-ENOENT, call("\"error\",\"kind\":\"command missing\",\"sys\":2,\"message\":\"no such\"", &p, &err));
	assert_int_equal(ERR_COMMAND_MISSING, err.kind);
	assert_int_equal(2, err.sys);
	assert_string_equal("no such", err.msg);
	assert_int_equal(-EIO, call("\"error\"", &p, &err));
	assert_int_equal(ERR_SYSTEM, err.kind);
	/* A number no errno has. */
	assert_int_equal(-ENOENT, call("\"error\",\"kind\":\"not found\",\"sys\":-5,\"message\":7", &p, &err));
}

static void test_call_deadline_and_end(void **state)
{
	static const char request[] = "{}";
	struct err err;

	assert_int_equal(-ETIMEDOUT, shim_call(pair[0], request, 2, NULL, 0, NULL, 0, 20, NULL, &err));
	assert_int_equal(ERR_DEADLINE, err.kind);
	close(pair[1]);
	pair[1] = -EBADF;
	assert_true(shim_call(pair[0], request, 2, NULL, 0, NULL, 0, 1000, NULL, &err) < 0);
}

static void test_connect(void **state)
{
	char dir[] = "/tmp/shim-protocol-XXXXXX", path[64];
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	_cleanup_close_ int dir_fd = -EBADF, listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fd = -EBADF;

	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(-ENOENT, shim_connect(dir_fd, 1000));
	snprintf(path, sizeof(path), "%s/s", dir);
	memcpy(at.sun_path, path, strlen(path) + 1);
	assert_int_equal(0, bind(listener, (struct sockaddr *)&at, sizeof(at)));
	assert_int_equal(-ECONNREFUSED, shim_connect(dir_fd, 1000));
	assert_int_equal(0, listen(listener, 1));
	fd = shim_connect(dir_fd, 1000);
	assert_true(fd >= 0);
	unlink(path);
	rmdir(dir);
}

/* ---- documents ---- */

static void test_documents_round_trip(void **state)
{
	static const char text[] =
		"{\"version\":1,\"id\":\"abc\",\"instance\":\"i\",\"spec\":{\"ociVersion\":\"1.2.1\"},\"lower\":[\"2\",\"1\"],"
		"\"runtime_id\":\"abc\",\"tty\":true,\"open_stdin\":true,\"stdin_once\":false,\"rows\":24,\"cols\":80,"
		"\"log\":{\"driver\":\"json-file\",\"path\":\"abc-json.log\",\"max_size\":1024,\"max_file\":3},"
		"\"net\":{\"mode\":\"bridge\",\"bridge\":\"lighter0\",\"host_if\":\"v1\",\"address\":\"172.17.0.2\",\"prefix\":"
		"16},"
		"\"auto_remove\":true}";
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_writer w = {.out = &out};
	struct shim_start start;
	struct err err;

	assert_int_equal(0, json_decode_text(text, strlen(text), &shim_start_shape, 0, a, &start, &err));
	assert_string_equal("2", start.lower[0]);
	assert_string_equal("{\"ociVersion\":\"1.2.1\"}", start.spec);
	assert_int_equal(1024, start.log->max_size);
	assert_string_equal("lighter0", start.net->bridge);
	json_encode(&w, &shim_start_shape, &start);
	assert_string_equal(text, out.data);
	assert_true(json_decode_text("{\"version\":1}", 13, &shim_start_shape, 0, a, &start, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_and_empty_socket, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_large_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_socket_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(test_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_call_deadline_and_end, setup, teardown),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_documents_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
