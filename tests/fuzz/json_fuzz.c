/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: whatever parses is what json-c's own parser reads; it is decoded by the largest tables (with an arena that runs
 * out on odd lengths), written again, and what was written must decode to the same text once more.
 * Covers: src/codec/json*.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/api_docs.h"
#include "codec/json.h"
#include "codec/json_c.h"
#include "codec/oci_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const struct json_shape *shape, const void *in, struct buf *out)
{
	struct json_writer w = {.out = out, .escape_html = true};

	json_encode(&w, shape, in);
}

/* Decoded, written, decoded and written again: both texts are equal. */
static void round_trip(const char *text, size_t len, const struct json_shape *shape)
{
	_cleanup_arena_ struct arena *a = arena_new(len & 1 ? 4096 + len : 0);
	_cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT;
	void *out = calloc(1, shape->size);
	struct err err = {0};

	if (!a || !out)
		abort();
	if (json_decode_text(text, len, shape, JSON_ANY_CASE, a, out, &err) >= 0) {
		_cleanup_arena_ struct arena *again = arena_new(0);

		encode(shape, out, &first);
		if (json_decode_text(first.data, first.len, shape, 0, again, out, &err) < 0)
			abort();
		encode(shape, out, &second);
		if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
			abort();
	} else if (err.kind == ERR_NONE || err.msg[0] == '\0') {
		abort();
	}
	free(out);
}

/* json-c's own parser reads the same; in its escapes it is of another opinion about halves of surrogate pairs. */
static void compare_with_json_c(const char *text, size_t len)
{
	_cleanup_(json_freep) struct json_object *ours = NULL, *theirs = NULL;
	struct json_tokener *t;

	if (json_parse(text, len, &ours, NULL) < 0 || memmem(text, len, "\\u", 2))
		return;
	t = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	theirs = json_tokener_parse_ex(t, text, (int)len);
	if (json_tokener_get_error(t) == json_tokener_continue)
		theirs = json_tokener_parse_ex(t, "", 1);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    strcmp(json_object_to_json_string(ours), json_object_to_json_string(theirs)) != 0)
		abort();
	json_tokener_free(t);
}

static void write_as_string(const char *text, size_t len)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_writer w = {.out = &out, .escape_html = true};

	json_string_len(&w, text, len);
	if (json_parse(out.data, out.len, &o, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	round_trip(text, size, &container_config_shape);
	round_trip(text, size, &host_config_shape);
	round_trip(text, size, &networking_config_shape);
	round_trip(text, size, &oci_spec_shape);
	compare_with_json_c(text, size);
	write_as_string(text, size);
	return 0;
}
