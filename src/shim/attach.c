/* SPDX-License-Identifier: Apache-2.0 */
/* One attached connection; see attach.h. */
#include "shim/attach.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

#define KEYS_PIECE 4096 /* a terminal's input is looked through in pieces of this size */

static void socket_ready(struct loop_source *source, uint32_t events);

struct attachment *attachment_new(struct process_io *io, int fd, char *ahead, size_t ahead_len)
{
	struct attachment *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->io = io;
	a->out.source = (struct loop_source){.fd = fd, .ready = socket_ready};
	a->ahead = ahead;
	a->ahead_len = ahead_len;
	return a;
}

void attachment_free(struct attachment *a)
{
	if (!a->is_lingering)
		streams_leave(&a->io->streams, &a->out);
	loop_remove(a->io->loop, &a->out.source);
	replay_free(a->replay);
	free(a->ahead);
	close(a->out.source.fd);
	free(a);
}

bool attachment_is_done(const struct attachment *a)
{
	if (a->out.closing)
		return true;
	if (a->out.out_dead && !a->stdin_open)
		return true;
	return a->io->streams.ended && !a->replay && streams_client_idle(&a->out);
}

/* ---- in ---- */

/*
 * The client sends no more: the process's end of input with StdinOnce. Docker ends the output of any other client then, and
 * `echo x | docker attach C` shows nothing; here the output goes on to its end.
 */
static void input_ended(struct attachment *a)
{
	struct process_io *io = a->io;

	a->stdin_open = false;
	if (io->stdin_once && !io->tty)
		input_close(&io->input);
	a->out.closing = a->out.closing || a->hung_up || !a->any_output;
}

/* Up to `size` bytes of what the client sent; 0 at the end, -EAGAIN when there are none now. */
static ssize_t take_bytes(struct attachment *a, char *to, size_t size)
{
	ssize_t n;

	if (a->ahead) {
		size = MIN(size, a->ahead_len - a->ahead_at);
		memcpy(to, a->ahead + a->ahead_at, size);
		a->ahead_at += size;
		if (a->ahead_at == a->ahead_len)
			free(TAKE(a->ahead));
		return (ssize_t)size;
	}
	do
		n = recv(a->out.source.fd, to, size, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	/* A reset connection has ended, too. */
	return n >= 0 ? n : errno == EAGAIN ? -EAGAIN : 0;
}

/* One piece of a terminal's input. */
static ssize_t pass_keys(struct attachment *a)
{
	struct input *in = &a->io->input;
	char bytes[KEYS_PIECE];
	ssize_t n = take_bytes(a, bytes, sizeof(bytes));
	size_t len;

	if (n <= 0)
		return n;
	if (input_is_closed(in))
		return n;
	if (detach_filter(&a->detach, bytes, (size_t)n, in->piece, &len)) {
		a->stdin_open = false;
		a->out.closing = true;
	}
	if (len > 0)
		input_send(in, len);
	return n;
}

static ssize_t pass_bytes(struct attachment *a)
{
	struct input *in = &a->io->input;
	char dropped[KEYS_PIECE];
	ssize_t n;

	if (input_is_closed(in))
		return take_bytes(a, dropped, sizeof(dropped));
	n = take_bytes(a, in->piece, INPUT_PIECE);
	if (n > 0)
		input_send(in, (size_t)n);
	return n;
}

static void read_input(struct attachment *a)
{
	struct input *in = &a->io->input;

	/* A few pieces, then the others have their turn. */
	for (int i = 0; i < 8 && a->stdin_open && (input_has_room(in) || input_is_closed(in)); i++) {
		ssize_t n = a->io->tty ? pass_keys(a) : pass_bytes(a);

		if (n == -EAGAIN)
			return;
		if (n == 0)
			input_ended(a);
	}
}

/* ---- out ---- */

static void go_live(struct attachment *a)
{
	replay_free(TAKE(a->replay));
	if (!a->stream || (a->io->streams.log && replay_pending(&a->out) < 0))
		a->out.closing = true;
	a->out.live = true;
	a->out.at = a->io->streams.len; /* what is queued is in the log already */
	a->out.left = 0;
}

static void send_output(struct attachment *a)
{
	if (a->replay) {
		int n = replay_send(a->replay, &a->out);

		if (n < 0)
			a->out.out_dead = a->out.closing = true;
		if (n > 0)
			go_live(a);
	}
	if (a->out.live)
		streams_client_ready(&a->out);
}

static bool may_read(const struct attachment *a)
{
	const struct process_io *io = a->io;

	return a->stdin_open && io->started && (input_has_room(&io->input) || input_is_closed(&io->input));
}

static void watch(struct attachment *a)
{
	a->out.in_events = (may_read(a) ? (uint32_t)EPOLLIN : 0u) | (a->replay && !a->out.out_dead ? (uint32_t)EPOLLOUT : 0u);
	/* A hang-up is reported as long as it lasts: who waits for room in the input must not be woken by it. */
	if (a->hung_up && !a->out.in_events)
		loop_remove(a->io->loop, &a->out.source);
	else
		streams_client_watch(&a->out);
	if (attachment_is_done(a))
		a->io->streams.changed(&a->io->streams);
}

void attachment_update(struct attachment *a)
{
	if (a->out.closing)
		return;
	if (a->ahead && may_read(a))
		read_input(a);
	watch(a);
}

/* Reads away what comes; the end, or whatever else happens, is the end. */
static void linger_on(struct attachment *a, uint32_t events)
{
	char dropped[KEYS_PIECE];
	ssize_t n;

	do
		n = recv(a->out.source.fd, dropped, sizeof(dropped), MSG_DONTWAIT);
	while (n > 0);
	if (n == 0 || errno != EAGAIN || events & (EPOLLHUP | EPOLLERR)) {
		loop_remove(a->io->loop, &a->out.source);
		a->hung_up = true;
		a->io->streams.changed(&a->io->streams);
	}
}

static void socket_ready(struct loop_source *source, uint32_t events)
{
	struct attachment *a = container_of(source, struct attachment, out.source);

	if (a->is_lingering) {
		linger_on(a, events);
		return;
	}
	if (events & (EPOLLHUP | EPOLLERR)) {
		a->hung_up = a->out.out_dead = true;
		if (!a->stdin_open)
			a->out.closing = true;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && may_read(a))
		read_input(a);
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		send_output(a);
	watch(a);
}

void attachment_linger(struct attachment *a)
{
	streams_leave(&a->io->streams, &a->out);
	replay_free(TAKE(a->replay));
	a->is_lingering = true;
	if (shutdown(a->out.source.fd, SHUT_WR) < 0 || loop_watch(a->io->loop, &a->out.source, EPOLLIN) < 0)
		a->hung_up = true;
	else
		linger_on(a, 0);
}
