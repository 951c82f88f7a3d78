/* SPDX-License-Identifier: Apache-2.0 */
/* GET /containers/json: which containers, in which order, as summaries. Docker's filters and words (seen with 28.5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "codec/reference.h"
#include "engine/filters.h"
#include "engine/images.h"
#include "engine/view.h"

struct listing {
	struct engine *e;
	const struct engine_list_options *o;
	struct filters *f;
	struct timespec before, since; /* creation times; zero: no bound */
	char **ancestors;              /* image ids; NULL without the filter */
	bool ancestor_filter;
	int is_task;
};

/* ---- checking the filters ---- */

static int words_check(const struct filters *f, const char *key, const char *const *words, const char *what, const char *list,
		       struct err *err)
{
	for (char *const *v = filters_values(f, key); v && *v; v++) {
		const char *const *w = words;

		while (*w && strcmp(*w, *v) != 0)
			w++;
		if (!*w)
			return err_set(err, ERR_INVALID, "invalid filter '%s=%s': invalid value for %s (%s): must be one of %s",
				       key, *v, what, *v, list);
	}
	return 0;
}

static int numbers_check(const struct filters *f, struct err *err)
{
	for (char *const *v = filters_values(f, "exited"); v && *v; v++) {
		char *end;

		(void)strtol(*v, &end, 10);
		if (*end || end == *v)
			return err_set(err, ERR_INVALID,
				       "invalid filter 'exited=%s': strconv.Atoi: parsing \"%s\": invalid syntax", *v, *v);
	}
	return 0;
}

static int ports_check(const struct filters *f, const char *key, struct err *err)
{
	for (char *const *v = filters_values(f, key); v && *v; v++) {
		char *end;
		unsigned long n = strtoul(*v, &end, 10);

		if (*end == '-')
			n = strtoul(end + 1, &end, 10);
		if (end == *v || n > 65535 || (*end && *end != '/'))
			return err_set(err, ERR_SYSTEM,
				       "error while looking up for %s %s: strconv.ParseUint: parsing \"%.*s\": invalid syntax",
				       key, *v, (int)strcspn(*v, "/"), *v);
	}
	return 0;
}

static int filters_valid(struct listing *l, struct err *err)
{
	static const char *const known[] = {"ancestor", "before", "exited", "id",      "isolation", "is-task",
					    "health",   "label",  "name",   "network", "publish",   "expose",
					    "since",    "status", "volume", NULL};
	static const char *const states[] = {"created", "running", "paused", "restarting", "removing", "exited", "dead", NULL};
	static const char *const healths[] = {"none", "starting", "healthy", "unhealthy", NULL};
	int r = filters_check_keys(l->f, known, err);

	if (r >= 0)
		r = words_check(l->f, "status", states, "state", "created, running, paused, restarting, removing, exited, dead",
				err);
	if (r >= 0)
		r = words_check(l->f, "health", healths, "health", "none, starting, healthy, unhealthy", err);
	if (r >= 0)
		r = numbers_check(l->f, err);
	if (r >= 0)
		r = ports_check(l->f, "publish", err);
	if (r >= 0)
		r = ports_check(l->f, "expose", err);
	if (r >= 0)
		r = filters_bool(l->f, "is-task", &l->is_task, err);
	return r;
}

/* ---- what filters refer to ---- */

static int boundary(struct listing *l, const char *key, struct timespec *ret, struct err *err)
{
	char *const *v = filters_values(l->f, key);
	struct container *c;
	int r;

	if (!v)
		return 0;
	r = registry_find_locked(l->e, v[0], &c, err);
	if (r >= 0)
		*ret = c->created;
	return r;
}

/* Images by name or id; those made from them (a longer chain that starts alike) count as well. */
static void ancestors_find(struct listing *l)
{
	char *const *v = filters_values(l->f, "ancestor");

	l->ancestor_filter = v != NULL;
	for (; v && *v; v++) {
		_cleanup_(image_unrefp) struct image *i = NULL;

		if (images_find(l->e, *v, false, &i, NULL, NULL) >= 0)
			strv_add(&l->ancestors, i->id);
	}
}

/* With the lock: whether `child` has all layers of `parent` below its own. */
static bool descends(const struct image *child, const struct image *parent)
{
	size_t n = strv_len(parent->chain_ids);

	return n && strv_len(child->chain_ids) > n && strcmp(child->chain_ids[n - 1], parent->chain_ids[n - 1]) == 0;
}

static bool ancestor_matches(const struct listing *l, const struct container *c)
{
	const struct image *own = map_get(l->e->images->by_id, c->image_id);

	for (char **id = l->ancestors; id && *id; id++) {
		const struct image *ancestor = map_get(l->e->images->by_id, *id);

		if (strcmp(*id, c->image_id) == 0 || (own && ancestor && descends(own, ancestor)))
			return true;
	}
	return false;
}

