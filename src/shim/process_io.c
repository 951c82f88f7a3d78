/* SPDX-License-Identifier: Apache-2.0 */
/* A process's streams and the clients attached to them; see process_io.h. */
#include "shim/process_io.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "shim/attach.h"

#define LINGER_MS 2000           /* for a client to close after its stream has ended */
#define STALLED_MS (3600 * 1000) /* for clients to read their rest after the process has ended */

static void look_later(struct streams *streams)
{
	struct process_io *io = container_of(streams, struct process_io, streams);

	if (!io->sweep.set)
		loop_timer_set(io->loop, &io->sweep, 0);
}

static void input_ready(struct input *in)
{
	struct process_io *io = container_of(in, struct process_io, input);

	for (struct streams_client *c = io->streams.clients; c; c = c->next) {
		struct attachment *a = container_of(c, struct attachment, out);

		if (a->stdin_open)
			attachment_update(a);
	}
}

/* Frees lingering clients: those that closed, or all. */
static void free_lingering(struct process_io *io, bool all)
{
	for (struct attachment **at = &io->lingering; *at;) {
		struct attachment *a = *at;

		if (all || a->hung_up) {
			*at = a->next;
			attachment_free(a);
		} else {
			at = &a->next;
		}
	}
}

static void out_of_patience(struct loop_timer *timer)
{
	struct process_io *io = container_of(timer, struct process_io, patience);

	if (io->lingering)
		free_lingering(io, true);
	else if (io->streams.ended)
		process_io_cut(io);
	look_later(&io->streams);
}

/* Lets go who is done. Runs from the loop, never from within a client's own callback. */
static void sweep(struct loop_timer *timer)
{
	struct process_io *io = container_of(timer, struct process_io, sweep);
	struct streams_client *next;

	for (struct streams_client *c = io->streams.clients; c; c = next) {
		struct attachment *a = container_of(c, struct attachment, out);

		next = c->next;
		if (!attachment_is_done(a))
			continue;
		if (a->hung_up || a->out.out_dead) {
			attachment_free(a);
			continue;
		}
		attachment_linger(a);
		a->next = io->lingering;
		io->lingering = a;
	}
	free_lingering(io, false);
	if (io->lingering)
		loop_timer_set(io->loop, &io->patience, LINGER_MS);
	else if (io->streams.ended && io->streams.clients)
		loop_timer_set(io->loop, &io->patience, STALLED_MS);
	else
		loop_timer_clear(io->loop, &io->patience);
	if (process_io_is_idle(io) && io->idle)
		io->idle(io);
}

int process_io_init(struct process_io *io, struct loop *loop, bool tty)
{
	int r;

	*io = (struct process_io){.loop = loop, .tty = tty, .log_dir = -EBADF};
	io->sweep.fire = sweep;
	io->patience.fire = out_of_patience;
	input_init(&io->input, loop);
	io->input.ready = input_ready;
	r = streams_init(&io->streams, loop, tty);
	io->streams.changed = look_later;
	return r;
}

void process_io_done(struct process_io *io)
{
	if (!io->loop)
		return;
	while (io->streams.clients)
		attachment_free(container_of(io->streams.clients, struct attachment, out));
	free_lingering(io, true);
	loop_timer_clear(io->loop, &io->sweep);
	loop_timer_clear(io->loop, &io->patience);
	input_done(&io->input);
	streams_done(&io->streams);
	io->loop = NULL;
}

/* Fills in what the request asks for. */
static int set_up(struct process_io *io, struct attachment *a, const struct shim_attach *request, struct err *err)
{
	const char *keys = request->detach_keys && *request->detach_keys ? request->detach_keys : io->detach_keys;

	a->out.want[LOG_STDOUT] = request->stdout_;
	a->out.want[LOG_STDERR] = request->stderr_;
	a->out.raw = io->tty || request->raw;
	a->any_output = request->stdout_ || request->stderr_;
	a->stdin_open = request->stdin_ && request->stream && io->open_stdin;
	a->stream = request->stream;
	if (detach_parse(keys, &a->detach) < 0)
		return err_set(err, ERR_INVALID, "Invalid detach keys (%s) provided", keys);
	if (request->logs && a->any_output && io->log_dir >= 0)
		return replay_new(&a->out, io->log_dir, io->log_name, &a->replay, err);
	a->out.live = true;
	/* Neither streams nor log asked for: nothing will come. A client that only sends stays for that. */
	if (!request->stream || (!a->any_output && !request->stdin_))
		a->out.closing = true;
	return 0;
}

int process_io_attach(struct process_io *io, const struct shim_attach *request, int fd, char *ahead, size_t ahead_len,
		      struct err *err)
{
	struct attachment *a = attachment_new(io, fd, ahead, ahead_len);
	int r;

	if (!a) {
		fd_close(fd);
		free(ahead);
		return err_sys(err, ENOMEM, "attach a client");
	}
	streams_join(&io->streams, &a->out);
	r = set_up(io, a, request, err);
	if (r < 0) {
		attachment_free(a);
		return r;
	}
	attachment_update(a);
	look_later(&io->streams);
	return 0;
}

int process_io_start(struct process_io *io, int stdin_fd)
{
	struct streams_client *c;
	int r = 0;

	if (stdin_fd >= 0)
		r = input_open(&io->input, stdin_fd);
	io->started = true;
	for (c = io->streams.clients; c; c = c->next)
		attachment_update(container_of(c, struct attachment, out));
	return r;
}

void process_io_end(struct process_io *io)
{
	input_done(&io->input);
	streams_end(&io->streams);
	look_later(&io->streams);
}

void process_io_cut(struct process_io *io)
{
	for (struct streams_client *c = io->streams.clients; c; c = c->next)
		c->closing = true;
	look_later(&io->streams);
}

bool process_io_is_idle(const struct process_io *io)
{
	return io->streams.ended && !io->streams.clients && !io->lingering;
}
