/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log as the beginning of an attached stream: its records first, then what is in no record yet, then live, without a
 * gap and without a byte twice. A replaying client doesn't hold up the container: it reads from the file at its own pace.
 */
#ifndef LIGHTER_SHIM_REPLAY_H
#define LIGHTER_SHIM_REPLAY_H

#include "base/err.h"
#include "base/macros.h"
#include "shim/streams.h"

struct replay;

/* Of the log NAME in `dirfd` (borrowed), for the streams the client wants. */
int replay_new(const struct streams_client *c, int dirfd, const char *name, struct replay **ret, struct err *err) _must_check_;
void replay_free(struct replay *r);

/*
 * Sends on until the socket is full: 0. 1: all of the log has been sent, and the client may go live in this very moment.
 * -errno: it can't go on.
 */
int replay_send(struct replay *r, struct streams_client *c) _must_check_;

/* Gives a client that goes live the output that stands in no record yet. 0 or -ENOMEM. */
int replay_pending(struct streams_client *c) _must_check_;

#endif
