/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's output on its way to the log and to whoever is attached. The container's pipes (or its terminal) are read
 * into one queue, a piece at a time; every client has a position in it, and the next piece is read when the last client has
 * the present one. So a client that stops reading makes the container wait on its pipe, nothing is copied per client,
 * and memory doesn't grow. Only streams_drain(), after the process is gone, lets the queue grow, to STREAMS_TAIL_MAX:
 * an exit is never held up by a client; one that is too far behind then loses its connection (the log has it all).
 */
#ifndef LIGHTER_SHIM_STREAMS_H
#define LIGHTER_SHIM_STREAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "log/json_file.h"
#include "shim/loop.h"

#define STREAMS_PIECE 65536
#define STREAMS_HEADER 8
#define STREAMS_TAIL_MAX (1024 * 1024)

struct streams;

/* One reader of the queue; a member of struct attachment (attach.c). */
struct streams_client {
	struct streams_client *next;
	struct streams *streams;
	struct loop_source source; /* the socket; its callback is the owner's */
	uint32_t in_events;        /* what the owner wants to hear of besides: EPOLLIN or 0 */
	bool want[3];              /* by stream number: 1 stdout, 2 stderr */
	bool raw;                  /* no frame headers: a terminal's output */
	bool live;                 /* takes part in the queue; not before its replay is over */
	bool out_dead;             /* nothing can be sent any more, or nothing is wanted */
	bool closing;              /* to be released by the owner at the next occasion */
	char *prefix;              /* malloc'ed bytes that go before the queue, or NULL */
	size_t prefix_at, prefix_len;
	size_t at;   /* position in the queue */
	size_t left; /* of the piece at that position */
};

struct streams_source {
	struct loop_source source;
	struct streams *streams;
	enum log_stream stream;
};

struct streams {
	struct loop *loop;
	struct streams_source sources[2]; /* stdout, stderr; a terminal is only the first */
	bool tty;                         /* one source, whose end is when it has nothing more to read */
	bool ended;                       /* no more output will come; clients are let go when they have what is queued */
	struct json_file *log;
	struct streams_client *clients;
	size_t n_lagging;
	char *queue; /* pieces: Docker's frame header, then the bytes */
	size_t len, cap;
	/*
	 * A source ended, or a client is closing or has nothing left to do: the owner is to look, but later, from the loop
	 * (clients must not be freed from within this call).
	 */
	void (*changed)(struct streams *s);
};

/* Ready for clients; sources come later. The log may be NULL. 0 or -ENOMEM. */
int streams_init(struct streams *s, struct loop *loop, bool tty) _must_check_;
void streams_done(struct streams *s);

/* Takes the fd, makes it non-blocking and begins to read it. 0 or -errno (the fd is closed). */
int streams_add_source(struct streams *s, enum log_stream stream, int fd) _must_check_;

/* True when every source has ended. */
bool streams_all_ended(const struct streams *s);

/* Enters a client at the end of the queue: what comes next is its. */
void streams_join(struct streams *s, struct streams_client *c);
/* Takes it off again, frees its prefix. Its fd stays the owner's. */
void streams_leave(struct streams *s, struct streams_client *c);

/* The client's socket is writable, or its owner changed in_events. */
void streams_client_ready(struct streams_client *c);

/* True when it has everything that is queued. */
bool streams_client_idle(const struct streams_client *c);

/*
 * Sends on the client's socket without waiting. Bytes taken, 0 when it is full; on a dead connection `out_dead` is set
 * and the result is -errno.
 */
long streams_client_send(struct streams_client *c, const void *bytes, size_t len);

/* Watches the client's socket for what it needs now. */
void streams_client_watch(struct streams_client *c);

/* Docker's frame header for `len` bytes. */
void streams_frame(char header[STREAMS_HEADER], enum log_stream stream, size_t len);

/*
 * The process is gone: reads what is left in its pipes, without waiting for lagging clients. True when all sources have
 * ended; false: somebody else holds a pipe open.
 */
bool streams_drain(struct streams *s);

/* Closes the sources, completes the log's last lines. Clients go when they are idle. */
void streams_end(struct streams *s);

#endif
