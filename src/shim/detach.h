/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that end an attached terminal's connection and leave the container running. Recognised here, on the engine's
 * side, so that every client has them.
 */
#ifndef LIGHTER_SHIM_DETACH_H
#define LIGHTER_SHIM_DETACH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

#define DETACH_KEYS_MAX 16

struct detach {
	unsigned char keys[DETACH_KEYS_MAX];
	size_t n_keys;
	size_t matched; /* keys seen and held back */
};

/*
 * "ctrl-a,b", "DEL", ...: single characters, ctrl- and one of a-z @ [ \ ] ^ _, or DEL, separated by commas. NULL or "":
 * ctrl-p,ctrl-q. 0 or -EINVAL.
 */
int detach_parse(const char *text, struct detach *ret) _must_check_;

/*
 * Passes `len` bytes through. `to` has room for len + DETACH_KEYS_MAX bytes and receives what goes on to the container;
 * keys that may begin the sequence are held back until the next bytes decide. As in Docker, a key that breaks a sequence
 * begins no new one. True when the sequence is complete: what follows it is dropped.
 */
bool detach_filter(struct detach *d, const char *bytes, size_t len, char *to, size_t *ret_len);

#endif
