/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets the API is served on: made, found stale and replaced, or received from a service manager. */
#ifndef LIGHTER_API_LISTEN_H
#define LIGHTER_API_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A listening unix socket at `path`, mode 0660, owned by `group` (NULL or a group that isn't there: root's). Paths longer
 * than an address holds are bound through their directory. A socket there that nobody serves is replaced; one that
 * somebody serves is ERR_CONFLICT. Missing parent directories are made (0755). The fd (non-blocking) or negative.
 */
int listen_unix(const char *path, const char *group, struct err *err) _must_check_;

/* A listening TCP socket at "ADDRESS:PORT" ("[::1]:2375", ":2375"). The fd or negative. */
int listen_tcp(const char *address, struct err *err) _must_check_;

/* Sockets a service manager passed (LISTEN_PID, LISTEN_FDS): their number, or negative. They are 3, 4, ..., O_CLOEXEC now. */
int listen_inherited(struct err *err) _must_check_;

/* Whether somebody answers connections at this unix path. */
bool listen_unix_served(const char *path);

#endif
