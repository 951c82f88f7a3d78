/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers there are, by id, name and prefix. The lock of the engine guards both maps. */
#include <string.h>

#include "base/alloc.h"
#include "engine/container.h"

static int find_by_prefix(struct engine *e, const char *ref, struct container **ret, struct err *err)
{
	struct container *found = NULL;
	size_t len = strlen(ref);
	void *value;

	for (size_t pos = 0; map_next(e->by_id, &pos, NULL, &value);) {
		struct container *c = value;

		if (strncmp(c->id, ref, len) != 0)
			continue;
		if (found)
			return err_set(err, ERR_INVALID, "multiple IDs found with provided prefix: %s", ref);
		found = c;
	}
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "No such container: %s", ref);
	*ret = found;
	return 0;
}

int registry_find_locked(struct engine *e, const char *ref, struct container **ret, struct err *err)
{
	struct container *c = map_get(e->by_id, ref);

	if (!c)
		c = map_get(e->by_name, *ref == '/' ? ref + 1 : ref);
	if (c && map_get(e->by_id, c->id)) {
		*ret = c;
		return 0;
	}
	if (c || *ref == '\0' || *ref == '/')
		return err_set(err, ERR_NOT_FOUND, "No such container: %s", ref);
	return find_by_prefix(e, ref, ret, err);
}

int registry_find(struct engine *e, const char *ref, struct container **ret, struct err *err)
{
	struct container *c;
	int r;

	engine_lock(e);
	r = registry_find_locked(e, ref, &c, err);
	if (r >= 0) {
		c->refs++;
		*ret = c;
	}
	engine_unlock(e);
	return r;
}

void registry_add(struct engine *e, struct container *c)
{
	engine_lock(e);
	map_set(e->by_id, c->id, c);
	pthread_cond_broadcast(&e->changed);
	engine_unlock(e);
}

int registry_name_reserve(struct engine *e, const char *name, struct container *c, struct err *err)
{
	struct container *holder;
	int r = 0;

	engine_lock(e);
	holder = map_get(e->by_name, name);
	if (holder) {
		r = err_set(err, ERR_CONFLICT,
			    "Conflict. The container name \"/%s\" is already in use by container \"%s\". You have to remove "
			    "(or rename) that container to be able to reuse that name.",
			    name, holder->id);
	} else {
		map_set(e->by_name, name, c);
		c->name = xstrdup(name);
	}
	engine_unlock(e);
	return r;
}

void registry_name_release(struct engine *e, struct container *c)
{
	if (c->name && map_get(e->by_name, c->name) == c)
		map_remove(e->by_name, c->name);
}

void registry_remove(struct engine *e, struct container *c)
{
	bool known;

	engine_lock(e);
	registry_name_release(e, c);
	known = map_remove(e->by_id, c->id) != NULL;
	engine_unlock(e);
	if (known)
		container_unref(c);
}
