/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attached connection: its way out (a member of the streams' clients), its way in, its detach keys, and the replay of
 * the log before it goes live. Rules of Docker 28, observed: the end of a client's input ends the process's with StdinOnce
 * and no terminal, whoever else is attached; otherwise it ends that client's connection. Detach keys need a terminal.
 */
#ifndef LIGHTER_SHIM_ATTACH_H
#define LIGHTER_SHIM_ATTACH_H

#include "shim/detach.h"
#include "shim/replay.h"
#include "shim/process_io.h"

struct attachment {
	struct streams_client out;
	struct process_io *io;
	struct attachment *next; /* lingering */
	bool stdin_open;         /* its input is wanted and hasn't ended */
	bool any_output;         /* it asked for a stream at all */
	bool hung_up;            /* it is gone in both directions; bytes it sent may be left */
	bool stream;             /* goes on after the replay */
	bool is_lingering;
	char *ahead; /* bytes that came behind its request */
	size_t ahead_at, ahead_len;
	struct detach detach;
	struct replay *replay; /* not NULL while it reads the log */
};

/* NULL when memory is short; fd and ahead stay the caller's then. */
struct attachment *attachment_new(struct process_io *io, int fd, char *ahead, size_t ahead_len);

/* Leaves the streams, closes, frees. */
void attachment_free(struct attachment *a);

/* Something changed (input has room, the process started): looks what it can do and what to watch. */
void attachment_update(struct attachment *a);

/* True when it is to be let go. */
bool attachment_is_done(const struct attachment *a);

/* Says goodbye: no more output. What the client still sends is read away until it closes. */
void attachment_linger(struct attachment *a);

#endif
