/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of images: rows in, lookup, rows out. See images.h. */
#include "engine/images.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "codec/digest.h"
#include "codec/reference.h"
#include "engine/container.h"
#include "engine/events.h"
#include "storage/db.h"

#define CONFIG_MAX (8u << 20)
#define PREFIX "sha256:"

/* ---- an image's documents ---- */

struct rootfs {
	char **diff_ids;
};
static const struct json_field rootfs_fields[] = {
	JSON_FIELD("diff_ids", struct rootfs, diff_ids, JSON_STRINGS),
};
static const struct json_shape rootfs_shape = JSON_SHAPE("rootfs", struct rootfs, rootfs_fields);

struct config_document {
	char *created, *author, *comment, *docker_version, *architecture, *variant, *os, *os_version;
	struct container_config *config;
	struct rootfs *rootfs;
};
static const struct json_field config_document_fields[] = {
	JSON_FIELD("created", struct config_document, created, JSON_STRING),
	JSON_FIELD("author", struct config_document, author, JSON_STRING),
	JSON_FIELD("comment", struct config_document, comment, JSON_STRING),
	JSON_FIELD("docker_version", struct config_document, docker_version, JSON_STRING),
	JSON_FIELD("architecture", struct config_document, architecture, JSON_STRING),
	JSON_FIELD("variant", struct config_document, variant, JSON_STRING),
	JSON_FIELD("os", struct config_document, os, JSON_STRING),
	JSON_FIELD("os.version", struct config_document, os_version, JSON_STRING),
	JSON_FIELD("config", struct config_document, config, JSON_OBJECT, .shape = &container_config_shape),
	JSON_FIELD("rootfs", struct config_document, rootfs, JSON_OBJECT, .shape = &rootfs_shape),
};
static const struct json_shape config_document_shape = JSON_SHAPE("image", struct config_document, config_document_fields);

/* What a row adds to the configuration document, which is a blob. */
struct row {
	char *manifest;
	char **chain_ids;
	uint64_t size_bytes;
};
static const struct json_field row_fields[] = {
	JSON_FIELD("manifest", struct row, manifest, JSON_STRING),
	JSON_FIELD("chain_ids", struct row, chain_ids, JSON_STRINGS),
	JSON_FIELD("size_bytes", struct row, size_bytes, JSON_UINT64),
};
static const struct json_shape row_shape = JSON_SHAPE("image row", struct row, row_fields);

static void image_free(struct image *i)
{
	arena_free(i->arena);
	free(i);
}
DEFINE_CLEANUP(struct image *, image_free)

static char **arena_strv(struct arena *a, char *const *v)
{
	size_t n = strv_len(v);
	char **copy = arena_array(a, n + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < n; i++)
		copy[i] = arena_strdup(a, v[i]);
	return copy;
}

/* Reads the configuration blob and makes the object. */
static int image_read(struct engine *e, const char *id, const struct row *row, struct image **ret, struct err *err)
{
	_cleanup_(image_freep) struct image *i = xcalloc(1, sizeof(*i));
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct config_document d;
	struct timespec created;
	int r;

	i->engine = e;
	i->arena = arena_new(0);
	i->refs = 1;
	r = blob_read(e->storage, id, CONFIG_MAX, &text, err);
	if (r < 0)
		return err_wrap(err, "configuration of image %s", id);
	r = json_decode_text(text.data, text.len, &config_document_shape, 0, i->arena, &d, err);
	if (r < 0)
		return err_wrap(err, "configuration of image %s", id);
	api_doc_settle(&config_document_shape, &d);
	i->id = arena_strdup(i->arena, id);
	i->manifest = arena_strdup(i->arena, row->manifest ? row->manifest : "");
	i->created = d.created;
	i->author = d.author;
	i->comment = d.comment;
	i->docker_version = d.docker_version;
	i->architecture = d.architecture;
	i->variant = d.variant;
	i->os = d.os;
	i->os_version = d.os_version;
	i->config = d.config ? d.config : arena_new_object(i->arena, struct container_config);
	api_doc_settle(&container_config_shape, i->config);
	i->diff_ids = d.rootfs ? d.rootfs->diff_ids : NULL;
	i->chain_ids = arena_strv(i->arena, row->chain_ids);
	i->size_bytes = row->size_bytes;
	if (*i->created && timefmt_parse(i->created, &created) == 0)
		i->created_unix = created.tv_sec;
	*ret = TAKE(i);
	return 0;
}

const char *image_chain(const struct image *i)
{
	size_t n = strv_len(i->chain_ids);

	return n ? i->chain_ids[n - 1] : NULL;
}

void image_ref_locked(struct image *i)
{
	i->refs++;
}

void image_unref(struct image *i)
{
	struct engine *e = i->engine;
	bool last;

	engine_lock(e);
	last = --i->refs == 0;
	engine_unlock(e);
	if (last)
		image_free(i);
}

