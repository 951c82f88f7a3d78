/* SPDX-License-Identifier: Apache-2.0 */
/* Values while a template runs, and the functions over them. Strings live in the run's arena. */
#ifndef LIGHTER_CODEC_GO_TEMPLATE_VALUE_H
#define LIGHTER_CODEC_GO_TEMPLATE_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct json_object;

enum value_kind { VALUE_NIL, VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_STRING, VALUE_JSON, VALUE_STRINGS };

struct value {
	enum value_kind kind;
	int64_t number; /* bool, int */
	double real;
	const char *text;
	struct json_object *json; /* an object or an array; borrowed */
	char **strings;           /* what split makes */
};

#define VALUE_ARGS_MAX 16

/* A JSON value as a template value: scalars unwrapped. */
struct value value_from_json(struct json_object *o);
bool value_true(const struct value *v);
/* As Go's fmt prints it: "map[a:1 b:2]", "[x y]", "<no value>". */
void value_print(const struct value *v, struct buf *out);
/* Calls a function by name. */
int value_call(struct arena *a, const char *name, const struct value *args, size_t n, struct value *ret,
	       struct err *err) _must_check_;
/* Number of elements (range): -1 when it has none. */
int64_t value_len(const struct value *v);

#endif
