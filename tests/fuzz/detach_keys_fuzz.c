/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Covers: src/shim/detach.c
 * A client's detach keys, then its input in pieces: nothing is lost but the sequence itself, nothing overflows.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/detach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t passed = 0, fed = 0, step;
	struct detach d;
	bool over = false;

	if (!nul || detach_parse((const char *)data, &d) < 0)
		return 0;
	if (d.n_keys == 0 || d.n_keys > DETACH_KEYS_MAX)
		abort();
	size -= (size_t)(nul + 1 - data);
	data = nul + 1;
	step = size ? data[0] + 1 : 1;
	while (fed < size && !over) {
		size_t n = MIN(step, size - fed), len;
		char *to = malloc(n + DETACH_KEYS_MAX);

		if (!to)
			abort();
		over = detach_filter(&d, (const char *)data + fed, n, to, &len);
		if (len > n + DETACH_KEYS_MAX)
			abort();
		passed += len;
		fed += n;
		free(to);
	}
	if (over ? passed + d.n_keys > fed : passed + d.matched != fed)
		abort();
	return 0;
}