/* ---- rows in ---- */

static int load_image_row(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	struct engine *e = arg;
	const char *id = (const char *)sqlite3_column_text(stmt, 0);
	const char *document = (const char *)sqlite3_column_text(stmt, 1);
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct image *i;
	struct row row;
	struct err reason = {0};

	(void)err;
	if (!id || !document || json_decode_text(document, strlen(document), &row_shape, 0, a, &row, &reason) < 0 ||
	    image_read(e, id, &row, &i, &reason) < 0)
		log_error("image %s is passed over: %s", id ? id : "?", reason.msg);
	else
		map_set(e->images->by_id, i->id, i);
	return 0;
}

static int load_tag_row(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	struct engine *e = arg;
	const char *name = (const char *)sqlite3_column_text(stmt, 0);
	const char *id = (const char *)sqlite3_column_text(stmt, 1);
	const char *updated = (const char *)sqlite3_column_text(stmt, 2);
	struct image *i = id ? map_get(e->images->by_id, id) : NULL;
	struct image_tag *tag;

	(void)err;
	if (!name || !i) {
		log_error("image name %s points at an image that isn't there", name ? name : "?");
		return 0;
	}
	tag = xcalloc(1, sizeof(*tag));
	tag->image = i;
	if (!updated || timefmt_parse(updated, &tag->updated) < 0)
		log_warn("image name %s: its time is no time", name);
	map_set(e->images->tags, name, tag);
	return 0;
}

int images_open(struct engine *e, struct err *err)
{
	int r;

	e->images = xcalloc(1, sizeof(*e->images));
	e->images->by_id = map_new();
	e->images->tags = map_new();
	r = db_read(e->db, "SELECT id, document FROM images ORDER BY rowid", NULL, 0, load_image_row, e, err);
	if (r >= 0)
		r = db_read(e->db, "SELECT name, image_id, updated FROM tags", NULL, 0, load_tag_row, e, err);
	return r;
}

void images_close(struct engine *e)
{
	void *value;

	if (!e->images)
		return;
	for (size_t pos = 0; map_next(e->images->tags, &pos, NULL, &value);)
		free(value);
	for (size_t pos = 0; map_next(e->images->by_id, &pos, NULL, &value);)
		image_free(value);
	map_free(e->images->tags);
	map_free(e->images->by_id);
	free(e->images);
}

/* ---- lookup ---- */

static struct image *find_by_id_prefix(struct images *images, const char *hex)
{
	struct image *found = NULL;
	size_t len = strlen(hex);
	void *value;

	if (!len || strspn(hex, "0123456789abcdef") != len)
		return NULL;
	for (size_t pos = 0; map_next(images->by_id, &pos, NULL, &value);) {
		struct image *i = value;

		if (strncmp(i->id + strlen(PREFIX), hex, len) != 0)
			continue;
		if (found)
			return NULL;
		found = i;
	}
	return found;
}

static int find_by_name(struct engine *e, const char *ref, bool create_words, struct image **ret, char **ret_name,
			struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct image_tag *tag;
	struct reference parsed;
	const char *name;
	int r = reference_parse(ref, a, &parsed, err);

	*ret = NULL;
	if (r < 0)
		return create_words ? err_set(err, ERR_NOT_FOUND, "No such image: %s", ref) : r;
	reference_default_tag(&parsed);
	name = reference_text(&parsed, a);
	tag = map_get(e->images->tags, name);
	if (!tag)
		return err_set(err, ERR_NOT_FOUND, "No such image: %s", reference_familiar(&parsed, a));
	*ret = tag->image;
	if (ret_name)
		*ret_name = xstrdup(name);
	return 0;
}

static int find_locked(struct engine *e, const char *ref, bool create_words, struct image **ret, char **ret_name,
		       struct err *err)
{
	struct image *i;
	struct err reason;
	int r;

	if (strncmp(ref, PREFIX, strlen(PREFIX)) == 0) {
		*ret = find_by_id_prefix(e->images, ref + strlen(PREFIX));
		return *ret ? 0 : err_set(err, ERR_NOT_FOUND, "No such image: %s", ref);
	}
	r = find_by_name(e, ref, create_words, ret, ret_name, &reason);
	if (r >= 0)
		return 0;
	i = find_by_id_prefix(e->images, ref);
	if (!i) {
		*err = reason;
		return r;
	}
	*ret = i;
	return 0;
}

int images_find(struct engine *e, const char *ref, bool create_words, struct image **ret, char **ret_name, struct err *err)
{
	struct err local;
	int r;

	if (ret_name)
		*ret_name = NULL;
	engine_lock(e);
	r = find_locked(e, ref, create_words, ret, ret_name, err ? err : &local);
	if (r >= 0)
		image_ref_locked(*ret);
	engine_unlock(e);
	return r;
}

