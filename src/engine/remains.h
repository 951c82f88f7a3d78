/* SPDX-License-Identifier: Apache-2.0 */
/* What a shim that was killed leaves of its container: processes and the cgroup. */
#ifndef LIGHTER_ENGINE_REMAINS_H
#define LIGHTER_ENGINE_REMAINS_H

#include "engine/container.h"

/*
 * Kills who is still in the container's cgroup, waits for their end (at most 10 s) and removes it: nothing runs unseen.
 * For a container whose shim is gone for good. Nothing there is no failure; what can't be done is logged.
 */
void remains_clear(struct container *c);

/* The daemon ends: removes the cgroup that holds all containers' when none is in it any more. */
void remains_remove_parent(struct engine *e);

#endif
