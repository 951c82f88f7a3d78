/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events and its readers; see events.h. Order and keys are Docker's, the legacy ones included. */
#include "engine/events.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "engine/container.h"
#include "engine/filters.h"
#include "engine/monitor.h"

#define RING 512

struct event {
	char *type, *action, *id, *json;
	char *name, *image;
	char **labels;   /* "k=v" */
	char *container; /* of a network event */
	struct timespec at;
};

struct engine_events {
	struct events *ring;
	struct engine_events *next;
	struct filters *filters;
	bool has_since, has_until;
	struct timespec since, until;
	uint64_t position; /* number of the next event to look at */
	bool until_told;
	void (*wake)(void *arg);
	void *wake_arg;
};

struct events {
	pthread_mutex_t lock;
	struct event ring[RING];
	uint64_t count; /* events ever; the newest is count - 1 */
	struct engine_events *readers;
};

struct events *events_new(void)
{
	struct events *ev = xcalloc(1, sizeof(*ev));

	pthread_mutex_init(&ev->lock, NULL);
	return ev;
}

static void event_done(struct event *e)
{
	free(e->type);
	free(e->action);
	free(e->id);
	free(e->json);
	free(e->name);
	free(e->image);
	free(e->container);
	strv_free(e->labels);
	memset(e, 0, sizeof(*e));
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	for (size_t i = 0; i < RING; i++)
		event_done(&ev->ring[i]);
	pthread_mutex_destroy(&ev->lock);
	free(ev);
}

/* Calls every reader's wake, outside the lock's reach of the reader: wake only schedules. */
static void wake_all(struct events *ev)
{
	for (struct engine_events *r = ev->readers; r; r = r->next)
		if (r->wake)
			r->wake(r->wake_arg);
}

static int pair_order(const void *a, const void *b)
{
	return strcmp(((const struct event_attribute *)a)->key, ((const struct event_attribute *)b)->key);
}

/* Attributes sorted by key, the last of equal keys winning, as a Go map would hold them. */
static void write_attributes(struct json_writer *w, struct event_attribute *attributes, size_t n)
{
	json_begin_object(w);
	qsort(attributes, n, sizeof(*attributes), pair_order);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || strcmp(attributes[i].key, attributes[i + 1].key) != 0)
			json_member_string(w, attributes[i].key, attributes[i].value);
	json_end_object(w);
}

static void write_event(struct event *e, bool legacy, struct event_attribute *attributes, size_t n, struct buf *out)
{
	struct json_writer w = {.out = out, .escape_html = true};

	json_begin_object(&w);
	if (legacy) {
		json_member_string(&w, "status", e->action);
		json_member_string(&w, "id", e->id);
		if (e->image)
			json_member_string(&w, "from", e->image);
	}
	json_member_string(&w, "Type", e->type);
	json_member_string(&w, "Action", e->action);
	json_key(&w, "Actor");
	json_begin_object(&w);
	json_member_string(&w, "ID", e->id);
	json_key(&w, "Attributes");
	write_attributes(&w, attributes, n);
	json_end_object(&w);
	json_member_string(&w, "scope", "local");
	json_member_int(&w, "time", e->at.tv_sec);
	json_member_int(&w, "timeNano", (int64_t)e->at.tv_sec * 1000000000 + e->at.tv_nsec);
	json_end_object(&w);
	buf_addc(out, '\n');
}

/* Takes over what `e` points to. */
static void publish(struct events *ev, struct event *e, bool legacy, struct event_attribute *attributes, size_t n)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct event *slot;

	pthread_mutex_lock(&ev->lock);
	clock_gettime(CLOCK_REALTIME, &e->at);
	write_event(e, legacy, attributes, n, &out);
	e->json = buf_steal(&out);
	slot = &ev->ring[ev->count++ % RING];
	event_done(slot);
	*slot = *e;
	pthread_mutex_unlock(&ev->lock);
}

void events_wake(struct engine *e)
{
	pthread_mutex_lock(&e->events->lock);
	wake_all(e->events);
	pthread_mutex_unlock(&e->events->lock);
}

static char **label_vector(const struct json_string_map *labels)
{
	char **v = NULL;

	for (size_t i = 0; i < labels->len; i++) {
		_cleanup_free_ char *text = xasprintf("%s=%s", labels->items[i].key, labels->items[i].value);

		strv_add(&v, text);
	}
	return v;
}

