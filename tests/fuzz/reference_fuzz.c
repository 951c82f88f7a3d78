/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image references: what parses keeps its meaning through its full and its familiar form.
 * Covers: src/codec/reference.c src/codec/digest.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void comes_back(const char *text, const struct reference *r, struct arena *a)
{
	struct reference again;

	if (!text || reference_parse(text, a, &again, NULL) < 0)
		abort();
	if (!same(again.domain, r->domain) || !same(again.path, r->path) || !same(again.tag, r->tag) ||
	    !same(again.digest, r->digest))
		abort();
}

/* docker.io/a.b/x is familiarly a.b/x, which is another image: Docker 28.5 does the same. */
static bool familiar_is_ambiguous(const struct reference *r)
{
	return strcmp(r->domain, "docker.io") == 0 && (strchr(r->path, '.') || strncmp(r->path, "localhost/", 10) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	char *text = arena_strndup(a, (const char *)data, size);
	struct reference r;
	struct err err = {0};

	if (!text)
		return 0;
	if (digest_check(text, NULL) == 0 && digest_valid(text) != (strncmp(text, "sha256:", 7) == 0))
		abort();
	if (reference_parse(text, a, &r, &err) < 0) {
		if (err.kind != ERR_INVALID || !err.msg[0])
			abort();
		return 0;
	}
	comes_back(reference_text(&r, a), &r, a);
	/* A name of 64 hex digits is an id where it stands alone; with a tag it is a name again. */
	reference_default_tag(&r);
	if (!familiar_is_ambiguous(&r))
		comes_back(reference_familiar(&r, a), &r, a);
	return 0;
}
