/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory. Two rules live here. Small allocations of the daemon and the CLI abort when they fail: the daemon's death costs
 * no container anything, and no code path that nobody can test is written. The shim, lighter-net and the runtime library
 * must not die: they use try_alloc(), plain malloc() with its check, or the sticky failure flags of buf and arena.
 * A size that came from a file or a peer always goes through try_alloc() with a cap.
 */
#ifndef LIGHTER_BASE_ALLOC_H
#define LIGHTER_BASE_ALLOC_H

#include <stddef.h>

#include "base/macros.h"

/* Zeroed memory; aborts when there is none. free() releases. For the daemon and the CLI only. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Aborting strdup and printf; `s` may be NULL (the result is NULL then). free() releases. */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) _printf_(1, 2);

/* Zeroed memory of `size` bytes, or NULL when `size` is 0, above `cap`, or cannot be had. free() releases. */
void *try_alloc(size_t size, size_t cap);

#endif