/* ---- matching one ---- */

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

static bool names_match(const struct filters *f, const struct container *c)
{
	_cleanup_free_ char *with_slash = xasprintf("/%s", c->name);

	return filters_match_pattern(f, "name", with_slash) || filters_match_pattern(f, "name", c->name);
}

static bool network_matches(const struct listing *l, const struct container *c)
{
	const char *name = network_mode_name(c->host->network_mode);
	char id[65];

	engine_network_id(l->e, name, id);
	return filters_match(l->f, "network", name) || (id[0] && filters_match_prefix(l->f, "network", id));
}

/* A bind's target or source; there are no other volumes yet. */
static bool volume_matches(const struct filters *f, const struct container *c)
{
	char *const *want = filters_values(f, "volume");

	for (; want && *want; want++)
		for (char **bind = c->host->binds; bind && *bind; bind++) {
			size_t source = strcspn(*bind, ":");
			const char *target = *bind + source + ((*bind)[source] != '\0');
			size_t len = strlen(*want);

			if ((source == len && strncmp(*bind, *want, len) == 0) ||
			    (strcspn(target, ":") == len && strncmp(target, *want, len) == 0))
				return true;
		}
	return !filters_values(f, "volume");
}

/* "80", "80/tcp", "80-90/udp" against the exposed ports. */
static bool expose_matches(const struct filters *f, const struct container *c)
{
	char *const *want = filters_values(f, "expose");

	for (; want && *want; want++) {
		unsigned long first = strtoul(*want, NULL, 10), last = first;
		const char *dash = strchr(*want, '-'), *proto = strchr(*want, '/');

		if (dash)
			last = strtoul(dash + 1, NULL, 10);
		for (size_t i = 0; i < c->config->exposed_ports.len; i++) {
			const char *port = c->config->exposed_ports.items[i].key, *own = strchr(port, '/');
			unsigned long n = strtoul(port, NULL, 10);

			if (n >= first && n <= last && strcmp(proto ? proto : "/tcp", own ? own : "/tcp") == 0)
				return true;
		}
	}
	return !filters_values(f, "expose");
}

static bool exited_matches(const struct filters *f, const struct container *c)
{
	char *const *v = filters_values(f, "exited");

	for (; v && *v; v++)
		if (atol(*v) == c->exit_code && c->state != CONTAINER_RUNNING && c->finished.tv_sec)
			return true;
	return !filters_values(f, "exited");
}

static bool listed(const struct listing *l, const struct container *c)
{
	enum container_state visible = container_visible_state(c);

	if (!l->o->all && l->o->limit <= 0 && !filters_values(l->f, "status") && visible != CONTAINER_RUNNING)
		return false;
	if (l->before.tv_sec && timefmt_compare(&c->created, &l->before) >= 0)
		return false;
	if (l->since.tv_sec && timefmt_compare(&c->created, &l->since) <= 0)
		return false;
	if (l->ancestor_filter && !ancestor_matches(l, c))
		return false;
	if (l->is_task == 1 || filters_values(l->f, "publish"))
		return false; /* no tasks and no published ports yet */
	return filters_match(l->f, "status", container_state_name(visible)) && filters_match(l->f, "health", "none") &&
	       filters_match(l->f, "isolation", "default") && filters_match_pattern(l->f, "id", c->id) &&
	       names_match(l->f, c) && labels_match(l->f, &c->config->labels) && network_matches(l, c) &&
	       volume_matches(l->f, c) && expose_matches(l->f, c) && exited_matches(l->f, c);
}

/* ---- writing ---- */

static void write_command(struct json_writer *w, const struct container *c)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_adds(&text, c->path);
	for (char **arg = c->args; arg && *arg; arg++)
		buf_addf(&text, strchr(*arg, ' ') ? " '%s'" : " %s", *arg);
	json_member_string(w, "Command", text.data);
}

/* The name it was created by, as long as that still means the same image. */
static void write_image(struct json_writer *w, struct engine *e, const struct container *c)
{
	struct image_tag *tag = NULL;
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct reference r;
	bool by_id = strncmp(c->image_id, c->image_name, strlen(c->image_name)) == 0 ||
		     strncmp(c->image_id + strlen("sha256:"), c->image_name, strlen(c->image_name)) == 0;

	if (!by_id && reference_parse(c->image_name, a, &r, NULL) >= 0) {
		reference_default_tag(&r);
		tag = map_get(e->images->tags, reference_text(&r, a));
	}
	json_member_string(w, "Image",
			   by_id || (tag && strcmp(tag->image->id, c->image_id) == 0) ? c->image_name : c->image_id);
	json_member_string(w, "ImageID", c->image_id);
}

