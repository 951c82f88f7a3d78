/* SPDX-License-Identifier: Apache-2.0 */
/* Images as the API tells them: the list and the inspect document, keys and their order as Docker 28's. */
#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "engine/filters.h"
#include "engine/images.h"

/* ---- the configuration within inspect: keys in alphabetical order, a few always there ---- */

static void write_set(struct json_writer *w, const struct api_set *set)
{
	if (!set->items) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	for (size_t i = 0; i < set->len; i++) {
		json_key(w, set->items[i].key);
		json_begin_object(w);
		json_end_object(w);
	}
	json_end_object(w);
}

static void write_map(struct json_writer *w, const struct json_string_map *map)
{
	if (!map->items) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	for (size_t i = 0; i < map->len; i++)
		json_member_string(w, map->items[i].key, map->items[i].value);
	json_end_object(w);
}

static void write_config(struct json_writer *w, const struct container_config *c)
{
	json_begin_object(w);
	if (c->args_escaped)
		json_member_bool(w, "ArgsEscaped", true);
	json_member_strings(w, "Cmd", c->cmd);
	json_member_strings(w, "Entrypoint", c->entrypoint);
	json_member_strings(w, "Env", c->env);
	if (c->exposed_ports.len) {
		json_key(w, "ExposedPorts");
		write_set(w, &c->exposed_ports);
	}
	if (c->healthcheck) {
		json_key(w, "Healthcheck");
		json_encode(w, &api_health_config_shape, c->healthcheck);
	}
	json_key(w, "Labels");
	write_map(w, &c->labels);
	json_member_strings(w, "OnBuild", c->on_build);
	if (c->shell && c->shell[0])
		json_member_strings(w, "Shell", c->shell);
	if (*c->stop_signal)
		json_member_string(w, "StopSignal", c->stop_signal);
	json_member_string(w, "User", c->user);
	json_key(w, "Volumes");
	write_set(w, &c->volumes);
	json_member_string(w, "WorkingDir", c->working_dir);
	json_end_object(w);
}

/* ---- inspect ---- */

static void write_names(struct json_writer *w, const char *key, char **names)
{
	json_key(w, key);
	json_begin_array(w);
	for (; names && *names; names++)
		json_string(w, *names);
	json_end_array(w);
}

/* When the newest of its names was given. With the lock. */
static struct timespec last_tagged(struct engine *e, const struct image *i)
{
	struct timespec newest = {0};
	void *value;

	for (size_t pos = 0; map_next(e->images->tags, &pos, NULL, &value);) {
		struct image_tag *tag = value;

		if (tag->image == i && timefmt_compare(&tag->updated, &newest) > 0)
			newest = tag->updated;
	}
	return newest;
}

static void write_layers(struct json_writer *w, const struct image *i)
{
	json_key(w, "RootFS");
	json_begin_object(w);
	json_member_string(w, "Type", "layers");
	if (i->diff_ids && i->diff_ids[0])
		json_member_strings(w, "Layers", i->diff_ids);
	json_end_object(w);
}

static void write_driver(struct json_writer *w)
{
	json_key(w, "GraphDriver");
	json_begin_object(w);
	json_key(w, "Data");
	json_begin_object(w);
	/* Nothing of a layer is ever mounted where the host could see it. */
	json_member_string(w, "MergedDir", "");
	json_member_string(w, "UpperDir", "");
	json_member_string(w, "WorkDir", "");
	json_end_object(w);
	json_member_string(w, "Name", "overlay2");
	json_end_object(w);
}

static void write_inspect(struct json_writer *w, const struct image *i, char **names, const struct timespec *tagged)
{
	char time_text[TIMEFMT_MAX];

	json_begin_object(w);
	json_member_string(w, "Id", i->id);
	write_names(w, "RepoTags", names);
	write_names(w, "RepoDigests", NULL);
	json_member_string(w, "Parent", "");
	json_member_string(w, "Comment", i->comment);
	if (*i->created)
		json_member_string(w, "Created", i->created);
	json_member_string(w, "DockerVersion", i->docker_version);
	json_member_string(w, "Author", i->author);
	json_member_string(w, "Architecture", i->architecture);
	if (*i->variant)
		json_member_string(w, "Variant", i->variant);
	json_member_string(w, "Os", i->os);
	if (*i->os_version)
		json_member_string(w, "OsVersion", i->os_version);
	json_key(w, "Size");
	json_uint(w, i->size_bytes);
	write_driver(w);
	write_layers(w, i);
	json_key(w, "Metadata");
	json_begin_object(w);
	timefmt_rfc3339nano(tagged, time_text);
	json_member_string(w, "LastTagTime", time_text);
	json_end_object(w);
	json_key(w, "Config");
	write_config(w, i->config);
	json_end_object(w);
}

int engine_image_inspect(struct engine *e, const char *ref, struct buf *ret_json, struct err *err)
{
	_cleanup_(image_unrefp) struct image *i = NULL;
	_cleanup_strv_ char **names = NULL;
	struct json_writer w = {.out = ret_json, .escape_html = true};
	struct timespec tagged;
	int r = images_find(e, ref, false, &i, NULL, err);

	if (r < 0)
		return r;
	engine_lock(e);
	names = images_names_locked(e, i);
	tagged = last_tagged(e, i);
	engine_unlock(e);
	write_inspect(&w, i, names, &tagged);
	return 0;
}

/* ---- list ---- */

