/* SPDX-License-Identifier: Apache-2.0 */
/* Decompression as a stage; see decompress.h. The first bytes are collected into `head` (pieces from a socket may be one
 * byte long), then handed on like any other piece. */
#include "storage/decompress.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "storage/inflate.h"
#include "storage/sources.h"

#define HEAD 512

struct decompress {
	struct byte_source below;
	enum compression kind;
	unsigned char head[HEAD];
	size_t head_len;
	bool head_given;

	const unsigned char *in; /* of the present piece */
	size_t in_len;
	const unsigned char *coded; /* what the decompressor has not taken yet */
	size_t coded_len;
	uint64_t total_in, total_out, floor;
	unsigned char *out;
	struct inflate *inflate;
	ZSTD_DStream *zstd;
	bool in_frame;
	bool ended;
};

enum compression compression_detect(const void *bytes, size_t len)
{
	static const struct {
		enum compression kind;
		size_t len;
		const char *magic;
	} magics[] = {
		{COMPRESSION_GZIP, 3, "\x1f\x8b\x08"},
		{COMPRESSION_ZSTD, 4, "\x28\xb5\x2f\xfd"},
		{COMPRESSION_BZIP2, 3, "BZh"},
		{COMPRESSION_XZ, 6, "\xfd\x37\x7a\x58\x5a\x00"},
	};
	const unsigned char *b = bytes;

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (len >= magics[i].len && memcmp(bytes, magics[i].magic, magics[i].len) == 0)
			return magics[i].kind;
	/* A skippable frame may come first. */
	if (len >= 4 && (b[0] & 0xf0) == 0x50 && memcmp(b + 1, "\x2a\x4d\x18", 3) == 0)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

static int read_head(struct decompress *d, struct err *err)
{
	while (d->head_len < HEAD && !d->ended) {
		size_t n;

		if (d->in_len == 0) {
			const void *bytes;
			int r = d->below.next(d->below.arg, &bytes, &d->in_len, err);

			if (r < 0)
				return r;
			d->ended = r == 0;
			d->in = bytes;
			if (r == 0)
				d->in_len = 0;
		}
		n = MIN(d->in_len, HEAD - d->head_len);
		memcpy(d->head + d->head_len, d->in, n);
		d->head_len += n;
		d->in += n;
		d->in_len -= n;
	}
	d->kind = compression_detect(d->head, d->head_len);
	return 0;
}

/* The next piece of compressed bytes: 1, 0 at the end. */
static int piece(struct decompress *d, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	int r;

	if (!d->head_given && d->head_len > 0) {
		*ret_bytes = d->head;
		*ret_len = d->head_len;
		d->head_given = true;
		return 1;
	}
	if (d->in_len > 0) { /* of the piece that `head` was cut from */
		*ret_bytes = d->in;
		*ret_len = d->in_len;
		d->in_len = 0;
		return 1;
	}
	if (d->ended)
		return 0;
	r = d->below.next(d->below.arg, ret_bytes, ret_len, err);
	d->ended = r == 0;
	return r;
}

static int plain_next(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	return piece(arg, ret_bytes, ret_len, err);
}

static int bounded(struct decompress *d, size_t n, struct err *err)
{
	d->total_out += n;
	if (d->total_out <= d->floor || d->total_out / DECOMPRESS_RATIO <= d->total_in)
		return 1;
	return err_set(err, ERR_TOO_LARGE, "the archive expands without bound (more than %llu bytes out of %llu)",
		       (unsigned long long)d->total_out, (unsigned long long)d->total_in);
}

static int refill(struct decompress *d, struct err *err)
{
	const void *bytes;
	int r = piece(d, &bytes, &d->coded_len, err);

	if (r <= 0) {
		d->coded_len = 0;
		return r;
	}
	d->coded = bytes;
	d->total_in += d->coded_len;
	return 1;
}

static int gzip_next(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct decompress *d = arg;

	for (;;) {
		ssize_t n = inflate_step(d->inflate, &d->coded, &d->coded_len, d->out, SOURCE_BUFFER);
		int r;

		if (n < 0)
			return err_set(err, ERR_INVALID, "the gzip data is corrupt");
		if (n > 0) {
			*ret_bytes = d->out;
			*ret_len = (size_t)n;
			return bounded(d, (size_t)n, err);
		}
		if (d->coded_len > 0)
			continue;
		r = refill(d, err);
		if (r < 0)
			return r;
		if (r == 0)
			return inflate_at_end(d->inflate) ? 0 : err_set(err, ERR_INVALID, "unexpected EOF in the gzip data");
	}
}

static int zstd_next(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct decompress *d = arg;

	for (;;) {
		ZSTD_inBuffer in = {d->coded, d->coded_len, 0};
		ZSTD_outBuffer out = {d->out, SOURCE_BUFFER, 0};
		size_t hint;
		int r;

		if (d->coded_len > 0 || d->in_frame) {
			hint = ZSTD_decompressStream(d->zstd, &out, &in);
			if (ZSTD_isError(hint))
				return err_set(err, ERR_INVALID, "the zstd data is corrupt (%s)", ZSTD_getErrorName(hint));
			d->coded += in.pos;
			d->coded_len -= in.pos;
			d->in_frame = hint != 0;
		}
		if (out.pos > 0) {
			*ret_bytes = d->out;
			*ret_len = out.pos;
			return bounded(d, out.pos, err);
		}
		if (d->coded_len > 0)
			continue;
		r = refill(d, err);
		if (r < 0)
			return r;
		if (r == 0)
			return d->in_frame ? err_set(err, ERR_INVALID, "unexpected EOF in the zstd data") : 0;
	}
}

int decompress_open(struct byte_source below, struct decompress **ret, struct err *err)
{
	_cleanup_(decompress_closep) struct decompress *d = xcalloc(1, sizeof(*d));
	int r;

	d->below = below;
	d->floor = DECOMPRESS_FLOOR;
	r = read_head(d, err);
	if (r < 0)
		return r;
	if (d->kind == COMPRESSION_BZIP2 || d->kind == COMPRESSION_XZ)
		return err_set(err, ERR_NOT_IMPLEMENTED, "%s archives are not supported yet: use gzip, zstd or no compression",
			       d->kind == COMPRESSION_XZ ? "xz" : "bzip2");
	if (d->kind != COMPRESSION_NONE)
		d->out = xcalloc(1, SOURCE_BUFFER);
	if (d->kind == COMPRESSION_GZIP)
		d->inflate = inflate_new();
	if (d->kind == COMPRESSION_ZSTD)
		d->zstd = ZSTD_createDStream();
	if ((d->kind == COMPRESSION_GZIP && !d->inflate) || (d->kind == COMPRESSION_ZSTD && !d->zstd))
		return err_sys(err, ENOMEM, "begin to decompress");
	*ret = TAKE(d);
	return 0;
}

void decompress_close(struct decompress *d)
{
	if (!d)
		return;
	inflate_free(d->inflate);
	ZSTD_freeDStream(d->zstd);
	free(d->out);
	free(d);
}

struct byte_source decompress_source(struct decompress *d)
{
	if (d->kind == COMPRESSION_NONE)
		return (struct byte_source){plain_next, d};
	return (struct byte_source){d->kind == COMPRESSION_GZIP ? gzip_next : zstd_next, d};
}

enum compression decompress_kind(const struct decompress *d)
{
	return d->kind;
}

void decompress_set_floor(struct decompress *d, uint64_t bytes)
{
	d->floor = bytes;
}
