/* SPDX-License-Identifier: Apache-2.0 */
/* Digests; see digest.h. SHA-256 is OpenSSL's, fetched once: a fetch per digest costs more than hashing a small blob. */
#include "codec/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define PREFIX "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

struct digest_stream {
	EVP_MD_CTX *context;
};

static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static void must(bool held)
{
	if (held)
		return;
	fputs("lighter: the crypto library has no working SHA-256\n", stderr);
	abort();
}

bool digest_is_hex(const char *text)
{
	return strspn(text, "0123456789abcdef") == DIGEST_HEX_LEN && text[DIGEST_HEX_LEN] == '\0';
}

bool digest_valid(const char *text)
{
	return text && strncmp(text, PREFIX, PREFIX_LEN) == 0 && digest_is_hex(text + PREFIX_LEN);
}

static size_t hex_length(const char *text, size_t algorithm_len)
{
	static const struct {
		const char *name;
		size_t hex_len;
	} algorithms[] = {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}};

	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (strlen(algorithms[i].name) == algorithm_len && memcmp(text, algorithms[i].name, algorithm_len) == 0)
			return algorithms[i].hex_len;
	return 0;
}

int digest_check(const char *text, struct err *err)
{
	const char *colon = text ? strchr(text, ':') : NULL;
	size_t want;

	if (!colon || colon == text || !colon[1])
		return err_set(err, ERR_INVALID, "invalid checksum digest format");
	want = hex_length(text, (size_t)(colon - text));
	if (!want)
		return err_set(err, ERR_INVALID, "unsupported digest algorithm");
	if (strlen(colon + 1) != want)
		return err_set(err, ERR_INVALID, "invalid checksum digest length");
	if (strspn(colon + 1, "0123456789abcdef") != want)
		return err_set(err, ERR_INVALID, "invalid checksum digest format");
	return 0;
}

const char *digest_hex(const char *text)
{
	return text + PREFIX_LEN;
}

struct digest_stream *digest_stream_new(void)
{
	struct digest_stream *d = xcalloc(1, sizeof(*d));

	pthread_once(&sha256_once, fetch_sha256);
	d->context = EVP_MD_CTX_new();
	must(sha256 && d->context && EVP_DigestInit_ex2(d->context, sha256, NULL) == 1);
	return d;
}

void digest_stream_free(struct digest_stream *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->context);
	free(d);
}

void digest_stream_add(struct digest_stream *d, const void *bytes, size_t len)
{
	must(EVP_DigestUpdate(d->context, bytes, len) == 1);
}

void digest_stream_finish(struct digest_stream *d, char ret_text[DIGEST_TEXT_MAX])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char *to = ret_text + PREFIX_LEN;

	must(EVP_DigestFinal_ex(d->context, raw, &len) == 1 && len * 2 == DIGEST_HEX_LEN);
	must(EVP_DigestInit_ex2(d->context, sha256, NULL) == 1);
	memcpy(ret_text, PREFIX, PREFIX_LEN);
	for (unsigned int i = 0; i < len; i++) {
		*to++ = hex[raw[i] >> 4];
		*to++ = hex[raw[i] & 15];
	}
	*to = '\0';
}

void digest_of(const void *bytes, size_t len, char ret_text[DIGEST_TEXT_MAX])
{
	_cleanup_(digest_stream_freep) struct digest_stream *d = digest_stream_new();

	digest_stream_add(d, bytes, len);
	digest_stream_finish(d, ret_text);
}

void digest_chain(const char *parent_chain, const char *diff_id, char ret_chain[DIGEST_TEXT_MAX])
{
	char both[2 * DIGEST_TEXT_MAX];
	int len;

	if (!parent_chain || !*parent_chain) {
		memmove(ret_chain, diff_id, strlen(diff_id) + 1);
		return;
	}
	len = snprintf(both, sizeof(both), "%s %s", parent_chain, diff_id);
	digest_of(both, (size_t)len, ret_chain);
}
