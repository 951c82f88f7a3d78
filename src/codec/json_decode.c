/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json-c's tree to structs by field tables. Nothing aborts: when the arena has no memory left the decode ends with
 * ERR_TOO_LARGE, since an arena's limit is what bounds a document. Errors name the path from the document's root, which
 * is a chain of stack frames while all goes well and becomes text only on failure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "codec/json.h"
#include "codec/json_c.h"

#define FIELDS_MAX 128 /* of one table */

struct path {
	const struct path *up;
	const char *name; /* NULL: an item of a list */
	size_t index;
};

struct decoder {
	struct arena *arena;
	int flags;
	struct err *err;
};

struct any_array {
	void *items;
	size_t len;
};

static void path_write(const struct path *path, char *text, size_t size)
{
	size_t len;

	if (path->up)
		path_write(path->up, text, size);
	else
		text[0] = '\0';
	len = strlen(text);
	if (path->name)
		snprintf(text + len, size - len, "%s%s", len > 0 ? "." : "", path->name);
	else
		snprintf(text + len, size - len, "[%zu]", path->index);
}

static int wrong(const struct decoder *d, const struct path *path, const char *what)
{
	char where[256];

	if (!path)
		return err_set(d->err, ERR_INVALID, "%s", what);
	path_write(path, where, sizeof(where));
	return err_set(d->err, ERR_INVALID, "%s: %s", where, what);
}

static int no_memory(const struct decoder *d)
{
	return err_set(d->err, ERR_TOO_LARGE, "the document needs more memory than it may have");
}

static int decode_object(const struct decoder *d, const struct json_object *o, const struct json_shape *shape,
			 const struct path *path, void *out);

static int decode_bool(const struct decoder *d, const struct json_object *o, const struct path *path, bool *ret)
{
	if (!json_object_is_type(o, json_type_boolean))
		return wrong(d, path, "expected true or false");
	*ret = json_object_get_boolean(o);
	return 0;
}

/* json-c keeps whole numbers as int64 or uint64 and clamps on reading: a negative one reads as 0 unsigned. */
static int decode_signed(const struct decoder *d, const struct json_object *o, const struct path *path, int64_t min,
			 int64_t max, int64_t *ret)
{
	int64_t n;

	if (!json_object_is_type(o, json_type_int))
		return wrong(d, path, "expected a whole number");
	n = json_object_get_int64(o);
	if (n < min || n > max || (n == INT64_MAX && json_object_get_uint64(o) > INT64_MAX))
		return wrong(d, path, "number out of range");
	*ret = n;
	return 0;
}

static int decode_unsigned(const struct decoder *d, const struct json_object *o, const struct path *path, uint64_t max,
			   uint64_t *ret)
{
	if (!json_object_is_type(o, json_type_int))
		return wrong(d, path, "expected a whole number");
	if (json_object_get_int64(o) < 0 || json_object_get_uint64(o) > max)
		return wrong(d, path, "number out of range");
	*ret = json_object_get_uint64(o);
	return 0;
}

static int decode_number(const struct decoder *d, enum json_type type, const struct json_object *o, const struct path *path,
			 void *out)
{
	bool is_signed = type == JSON_INT64 || type == JSON_OPT_INT64 || type == JSON_INT32 || type == JSON_OPT_INT32;
	bool is_wide = type == JSON_INT64 || type == JSON_OPT_INT64 || type == JSON_UINT64 || type == JSON_OPT_UINT64;
	uint64_t u = 0;
	int64_t n = 0;
	int r;

	if (is_signed)
		r = decode_signed(d, o, path, is_wide ? INT64_MIN : INT32_MIN, is_wide ? INT64_MAX : INT32_MAX, &n);
	else
		r = decode_unsigned(d, o, path, is_wide ? UINT64_MAX : UINT32_MAX, &u);
	if (r < 0)
		return r;
	if (is_signed)
		u = (uint64_t)n;
	if (is_wide)
		*(uint64_t *)out = u;
	else
		*(uint32_t *)out = (uint32_t)u;
	return 0;
}

static int decode_double(const struct decoder *d, const struct json_object *o, const struct path *path, double *ret)
{
	if (!json_object_is_type(o, json_type_double) && !json_object_is_type(o, json_type_int))
		return wrong(d, path, "expected a number");
	*ret = json_object_get_double(o);
	return 0;
}

