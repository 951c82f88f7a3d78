/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit.json: "running" from before the start, the exit from before anyone is told. The file that will replace it is made,
 * and its blocks reserved, at the start, so that a full disk can't lose an exit code.
 */
#ifndef LIGHTER_SHIM_RECORD_H
#define LIGHTER_SHIM_RECORD_H

#include "base/buf.h"
#include "base/err.h"

struct record {
	int dir; /* borrowed */
	int next_fd;
};
#define RECORD_INIT                              \
	{                                        \
		.dir = -EBADF, .next_fd = -EBADF \
	}

/* Writes the first record and reserves the second, in directory `dir`. 0 or -errno with err; nothing is left on failure. */
int record_begin(struct record *r, int dir, const struct buf *json, struct err *err) _must_check_;

/* Replaces the record. 0 or -errno. */
int record_finish(struct record *r, const struct buf *json) _must_check_;

/* Takes both files away: the start failed. */
void record_abandon(struct record *r);

void record_done(struct record *r);

#endif