static int name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **images_names_locked(struct engine *e, const struct image *i)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	char **names = NULL;
	const char *name;
	void *value;

	for (size_t pos = 0; map_next(e->images->tags, &pos, &name, &value);) {
		struct reference parsed;

		if (((struct image_tag *)value)->image == i && reference_parse(name, a, &parsed, NULL) >= 0)
			strv_add(&names, reference_familiar(&parsed, a));
	}
	if (names)
		qsort(names, strv_len(names), sizeof(*names), name_order);
	return names;
}

struct container *images_user_locked(struct engine *e, const struct image *i, bool *ret_running, size_t *ret_count)
{
	struct container *user = NULL;
	void *value;

	*ret_running = false;
	if (ret_count)
		*ret_count = 0;
	for (size_t pos = 0; map_next(e->by_id, &pos, NULL, &value);) {
		struct container *c = value;
		bool running = c->state == CONTAINER_RUNNING || c->state == CONTAINER_STARTING;

		if (strcmp(c->image_id, i->id) != 0)
			continue;
		if (ret_count)
			(*ret_count)++;
		if (!user || (running && !*ret_running)) {
			user = c;
			*ret_running = running;
		}
	}
	return user;
}

/* ---- rows out ---- */

static int rows_write(struct engine *e, const struct loaded_image *l, const char *now, struct err *err)
{
	_cleanup_buf_ struct buf document = BUF_INIT;
	struct json_writer w = {.out = &document};
	struct row row = {.manifest = l->manifest_digest, .chain_ids = l->chain_ids, .size_bytes = l->size_bytes};
	size_t n = strv_len(l->repo_tags);
	_cleanup_free_ struct db_statement *statements = xcalloc(n + 1, sizeof(*statements));

	json_encode(&w, &row_shape, &row);
	statements[0] = (struct db_statement){.sql = "INSERT OR REPLACE INTO images (id, document) VALUES (?, ?)",
					      .values = {DB_VALUE_TEXT(l->config_digest), DB_VALUE_TEXT(document.data)},
					      .n_values = 2};
	for (size_t i = 0; i < n; i++)
		statements[i + 1] = (struct db_statement){
			.sql = "INSERT OR REPLACE INTO tags (name, image_id, updated) VALUES (?, ?, ?)",
			.values = {DB_VALUE_TEXT(l->repo_tags[i]), DB_VALUE_TEXT(l->config_digest), DB_VALUE_TEXT(now)},
			.n_values = 3};
	return db_write(e->db, statements, n + 1, true, err);
}

/* An image lives as long as it was registered: objects that a second load of the same image finds are kept. */
static void register_image(struct engine *e, struct image *fresh, const struct loaded_image *l, const struct timespec *now)
{
	struct image *there;

	engine_lock(e);
	there = map_get(e->images->by_id, fresh->id);
	if (!there) {
		map_set(e->images->by_id, fresh->id, fresh);
		there = fresh;
	}
	for (char **name = l->repo_tags; name && *name; name++) {
		struct image_tag *tag = map_get(e->images->tags, *name);

		if (!tag) {
			tag = xcalloc(1, sizeof(*tag));
			map_set(e->images->tags, *name, tag);
		}
		tag->image = there;
		tag->updated = *now;
	}
	engine_unlock(e);
	if (there != fresh)
		image_free(fresh);
}

/* The references that keep an image's blobs and its topmost layer (which keeps those below it). */
static int references_add(struct engine *e, const char *holder, const struct loaded_image *l, struct err *err)
{
	_cleanup_free_ char *config = xasprintf("blob:%s", l->config_digest);
	size_t n = strv_len(l->chain_ids);
	int r = storage_reference_add(e->storage, holder, config, err);

	if (r >= 0 && l->manifest_digest && *l->manifest_digest) {
		_cleanup_free_ char *manifest = xasprintf("blob:%s", l->manifest_digest);

		r = storage_reference_add(e->storage, holder, manifest, err);
	}
	if (r >= 0 && n) {
		_cleanup_free_ char *layer = xasprintf("layer:%s", l->chain_ids[n - 1]);

		r = storage_reference_add(e->storage, holder, layer, err);
	}
	return r;
}

int images_add(struct engine *e, const struct loaded_image *l, struct err *err)
{
	struct row row = {.manifest = l->manifest_digest, .chain_ids = l->chain_ids, .size_bytes = l->size_bytes};
	_cleanup_free_ char *holder = xasprintf("image:%s", l->config_digest);
	char now_text[TIMEFMT_MAX];
	struct timespec now;
	struct image *i;
	int r = image_read(e, l->config_digest, &row, &i, err);

	if (r < 0)
		return r;
	clock_gettime(CLOCK_REALTIME, &now);
	timefmt_rfc3339nano(&now, now_text);
	r = references_add(e, holder, l, err);
	if (r >= 0)
		r = rows_write(e, l, now_text, err);
	if (r < 0) {
		image_free(i);
		return r;
	}
	register_image(e, i, l, &now);
	return 0;
}
