/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded pool of threads for what blocks. Threads are started when work waits and none is idle, and end after some idle
 * seconds, so that an idle daemon has none.
 */
#ifndef LIGHTER_API_WORKER_POOL_H
#define LIGHTER_API_WORKER_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

struct worker_pool;

struct worker_pool *worker_pool_new(unsigned max_threads);

/* Queues one call; in order of arrival. When no thread can be had at all, it runs when one can. */
void worker_pool_run(struct worker_pool *p, void (*fn)(void *arg), void *arg);

/* Waits until nothing is queued or running. False when `timeout_ms` passed first. */
bool worker_pool_drain(struct worker_pool *p, int64_t timeout_ms) _must_check_;

/* Only when drained. */
void worker_pool_free(struct worker_pool *p);

#endif
