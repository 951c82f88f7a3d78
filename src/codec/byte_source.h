/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of bytes that is pulled in pieces, so that stages (file, decompression, digest, tar) are stacked without
 * copying: each hands out pieces of its own buffer.
 */
#ifndef LIGHTER_CODEC_BYTE_SOURCE_H
#define LIGHTER_CODEC_BYTE_SOURCE_H

#include <stddef.h>

#include "base/err.h"

struct byte_source {
	/*
	 * The next piece, at least one byte, borrowed until the next call: 1. The end: 0, and 0 again when asked again.
	 * Negative with `err` filled.
	 */
	int (*next)(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err);
	void *arg;
};

#endif
