/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything between one process (the container's first, or an exec's) and the clients attached to it: its output
 * (streams.h), its input (input.h), and the connections, which may be there before the process is and stay until they
 * have been sent the last byte.
 */
#ifndef LIGHTER_SHIM_PROCESS_IO_H
#define LIGHTER_SHIM_PROCESS_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "shim/input.h"
#include "shim/protocol.h"
#include "shim/streams.h"

struct attachment;

struct process_io {
	struct loop *loop;
	struct streams streams;
	struct input input;
	bool tty;
	bool open_stdin;              /* the process has an input at all */
	bool stdin_once;              /* the end of a client's input is the end of the process's */
	bool started;                 /* input may be sent */
	const char *detach_keys;      /* borrowed; a client's own go first */
	int log_dir;                  /* where a replay finds the log; -EBADF: there is none to read */
	const char *log_name;         /* borrowed */
	struct attachment *lingering; /* done with, waiting for the client to close */
	struct loop_timer sweep, patience;
	void (*idle)(struct process_io *io); /* after the end: the last client has gone */
};

/* 0 or -ENOMEM. The caller sets the rest of the members afterwards. */
int process_io_init(struct process_io *io, struct loop *loop, bool tty) _must_check_;
void process_io_done(struct process_io *io);

/*
 * Attaches a client. `fd` is taken in every case; `ahead` (malloc'ed, may be NULL) are bytes it sent already, taken too.
 */
int process_io_attach(struct process_io *io, const struct shim_attach *request, int fd, char *ahead, size_t ahead_len,
		      struct err *err) _must_check_;

/* The process runs: `stdin_fd` (taken; -EBADF: none) may be written. 0 or -errno. */
int process_io_start(struct process_io *io, int stdin_fd) _must_check_;

/* The process has ended and its output was drained: clients go as they get their rest. `idle` is called when none is left. */
void process_io_end(struct process_io *io);

/* Ends all connections now, sent or not. */
void process_io_cut(struct process_io *io);

bool process_io_is_idle(const struct process_io *io);

#endif
