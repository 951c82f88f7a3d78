/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's loop: poll(2) over the user's stdin, the connection, the signals and the pending wait. Bytes for the
 * container wait in one bounded buffer; stdin is read only while it is empty. Output is demultiplexed frame by frame
 * (8-byte heads: stream, three zeros, big-endian length) unless there is a terminal.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "codec/json.h"
#include "codec/json_c.h"

#define CHUNK_SIZE (64 * 1024)

enum { POLL_STDIN, POLL_CONN, POLL_SIGNALS, POLL_WAIT, POLL_COUNT };

struct loop {
	struct session *s;
	struct terminal terminal;
	bool stdin_open;
	bool stdin_shut; /* its end was passed on */
	bool detaching;  /* the user typed the detach keys */
	bool exited;     /* the exit code is known */
	char last_typed;
	struct buf to_conn;
	unsigned char head[8];
	size_t head_len;
	uint32_t frame_left;
	bool done;
	enum session_end end;
	int code;
	struct err *err;
};

static int write_out(struct loop *l, int stream, const char *bytes, size_t len)
{
	int r = fd_write_all(stream == 2 ? STDERR_FILENO : STDOUT_FILENO, bytes, len);

	return r < 0 ? err_sys(l->err, r, "write to %s", stream == 2 ? "stderr" : "stdout") : 0;
}

static int demultiplex(struct loop *l, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t n;

		if (l->frame_left == 0) {
			n = MIN(len, sizeof(l->head) - l->head_len);
			memcpy(l->head + l->head_len, bytes, n);
			l->head_len += n;
			bytes += n;
			len -= n;
			if (l->head_len < sizeof(l->head))
				return 0;
			l->head_len = 0;
			l->frame_left = (uint32_t)l->head[4] << 24 | (uint32_t)l->head[5] << 16 | (uint32_t)l->head[6] << 8 |
					l->head[7];
			if (l->head[0] > 3)
				return err_set(l->err, ERR_SYSTEM, "unrecognized stream: %d", l->head[0]);
			continue;
		}
		n = MIN(len, (size_t)l->frame_left);
		if (write_out(l, l->head[0], bytes, n) < 0)
			return -EIO;
		l->frame_left -= (uint32_t)n;
		bytes += n;
		len -= n;
	}
	return 0;
}

static int take_output(struct loop *l, const char *bytes, size_t len)
{
	return l->s->tty ? write_out(l, 1, bytes, len) : demultiplex(l, bytes, len);
}

static bool container_runs(struct loop *l)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	_cleanup_buf_ struct buf path = BUF_INIT;
	struct json_object *state;
	struct err err;

	buf_addf(&path, "/containers/%s/json", l->s->id);
	if (cli_call_json(l->s->cli, path.data, &o, &err) < 0)
		return err.kind == ERR_UNAVAILABLE && l->detaching;
	return json_object_object_get_ex(o, "State", &state) &&
	       json_object_get_boolean(json_object_object_get(state, "Running"));
}

/*
 * The connection's end: the container's output is over, or the user detached (the engine closed it while the container
 * goes on). Without a pending wait that is all there is to know.
 */
static void conn_ended(struct loop *l)
{
	fd_close(l->s->conn);
	l->s->conn = -EBADF;
	l->stdin_open = false;
	if (l->exited) {
		l->done = true;
		return;
	}
	if (!l->s->wait || (l->s->tty && container_runs(l))) {
		l->done = true;
		l->end = SESSION_DETACHED;
	}
}

static int read_conn(struct loop *l)
{
	static char bytes[CHUNK_SIZE];
	ssize_t n = recv(l->s->conn, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		conn_ended(l);
		return 0;
	}
	return take_output(l, bytes, (size_t)n);
}

static void write_conn(struct loop *l)
{
	ssize_t n = send(l->s->conn, l->to_conn.data, l->to_conn.len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* nobody reads what the user types any more; the output may still come */
		buf_reset(&l->to_conn);
		l->stdin_open = false;
	} else if (n > 0) {
		buf_consume(&l->to_conn, (size_t)n);
	}
}

static void read_stdin(struct loop *l)
{
	char *to = buf_reserve(&l->to_conn, CHUNK_SIZE);
	ssize_t n = to ? read(STDIN_FILENO, to, CHUNK_SIZE) : -1;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		l->stdin_open = false;
		return;
	}
	for (ssize_t i = 0; l->s->tty && i < n; i++) {
		l->detaching = l->detaching || (l->last_typed == 0x10 && to[i] == 0x11);
		l->last_typed = to[i];
	}
	buf_grew(&l->to_conn, (size_t)n);
}

