/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading an image archive: all of it into tmp/, then every document checked and every layer unpacked, then blobs
 * published. Until the caller makes images of the result, only `holder` keeps any of it; when a step fails, the holder is
 * dropped, what it kept is collected, and the data root is as it was.
 */
#include <string.h>

#include "base/array.h"
#include "storage/archive_internal.h"
#include "storage/decompress.h"
#include "storage/sources.h"

static int spool(struct load *l, ssize_t (*read)(void *arg, void *bytes, size_t len), void *read_arg, struct err *err)
{
	_cleanup_(decompress_closep) struct decompress *d = NULL;
	_cleanup_(read_source_done) struct read_source source = {0};
	int r;

	read_source_init(&source, read, read_arg);
	r = decompress_open(source.source, &d, err);
	return r < 0 ? r : spool_read(&l->spool, decompress_source(d), err);
}

static int docker_image(struct load *l, const struct docker_archive_image *doc, struct archive_image *ret, struct err *err)
{
	size_t n = strv_len(doc->layers);
	int r = spool_need(&l->spool, doc->config, &ret->config, err);

	if (r < 0)
		return r;
	ret->repo_tags = doc->repo_tags;
	ret->n_layers = n;
	ret->layers = arena_array(l->arena, n + 1, sizeof(*ret->layers));
	if (!ret->layers)
		return err_set(err, ERR_TOO_LARGE, "manifest.json is too large");
	for (size_t i = 0; i < n; i++) {
		r = spool_need(&l->spool, doc->layers[i], &ret->layers[i], err);
		if (r < 0)
			return r;
	}
	ret->manifest = archive_manifest_of(l, ret->config);
	return 0;
}

static int find_docker(struct load *l, const struct spool_file *manifest, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct docker_archive_image *docs;
	int r = spool_text(&l->spool, manifest, IMAGE_DOC_MAX, &text, err);

	if (r == 0)
		r = docker_archive_parse(text.data, text.len, l->arena, &docs, &l->n_images, err);
	if (r < 0)
		return r;
	l->images = arena_array(l->arena, l->n_images + 1, sizeof(*l->images));
	if (!l->images)
		return err_set(err, ERR_TOO_LARGE, "manifest.json is too large");
	for (size_t i = 0; r == 0 && i < l->n_images; i++)
		r = docker_image(l, &docs[i], &l->images[i], err);
	return r;
}

/* manifest.json counts where both are: it has the tags. */
static int find_images(struct load *l, struct err *err)
{
	struct spool_file *docker = spool_find(&l->spool, "manifest.json"), *oci = spool_find(&l->spool, "index.json");

	if (docker)
		return find_docker(l, docker, err);
	if (oci)
		return archive_find_oci(l, oci, err);
	return err_set(err, ERR_INVALID, "not an image archive: it has neither a manifest.json nor an index.json");
}

static int run(struct load *l, struct err *err)
{
	int r = find_images(l, err);

	if (r < 0)
		return err_wrap(err, "load image");
	l->loaded = arena_array(l->arena, l->n_images + 1, sizeof(*l->loaded));
	if (!l->loaded)
		return err_set(err, ERR_TOO_LARGE, "the archive has too many images");
	for (size_t i = 0; r == 0 && i < l->n_images; i++)
		r = archive_image_unpack(l, i, err);
	for (size_t i = 0; r == 0 && i < l->n_images; i++)
		r = archive_image_publish(l, i, err);
	return r;
}

void archive_undo(struct load *l, struct err *err)
{
	struct err second;

	if (storage_reference_drop_all(l->s, l->holder, &second) < 0 || storage_collect(l->s, NULL, &second) < 0)
		err_wrap(err, "%s; this came after", second.msg);
	storage_trash_wait(l->s);
}

int storage_load_archive(struct storage *s, ssize_t (*read)(void *arg, void *bytes, size_t len), void *read_arg,
			 const char *holder, storage_progress progress, void *progress_arg, struct arena *a,
			 struct loaded_image **ret_images, size_t *ret_n, struct err *err)
{
	struct load l = {.s = s, .holder = holder, .progress = progress, .progress_arg = progress_arg, .arena = a};
	int r;

	spool_init(&l.spool, s);
	r = spool(&l, read, read_arg, err);
	if (r < 0)
		err_wrap(err, "load image");
	else
		r = run(&l, err);
	spool_done(&l.spool);
	if (r < 0) {
		archive_undo(&l, err);
		return r;
	}
	*ret_images = l.loaded;
	*ret_n = l.n_images;
	return 0;
}
