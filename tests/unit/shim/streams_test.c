/* SPDX-License-Identifier: Apache-2.0 */
/* Output from pipes to clients over socketpairs: frames, who gets what, waiting for the slowest, the end, and memory. */
#include "../unit.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "shim/process_io.h"

static struct loop loop;
static struct process_io io;
static int pipes[3][2];

static int setup(void **state)
{
	if (loop_init(&loop) < 0 || process_io_init(&io, &loop, false) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			return -1;
	return 0;
}

static int teardown(void **state)
{
	process_io_done(&io);
	loop_done(&loop);
	for (int i = 0; i < 3; i++) {
		fd_close(pipes[i][0]);
		fd_close(pipes[i][1]);
	}
	return 0;
}

static void stop(struct loop_timer *timer)
{
	loop.stop = true;
}

/* Lets the loop do all it can do now. */
static void turn(void)
{
	struct loop_timer timer = {.fire = stop};

	for (int i = 0; i < 20; i++) {
		loop.stop = false;
		loop_timer_set(&loop, &timer, 0);
		assert_int_equal(0, loop_run(&loop));
	}
}

static void begin(void)
{
	for (int i = 1; i < 3; i++) {
		assert_int_equal(0, streams_add_source(&io.streams, (enum log_stream)i, pipes[i][0]));
		pipes[i][0] = -EBADF;
	}
	assert_int_equal(0, process_io_start(&io, TAKE_FD(pipes[0][1])));
}

/* Attaches a client; our end of it, non-blocking. */
static int attach(const struct shim_attach *request)
{
	struct err err;
	int pair[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	assert_int_equal(0, process_io_attach(&io, request, pair[1], NULL, 0, &err));
	assert_int_equal(0, fd_set_nonblocking(pair[0], true));
	return pair[0];
}

static const struct shim_attach both = {.stream = true, .stdout_ = true, .stderr_ = true};

static void say(int stream, const char *text)
{
	assert_int_equal(strlen(text), write(pipes[stream][1], text, strlen(text)));
	turn();
}

static void expect(int fd, const char *bytes, size_t len)
{
	char got[256];

	assert_int_equal(len, read(fd, got, sizeof(got)));
	assert_memory_equal(bytes, got, len);
}

static void expect_nothing(int fd)
{
	char got;

	assert_int_equal(-1, read(fd, &got, 1));
	assert_int_equal(EAGAIN, errno);
}

static void test_frames_and_choice(void **state)
{
	int all = attach(&both), err_only = attach(&(struct shim_attach){.stream = true, .stderr_ = true});
	int raw = attach(&(struct shim_attach){.stream = true, .stdout_ = true, .raw = true});

	begin();
	say(1, "out");
	say(2, "err!");
	expect(all, "\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\4err!", 23);
	expect(err_only, "\2\0\0\0\0\0\0\4err!", 12);
	expect(raw, "out", 3);
	close(all);
	close(err_only);
	close(raw);
	turn();
	assert_null(io.streams.clients);
}

/* Writes to stdout until nothing more goes; how much went. */
static size_t fill_up(void)
{
	static const char block[4096];
	size_t n = 0;

	assert_int_equal(0, fd_set_nonblocking(pipes[1][1], true));
	for (int idle = 0; idle < 3; turn()) {
		ssize_t w = write(pipes[1][1], block, sizeof(block));

		idle = w < 0 ? idle + 1 : 0;
		n += w > 0 ? (size_t)w : 0;
		assert_true(n < 16u << 20);
	}
	return n;
}

static size_t read_away(int fd)
{
	static char block[65536];
	size_t n = 0;
	ssize_t r;

	while ((r = read(fd, block, sizeof(block))) > 0) {
		n += (size_t)r;
		turn();
	}
	return n;
}

static void test_the_slowest_sets_the_pace(void **state)
{
	int slow = attach(&both), fast = attach(&both);
	size_t before;

	begin();
	before = fill_up();
	assert_true(before < 1u << 20);
	read_away(fast);
	assert_int_equal(0, fill_up());
	assert_int_equal(STREAMS_HEADER + STREAMS_PIECE, io.streams.cap);
	assert_true(read_away(slow) > 0);
	assert_true(fill_up() > 0);
	close(slow); /* and leaving lets the others go on */
	turn();
	read_away(fast);
	assert_true(fill_up() > 0);
	close(fast);
}

static void test_joining_in_the_middle(void **state)
{
	int slow = attach(&both), late;

	begin();
	fill_up();
	late = attach(&both);
	turn();
	expect_nothing(late); /* what is queued was before its time */
	read_away(slow);
	say(2, "new");
	read_away(slow);
	assert_true(read_away(late) > 0);
	close(slow);
	close(late);
}

static void test_the_end_waits_for_nobody_and_loses_nothing(void **state)
{
	int slow = attach(&both);
	size_t written, got;

	begin();
	written = fill_up();
	close(TAKE_FD(pipes[1][1]));
	close(TAKE_FD(pipes[2][1]));
	assert_true(streams_drain(&io.streams));
	process_io_end(&io);
	turn();
	assert_false(process_io_is_idle(&io));
	got = read_away(slow);
	assert_int_equal(0, read(slow, &(char){0}, 1));
	assert_true(got > written && got < written + written / 16);
	close(slow);
	turn();
	assert_true(process_io_is_idle(&io));
}

/* A pipe as large as an unprivileged process can make it holds more than the queue may grow to. */
static void test_what_is_too_much_cuts_the_laggard_off(void **state)
{
	int slow = attach(&both), fast;

	fcntl(pipes[1][1], F_SETPIPE_SZ, 1 << 20);
	fcntl(pipes[2][1], F_SETPIPE_SZ, 1 << 20);
	begin();
	fill_up();
	fast = attach(&(struct shim_attach){.stream = true, .stderr_ = true});
	assert_int_equal(0, fd_set_nonblocking(pipes[2][1], true));
	while (write(pipes[2][1], "0123456789abcdef", 16) > 0)
		;
	close(TAKE_FD(pipes[1][1]));
	close(TAKE_FD(pipes[2][1]));
	assert_true(streams_drain(&io.streams));
	assert_true(io.streams.cap <= STREAMS_TAIL_MAX);
	process_io_end(&io);
	turn();
	read_away(slow);
	read_away(fast);
	turn();
	close(slow);
	close(fast);
	turn();
	assert_true(process_io_is_idle(&io));
}

static void test_input_waits_for_the_process(void **state)
{
	static const char block[65536];
	size_t sent = 0;
	char bytes[64];
	int client;
	ssize_t n;

	io.open_stdin = io.stdin_once = true;
	client = attach(&(struct shim_attach){.stream = true, .stdin_ = true, .stdout_ = true});
	assert_true(write(client, "early", 5) == 5);
	turn();
	begin();
	turn();
	assert_int_equal(5, read(pipes[0][0], bytes, sizeof(bytes)));
	assert_memory_equal("early", bytes, 5);
	while ((n = send(client, block, sizeof(block), MSG_DONTWAIT)) > 0) {
		sent += (size_t)n;
		turn();
	}
	assert_true(sent < 2u << 20);
	close(client);
	turn();
	assert_int_equal(sent, ({
				 assert_int_equal(0, fd_set_nonblocking(pipes[0][0], true));
				 read_away(pipes[0][0]);
			 }));
	assert_int_equal(0, read(pipes[0][0], bytes, 1)); /* its end came with the client's */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_frames_and_choice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_slowest_sets_the_pace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_joining_in_the_middle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_end_waits_for_nobody_and_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_too_much_cuts_the_laggard_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_input_waits_for_the_process, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
