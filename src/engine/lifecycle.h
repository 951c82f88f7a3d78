/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a container that the API's functions, the monitor and the reconnection share. */
#ifndef LIGHTER_ENGINE_LIFECYCLE_H
#define LIGHTER_ENGINE_LIFECYCLE_H

#include "engine/container.h"
#include "shim/protocol.h"

/*
 * The container's process has ended, as `state` says (status is not looked at). Frees its name (with --rm), its address,
 * tells events, writes its row, and tells the shim that this was done. For the thread that owns c->shim_sock.
 */
void lifecycle_exited(struct container *c, const struct shim_state *state);

/*
 * Takes it away for good: directory, row, registry, `destroy`, and answers who waits for that. Its run must have settled.
 * `exited` or `created` -> removed; a failure leaves it `dead`. Whoever comes second finds it `removing` and gets 0.
 */
int lifecycle_remove(struct container *c, struct err *err) _must_check_;

/* Answers a client that waits: a chunked body with the code. Closes the fd. */
void lifecycle_answer_wait(int fd, int exit_code);

/* Waits until it has left `running` (and, with `settled`, until nothing of the run is left). False at the deadline. */
bool lifecycle_wait_stopped(struct container *c, bool settled, int64_t deadline_ms) _must_check_;

/* Sends a signal to its first process and tells events. */
int lifecycle_signal(struct container *c, int signo, struct err *err) _must_check_;

/* SIGKILL, and waits for the end. */
int lifecycle_kill(struct container *c, struct err *err) _must_check_;

/* At open: every container with a run directory, and every one that was said to run. */
int reconnect_all(struct engine *e, const struct ptr_array *were_running, struct err *err) _must_check_;

/* logs.c: those who follow this container's log look again. */
void logs_wake(struct engine *e, const char *id);

#endif
