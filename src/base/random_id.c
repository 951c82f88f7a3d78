/* SPDX-License-Identifier: Apache-2.0 */
/* Random identifiers; see random_id.h. */
#include "base/random_id.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *bytes, size_t len)
{
	char *at = bytes;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
}

uint32_t random_below(uint32_t bound)
{
	uint32_t value, limit = UINT32_MAX - UINT32_MAX % bound;

	do
		random_bytes(&value, sizeof(value));
	while (value >= limit);
	return value % bound;
}

void random_id(char ret_id[RANDOM_ID_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[RANDOM_ID_LEN / 2];

	do {
		random_bytes(bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++) {
			ret_id[2 * i] = digits[bytes[i] >> 4];
			ret_id[2 * i + 1] = digits[bytes[i] & 15];
		}
		ret_id[RANDOM_ID_LEN] = '\0';
	} while (strspn(ret_id, "0123456789") >= RANDOM_ID_SHORT);
}
