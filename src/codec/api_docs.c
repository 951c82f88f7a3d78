/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding the API's container documents, with what the field tables can't say: see api_docs.h. */
#include "codec/api_docs.h"

#include <string.h>
#include <strings.h>

#include "codec/json_c.h"

static char empty_string[1];

static int pair_compare(const void *a, const void *b)
{
	return strcmp(((const struct json_string_pair *)a)->key, ((const struct json_string_pair *)b)->key);
}

/* The items of a JSON_OBJECT_MAP begin with their key. */
static int keyed_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct generic_array {
	void *items;
	size_t len;
};

static void settle_items(const struct json_field *f, const struct generic_array *array)
{
	if (!array->items)
		return;
	if (f->type == JSON_OBJECT_MAP && array->len > 1)
		qsort(array->items, array->len, f->shape->size, keyed_compare);
	for (size_t i = 0; i < array->len; i++)
		api_doc_settle(f->shape, (char *)array->items + i * f->shape->size);
}

void api_doc_settle(const struct json_shape *shape, void *doc)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct json_field *f = &shape->fields[i];
		void *at = (char *)doc + f->offset;
		struct json_string_map *map = at;

		if (f->type == JSON_STRING && !*(char **)at)
			*(char **)at = empty_string;
		else if (f->type == JSON_STRING_MAP && map->items && map->len > 1)
			qsort(map->items, map->len, sizeof(*map->items), pair_compare);
		else if (f->type == JSON_OBJECT && *(void **)at)
			api_doc_settle(f->shape, *(void **)at);
		else if (f->type == JSON_OBJECTS || f->type == JSON_OBJECT_MAP)
			settle_items(f, at);
	}
}

const char *json_map_get(const struct json_string_map *m, const char *key)
{
	for (size_t i = 0; i < m->len; i++)
		if (strcmp(m->items[i].key, key) == 0)
			return m->items[i].value;
	return NULL;
}

/* Docker takes one string where it wants a list of words: it becomes a list of one. */
static void string_to_list(struct json_object *o, const char *name)
{
	json_object_object_foreach(o, key, value)
	{
		struct json_object *list;

		if (strcasecmp(key, name) != 0 || !json_object_is_type(value, json_type_string))
			continue;
		list = json_object_new_array();
		if (!list)
			return;
		json_object_array_add(list, json_object_get(value));
		json_object_object_add(o, key, list);
		return;
	}
}

static bool has_member_of(struct json_object *o, const struct json_shape *shape)
{
	json_object_object_foreach(o, key, value)
	{
		(void)value;
		for (size_t i = 0; i < shape->n_fields; i++)
			if (strcasecmp(key, shape->fields[i].name) == 0)
				return true;
	}
	return false;
}

struct create_parts {
	struct host_config *host_config;
	struct networking_config *networking_config;
};
static const struct json_field create_parts_fields[] = {
	JSON_FIELD("HostConfig", struct create_parts, host_config, JSON_OBJECT, .shape = &host_config_shape),
	JSON_FIELD("NetworkingConfig", struct create_parts, networking_config, JSON_OBJECT, .shape = &networking_config_shape),
};
static const struct json_shape create_parts_shape = JSON_SHAPE("", struct create_parts, create_parts_fields);

int container_create_request_decode(const char *text, size_t len, struct arena *a, struct container_create_request *ret,
				    struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	struct container_create_request req = {0};
	struct create_parts parts;
	int r;

	r = json_parse(text, len, &o, err);
	if (r < 0)
		return err_wrap(err, "invalid JSON");
	if (!o) { /* "null" is a document without anything in it */
		*ret = req;
		return 0;
	}
	if (!json_object_is_type(o, json_type_object))
		return err_set(err, ERR_INVALID, "invalid JSON: expected an object");
	string_to_list(o, "Cmd");
	string_to_list(o, "Entrypoint");
	r = json_decode(o, &container_config_shape, JSON_ANY_CASE, a, &req.config, err);
	if (r >= 0)
		r = json_decode(o, &create_parts_shape, JSON_ANY_CASE, a, &parts, err);
	if (r < 0)
		return err_wrap(err, "invalid JSON");
	req.host_config = parts.host_config;
	req.networking_config = parts.networking_config;
	req.has_config = has_member_of(o, &container_config_shape);
	api_doc_settle(&container_config_shape, &req.config);
	if (req.host_config)
		api_doc_settle(&host_config_shape, req.host_config);
	if (req.networking_config)
		api_doc_settle(&networking_config_shape, req.networking_config);
	*ret = req;
	return 0;
}

static int decode_whole(const char *text, size_t len, const struct json_shape *shape, struct arena *a, void **ret,
			struct err *err)
{
	void *doc = arena_alloc(a, shape->size);
	int r;

	if (!doc)
		return err_set(err, ERR_TOO_LARGE, "out of memory for %s", shape->name);
	r = json_decode_text(text, len, shape, JSON_ANY_CASE, a, doc, err);
	if (r < 0)
		return r;
	api_doc_settle(shape, doc);
	*ret = doc;
	return 0;
}

int container_config_decode(const char *text, size_t len, struct arena *a, struct container_config **ret, struct err *err)
{
	void *doc;
	int r = decode_whole(text, len, &container_config_shape, a, &doc, err);

	if (r >= 0)
		*ret = doc;
	return r;
}

int host_config_decode(const char *text, size_t len, struct arena *a, struct host_config **ret, struct err *err)
{
	void *doc;
	int r = decode_whole(text, len, &host_config_shape, a, &doc, err);

	if (r >= 0)
		*ret = doc;
	return r;
}
