/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread that listens to all shims (and to log files that somebody follows, and to the clock for events with an
 * end). It never waits for anything but its own epoll: what it does on an event is memory, a row without sync, a rename.
 */
#ifndef LIGHTER_ENGINE_MONITOR_H
#define LIGHTER_ENGINE_MONITOR_H

#include "base/err.h"
#include "base/macros.h"

struct engine;
struct container;
struct monitor;

int monitor_start(struct engine *e, struct monitor **ret, struct err *err) _must_check_;
/* Stops and joins the thread; sockets are closed, shims go on. */
void monitor_stop(struct monitor *m);

/*
 * Listens to a container's shim from now on: c->shim_sock is subscribed, non-blocking, and the monitor's. It takes a
 * reference of its own on the container. Any thread.
 */
int monitor_add(struct monitor *m, struct container *c, struct err *err) _must_check_;

/* Makes it look at deadlines again. Any thread. */
void monitor_poke(struct monitor *m);

/* An inotify descriptor that is read by `ready` on the monitor's thread. Once. */
int monitor_watch_inotify(struct monitor *m, int fd, void (*ready)(struct engine *e, int fd), struct err *err) _must_check_;

#endif
