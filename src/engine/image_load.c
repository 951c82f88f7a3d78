/* SPDX-License-Identifier: Apache-2.0 */
/* Archives that become images: load (made by a save somewhere) and import (a file system, with --change). */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random_id.h"
#include "codec/reference.h"
#include "engine/changes.h"
#include "engine/events.h"
#include "engine/images.h"
#include "engine/seccomp_profile.h"

static void tell(engine_progress progress, void *arg, const char *key, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_writer w = {.out = &out, .escape_html = true};

	if (!progress)
		return;
	json_begin_object(&w);
	json_member_string(&w, key, text);
	json_end_object(&w);
	progress(arg, out.data);
}

/* Holds what a load brings in until its images have their own references. */
static void lease_drop(struct engine *e, const char *holder)
{
	struct err ignored;

	if (storage_reference_drop_all(e->storage, holder, &ignored) >= 0)
		(void)!storage_collect(e->storage, NULL, &ignored);
}

static int image_enter(struct engine *e, const struct loaded_image *l, engine_progress progress, void *arg, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	int r = images_add(e, l, err);

	if (r < 0)
		return r;
	for (char **name = l->repo_tags; name && *name; name++) {
		struct reference parsed;

		if (reference_parse(*name, a, &parsed, NULL) >= 0)
			tell(progress, arg, "stream", arena_printf(a, "Loaded image: %s\n", reference_familiar(&parsed, a)));
		events_image(e, l->config_digest, l->config_digest, "load", NULL);
	}
	if (!l->repo_tags || !l->repo_tags[0]) {
		tell(progress, arg, "stream", arena_printf(a, "Loaded image ID: %s\n", l->config_digest));
		events_image(e, l->config_digest, l->config_digest, "load", NULL);
	}
	return 0;
}

int engine_image_load(struct engine *e, engine_read read, void *read_arg, bool quiet, engine_progress progress,
		      void *progress_arg, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct loaded_image *images = NULL;
	char id[RANDOM_ID_LEN + 1], holder[RANDOM_ID_LEN + 8];
	size_t n = 0;
	int r;

	random_id(id);
	snprintf(holder, sizeof(holder), "lease:%s", id);
	r = storage_load_archive(e->storage, read, read_arg, holder, quiet ? NULL : progress, progress_arg, a, &images, &n,
				 err);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = image_enter(e, &images[i], progress, progress_arg, err);
	lease_drop(e, holder);
	return r < 0 ? r : 0;
}

/* "repo", "repo:tag" or repo and tag apart; NULL in *ret for an image without a name. */
static int import_name(const char *repo, const char *tag, struct arena *a, char **ret, struct err *err)
{
	struct reference parsed;
	int r;

	*ret = NULL;
	if (!repo || !*repo)
		return 0;
	r = reference_parse(repo, a, &parsed, err);
	if (r < 0)
		return r;
	if (parsed.digest)
		return err_set(err, ERR_INVALID, "cannot import digest reference");
	if (tag && *tag) {
		if (!reference_tag_valid(tag))
			return err_set(err, ERR_INVALID, "invalid tag format");
		parsed.tag = arena_strdup(a, tag);
	}
	reference_default_tag(&parsed);
	*ret = reference_text(&parsed, a);
	return 0;
}

static int import_platform(const char *platform, struct err *err)
{
	if (platform && *platform && strcmp(platform, "linux") != 0 && strncmp(platform, "linux/", 6) != 0)
		return err_set(err, ERR_INVALID, "operating system is not supported: %s", platform);
	if (platform && strncmp(platform, "linux/", 6) == 0 && strcmp(platform + 6, seccomp_this_arch()) != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "importing for another platform is not supported yet: %s", platform);
	return 0;
}

int engine_image_import(struct engine *e, engine_read read, void *read_arg, const char *repo, const char *tag,
			const char *message, char *const *changes, const char *platform, engine_progress progress,
			void *progress_arg, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_buf_ struct buf config = BUF_INIT;
	char id[RANDOM_ID_LEN + 1], holder[RANDOM_ID_LEN + 8];
	char *names[2] = {NULL, NULL};
	struct loaded_image image;
	int r = import_platform(platform, err);

	if (r >= 0)
		r = import_name(repo, tag, a, &names[0], err);
	if (r >= 0)
		r = changes_apply(changes, &config, err);
	if (r < 0)
		return r;
	random_id(id);
	snprintf(holder, sizeof(holder), "lease:%s", id);
	r = storage_import_archive(e->storage, read, read_arg, holder, config.data,
				   message && *message ? message : "Imported from -", a, &image, err);
	if (r < 0 && err && err->kind == ERR_INVALID)
		err->kind = ERR_SYSTEM; /* Docker's 500 for a bad archive */
	if (r >= 0) {
		image.repo_tags = names;
		r = images_add(e, &image, err);
	}
	lease_drop(e, holder);
	if (r < 0)
		return r;
	if (names[0])
		events_image(e, image.config_digest, names[0], "tag", NULL);
	events_image(e, image.config_digest, image.config_digest, "import", NULL);
	tell(progress, progress_arg, "status", image.config_digest);
	return 0;
}
