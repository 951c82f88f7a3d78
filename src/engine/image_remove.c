/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a name or an image, by Docker's rules: a name goes if no container needs it (or with force); the image goes
 * with its last name; by id it has to have at most one name. Running containers keep their image whatever is forced.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "codec/reference.h"
#include "engine/container.h"
#include "engine/events.h"
#include "engine/images.h"
#include "storage/db.h"

#define SHORT(id) ((id) + 7) /* behind "sha256:"; printed with %.12s */

struct removal {
	struct engine *e;
	struct image *image;
	char *name; /* full name it was asked by; NULL: by id */
	bool force;
	char **untag;  /* full names to drop */
	bool delete;   /* the image itself goes */
	char **chains; /* layers that go with it, topmost first */
};

static void removal_done(struct removal *m)
{
	if (m->image)
		image_unref(m->image);
	free(m->name);
	strv_free(m->untag);
	strv_free(m->chains);
}

static char **full_names_locked(struct engine *e, const struct image *i)
{
	char **names = NULL;
	const char *name;
	void *value;

	for (size_t pos = 0; map_next(e->images->tags, &pos, &name, &value);)
		if (((struct image_tag *)value)->image == i)
			strv_add(&names, name);
	return names;
}

/* Several names of one repository count as one; what matters is whether they are in more than one. */
static bool several_repositories(char *const *names)
{
	for (size_t i = 1; names && names[0] && names[i]; i++) {
		size_t a = (size_t)(strrchr(names[0], ':') - names[0]), b = (size_t)(strrchr(names[i], ':') - names[i]);

		if (a != b || strncmp(names[0], names[i], a) != 0)
			return true;
	}
	return false;
}

/* Decides by name. With the lock. */
static int decide_by_name(struct removal *m, const char *asked, struct err *err)
{
	char **names = full_names_locked(m->e, m->image);
	size_t n = strv_len(names);
	bool running;
	struct container *user = images_user_locked(m->e, m->image, &running, NULL);

	strv_free(names);
	if (n <= 1 && user && !m->force)
		return err_set(
			err, ERR_CONFLICT,
			"conflict: unable to remove repository reference \"%s\" (must force) - container %.12s is using its "
			"referenced image %.12s",
			asked, user->id, SHORT(m->image->id));
	strv_add(&m->untag, m->name);
	m->delete = n <= 1 && !running;
	return 0;
}

/* Decides by id. With the lock. */
static int decide_by_id(struct removal *m, struct err *err)
{
	bool running;
	struct container *user = images_user_locked(m->e, m->image, &running, NULL);
	const char *id = SHORT(m->image->id);

	m->untag = full_names_locked(m->e, m->image);
	if (user && running)
		return err_set(
			err, ERR_CONFLICT,
			"conflict: unable to delete %.12s (cannot be forced) - image is being used by running container %.12s",
			id, user->id);
	if (!m->force && several_repositories(m->untag))
		return err_set(
			err, ERR_CONFLICT,
			"conflict: unable to delete %.12s (must be forced) - image is referenced in multiple repositories", id);
	if (user && !m->force)
		return err_set(
			err, ERR_CONFLICT,
			"conflict: unable to delete %.12s (must be forced) - image is being used by stopped container %.12s",
			id, user->id);
	m->delete = true;
	return 0;
}

/* Whether another image or a container's image has this layer. With the lock. */
static bool chain_shared(struct engine *e, const struct image *except, const char *chain)
{
	void *value;

	for (size_t pos = 0; map_next(e->images->by_id, &pos, NULL, &value);) {
		const struct image *i = value;

		for (char **c = i == except ? NULL : i->chain_ids; c && *c; c++)
			if (strcmp(*c, chain) == 0)
				return true;
	}
	return false;
}

static void collect_chains_locked(struct removal *m)
{
	bool running;

	if (images_user_locked(m->e, m->image, &running, NULL))
		return;
	for (size_t i = strv_len(m->image->chain_ids); i > 0; i--)
		if (!chain_shared(m->e, m->image, m->image->chain_ids[i - 1]))
			strv_add(&m->chains, m->image->chain_ids[i - 1]);
}

static int rows_delete(struct removal *m, struct err *err)
{
	size_t n = strv_len(m->untag);
	_cleanup_free_ struct db_statement *statements = xcalloc(n + 1, sizeof(*statements));
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		statements[k++] = (struct db_statement){
			.sql = "DELETE FROM tags WHERE name = ?", .values = {DB_VALUE_TEXT(m->untag[i])}, .n_values = 1};
	if (m->delete)
		statements[k++] = (struct db_statement){
			.sql = "DELETE FROM images WHERE id = ?", .values = {DB_VALUE_TEXT(m->image->id)}, .n_values = 1};
	return k ? db_write(m->e->db, statements, k, true, err) : 0;
}

static void forget(struct removal *m)
{
	bool registered = false;

	engine_lock(m->e);
	for (char **name = m->untag; name && *name; name++)
		free(map_remove(m->e->images->tags, *name));
	if (m->delete)
		registered = map_remove(m->e->images->by_id, m->image->id) != NULL;
	engine_unlock(m->e);
	if (registered)
		image_unref(m->image);
}

static int bytes_release(struct removal *m, struct err *err)
{
	_cleanup_free_ char *holder = xasprintf("image:%s", m->image->id);
	int r = storage_reference_drop_all(m->e->storage, holder, err);

	return r < 0 ? r : storage_collect(m->e->storage, NULL, err);
}

static void write_reply(struct removal *m, struct buf *out)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct json_writer w = {.out = out, .escape_html = true};

	json_begin_array(&w);
	for (char **name = m->untag; name && *name; name++) {
		struct reference parsed;

		json_begin_object(&w);
		json_member_string(&w, "Untagged",
				   reference_parse(*name, a, &parsed, NULL) < 0 ? *name : reference_familiar(&parsed, a));
		json_end_object(&w);
	}
	if (m->delete) {
		json_begin_object(&w);
		json_member_string(&w, "Deleted", m->image->id);
		json_end_object(&w);
	}
	for (char **chain = m->chains; m->delete &&chain && *chain; chain++) {
		json_begin_object(&w);
		json_member_string(&w, "Deleted", *chain);
		json_end_object(&w);
	}
	json_end_array(&w);
}

int engine_image_remove(struct engine *e, const char *ref, bool force, bool no_prune, struct buf *ret_json, struct err *err)
{
	_cleanup_(removal_done) struct removal m = {.e = e, .force = force};
	int r = images_find(e, ref, false, &m.image, &m.name, err);

	(void)no_prune; /* parents are layers here, not images: there is nothing else to prune */
	if (r < 0)
		return r;
	engine_lock(e);
	r = m.name ? decide_by_name(&m, ref, err) : decide_by_id(&m, err);
	if (r >= 0 && m.delete)
		collect_chains_locked(&m);
	engine_unlock(e);
	if (r >= 0)
		r = rows_delete(&m, err);
	if (r < 0)
		return r;
	forget(&m);
	if (m.delete) {
		r = bytes_release(&m, err);
		if (r < 0)
			return r;
	}
	write_reply(&m, ret_json);
	for (char **name = m.untag; name && *name; name++)
		events_image(e, m.image->id, m.image->id, "untag", &m.image->config->labels);
	if (m.delete)
		events_image(e, m.image->id, m.image->id, "delete", &m.image->config->labels);
	return 0;
}
