/* SPDX-License-Identifier: Apache-2.0 */
/* What a killed shim leaves; see remains.h. The cgroup is found by the name that the specification gave it. */
#include "engine/remains.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/spec.h"
#include "linux/cgroup.h"

#define CLEAR_MS 10000

void remains_clear(struct container *c)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	const char *path = a ? spec_cgroups_path(c->engine->instance, c->host->cgroup_parent, c->id, a) : NULL;
	struct err err = {0};

	if (!path) {
		log_error("container %.12s: no memory to look for what its shim left", c->id);
		return;
	}
	if (cgroup_open(path, &cg, &err) < 0) {
		if (err.kind != ERR_NOT_FOUND)
			log_error("container %.12s: its cgroup can't be opened: %s", c->id, err.msg);
		return;
	}
	if (cgroup_remove(cg, CLEAR_MS, &err) < 0)
		log_error("container %.12s: its cgroup can't be removed: %s", c->id, err.msg);
}

void remains_remove_parent(struct engine *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	struct cgroup_dir dir;
	char path[4096];
	struct err err;

	snprintf(path, sizeof(path), "/lighter-%s", e->instance);
	if (cgroup_open(path, &cg, &err) < 0)
		return;
	/* rmdir(2) refuses a cgroup that has any other in it: containers that go on keep theirs */
	for (size_t i = 0; cgroup_dir_at(cg, i, &dir); i++)
		if (cgroup_dir_path(cg, i, path, sizeof(path)) == 0 && rmdir(path) < 0 && errno != EBUSY && errno != ENOENT)
			log_debug("remove %s: %s", path, strerror(errno));
}
