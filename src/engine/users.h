/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a container's process is: "name", "uid", "uid:gid", "name:group" against the container's own passwd and group
 * files, given as text. Nothing of a container is executed or asked through NSS.
 */
#ifndef LIGHTER_ENGINE_USERS_H
#define LIGHTER_ENGINE_USERS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

struct user_identity {
	uint32_t uid, gid;
	uint32_t *groups; /* the first is gid; in the arena */
	size_t n_groups;
	const char *home; /* "/" when the passwd file has no line; in the arena */
};

/*
 * Resolves `user` ("" is root) and `group_add` (NULL-terminated, may be NULL). `passwd` and `group` are the files' bytes, ""
 * when missing. Errors in Docker's words: "unable to find user X: no matching entries in passwd file", the same for
 * groups, "uids and gids must be in range 0-2147483647".
 */
int user_resolve(const char *user, char *const *group_add, const char *passwd, const char *group, struct arena *a,
		 struct user_identity *ret, struct err *err) _must_check_;

#endif
