/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened, as Docker tells it: a ring of the last events, and readers that follow it at their own pace. A reader
 * that falls behind the ring loses the oldest. Own lock (taken inside no other; wakes are called without it).
 */
#ifndef LIGHTER_ENGINE_EVENTS_H
#define LIGHTER_ENGINE_EVENTS_H

#include <stdint.h>

#include "codec/json.h"
#include "engine/engine.h"

struct events;
struct container;

struct events *events_new(void);
void events_free(struct events *ev);

/* Attributes beyond those every event of the object has. At most 4. */
struct event_attribute {
	const char *key;
	const char *value;
};

/* An event of a container; its labels, name and image are its attributes. Takes the engine's lock. */
void events_container(struct container *c, const char *action, const struct event_attribute *extra, size_t n);
/* The same with the engine's lock held; readers are woken by events_wake() later. */
void events_container_locked(struct container *c, const char *action, const struct event_attribute *extra, size_t n);
void events_wake(struct engine *e);
void events_image(struct engine *e, const char *id, const char *name, const char *action, const struct json_string_map *labels);
void events_network(struct container *c, const char *action);

/* How many readers there are (info's NEventsListener). */
unsigned int events_readers(struct events *ev);

/* The next instant (monotonic ms) at which a reader's `until` passes and it must be woken; INT64_MAX for none. */
int64_t events_next_deadline(struct events *ev);
/* Wakes the readers whose `until` has passed. */
void events_deadline(struct events *ev);

#endif
