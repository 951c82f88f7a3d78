/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who needs what, as rows (never counts), and the collection of what nobody needs. A holder is anything with a name. One
 * kind is the store's own: "blob:MANIFEST" holds the blobs its document names, for as long as that blob is there. Rows are
 * not written durably: the log is written in order, so whoever commits something durable on top commits these first.
 */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "base/alloc.h"
#include "storage/storage_internal.h"

/* `lock` is held, or nobody else is there yet. */
static void insert(struct storage *s, const char *holder, const char *what)
{
	struct map *set = map_get(s->holders, holder);

	if (!set) {
		set = map_new();
		map_set(s->holders, holder, set);
	}
	map_set(set, what, s);
}

static int load_row(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	const char *holder = (const char *)sqlite3_column_text(stmt, 0), *what = (const char *)sqlite3_column_text(stmt, 1);

	if (holder && what)
		insert(arg, holder, what);
	return 0;
}

int references_load(struct storage *s, struct err *err)
{
	/* A lease is a running process's; none is running yet. */
	struct db_statement st = {.sql = "DELETE FROM refs WHERE holder LIKE 'lease:%'"};
	int r = db_write(s->db, &st, 1, false, err);

	return r < 0 ? r : db_read(s->db, "SELECT holder, what FROM refs", NULL, 0, load_row, s, err);
}

void references_free(struct storage *s)
{
	void *set;

	for (size_t pos = 0; map_next(s->holders, &pos, NULL, &set);)
		map_free(set);
	map_free(s->holders);
}

int storage_reference_add(struct storage *s, const char *holder, const char *what, struct err *err)
{
	struct db_statement st = {.sql = "INSERT OR IGNORE INTO refs (holder, what) VALUES (?, ?)",
				  .values = {DB_VALUE_TEXT(holder), DB_VALUE_TEXT(what)},
				  .n_values = 2};
	int r;

	if (strncmp(what, "blob:", 5) != 0 && strncmp(what, "layer:", 6) != 0)
		return err_set(err, ERR_INVALID, "a reference is to a blob or a layer, not to \"%.100s\"", what);
	pthread_mutex_lock(&s->change);
	r = db_write(s->db, &st, 1, false, err);
	if (r == 0) {
		pthread_mutex_lock(&s->lock);
		insert(s, holder, what);
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_unlock(&s->change);
	return r;
}

/* `change` is held. */
static int drop_holder(struct storage *s, const char *holder, struct err *err)
{
	struct db_statement st = {.sql = "DELETE FROM refs WHERE holder = ?", .values = {DB_VALUE_TEXT(holder)}, .n_values = 1};
	int r = db_write(s->db, &st, 1, false, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&s->lock);
	map_free(map_remove(s->holders, holder));
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int storage_reference_drop_all(struct storage *s, const char *holder, struct err *err)
{
	int r;

	pthread_mutex_lock(&s->change);
	r = drop_holder(s, holder, err);
	pthread_mutex_unlock(&s->change);
	return r;
}

bool reference_get(struct storage *s, const char *holder, const char *kind, char *ret, size_t size)
{
	struct map *set;
	const char *what;
	void *unused;
	bool found = false;

	pthread_mutex_lock(&s->lock);
	set = map_get(s->holders, holder);
	for (size_t pos = 0; set && !found && map_next(set, &pos, &what, &unused);)
		if (strncmp(what, kind, strlen(kind)) == 0 && strlen(what) - strlen(kind) < size) {
			strcpy(ret, what + strlen(kind));
			found = true;
		}
	pthread_mutex_unlock(&s->lock);
	return found;
}

/* ---- collection ---- */

/* Marks what a holder's set keeps, layers with their parents, documents with the blobs they name. */
static void mark(struct storage *s, struct map *set, struct map *marked)
{
	struct ptr_array waiting = {0};
	const char *what;
	void *unused;

	ptr_array_add(&waiting, set);
	while (waiting.len > 0) {
		struct map *next = ptr_array_remove(&waiting, waiting.len - 1);

		for (size_t pos = 0; map_next(next, &pos, &what, &unused);) {
			struct layer *l = strncmp(what, "layer:", 6) == 0 ? map_get(s->layers, what + 6) : NULL;
			struct map *named = map_get(s->holders, what);

			for (; l && !map_get(marked, l->chain); l = l->parent)
				map_set(marked, l->chain, l);
			if (l || strncmp(what, "blob:", 5) != 0 || map_get(marked, what))
				continue;
			map_set(marked, what, s);
			if (named)
				ptr_array_add(&waiting, named);
		}
	}
	ptr_array_done(&waiting);
}

static void mark_all(struct storage *s, struct map *marked)
{
	const char *holder;
	void *set;

	for (size_t pos = 0; map_next(s->holders, &pos, &holder, &set);)
		if (strncmp(holder, "blob:", 5) != 0)
			mark(s, set, marked);
}

static bool blob_is_marked(struct map *marked, const char *digest)
{
	char what[DIGEST_TEXT_MAX + 8] = "blob:";

	strcat(what, digest);
	return map_get(marked, what) != NULL;
}

/* The longest chains first, so that no row ever names a parent that is gone. */
static int drop_layers(struct storage *s, struct ptr_array *layers, uint64_t *freed, struct err *err)
{
	while (layers->len > 0) {
		struct layer *l = NULL;
		size_t at = 0;
		int r;

		for (size_t i = 0; i < layers->len; i++) {
			struct layer *one = layers->items[i];

			if (!l || one->number > l->number) {
				l = one;
				at = i;
			}
		}
		ptr_array_remove(layers, at);
		*freed += l->size_bytes;
		r = layer_drop(s, l, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int drop_blobs(struct storage *s, struct ptr_array *blobs, uint64_t *freed, struct err *err)
{
	for (size_t i = 0; i < blobs->len; i++) {
		struct blob *b = blobs->items[i];
		char holder[DIGEST_TEXT_MAX + 8] = "blob:";
		int r;

		strcat(holder, b->digest);
		*freed += b->size;
		r = drop_holder(s, holder, err);
		if (r == 0)
			r = blob_drop(s, b->digest, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int collect(struct storage *s, uint64_t *freed, struct err *err)
{
	struct map *marked = map_new();
	struct ptr_array layers = {0}, blobs = {0};
	const char *key;
	void *value;
	int r;

	pthread_mutex_lock(&s->lock);
	mark_all(s, marked);
	for (size_t pos = 0; map_next(s->layers, &pos, &key, &value);)
		if (!map_get(marked, key))
			ptr_array_add(&layers, value);
	for (size_t pos = 0; map_next(s->blobs, &pos, &key, &value);)
		if (!blob_is_marked(marked, key))
			ptr_array_add(&blobs, value);
	pthread_mutex_unlock(&s->lock);
	r = drop_layers(s, &layers, freed, err);
	if (r == 0)
		r = drop_blobs(s, &blobs, freed, err);
	ptr_array_done(&layers);
	ptr_array_done(&blobs);
	map_free(marked);
	return r;
}

int storage_collect(struct storage *s, uint64_t *ret_freed_bytes, struct err *err)
{
	uint64_t freed = 0;
	int r;

	pthread_mutex_lock(&s->change);
	r = collect(s, &freed, err);
	pthread_mutex_unlock(&s->change);
	if (ret_freed_bytes)
		*ret_freed_bytes = freed;
	return r;
}
