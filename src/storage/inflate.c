/* SPDX-License-Identifier: Apache-2.0 */
/* Gzip; see inflate.h. With ISA-L the state after a call may lag behind what happened, so its return code is what counts,
 * and each member begins with a state made anew. */
#include "storage/inflate.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/alloc.h"

#ifdef LIGHTER_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

enum place { BETWEEN_MEMBERS, IN_MEMBER, IN_PADDING };

struct inflate {
	enum place place;
	bool any; /* a member was begun */
#ifdef LIGHTER_HAVE_ISAL
	struct inflate_state state;
#else
	z_stream stream;
#endif
};

#ifdef LIGHTER_HAVE_ISAL

static int begin(struct inflate *i)
{
	isal_inflate_init(&i->state);
	i->state.crc_flag = ISAL_GZIP;
	return 0;
}

static void done(struct inflate *i)
{
}

/* 1: the member is over. */
static int step(struct inflate *i, const unsigned char **in, size_t *in_len, unsigned char *out, size_t size, size_t *ret)
{
	uint32_t n = (uint32_t)MIN(*in_len, (size_t)INT_MAX);
	int r;

	i->state.next_in = (uint8_t *)*in;
	i->state.avail_in = n;
	i->state.next_out = out;
	i->state.avail_out = (uint32_t)size;
	r = isal_inflate(&i->state);
	*in += n - i->state.avail_in;
	*in_len -= n - i->state.avail_in;
	*ret = size - i->state.avail_out;
	if (r != ISAL_DECOMP_OK && r != ISAL_END_INPUT && r != ISAL_OUT_OVERFLOW)
		return -EBADMSG;
	return i->state.block_state == ISAL_BLOCK_FINISH;
}

#else

static int begin(struct inflate *i)
{
	return inflateReset(&i->stream) == Z_OK ? 0 : -EBADMSG;
}

static void done(struct inflate *i)
{
	inflateEnd(&i->stream);
}

static int step(struct inflate *i, const unsigned char **in, size_t *in_len, unsigned char *out, size_t size, size_t *ret)
{
	unsigned int n = (unsigned int)MIN(*in_len, (size_t)INT_MAX);
	int r;

	i->stream.next_in = (unsigned char *)*in;
	i->stream.avail_in = n;
	i->stream.next_out = out;
	i->stream.avail_out = (unsigned int)size;
	r = inflate(&i->stream, Z_NO_FLUSH);
	*in += n - i->stream.avail_in;
	*in_len -= n - i->stream.avail_in;
	*ret = size - i->stream.avail_out;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return -EBADMSG;
	return r == Z_STREAM_END;
}

#endif

struct inflate *inflate_new(void)
{
	struct inflate *i = xcalloc(1, sizeof(*i));

#ifndef LIGHTER_HAVE_ISAL
	if (inflateInit2(&i->stream, 15 + 16) != Z_OK) {
		free(i);
		return NULL;
	}
#endif
	return i;
}

void inflate_free(struct inflate *i)
{
	if (!i)
		return;
	done(i);
	free(i);
}

static void skip_padding(struct inflate *i, const unsigned char **in, size_t *in_len)
{
	while (*in_len > 0 && **in == 0) {
		i->place = IN_PADDING;
		++*in;
		--*in_len;
	}
}

ssize_t inflate_step(struct inflate *i, const unsigned char **in, size_t *in_len, unsigned char *out, size_t out_size)
{
	size_t got = 0;

	while (got == 0) {
		int r;

		if (i->place != IN_MEMBER) {
			if (i->any)
				skip_padding(i, in, in_len);
			if (*in_len == 0)
				return 0;
			if (i->place == IN_PADDING || begin(i) < 0)
				return -EBADMSG;
			i->place = IN_MEMBER;
			i->any = true;
		}
		r = step(i, in, in_len, out, out_size, &got);
		if (r < 0)
			return r;
		if (r == 1)
			i->place = BETWEEN_MEMBERS;
		else if (got == 0 && *in_len == 0)
			return 0;
	}
	return (ssize_t)got;
}

bool inflate_at_end(const struct inflate *i)
{
	return i->place != IN_MEMBER;
}
