/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input; see input.h. A process that closed its end is not an error: the rest is dropped, as a shell's pipe does. */
#include "shim/input.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"

static void close_now(struct input *in)
{
	loop_remove(in->loop, &in->source);
	fd_close(TAKE_FD(in->source.fd));
	in->at = in->len = 0;
}

static void push(struct input *in)
{
	while (in->at < in->len) {
		ssize_t n = write(in->source.fd, in->piece + in->at, in->len - in->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (loop_watch(in->loop, &in->source, EPOLLOUT) < 0)
				close_now(in);
			return;
		}
		if (n < 0) {
			close_now(in);
			return;
		}
		in->at += (size_t)n;
	}
	in->at = in->len = 0;
	if (in->close_when_sent)
		close_now(in);
	else
		loop_remove(in->loop, &in->source);
}

static void source_ready(struct loop_source *source, uint32_t events)
{
	struct input *in = container_of(source, struct input, source);

	push(in);
	if (in->len == 0)
		in->ready(in);
}

void input_init(struct input *in, struct loop *loop)
{
	*in = (struct input){.loop = loop, .source = {.fd = -EBADF, .ready = source_ready}};
}

void input_done(struct input *in)
{
	if (in->loop)
		close_now(in);
	free(TAKE(in->piece));
}

int input_open(struct input *in, int fd)
{
	int r = fd_set_nonblocking(fd, true);

	if (r == 0) {
		in->piece = malloc(INPUT_PIECE);
		if (!in->piece)
			r = -ENOMEM;
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	in->source.fd = fd;
	return 0;
}

bool input_has_room(const struct input *in)
{
	return in->source.fd >= 0 && in->len == 0 && !in->close_when_sent;
}

bool input_is_closed(const struct input *in)
{
	return in->source.fd < 0 || in->close_when_sent;
}

void input_send(struct input *in, size_t len)
{
	in->at = 0;
	in->len = len;
	push(in);
}

void input_close(struct input *in)
{
	in->close_when_sent = true;
	if (in->len == 0)
		close_now(in);
}