static void forward_signal(struct loop *l, int signo)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	struct err err;

	if (signo == SIGWINCH) {
		if (l->s->tty)
			session_resize(l->s);
		return;
	}
	if (l->s->tty || !l->s->sig_proxy) {
		l->done = true;
		l->end = SESSION_EXITED;
		l->code = 128 + signo;
		return;
	}
	if (cli_call(l->s->cli, "POST", &reply, &err, "/containers/%s/kill?signal=%d", l->s->id, signo) < 0 &&
	    err.kind != ERR_CONFLICT && err.kind != ERR_NOT_FOUND)
		fprintf(stderr, "%s\n", err.msg);
}

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (!l->done && read(l->s->signals, &info, sizeof(info)) == sizeof(info))
		forward_signal(l, (int)info.ssi_signo);
}

/* {"StatusCode":3} or {"StatusCode":..,"Error":{"Message":..}}. */
static int read_wait(struct loop *l)
{
	_cleanup_(json_freep) struct json_object *answer = NULL;
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct json_object *code, *error;
	char bytes[512];
	ssize_t n;

	while ((n = client_stream_read(l->s->wait, bytes, sizeof(bytes), l->err)) > 0)
		buf_add(&body, bytes, (size_t)n);
	if (n < 0)
		return err_wrap(l->err, "error waiting for container");
	if (json_parse(body.data, body.len, &answer, l->err) < 0)
		return err_wrap(l->err, "error waiting for container");
	if (json_object_object_get_ex(answer, "Error", &error) && error)
		fprintf(stderr, "Error waiting for container: %s\n",
			json_object_get_string(json_object_object_get(error, "Message")));
	l->code = json_object_object_get_ex(answer, "StatusCode", &code) ? (int)json_object_get_int64(code) : CLI_ENGINE_FAILED;
	l->end = SESSION_EXITED;
	l->exited = true;
	client_stream_free(l->s->wait);
	l->s->wait = NULL;
	l->done = l->s->conn < 0;
	return 0;
}

static void set_up_polls(struct loop *l, struct pollfd polls[POLL_COUNT])
{
	struct session *s = l->s;
	bool room = s->conn >= 0 && l->to_conn.len == 0;

	polls[POLL_STDIN] = (struct pollfd){.fd = l->stdin_open && room ? STDIN_FILENO : -1, .events = POLLIN};
	polls[POLL_CONN] = (struct pollfd){.fd = s->conn, .events = POLLIN};
	if (s->conn >= 0 && l->to_conn.len > 0)
		polls[POLL_CONN].events |= POLLOUT;
	polls[POLL_SIGNALS] = (struct pollfd){.fd = s->signals, .events = POLLIN};
	polls[POLL_WAIT] = (struct pollfd){.fd = s->wait ? client_stream_fd(s->wait) : -1, .events = POLLIN};
}

static int step(struct loop *l)
{
	struct pollfd polls[POLL_COUNT];
	bool wait_ready;
	int r = 0;

	set_up_polls(l, polls);
	wait_ready = l->s->wait && client_stream_buffered(l->s->wait);
	if (poll(polls, POLL_COUNT, wait_ready ? 0 : -1) < 0)
		return errno == EINTR ? 0 : err_sys(l->err, errno, "poll");
	if (polls[POLL_SIGNALS].revents)
		read_signals(l);
	if (polls[POLL_CONN].revents & POLLOUT)
		write_conn(l);
	if (polls[POLL_CONN].revents & (POLLIN | POLLHUP | POLLERR))
		r = read_conn(l);
	if (r == 0 && polls[POLL_STDIN].revents)
		read_stdin(l);
	if (!l->stdin_open && !l->stdin_shut && l->s->conn >= 0 && l->to_conn.len == 0) {
		l->stdin_shut = true;
		if (l->s->in)
			shutdown(l->s->conn, SHUT_WR);
	}
	if (r == 0 && l->s->wait && (wait_ready || polls[POLL_WAIT].revents))
		r = read_wait(l);
	return r;
}

int session_run(struct session *s, enum session_end *ret_end, int *ret_code, struct err *err)
{
	struct loop l = {.s = s, .terminal = TERMINAL_INIT, .stdin_open = s->in, .to_conn = BUF_INIT, .err = err};
	int r = 0;

	if (s->tty && s->in && isatty(STDIN_FILENO))
		r = terminal_raw(&l.terminal, STDIN_FILENO);
	if (r < 0)
		return err_sys(err, r, "set the terminal to raw mode");
	if (s->received.len > 0)
		r = take_output(&l, s->received.data, s->received.len);
	/* what the container wrote last may still be under way when its exit is known: both ends are waited for */
	while (r == 0 && !l.done && (s->conn >= 0 || s->wait))
		r = step(&l);
	terminal_restore(&l.terminal);
	buf_done(&l.to_conn);
	*ret_end = l.end;
	*ret_code = l.code;
	return r;
}
