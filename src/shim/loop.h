/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim's event loop: epoll and a few timers, one thread. A source is a member of somebody's struct; its owner may
 * remove and free it at any time, also from within a callback: events of the same round that were meant for it vanish.
 */
#ifndef LIGHTER_SHIM_LOOP_H
#define LIGHTER_SHIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/macros.h"

#define LOOP_BATCH 32

struct loop_source {
	int fd;
	void (*ready)(struct loop_source *source, uint32_t events);
	uint32_t events; /* watched now; private */
	bool added;      /* private */
};

struct loop_timer {
	void (*fire)(struct loop_timer *timer);
	int64_t at_ms; /* monotonic; private */
	struct loop_timer *next;
	bool set; /* private */
};

struct loop {
	int epoll_fd;
	bool stop; /* loop_run returns after this round */
	struct loop_timer *timers;
	struct epoll_event batch[LOOP_BATCH];
	int n_batch;
};

/* 0 or -errno. */
int loop_init(struct loop *l) _must_check_;
void loop_done(struct loop *l);

/*
 * Watches source->fd for `events`. 0 events: errors and hang-ups only (reported as long as they last, so whoever hears
 * of one and can do nothing removes the source). 0 or -errno.
 */
int loop_watch(struct loop *l, struct loop_source *source, uint32_t events) _must_check_;

/* Stops watching; the fd stays the owner's. Allowed when it isn't watched. */
void loop_remove(struct loop *l, struct loop_source *source);

/* (Re)sets and clears a timer; it fires once. */
void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t after_ms);
void loop_timer_clear(struct loop *l, struct loop_timer *timer);

/* Runs until `stop`. 0 or -errno (epoll itself failed). */
int loop_run(struct loop *l) _must_check_;

#endif
