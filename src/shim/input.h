/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way in: bytes from attached clients to a process's standard input or terminal. One piece is under way at a time;
 * while the process doesn't read it no client is read, so that a sender waits in its own socket buffer.
 */
#ifndef LIGHTER_SHIM_INPUT_H
#define LIGHTER_SHIM_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "shim/loop.h"

#define INPUT_PIECE 65536

struct input {
	struct loop *loop;
	struct loop_source source; /* the pipe or terminal; -EBADF: none, or closed */
	bool close_when_sent;
	char *piece; /* INPUT_PIECE bytes, allocated with the fd */
	size_t at, len;
	void (*ready)(struct input *in); /* room for the next piece, or the end */
};

void input_init(struct input *in, struct loop *loop);
void input_done(struct input *in);

/* Takes the fd (a pipe's end or a terminal's duplicate). 0 or -errno (the fd is closed). */
int input_open(struct input *in, int fd) _must_check_;

/* True while bytes may be put into `piece` (and input_send called): nothing is under way. */
bool input_has_room(const struct input *in);

/* True once there is nobody to send to: what clients send is read and dropped. */
bool input_is_closed(const struct input *in);

/* `len` bytes of `piece` are to be sent. */
void input_send(struct input *in, size_t len);

/* Closes it, as soon as what is under way is sent. */
void input_close(struct input *in);

#endif