/* null is "" here: what a list or a map of strings makes of it. */
static int decode_string(const struct decoder *d, const struct json_object *o, const struct path *path, char **ret)
{
	const char *text = "";
	size_t len = 0;
	char *copy;

	if (o) {
		if (!json_object_is_type(o, json_type_string))
			return wrong(d, path, "expected a string");
		text = json_object_get_string((struct json_object *)o);
		len = (size_t)json_object_get_string_len(o);
	}
	if (strlen(text) != len)
		return wrong(d, path, "NUL in a string");
	copy = arena_strndup(d->arena, text, len);
	if (!copy)
		return no_memory(d);
	*ret = copy;
	return 0;
}

static int decode_strings(const struct decoder *d, const struct json_object *o, const struct path *path, char ***ret)
{
	size_t n;
	char **v;

	if (!json_object_is_type(o, json_type_array))
		return wrong(d, path, "expected a list of strings");
	n = json_object_array_length(o);
	v = arena_array(d->arena, n + 1, sizeof(*v));
	if (!v)
		return no_memory(d);
	for (size_t i = 0; i < n; i++) {
		struct path item = {.up = path, .index = i};
		int r = decode_string(d, json_object_array_get_idx(o, i), &item, &v[i]);

		if (r < 0)
			return r;
	}
	*ret = v;
	return 0;
}

/* Room for the items of a list or object; one more than there are, so that an empty one is not NULL. */
static int array_alloc(const struct decoder *d, size_t n, size_t size, struct any_array *ret)
{
	ret->items = arena_array(d->arena, n + 1, size);
	if (!ret->items)
		return no_memory(d);
	ret->len = n;
	return 0;
}

static int decode_string_map(const struct decoder *d, const struct json_object *o, const struct path *path,
			     struct any_array *ret)
{
	struct json_string_pair *pair;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return wrong(d, path, "expected an object of strings");
	r = array_alloc(d, (size_t)json_object_object_length(o), sizeof(*pair), ret);
	if (r < 0)
		return r;
	pair = ret->items;
	json_object_object_foreach((struct json_object *)o, key, value)
	{
		struct path item = {.up = path, .name = key};

		pair->key = arena_strdup(d->arena, key);
		if (!pair->key)
			return no_memory(d);
		r = decode_string(d, value, &item, &pair->value);
		if (r < 0)
			return r;
		pair++;
	}
	return 0;
}

static int decode_object_pointer(const struct decoder *d, const struct json_object *o, const struct json_shape *shape,
				 const struct path *path, void **ret)
{
	void *out = arena_alloc(d->arena, shape->size);
	int r;

	if (!out)
		return no_memory(d);
	r = decode_object(d, o, shape, path, out);
	if (r < 0)
		return r;
	*ret = out;
	return 0;
}

static int decode_objects(const struct decoder *d, const struct json_object *o, const struct json_shape *shape,
			  const struct path *path, struct any_array *ret)
{
	int r;

	if (!json_object_is_type(o, json_type_array))
		return wrong(d, path, "expected a list of objects");
	r = array_alloc(d, json_object_array_length(o), shape->size, ret);
	for (size_t i = 0; r >= 0 && i < ret->len; i++) {
		struct path item = {.up = path, .index = i};

		r = decode_object(d, json_object_array_get_idx(o, i), shape, &item, (char *)ret->items + i * shape->size);
	}
	return r;
}

/* A member that is null counts as an empty object: `{"ExposedPorts": {"80/tcp": null}}`. */
static int decode_object_map(const struct decoder *d, const struct json_object *o, const struct json_shape *shape,
			     const struct path *path, struct any_array *ret)
{
	char *out;
	int r;

	if (!json_object_is_type(o, json_type_object))
		return wrong(d, path, "expected an object of objects");
	r = array_alloc(d, (size_t)json_object_object_length(o), shape->size, ret);
	if (r < 0)
		return r;
	out = ret->items;
	json_object_object_foreach((struct json_object *)o, key, value)
	{
		struct path item = {.up = path, .name = key};

		r = value ? decode_object(d, value, shape, &item, out) : 0;
		if (r < 0)
			return r;
		*(char **)out = arena_strdup(d->arena, key);
		if (!*(char **)out)
			return no_memory(d);
		out += shape->size;
	}
	return 0;
}

static int decode_uint32s(const struct decoder *d, const struct json_object *o, const struct path *path, struct any_array *ret)
{
	int r;

	if (!json_object_is_type(o, json_type_array))
		return wrong(d, path, "expected a list of numbers");
	r = array_alloc(d, json_object_array_length(o), sizeof(uint32_t), ret);
	for (size_t i = 0; r >= 0 && i < ret->len; i++) {
		struct path item = {.up = path, .index = i};

		r = decode_number(d, JSON_UINT32, json_object_array_get_idx(o, i), &item, (uint32_t *)ret->items + i);
	}
	return r;
}

