/* SPDX-License-Identifier: Apache-2.0 */
/* Output to log and clients; see streams.h for the theory. */
#include "shim/streams.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

/* Pieces read at one go, before other events have their turn. */
#define PIECES_AT_ONCE 8

void streams_frame(char header[STREAMS_HEADER], enum log_stream stream, size_t len)
{
	uint32_t be = htobe32((uint32_t)len);

	memset(header, 0, STREAMS_HEADER);
	header[0] = (char)stream;
	memcpy(header + 4, &be, sizeof(be));
}

static size_t frame_len(const char *header)
{
	uint32_t be;

	memcpy(&be, header + 4, sizeof(be));
	return be32toh(be);
}

static void source_ready(struct loop_source *source, uint32_t events);

int streams_init(struct streams *s, struct loop *loop, bool tty)
{
	*s = (struct streams){.loop = loop, .tty = tty, .cap = STREAMS_HEADER + STREAMS_PIECE};
	for (size_t i = 0; i < ARRAY_SIZE(s->sources); i++) {
		s->sources[i].streams = s;
		s->sources[i].stream = i ? LOG_STDERR : LOG_STDOUT;
		s->sources[i].source = (struct loop_source){.fd = -EBADF, .ready = source_ready};
	}
	s->queue = malloc(s->cap);
	return s->queue ? 0 : -ENOMEM;
}

static void close_source(struct streams_source *source)
{
	loop_remove(source->streams->loop, &source->source);
	fd_close(TAKE_FD(source->source.fd));
}

void streams_done(struct streams *s)
{
	for (size_t i = 0; s->loop && i < ARRAY_SIZE(s->sources); i++)
		close_source(&s->sources[i]);
	free(TAKE(s->queue));
}

bool streams_all_ended(const struct streams *s)
{
	return s->sources[0].source.fd < 0 && s->sources[1].source.fd < 0;
}

static int watch_source(struct streams_source *source)
{
	struct streams *s = source->streams;
	int r;

	if (source->source.fd < 0)
		return 0;
	if (s->n_lagging > 0) {
		loop_remove(s->loop, &source->source);
		return 0;
	}
	r = loop_watch(s->loop, &source->source, EPOLLIN);
	if (r < 0 && s->log)
		json_file_end(s->log, source->stream);
	if (r < 0)
		close_source(source); /* better an end than a container that waits for ever */
	return r;
}

static void watch_sources(struct streams *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->sources); i++) {
		if (watch_source(&s->sources[i]) < 0)
			s->changed(s);
	}
}

int streams_add_source(struct streams *s, enum log_stream stream, int fd)
{
	struct streams_source *source = &s->sources[stream - 1];
	int r = fd_set_nonblocking(fd, true);

	source->source.fd = fd;
	if (r == 0)
		r = watch_source(source);
	if (r < 0)
		close_source(source);
	return r;
}

/* ---- clients ---- */

bool streams_client_idle(const struct streams_client *c)
{
	return c->out_dead || !c->live || (!c->prefix && c->at == c->streams->len && c->left == 0);
}

void streams_client_watch(struct streams_client *c)
{
	uint32_t events = c->in_events | (c->live && !streams_client_idle(c) ? (uint32_t)EPOLLOUT : 0u);

	if (c->closing)
		loop_remove(c->streams->loop, &c->source);
	else if (loop_watch(c->streams->loop, &c->source, events) < 0)
		c->out_dead = c->closing = true;
}

long streams_client_send(struct streams_client *c, const void *bytes, size_t len)
{
	ssize_t n;

	do
		n = send(c->source.fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno == EAGAIN)
		return 0;
	c->out_dead = true;
	return -errno;
}

/* Moves over what isn't for this client, and over headers a terminal doesn't have. */
static void enter_piece(struct streams_client *c)
{
	const struct streams *s = c->streams;

	while (c->left == 0 && c->at < s->len) {
		const char *header = s->queue + c->at;
		size_t len = frame_len(header);

		if (!c->want[(int)header[0]]) {
			c->at += STREAMS_HEADER + len;
		} else if (c->raw) {
			c->at += STREAMS_HEADER;
			c->left = len;
		} else {
			c->left = STREAMS_HEADER + len;
		}
	}
}

static void send_prefix(struct streams_client *c)
{
	while (c->prefix && !c->out_dead) {
		long n = streams_client_send(c, c->prefix + c->prefix_at, c->prefix_len - c->prefix_at);

		if (n <= 0)
			return;
		c->prefix_at += (size_t)n;
		if (c->prefix_at == c->prefix_len)
			free(TAKE(c->prefix));
	}
}

static void send_queued(struct streams_client *c)
{
	send_prefix(c);
	while (!c->out_dead && !c->prefix) {
		long n;

		enter_piece(c);
		if (c->left == 0)
			return;
		n = streams_client_send(c, c->streams->queue + c->at, c->left);
		if (n <= 0)
			return;
		c->at += (size_t)n;
		c->left -= (size_t)n;
	}
}

