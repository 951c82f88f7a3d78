/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decompression as a stage: gzip (any number of members), zstd (any number of frames) or plain bytes, told apart by the
 * first bytes. bzip2 and xz are recognised and refused by name. What comes out is bounded: a small archive may expand to
 * DECOMPRESS_FLOOR bytes, a larger one to DECOMPRESS_RATIO times its size; then it is taken for a bomb.
 */
#ifndef LIGHTER_STORAGE_DECOMPRESS_H
#define LIGHTER_STORAGE_DECOMPRESS_H

#include <stdint.h>

#include "base/macros.h"
#include "codec/byte_source.h"

#define DECOMPRESS_FLOOR (UINT64_C(8) << 30)
#define DECOMPRESS_RATIO 100

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_BZIP2, COMPRESSION_XZ };

struct decompress;

/* Reads the first bytes of `below` to see what it is. `below`'s argument stays the caller's. */
int decompress_open(struct byte_source below, struct decompress **ret, struct err *err) _must_check_;
void decompress_close(struct decompress *d);
DEFINE_CLEANUP(struct decompress *, decompress_close)

struct byte_source decompress_source(struct decompress *d);
enum compression decompress_kind(const struct decompress *d);

/* By its first bytes (6 suffice). */
enum compression compression_detect(const void *bytes, size_t len);

/* Tests set another limit than DECOMPRESS_FLOOR. */
void decompress_set_floor(struct decompress *d, uint64_t bytes);

#endif
