/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests ("sha256:" and 64 lower-case hex digits): checking their text, and SHA-256 of bytes as they come. Contents are
 * always addressed by SHA-256 here; sha384 and sha512 are accepted in image references only.
 */
#ifndef LIGHTER_CODEC_DIGEST_H
#define LIGHTER_CODEC_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DIGEST_TEXT_MAX 72 /* "sha256:" + 64 hex + NUL */
#define DIGEST_HEX_LEN 64

/* Whether `text` is a sha256 digest in its one canonical form. NULL is not. */
bool digest_valid(const char *text);

/* ERR_INVALID in Docker's words ("invalid checksum digest format", "... length", "unsupported digest algorithm"). */
int digest_check(const char *text, struct err *err) _must_check_;

/* The hex digits of a valid digest; borrowed. */
const char *digest_hex(const char *text);

/* Whether `text` starts with exactly 64 lower-case hex digits and ends there. */
bool digest_is_hex(const char *text);

/* SHA-256 of a stream. Never fails: aborts when the library has no SHA-256. One thread at a time. */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_free(struct digest_stream *d);
DEFINE_CLEANUP(struct digest_stream *, digest_stream_free)
void digest_stream_add(struct digest_stream *d, const void *bytes, size_t len);
/* The digest of all bytes added; the stream then starts anew. */
void digest_stream_finish(struct digest_stream *d, char ret_text[DIGEST_TEXT_MAX]);

void digest_of(const void *bytes, size_t len, char ret_text[DIGEST_TEXT_MAX]);

/*
 * The chain id of a layer (OCI image specification, "Layer ChainID"): `parent_chain` NULL or "": the diff id itself.
 * ret_chain may be the buffer of either.
 */
void digest_chain(const char *parent_chain, const char *diff_id, char ret_chain[DIGEST_TEXT_MAX]);

#endif