/* Who hasn't everything yet? When nobody, the queue is empty again. */
static void settle(struct streams *s)
{
	s->n_lagging = 0;
	for (struct streams_client *c = s->clients; c; c = c->next)
		s->n_lagging += !streams_client_idle(c);
	if (s->n_lagging > 0)
		return;
	s->len = 0;
	for (struct streams_client *c = s->clients; c; c = c->next)
		c->at = c->left = 0;
}

void streams_join(struct streams *s, struct streams_client *c)
{
	c->streams = s;
	c->at = s->len;
	c->left = 0;
	c->next = s->clients;
	s->clients = c;
}

void streams_leave(struct streams *s, struct streams_client *c)
{
	for (struct streams_client **at = &s->clients; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			break;
		}
	}
	loop_remove(s->loop, &c->source);
	free(TAKE(c->prefix));
	settle(s);
	watch_sources(s);
}

void streams_client_ready(struct streams_client *c)
{
	struct streams *s = c->streams;

	if (c->live)
		send_queued(c);
	streams_client_watch(c);
	settle(s);
	watch_sources(s);
	if (c->out_dead || c->closing || (s->ended && streams_client_idle(c)))
		s->changed(s);
}

static void send_to_clients(struct streams *s)
{
	bool changed = false;

	for (struct streams_client *c = s->clients; c; c = c->next) {
		if (!c->live || c->out_dead)
			continue;
		send_queued(c);
		streams_client_watch(c);
		changed = changed || c->out_dead;
	}
	settle(s);
	if (changed)
		s->changed(s);
}

/* ---- sources ---- */

enum read_result { READ_SOME, READ_FULL, READ_NOTHING, READ_END };

/* One piece from a source to the end of the queue and to the log. There is room for it. */
static enum read_result read_piece(struct streams_source *source)
{
	struct streams *s = source->streams;
	char *piece = s->queue + s->len;
	ssize_t n;

	do
		n = read(source->source.fd, piece + STREAMS_HEADER, STREAMS_PIECE);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return READ_NOTHING;
	if (n <= 0) { /* EIO: nobody has the terminal open any more */
		if (s->log)
			json_file_end(s->log, source->stream);
		close_source(source);
		return READ_END;
	}
	streams_frame(piece, source->stream, (size_t)n);
	s->len += STREAMS_HEADER + (size_t)n;
	if (s->log)
		json_file_add(s->log, source->stream, piece + STREAMS_HEADER, (size_t)n);
	return n == STREAMS_PIECE ? READ_FULL : READ_SOME;
}

static void source_ready(struct loop_source *source, uint32_t events)
{
	struct streams_source *from = container_of(source, struct streams_source, source);
	struct streams *s = from->streams;
	enum read_result r = READ_FULL;

	for (int i = 0; i < PIECES_AT_ONCE && r == READ_FULL && s->n_lagging == 0; i++) {
		r = read_piece(from);
		if (s->log && r != READ_FULL)
			json_file_flush(s->log);
		send_to_clients(s);
	}
	if (s->log)
		json_file_flush(s->log);
	watch_sources(s);
	if (r == READ_END)
		s->changed(s);
}

/* ---- the end ---- */

static void cut_off_laggards(struct streams *s)
{
	for (struct streams_client *c = s->clients; c; c = c->next) {
		if (!streams_client_idle(c))
			c->out_dead = c->closing = true;
	}
	settle(s);
	s->changed(s);
}

/* Room for one more piece, while clients lag. */
static bool grow(struct streams *s)
{
	size_t need = s->len + STREAMS_HEADER + STREAMS_PIECE, cap = MIN(s->cap * 2, (size_t)STREAMS_TAIL_MAX);
	char *queue;

	if (need <= s->cap)
		return true;
	if (need > STREAMS_TAIL_MAX)
		return false;
	queue = realloc(s->queue, MAX(cap, need));
	if (!queue)
		return false;
	s->queue = queue;
	s->cap = MAX(cap, need);
	return true;
}

static void drain_source(struct streams_source *source)
{
	struct streams *s = source->streams;
	enum read_result r = READ_FULL;

	/* A terminal gives its rest in short pieces: nothing at all is its end. */
	while (source->source.fd >= 0 && r != READ_NOTHING && r != READ_END) {
		if (!grow(s))
			cut_off_laggards(s);
		r = read_piece(source);
		send_to_clients(s);
	}
	if (s->tty && r == READ_NOTHING) {
		if (s->log)
			json_file_end(s->log, source->stream);
		close_source(source);
	}
}

bool streams_drain(struct streams *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->sources); i++)
		drain_source(&s->sources[i]);
	if (s->log)
		json_file_flush(s->log);
	return streams_all_ended(s);
}

void streams_end(struct streams *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->sources); i++) {
		if (s->sources[i].source.fd < 0)
			continue;
		if (s->log)
			json_file_end(s->log, s->sources[i].stream);
		close_source(&s->sources[i]);
	}
	if (s->log)
		json_file_flush(s->log);
	s->ended = true;
	s->changed(s);
}