void events_container_locked(struct container *c, const char *action, const struct event_attribute *extra, size_t n)
{
	const struct json_string_map *labels = &c->config->labels;
	struct event_attribute *attributes = xcalloc(labels->len + n + 2, sizeof(*attributes));
	size_t k = 0;
	struct event e = {.type = xstrdup("container"),
			  .action = xstrdup(action),
			  .id = xstrdup(c->id),
			  .name = xstrdup(c->name),
			  .image = xstrdup(c->image_name),
			  .labels = label_vector(labels)};

	for (size_t i = 0; i < labels->len; i++)
		attributes[k++] = (struct event_attribute){labels->items[i].key, labels->items[i].value};
	attributes[k++] = (struct event_attribute){"image", c->image_name};
	attributes[k++] = (struct event_attribute){"name", c->name};
	for (size_t i = 0; i < n; i++)
		attributes[k++] = extra[i];
	publish(c->engine->events, &e, true, attributes, k);
	free(attributes);
}

void events_container(struct container *c, const char *action, const struct event_attribute *extra, size_t n)
{
	engine_lock(c->engine);
	events_container_locked(c, action, extra, n);
	engine_unlock(c->engine);
	events_wake(c->engine);
}

void events_image(struct engine *eng, const char *id, const char *name, const char *action,
		  const struct json_string_map *labels)
{
	size_t n_labels = labels ? labels->len : 0, k = 0;
	struct event_attribute *attributes = xcalloc(n_labels + 1, sizeof(*attributes));
	struct event e = {.type = xstrdup("image"), .action = xstrdup(action), .id = xstrdup(id), .name = xstrdup(name)};

	for (size_t i = 0; i < n_labels; i++)
		attributes[k++] = (struct event_attribute){labels->items[i].key, labels->items[i].value};
	attributes[k++] = (struct event_attribute){"name", name};
	if (labels)
		e.labels = label_vector(labels);
	publish(eng->events, &e, true, attributes, k);
	free(attributes);
	events_wake(eng);
}

void events_network(struct container *c, const char *action)
{
	const char *name = network_mode_name(c->host->network_mode);
	const char *type = strcmp(name, "none") == 0 ? "null" : name;
	char id[65];
	struct event_attribute attributes[] = {{"container", c->id}, {"name", name}, {"type", type}};
	struct event e = {
		.type = xstrdup("network"), .action = xstrdup(action), .name = xstrdup(name), .container = xstrdup(c->id)};

	engine_network_id(c->engine, name, id);
	e.id = xstrdup(id);
	publish(c->engine->events, &e, false, attributes, ARRAY_SIZE(attributes));
	events_wake(c->engine);
}

unsigned int events_readers(struct events *ev)
{
	unsigned int n = 0;

	pthread_mutex_lock(&ev->lock);
	for (struct engine_events *r = ev->readers; r; r = r->next)
		n++;
	pthread_mutex_unlock(&ev->lock);
	return n;
}

/* ---- reading ---- */

/* A container (or image) is meant by its id, a prefix of it, or its name. */
static bool object_matches(const struct filters *f, const char *key, const struct event *e)
{
	const char *id = e->container && strcmp(key, "container") == 0 ? e->container : e->id;

	if (!filters_values(f, key))
		return true;
	if (strcmp(e->type, key) != 0 && !(e->container && strcmp(key, "container") == 0))
		return strcmp(key, "image") == 0 && e->image && filters_match(f, key, e->image);
	return filters_match_prefix(f, key, id) || (e->name && filters_match(f, key, e->name));
}

static bool labels_match(const struct filters *f, char *const *labels)
{
	char *const *want = filters_values(f, "label");

	for (; want && *want; want++) {
		bool found = false;
		size_t len = strlen(*want);

		for (char *const *l = labels; l && *l && !found; l++)
			found = strcmp(*l, *want) == 0 || (strncmp(*l, *want, len) == 0 && (*l)[len] == '=');
		if (!found)
			return false;
	}
	return true;
}

/* Filters by objects that don't exist here yet (volumes, plug-ins, services, ...) match nothing, unknown keys too. */
static bool event_matches(const struct filters *f, const struct event *e)
{
	static const char *const known[] = {"event", "type",    "scope", "container", "image",
					    "name",  "network", "label", "daemon",    NULL};

	if (filters_check_keys(f, known, NULL) < 0 || filters_values(f, "daemon"))
		return false;
	return filters_match(f, "event", e->action) && filters_match(f, "type", e->type) &&
	       filters_match(f, "scope", "local") && object_matches(f, "container", e) && object_matches(f, "image", e) &&
	       object_matches(f, "network", e) && labels_match(f, e->labels);
}

