/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user at a container: the loop that carries bytes between the user's streams and an attached connection, forwards
 * signals, follows the terminal's size, and learns how the container ended. Used by run, start -a and attach.
 *
 * Neither direction ever waits for the other: a container that reads nothing does not keep its output from the user.
 */
#ifndef LIGHTER_CLI_SESSION_H
#define LIGHTER_CLI_SESSION_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/cli.h"

struct session {
	struct cli *cli;
	const char *id;
	bool tty;
	bool in, out, err; /* streams that are attached */
	bool sig_proxy;
	const char *detach_keys;    /* NULL: ctrl-p,ctrl-q */
	int conn;                   /* the attached connection; owned; -EBADF: none */
	struct buf received;        /* bytes that came with its head */
	struct client_stream *wait; /* the answer of /wait, pending; owned */
	int signals;                /* signalfd; -EBADF before session_block_signals */
};
#define SESSION_INIT                                                    \
	{                                                               \
		.conn = -EBADF, .signals = -EBADF, .received = BUF_INIT \
	}

/* Attaches to `id`: asks for the streams in, out, err. */
int session_attach(struct session *s, struct err *err) _must_check_;
/* Begins to wait; condition "next-exit", "removed" or "not-running". */
int session_wait(struct session *s, const char *condition, struct err *err) _must_check_;

/* From here on signals are read by the loop. Call before the container is started. */
int session_block_signals(struct session *s, struct err *err) _must_check_;

/* Tells the container the terminal's size. */
void session_resize(struct session *s);

enum session_end { SESSION_EXITED, SESSION_DETACHED };

/*
 * Runs until the container ended or the user detached. *ret_code: the container's exit code. Restores the terminal in
 * every case.
 */
int session_run(struct session *s, enum session_end *ret_end, int *ret_code, struct err *err) _must_check_;
void session_done(struct session *s);

#endif
