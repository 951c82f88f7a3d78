/* SPDX-License-Identifier: Apache-2.0 */
/* Structs to text by their tables: the mirror of json_decode.c. */
#include <string.h>

#include "codec/json.h"

struct any_array {
	void *items;
	size_t len;
};

static const void *item_at(const struct any_array *array, size_t size, size_t i)
{
	return (const char *)array->items + i * size;
}

/* Whether Go's omitempty would leave the value out. */
static bool is_empty(const struct json_field *f, const void *at)
{
	switch (f->type) {
	case JSON_BOOL:
		return !*(const bool *)at;
	case JSON_INT64:
	case JSON_UINT64:
		return *(const uint64_t *)at == 0;
	case JSON_INT32:
	case JSON_UINT32:
		return *(const uint32_t *)at == 0;
	case JSON_DOUBLE:
		return *(const double *)at == 0;
	case JSON_STRING:
		return !*(char *const *)at || **(char *const *)at == '\0';
	case JSON_STRINGS:
		return !*(char **const *)at || !**(char **const *)at;
	case JSON_STRING_MAP:
	case JSON_OBJECTS:
	case JSON_OBJECT_MAP:
	case JSON_UINT32S:
		return ((const struct any_array *)at)->len == 0;
	case JSON_OBJECT:
	case JSON_TEXT:
	case JSON_OPT_BOOL:
	case JSON_OPT_INT64:
	case JSON_OPT_UINT64:
	case JSON_OPT_INT32:
	case JSON_OPT_UINT32:
		return !*(void *const *)at;
	}
	return false;
}

static void encode_absent(struct json_writer *w, const struct json_field *f)
{
	bool is_map = f->type == JSON_STRING_MAP || f->type == JSON_OBJECT_MAP;

	json_raw(w, !(f->flags & JSON_EMPTY_LIST) ? "null" : is_map ? "{}" : "[]");
}

static void encode_string_map(struct json_writer *w, const struct json_string_map *map)
{
	json_begin_object(w);
	for (size_t i = 0; i < map->len; i++)
		json_member_string(w, map->items[i].key, map->items[i].value);
	json_end_object(w);
}

static void encode_objects(struct json_writer *w, const struct json_shape *shape, const struct any_array *array)
{
	json_begin_array(w);
	for (size_t i = 0; i < array->len; i++)
		json_encode(w, shape, item_at(array, shape->size, i));
	json_end_array(w);
}

static void encode_object_map(struct json_writer *w, const struct json_shape *shape, const struct any_array *array)
{
	json_begin_object(w);
	for (size_t i = 0; i < array->len; i++) {
		const void *item = item_at(array, shape->size, i);

		json_key(w, *(char *const *)item);
		json_encode(w, shape, item);
	}
	json_end_object(w);
}

static void encode_uint32s(struct json_writer *w, const struct any_array *array)
{
	json_begin_array(w);
	for (size_t i = 0; i < array->len; i++)
		json_uint(w, ((const uint32_t *)array->items)[i]);
	json_end_array(w);
}

static void encode_scalar(struct json_writer *w, enum json_type type, const void *at)
{
	switch (type) {
	case JSON_BOOL:
	case JSON_OPT_BOOL:
		json_bool(w, *(const bool *)at);
		break;
	case JSON_INT64:
	case JSON_OPT_INT64:
		json_int(w, *(const int64_t *)at);
		break;
	case JSON_UINT64:
	case JSON_OPT_UINT64:
		json_uint(w, *(const uint64_t *)at);
		break;
	case JSON_INT32:
	case JSON_OPT_INT32:
		json_int(w, *(const int32_t *)at);
		break;
	case JSON_UINT32:
	case JSON_OPT_UINT32:
		json_uint(w, *(const uint32_t *)at);
		break;
	default:
		json_double(w, *(const double *)at);
		break;
	}
}

/* What is one pointer in the struct. */
static void encode_pointed(struct json_writer *w, const struct json_field *f, const void *to)
{
	if (!to)
		encode_absent(w, f);
	else if (f->type == JSON_STRING)
		json_string(w, to);
	else if (f->type == JSON_STRINGS)
		json_strings(w, (char *const *)to);
	else if (f->type == JSON_TEXT)
		json_raw(w, to);
	else if (f->type == JSON_OBJECT)
		json_encode(w, f->shape, to);
	else
		encode_scalar(w, f->type, to);
}

static void encode_array(struct json_writer *w, const struct json_field *f, const struct any_array *array)
{
	if (!array->items)
		encode_absent(w, f);
	else if (f->type == JSON_STRING_MAP)
		encode_string_map(w, (const struct json_string_map *)array);
	else if (f->type == JSON_OBJECTS)
		encode_objects(w, f->shape, array);
	else if (f->type == JSON_OBJECT_MAP)
		encode_object_map(w, f->shape, array);
	else
		encode_uint32s(w, array);
}

static void encode_field(struct json_writer *w, const struct json_field *f, const void *at)
{
	switch (f->type) {
	case JSON_BOOL:
	case JSON_INT64:
	case JSON_UINT64:
	case JSON_INT32:
	case JSON_UINT32:
	case JSON_DOUBLE:
		encode_scalar(w, f->type, at);
		break;
	case JSON_STRING_MAP:
	case JSON_OBJECTS:
	case JSON_OBJECT_MAP:
	case JSON_UINT32S:
		encode_array(w, f, at);
		break;
	default:
		encode_pointed(w, f, *(const void *const *)at);
		break;
	}
}

void json_encode_members(struct json_writer *w, const struct json_shape *shape, const void *in)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct json_field *f = &shape->fields[i];
		const void *at = (const char *)in + f->offset;

		if ((f->flags & JSON_OMIT_EMPTY) && is_empty(f, at))
			continue;
		json_key(w, f->name);
		encode_field(w, f, at);
	}
}

void json_encode(struct json_writer *w, const struct json_shape *shape, const void *in)
{
	json_begin_object(w);
	json_encode_members(w, shape, in);
	json_end_object(w);
}
