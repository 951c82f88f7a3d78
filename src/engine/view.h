/* SPDX-License-Identifier: Apache-2.0 */
/* What inspect and list have in common. All with the engine's lock held. */
#ifndef LIGHTER_ENGINE_VIEW_H
#define LIGHTER_ENGINE_VIEW_H

#include "engine/container.h"

#define STATUS_MAX 96

/* "Up 3 seconds", "Exited (137) 4 hours ago", "Created", ... */
void view_status(const struct container *c, time_t now, char ret[STATUS_MAX]);

/* {"bridge":{...}}: its networks with what it holds there. */
void view_networks(struct json_writer *w, struct container *c);

/* The list of its bind and tmpfs mounts as MountPoint objects. `list` form leaves nothing out either. */
void view_mounts(struct json_writer *w, const struct container *c);

/* Bytes of its writable layer, and of that and its image together. [blocks; without the lock] */
int view_sizes(struct container *c, uint64_t *ret_rw, uint64_t *ret_root, struct err *err) _must_check_;

#endif
