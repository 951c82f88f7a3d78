/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, both ways. In: strict text (RFC 8259, no comments, no trailing bytes, duplicate keys: the last wins, depth
 * limited) is parsed by json-c, then decoded into structs by field tables. Out: an append-only writer, and an encoder
 * that runs the same tables. Everything decoded lives in the caller's arena; nothing is freed one by one.
 *
 * A table describes one C struct:
 *
 *     struct mount { char *source; bool rw; JSON_ARRAY(struct option) options; int64_t *mode; };
 *     static const struct json_field mount_fields[] = {
 *             JSON_FIELD("source", struct mount, source, JSON_STRING, .flags = JSON_REQUIRED),
 *             JSON_FIELD("rw", struct mount, rw, JSON_BOOL),
 *             JSON_FIELD("options", struct mount, options, JSON_OBJECTS, .shape = &option_shape),
 *             JSON_FIELD("mode", struct mount, mode, JSON_OPT_INT64),
 *     };
 *     const struct json_shape mount_shape = JSON_SHAPE("mount", struct mount, mount_fields);
 */
#ifndef LIGHTER_CODEC_JSON_H
#define LIGHTER_CODEC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct json_object; /* json-c's */

#define JSON_DEPTH_MAX 64

/*
 * Parses one document. ERR_INVALID with offset and reason when it isn't JSON, is empty, nests deeper than JSON_DEPTH_MAX
 * or is followed by anything but white space. *ret is released by json_free().
 */
int json_parse(const char *text, size_t len, struct json_object **ret, struct err *err) _must_check_;
void json_free(struct json_object *o);
DEFINE_CLEANUP(struct json_object *, json_free)

/* ---- tables ---- */

enum json_type {
	JSON_BOOL,       /* bool */
	JSON_INT64,      /* int64_t */
	JSON_UINT64,     /* uint64_t */
	JSON_INT32,      /* int32_t, range-checked */
	JSON_UINT32,     /* uint32_t, range-checked */
	JSON_DOUBLE,     /* double */
	JSON_STRING,     /* char *; NULL when absent or null */
	JSON_STRINGS,    /* char **, NULL-terminated; NULL when absent or null, an empty vector for [] */
	JSON_STRING_MAP, /* struct json_string_map; items NULL when absent or null */
	JSON_OBJECT,     /* pointer to a struct of `shape`; NULL when absent or null */
	JSON_OBJECTS,    /* JSON_ARRAY(struct of `shape`); items NULL when absent or null */
	JSON_OBJECT_MAP, /* JSON_ARRAY(struct of `shape` whose first member is `char *key`) */
	JSON_TEXT,       /* char *: the member's own compact JSON text, kept for others to read; NULL when absent */
	JSON_OPT_BOOL,   /* pointers to the above; NULL when absent or null */
	JSON_OPT_INT64,
	JSON_OPT_UINT64,
	JSON_OPT_INT32,
	JSON_OPT_UINT32,
	JSON_UINT32S, /* JSON_ARRAY(uint32_t); items NULL when absent or null */
};

#define JSON_ARRAY(type)     \
	struct {             \
		type *items; \
		size_t len;  \
	}

struct json_string_pair {
	char *key;
	char *value;
};
struct json_string_map {
	struct json_string_pair *items;
	size_t len;
};

enum json_field_flags {
	JSON_REQUIRED = 1 << 0,   /* decode: absent is an error that names the path */
	JSON_OMIT_EMPTY = 1 << 1, /* encode: left out when NULL, "", 0, false or without members (Go's omitempty) */
	JSON_EMPTY_LIST = 1 << 2, /* encode: an absent JSON_STRINGS/OBJECTS as [] (and a map as {}) instead of null */
};

struct json_shape;
struct json_field {
	const char *name;
	enum json_type type;
	uint32_t offset;
	uint32_t flags;
	const struct json_shape *shape;
};
struct json_shape {
	const char *name;
	size_t size;
	const struct json_field *fields;
	size_t n_fields;
};

#define JSON_FIELD(json_name, type_, member, kind, ...)                                             \
	{                                                                                           \
		.name = (json_name), .type = (kind), .offset = offsetof(type_, member), __VA_ARGS__ \
	}
#define JSON_SHAPE(name_, type_, fields_)                                                                    \
	{                                                                                                    \
		.name = (name_), .size = sizeof(type_), .fields = (fields_), .n_fields = ARRAY_SIZE(fields_) \
	}

enum json_decode_flags {
	JSON_ANY_CASE = 1 << 0, /* member names match without regard to case when no exact one is there (Docker's API) */
};

/*
 * Decodes an object into `out` (zeroed first). Unknown members are ignored. A wrong type, a number out of range or a
 * missing required member is ERR_INVALID; the message names the path ("linux.namespaces[2].type: expected a string").
 */
int json_decode(const struct json_object *o, const struct json_shape *shape, int flags, struct arena *a, void *out,
		struct err *err) _must_check_;

/* json_parse and json_decode in one. */
int json_decode_text(const char *text, size_t len, const struct json_shape *shape, int flags, struct arena *a, void *out,
		     struct err *err) _must_check_;

/* ---- writing ---- */

/*
 * Appends to a buf (whose sticky failure flag is the only error there is). Commas are its business; nesting is at most
 * JSON_DEPTH_MAX; strings that are not UTF-8 have their bad bytes replaced by U+FFFD. '<', '>', '&', U+2028 and U+2029
 * are escaped as Docker's encoder does when `escape_html` is set.
 */
struct json_writer {
	struct buf *out;
	bool escape_html;
	bool need_comma;
};

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_string(struct json_writer *w, const char *s); /* NULL: null */
void json_string_len(struct json_writer *w, const char *s, size_t len);
void json_int(struct json_writer *w, int64_t n);
void json_uint(struct json_writer *w, uint64_t n);
void json_double(struct json_writer *w, double n);
void json_bool(struct json_writer *w, bool b);
void json_null(struct json_writer *w);
void json_raw(struct json_writer *w, const char *text);   /* a complete JSON value, trusted */
void json_strings(struct json_writer *w, char *const *v); /* NULL: null */

/* json_key and the value. */
void json_member_string(struct json_writer *w, const char *key, const char *s);
void json_member_int(struct json_writer *w, const char *key, int64_t n);
void json_member_bool(struct json_writer *w, const char *key, bool b);
void json_member_strings(struct json_writer *w, const char *key, char *const *v);

/* The object `in`, by its table, members in the table's order. */
void json_encode(struct json_writer *w, const struct json_shape *shape, const void *in);

/* Only the members of it, into an object that is already open. */
void json_encode_members(struct json_writer *w, const struct json_shape *shape, const void *in);

#endif
