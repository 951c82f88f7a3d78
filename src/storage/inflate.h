/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inflating a gzip stream of any number of members, by ISA-L where it was there at build time (twice as fast), else by
 * zlib. Zeros behind the last member are padding, as gzip(1) has it; anything else there is an error.
 */
#ifndef LIGHTER_STORAGE_INFLATE_H
#define LIGHTER_STORAGE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macros.h"

struct inflate;

struct inflate *inflate_new(void);
void inflate_free(struct inflate *i);

/*
 * Takes bytes from *in (moved on, *in_len lowered) and writes at most `out_size`. Returns bytes written (0: wants more
 * input), or -EBADMSG when it isn't gzip or a checksum is wrong.
 */
ssize_t inflate_step(struct inflate *i, const unsigned char **in, size_t *in_len, unsigned char *out,
		     size_t out_size) _must_check_;

/* Whether the stream may end here: between members. */
bool inflate_at_end(const struct inflate *i);

#endif
