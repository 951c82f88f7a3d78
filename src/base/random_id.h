/* SPDX-License-Identifier: Apache-2.0 */
/* Random identifiers: 64 lower-case hex digits for containers, networks and execs, as Docker's. */
#ifndef LIGHTER_BASE_RANDOM_ID_H
#define LIGHTER_BASE_RANDOM_ID_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_ID_LEN 64
#define RANDOM_ID_SHORT 12

/*
 * Writes 64 hex digits and a NUL. Never all digits in the first 12, so that a short id is never taken for a number.
 * Blocks only before the kernel's generator was ever seeded; aborts if there is none.
 */
void random_id(char ret_id[RANDOM_ID_LEN + 1]);

/* Random bytes from the kernel. */
void random_bytes(void *bytes, size_t len);

/* A uniform number below `bound` (> 0). */
uint32_t random_below(uint32_t bound);

#endif