static void write_ports(struct json_writer *w, const struct container *c)
{
	json_key(w, "Ports");
	json_begin_array(w);
	for (size_t i = 0; c->state == CONTAINER_RUNNING && c->endpoint && i < c->config->exposed_ports.len; i++) {
		const char *port = c->config->exposed_ports.items[i].key, *slash = strchr(port, '/');

		json_begin_object(w);
		json_member_int(w, "PrivatePort", atol(port));
		json_member_string(w, "Type", slash ? slash + 1 : "tcp");
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_summary(const struct listing *l, struct json_writer *w, struct container *c, const uint64_t *sizes)
{
	_cleanup_free_ char *name = xasprintf("/%s", c->name);
	char status[STATUS_MAX];

	json_begin_object(w);
	json_member_string(w, "Id", c->id);
	json_key(w, "Names");
	json_begin_array(w);
	json_string(w, name);
	json_end_array(w);
	write_image(w, l->e, c);
	write_command(w, c);
	json_member_int(w, "Created", c->created.tv_sec);
	write_ports(w, c);
	if (sizes && sizes[0])
		json_member_int(w, "SizeRw", (int64_t)sizes[0]);
	if (sizes)
		json_member_int(w, "SizeRootFs", (int64_t)sizes[1]);
	json_key(w, "Labels");
	json_begin_object(w);
	for (size_t i = 0; i < c->config->labels.len; i++)
		json_member_string(w, c->config->labels.items[i].key, c->config->labels.items[i].value);
	json_end_object(w);
	json_member_string(w, "State", container_state_name(container_visible_state(c)));
	view_status(c, time(NULL), status);
	json_member_string(w, "Status", status);
	json_key(w, "HostConfig");
	json_begin_object(w);
	json_member_string(w, "NetworkMode", c->host->network_mode);
	if (c->host->annotations.len) {
		json_key(w, "Annotations");
		json_begin_object(w);
		for (size_t i = 0; i < c->host->annotations.len; i++)
			json_member_string(w, c->host->annotations.items[i].key, c->host->annotations.items[i].value);
		json_end_object(w);
	}
	json_end_object(w);
	json_key(w, "NetworkSettings");
	json_begin_object(w);
	json_key(w, "Networks");
	view_networks(w, c);
	json_end_object(w);
	json_key(w, "Mounts");
	view_mounts(w, c);
	json_end_object(w);
}

static int newest_first(const void *a, const void *b)
{
	const struct container *x = *(struct container *const *)a, *y = *(struct container *const *)b;

	return timefmt_compare(&y->created, &x->created);
}

/* Those that are listed, referenced, newest first, at most `limit`. With the lock. */
static void collect(const struct listing *l, struct ptr_array *out)
{
	size_t most = l->o->limit > 0 ? (size_t)l->o->limit : SIZE_MAX;
	void *value;

	for (size_t pos = 0; map_next(l->e->by_id, &pos, NULL, &value);)
		if (listed(l, value))
			ptr_array_add(out, value);
	if (out->len)
		qsort(out->items, out->len, sizeof(*out->items), newest_first);
	out->len = MIN(out->len, most);
	for (size_t i = 0; i < out->len; i++)
		((struct container *)out->items[i])->refs++;
}

static void write_all(const struct listing *l, struct ptr_array *found, struct json_writer *w)
{
	_cleanup_free_ uint64_t *sizes = l->o->size ? xcalloc(found->len + 1, 2 * sizeof(*sizes)) : NULL;

	for (size_t i = 0; sizes && i < found->len; i++) {
		struct err ignored;

		if (view_sizes(found->items[i], &sizes[2 * i], &sizes[2 * i + 1], &ignored) < 0)
			sizes[2 * i] = sizes[2 * i + 1] = 0; /* it is being removed */
	}
	engine_lock(l->e);
	json_begin_array(w);
	for (size_t i = 0; i < found->len; i++)
		write_summary(l, w, found->items[i], sizes ? &sizes[2 * i] : NULL);
	json_end_array(w);
	engine_unlock(l->e);
}

int engine_container_list(struct engine *e, const struct engine_list_options *o, struct buf *ret_json, struct err *err)
{
	_cleanup_(filters_freep) struct filters *f = NULL;
	struct json_writer w = {.out = ret_json, .escape_html = true};
	struct listing l = {.e = e, .o = o};
	struct ptr_array found = {0};
	int r = filters_parse(o->filters, &f, err);

	l.f = f;
	if (r >= 0)
		r = filters_valid(&l, err);
	if (r < 0)
		return r;
	ancestors_find(&l);
	engine_lock(e);
	r = boundary(&l, "before", &l.before, err);
	if (r >= 0)
		r = boundary(&l, "since", &l.since, err);
	if (r >= 0)
		collect(&l, &found);
	engine_unlock(e);
	strv_free(l.ancestors);
	if (r < 0)
		return r;
	write_all(&l, &found, &w);
	for (size_t i = 0; i < found.len; i++)
		container_unref(found.items[i]);
	ptr_array_done(&found);
	return 0;
}