static int decode_text(const struct decoder *d, const struct json_object *o, char **ret)
{
	const char *text = json_object_to_json_string_ext((struct json_object *)o,
							  JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		return no_memory(d);
	*ret = arena_strdup(d->arena, text);
	return *ret ? 0 : no_memory(d);
}

static int decode_optional(const struct decoder *d, enum json_type type, const struct json_object *o, const struct path *path,
			   void **ret)
{
	void *out = arena_alloc(d->arena, sizeof(uint64_t));
	int r;

	if (!out)
		return no_memory(d);
	r = type == JSON_OPT_BOOL ? decode_bool(d, o, path, out) : decode_number(d, type, o, path, out);
	if (r < 0)
		return r;
	*ret = out;
	return 0;
}

static int decode_value(const struct decoder *d, const struct json_field *f, const struct json_object *o,
			const struct path *path, void *out)
{
	switch (f->type) {
	case JSON_BOOL:
		return decode_bool(d, o, path, out);
	case JSON_INT64:
	case JSON_UINT64:
	case JSON_INT32:
	case JSON_UINT32:
		return decode_number(d, f->type, o, path, out);
	case JSON_DOUBLE:
		return decode_double(d, o, path, out);
	case JSON_STRING:
		return decode_string(d, o, path, out);
	case JSON_STRINGS:
		return decode_strings(d, o, path, out);
	case JSON_STRING_MAP:
		return decode_string_map(d, o, path, out);
	case JSON_OBJECT:
		return decode_object_pointer(d, o, f->shape, path, out);
	case JSON_OBJECTS:
		return decode_objects(d, o, f->shape, path, out);
	case JSON_OBJECT_MAP:
		return decode_object_map(d, o, f->shape, path, out);
	case JSON_TEXT:
		return decode_text(d, o, out);
	case JSON_UINT32S:
		return decode_uint32s(d, o, path, out);
	case JSON_OPT_BOOL:
	case JSON_OPT_INT64:
	case JSON_OPT_UINT64:
	case JSON_OPT_INT32:
	case JSON_OPT_UINT32:
		return decode_optional(d, f->type, o, path, out);
	}
	return wrong(d, path, "has a type that the decoder doesn't know");
}

static void match_any_case(const struct json_object *o, const struct json_shape *shape, struct json_object **values)
{
	json_object_object_foreach((struct json_object *)o, key, value)
	{
		for (size_t i = 0; i < shape->n_fields; i++) {
			const char *name = shape->fields[i].name;

			if (!values[i] && (key[0] | 0x20) == (name[0] | 0x20) && strcasecmp(key, name) == 0)
				values[i] = value;
		}
	}
}

/* The member for each field, NULL where it is absent or null. */
static void match_members(const struct decoder *d, const struct json_object *o, const struct json_shape *shape,
			  struct json_object **values)
{
	size_t exact = 0;

	for (size_t i = 0; i < shape->n_fields; i++)
		exact += json_object_object_get_ex(o, shape->fields[i].name, &values[i]);
	if ((d->flags & JSON_ANY_CASE) && exact < (size_t)json_object_object_length(o))
		match_any_case(o, shape, values);
}

static int decode_object(const struct decoder *d, const struct json_object *o, const struct json_shape *shape,
			 const struct path *path, void *out)
{
	struct json_object *values[FIELDS_MAX] = {0};

	if (!json_object_is_type(o, json_type_object))
		return wrong(d, path, "expected an object");
	if (shape->n_fields > FIELDS_MAX)
		return wrong(d, path, "has more fields than the decoder can hold");
	match_members(d, o, shape, values);
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct json_field *f = &shape->fields[i];
		struct path member = {.up = path, .name = f->name};
		int r = 0;

		if (values[i])
			r = decode_value(d, f, values[i], &member, (char *)out + f->offset);
		else if (f->flags & JSON_REQUIRED)
			r = wrong(d, &member, "is missing");
		if (r < 0)
			return r;
	}
	return 0;
}

int json_decode(const struct json_object *o, const struct json_shape *shape, int flags, struct arena *a, void *out,
		struct err *err)
{
	struct decoder d = {.arena = a, .flags = flags, .err = err};

	memset(out, 0, shape->size);
	return decode_object(&d, o, shape, NULL, out);
}

int json_decode_text(const char *text, size_t len, const struct json_shape *shape, int flags, struct arena *a, void *out,
		     struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	int r;

	r = json_parse(text, len, &o, err);
	if (r < 0)
		return r;
	return json_decode(o, shape, flags, a, out, err);
}
