/* SPDX-License-Identifier: Apache-2.0 */
/* See filters.h. Small lists: everything is searched one by one. */
#include "engine/filters.h"

#include <regex.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct filter {
	char *key;
	char **values;
};
struct filters {
	struct filter *items;
	size_t len;
};

void filters_free(struct filters *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->len; i++) {
		free(f->items[i].key);
		strv_free(f->items[i].values);
	}
	free(f->items);
	free(f);
}

/* One key's values, in either form; false when it is neither. */
static bool values_read(struct json_object *o, char ***ret)
{
	_cleanup_strv_ char **v = xcalloc(1, sizeof(*v));

	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			struct json_object *item = json_object_array_get_idx(o, i);

			if (!json_object_is_type(item, json_type_string))
				return false;
			strv_add(&v, json_object_get_string(item));
		}
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, on)
		{
			if (!json_object_is_type(on, json_type_boolean))
				return false;
			strv_add(&v, key);
		}
	} else {
		return false;
	}
	*ret = TAKE(v);
	return true;
}

int filters_parse(const char *json, struct filters **ret, struct err *err)
{
	_cleanup_(filters_freep) struct filters *f = xcalloc(1, sizeof(*f));
	_cleanup_(json_freep) struct json_object *o = NULL;

	if (json && *json) {
		if (json_parse(json, strlen(json), &o, NULL) < 0 || !json_object_is_type(o, json_type_object))
			return err_set(err, ERR_INVALID, "invalid filter");
		f->items = xcalloc((size_t)json_object_object_length(o) + 1, sizeof(*f->items));
		json_object_object_foreach(o, key, value)
		{
			char **values;

			if (!values_read(value, &values))
				return err_set(err, ERR_INVALID, "invalid filter");
			f->items[f->len++] = (struct filter){.key = xstrdup(key), .values = values};
		}
	}
	*ret = TAKE(f);
	return 0;
}

int filters_check_keys(const struct filters *f, const char *const *known, struct err *err)
{
	for (size_t i = 0; i < f->len; i++) {
		const char *const *k = known;

		while (*k && strcmp(*k, f->items[i].key) != 0)
			k++;
		if (!*k)
			return err_set(err, ERR_INVALID, "invalid filter '%s'", f->items[i].key);
	}
	return 0;
}

char *const *filters_values(const struct filters *f, const char *key)
{
	for (size_t i = 0; i < f->len; i++)
		if (strcmp(f->items[i].key, key) == 0 && f->items[i].values[0])
			return f->items[i].values;
	return NULL;
}

bool filters_empty(const struct filters *f)
{
	return f->len == 0;
}

bool filters_match(const struct filters *f, const char *key, const char *value)
{
	char *const *v = filters_values(f, key);

	if (!v)
		return true;
	for (; *v; v++)
		if (strcmp(*v, value) == 0)
			return true;
	return false;
}

bool filters_match_prefix(const struct filters *f, const char *key, const char *value)
{
	char *const *v = filters_values(f, key);

	if (!v)
		return true;
	for (; *v; v++)
		if (strncmp(*v, value, strlen(*v)) == 0)
			return true;
	return false;
}

static bool pattern_found(const char *pattern, const char *value)
{
	regex_t re;
	bool found;

	if (strcmp(pattern, value) == 0)
		return true;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	found = regexec(&re, value, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

bool filters_match_pattern(const struct filters *f, const char *key, const char *value)
{
	char *const *v = filters_values(f, key);

	if (!v)
		return true;
	for (; *v; v++)
		if (pattern_found(*v, value))
			return true;
	return false;
}

int filters_bool(const struct filters *f, const char *key, int *ret, struct err *err)
{
	char *const *v = filters_values(f, key);
	bool yes, no;

	if (!v) {
		*ret = -1;
		return 0;
	}
	yes = strcmp(v[0], "1") == 0 || strcmp(v[0], "true") == 0;
	no = strcmp(v[0], "0") == 0 || strcmp(v[0], "false") == 0;
	if (v[1] || (!yes && !no))
		return err_set(err, ERR_INVALID, "invalid filter '%s=[%s]'", key, v[0]);
	*ret = yes;
	return 0;
}
