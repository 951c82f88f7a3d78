/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent and the child between clone and exec say to each other, over a SEQPACKET socket pair:
 *     parent -> child   MAPPED       the user namespace's maps are written
 *     child -> parent   WANT_NETWORK a sysctl is missing until the network is there; the parent answers NETWORK
 *     child -> parent   CREATED      ready to exec; with the terminal's master
 *     parent -> child   START        exec now
 *     child -> parent   FAILED       with its error; it exits afterwards
 * The end of the stream after START is a successful exec: the socket is O_CLOEXEC.
 */
#ifndef LIGHTER_RUNTIME_CHANNEL_H
#define LIGHTER_RUNTIME_CHANNEL_H

#include "base/err.h"

enum channel_message {
	CHANNEL_END,
	CHANNEL_MAPPED,
	CHANNEL_WANT_NETWORK,
	CHANNEL_NETWORK,
	CHANNEL_CREATED,
	CHANNEL_START,
	CHANNEL_FAILED
};

/* A pair of ends, both O_CLOEXEC. */
int channel_open(int ret_ends[2], struct err *err) _must_check_;

/* `pass_fd` may be -EBADF. 0 or -errno. */
int channel_send(int fd, enum channel_message message, int pass_fd) _must_check_;
int channel_send_failed(int fd, const struct err *failure) _must_check_;

/*
 * Receives one message (CHANNEL_END at the end). FAILED becomes `err` and a negative result. `ret_fd` (may be NULL) gets a
 * descriptor that came along, or -EBADF.
 */
int channel_recv(int fd, enum channel_message *ret, int *ret_fd, struct err *err) _must_check_;

/* channel_recv() for exactly this message; anything else is an error. */
int channel_expect(int fd, enum channel_message message, int *ret_fd, struct err *err) _must_check_;

#endif