static int open_times(struct engine_events *r, const char *since, const char *until, struct err *err)
{
	if (since && *since) {
		if (timefmt_parse_since(since, &r->since) < 0)
			return err_set(err, ERR_SYSTEM, "strconv.ParseInt: parsing \"%s\": invalid syntax", since);
		r->has_since = true;
	}
	if (until && *until) {
		if (timefmt_parse_since(until, &r->until) < 0)
			return err_set(err, ERR_SYSTEM, "strconv.ParseInt: parsing \"%s\": invalid syntax", until);
		r->has_until = true;
	}
	if (r->has_since && r->has_until && timefmt_compare(&r->since, &r->until) > 0)
		return err_set(err, ERR_INVALID, "`since` time (%s) cannot be after `until` time (%s)", since, until);
	return 0;
}

int engine_events_open(struct engine *e, const char *filters, const char *since, const char *until, struct engine_events **ret,
		       struct err *err)
{
	struct engine_events *r = xcalloc(1, sizeof(*r));
	struct events *ev = e->events;
	int result;

	r->ring = ev;
	result = filters_parse(filters, &r->filters, err);
	if (result >= 0)
		result = open_times(r, since, until, err);
	if (result < 0) {
		filters_free(r->filters);
		free(r);
		return result;
	}
	pthread_mutex_lock(&ev->lock);
	if (!r->has_since && !r->has_until)
		r->position = ev->count;
	r->next = ev->readers;
	ev->readers = r;
	pthread_mutex_unlock(&ev->lock);
	if (r->has_until)
		monitor_poke(e->monitor);
	*ret = r;
	return 0;
}

int engine_events_next(struct engine_events *r, struct buf *out)
{
	struct events *ev = r->ring;
	struct timespec now;
	int result = 0;

	pthread_mutex_lock(&ev->lock);
	if (ev->count > RING && r->position < ev->count - RING)
		r->position = ev->count - RING;
	for (; r->position < ev->count; r->position++) {
		const struct event *e = &ev->ring[r->position % RING];

		if (r->has_since && timefmt_compare(&e->at, &r->since) < 0)
			continue;
		if (r->has_until && timefmt_compare(&e->at, &r->until) > 0)
			continue;
		if (!event_matches(r->filters, e))
			continue;
		buf_adds(out, e->json);
		result = 1;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (result == 0 && r->has_until && timefmt_compare(&now, &r->until) >= 0)
		result = -ENODATA;
	pthread_mutex_unlock(&ev->lock);
	return result;
}

void engine_events_set_wake(struct engine_events *r, void (*wake)(void *arg), void *arg)
{
	pthread_mutex_lock(&r->ring->lock);
	r->wake = wake;
	r->wake_arg = arg;
	pthread_mutex_unlock(&r->ring->lock);
}

void engine_events_close(struct engine_events *r)
{
	struct events *ev = r->ring;

	pthread_mutex_lock(&ev->lock);
	for (struct engine_events **p = &ev->readers; *p; p = &(*p)->next)
		if (*p == r) {
			*p = r->next;
			break;
		}
	pthread_mutex_unlock(&ev->lock);
	filters_free(r->filters);
	free(r);
}

/* ---- until ---- */

static int64_t until_left_ms(const struct engine_events *r, const struct timespec *now)
{
	int64_t left = (r->until.tv_sec - now->tv_sec) * 1000 + (r->until.tv_nsec - now->tv_nsec) / 1000000;

	return MAX(left + 1, (int64_t)0);
}

int64_t events_next_deadline(struct events *ev)
{
	int64_t nearest = INT64_MAX;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	pthread_mutex_lock(&ev->lock);
	for (struct engine_events *r = ev->readers; r; r = r->next)
		if (r->has_until && !r->until_told)
			nearest = MIN(nearest, timefmt_monotonic_ms() + until_left_ms(r, &now));
	pthread_mutex_unlock(&ev->lock);
	return nearest;
}

void events_deadline(struct events *ev)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	pthread_mutex_lock(&ev->lock);
	for (struct engine_events *r = ev->readers; r; r = r->next) {
		if (!r->has_until || r->until_told || timefmt_compare(&now, &r->until) < 0)
			continue;
		r->until_told = true;
		if (r->wake)
			r->wake(r->wake_arg);
	}
	pthread_mutex_unlock(&ev->lock);
}