struct list {
	struct engine *e;
	struct filters *filters;
	int dangling; /* -1: either */
	const struct image *before, *since;
	struct timespec until;
	bool has_until;
};

static bool labels_match(const struct filters *f, const struct json_string_map *labels)
{
	char *const *want = filters_values(f, "label");

	for (; want && *want; want++) {
		const char *eq = strchr(*want, '=');
		_cleanup_free_ char *key = eq ? xstrndup(*want, (size_t)(eq - *want)) : xstrdup(*want);
		const char *value = json_map_get(labels, key);

		if (!value || (eq && strcmp(value, eq + 1) != 0))
			return false;
	}
	return true;
}

/* `reference` takes shell patterns: against the familiar name with tag, or without it. */
static bool reference_matches(const struct filters *f, const char *name)
{
	char *const *want = filters_values(f, "reference");
	const char *colon = strrchr(name, ':');
	_cleanup_free_ char *bare = colon && !strchr(colon, '/') ? xstrndup(name, (size_t)(colon - name)) : xstrdup(name);

	if (!want)
		return true;
	for (; *want; want++)
		if (fnmatch(*want, name, FNM_PATHNAME) == 0 || fnmatch(*want, bare, FNM_PATHNAME) == 0)
			return true;
	return false;
}

static bool image_listed(const struct list *l, const struct image *i, char ***names)
{
	size_t kept = 0;

	if (l->before && i->created_unix >= l->before->created_unix)
		return false;
	if (l->since && i->created_unix <= l->since->created_unix)
		return false;
	if (l->has_until && i->created_unix >= l->until.tv_sec)
		return false;
	if (l->dangling >= 0 && (*names == NULL) != (l->dangling == 1))
		return false;
	if (!labels_match(l->filters, &i->config->labels))
		return false;
	for (char **n = *names; n && *n; n++) {
		if (reference_matches(l->filters, *n))
			(*names)[kept++] = *n;
		else
			free(*n);
	}
	if (*names)
		(*names)[kept] = NULL;
	return kept || !filters_values(l->filters, "reference");
}

static void write_summary(struct json_writer *w, const struct image *i, char **names, size_t containers)
{
	json_begin_object(w);
	json_member_int(w, "Containers", (int64_t)containers);
	json_member_int(w, "Created", i->created_unix);
	json_member_string(w, "Id", i->id);
	json_key(w, "Labels");
	write_map(w, &i->config->labels);
	json_member_string(w, "ParentId", "");
	write_names(w, "RepoDigests", NULL);
	write_names(w, "RepoTags", names);
	json_member_int(w, "SharedSize", -1);
	json_key(w, "Size");
	json_uint(w, i->size_bytes);
	json_end_object(w);
}

static int by_created(const void *a, const void *b)
{
	const struct image *x = *(struct image *const *)a, *y = *(struct image *const *)b;

	return x->created_unix < y->created_unix ? 1 : x->created_unix > y->created_unix ? -1 : strcmp(x->id, y->id);
}

static int boundary(struct engine *e, const struct filters *f, const char *key, struct image **ret, struct err *err)
{
	char *const *v = filters_values(f, key);

	return v ? images_find(e, v[0], false, ret, NULL, err) : 0;
}

static void write_list(struct list *l, struct json_writer *w)
{
	struct ptr_array sorted = {0};
	void *value;

	engine_lock(l->e);
	for (size_t pos = 0; map_next(l->e->images->by_id, &pos, NULL, &value);)
		ptr_array_add(&sorted, value);
	if (sorted.len)
		qsort(sorted.items, sorted.len, sizeof(*sorted.items), by_created);
	json_begin_array(w);
	for (size_t k = 0; k < sorted.len; k++) {
		_cleanup_strv_ char **names = images_names_locked(l->e, sorted.items[k]);
		size_t containers;
		bool running;

		if (!image_listed(l, sorted.items[k], &names))
			continue;
		images_user_locked(l->e, sorted.items[k], &running, &containers);
		write_summary(w, sorted.items[k], names, containers);
	}
	json_end_array(w);
	engine_unlock(l->e);
	ptr_array_done(&sorted);
}

int engine_image_list(struct engine *e, bool all, const char *filters, struct buf *ret_json, struct err *err)
{
	static const char *const known[] = {"dangling", "label", "before", "since", "reference", "until", NULL};
	_cleanup_(filters_freep) struct filters *f = NULL;
	_cleanup_(image_unrefp) struct image *before = NULL, *since = NULL;
	struct json_writer w = {.out = ret_json, .escape_html = true};
	struct list l = {.e = e};
	char *const *until;
	int r = filters_parse(filters, &f, err);

	(void)all; /* there are no intermediate images to leave out */
	if (r >= 0)
		r = filters_check_keys(f, known, err);
	if (r >= 0)
		r = filters_bool(f, "dangling", &l.dangling, err);
	if (r >= 0)
		r = boundary(e, f, "before", &before, err);
	if (r >= 0)
		r = boundary(e, f, "since", &since, err);
	if (r < 0)
		return r;
	until = filters_values(f, "until");
	if (until && timefmt_parse_since(until[0], &l.until) < 0)
		return err_set(err, ERR_INVALID, "invalid filter 'until=%s'", until[0]);
	l.has_until = until != NULL;
	l.filters = f;
	l.before = before;
	l.since = since;
	write_list(&l, &w);
	return 0;
}
