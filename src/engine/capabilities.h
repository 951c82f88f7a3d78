/* SPDX-License-Identifier: Apache-2.0 */
/* Linux capabilities by name, and which of them a container gets. */
#ifndef LIGHTER_ENGINE_CAPABILITIES_H
#define LIGHTER_ENGINE_CAPABILITIES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * Checks CapAdd or CapDrop (`what` is its name): names with or without "CAP_", any case, "ALL". ERR_INVALID in Docker's words
 * for what doesn't exist, or what this daemon itself may not hand on.
 */
int capabilities_check(const char *what, char *const *names, struct err *err) _must_check_;

/* The container's set: Docker's 14 less `drop` plus `add`; all there are when privileged. In the arena, NULL-terminated. */
char **capabilities_resolve(char *const *add, char *const *drop, bool privileged, struct arena *a);

#endif
