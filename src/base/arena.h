/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed together: what a request, a parsed document or a start message needs. Allocations are zeroed and
 * aligned for any type. One overflow flag is sticky: when memory or `limit` runs out, arena_alloc returns NULL from then
 * on, and whoever filled the arena looks at arena_failed() once. Not safe for use by two threads at a time.
 */
#ifndef LIGHTER_BASE_ARENA_H
#define LIGHTER_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct arena;

/* `limit_bytes` bounds the sum of what it hands out, 0 for no bound. NULL when memory is short. */
struct arena *arena_new(size_t limit_bytes);
void arena_free(struct arena *a);
DEFINE_CLEANUP(struct arena *, arena_free)
#define _cleanup_arena_ _cleanup_(arena_freep)

/* Zeroed memory, borrowed from the arena, or NULL. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc(count * size), with the multiplication checked. */
void *arena_array(struct arena *a, size_t count, size_t size);

char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);

bool arena_failed(const struct arena *a);

#define arena_new_object(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
