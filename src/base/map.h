/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from strings to pointers, keys copied. Iteration goes in order of insertion, removed entries aside, so that
 * output is stable. Keys that an outsider chooses can't be made to collide (a per-process random seed). Allocation
 * failures abort: for the daemon and the CLI. Not locked: the owner's lock guards it.
 */
#ifndef LIGHTER_BASE_MAP_H
#define LIGHTER_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct map;

struct map *map_new(void);
/* Frees the map and its keys, not the values. */
void map_free(struct map *m);
DEFINE_CLEANUP(struct map *, map_free)

/* The value, or NULL. */
void *map_get(const struct map *m, const char *key);

/* Sets and returns the value that was there, or NULL. `value` must not be NULL. */
void *map_set(struct map *m, const char *key, void *value);

/* Removes and returns the value, or NULL. Allowed while iterating. */
void *map_remove(struct map *m, const char *key);

size_t map_len(const struct map *m);

/*
 * The next entry: *pos starts at 0. False at the end.
 *     for (size_t pos = 0; map_next(m, &pos, &key, &value);)
 * Nothing may be added meanwhile. `ret_key` may be NULL.
 */
bool map_next(const struct map *m, size_t *pos, const char **ret_key, void **ret_value);

#endif
