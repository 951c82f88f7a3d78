/* SPDX-License-Identifier: Apache-2.0 */
/* One image of an archive that is being loaded: its documents are checked against each other, its layers unpacked, and, once
 * all of the archive held, its blobs published. */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "codec/reference.h"
#include "storage/archive_internal.h"

static int check_config(struct load *l, const struct archive_image *image, struct image_config *config, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = spool_text(&l->spool, image->config, IMAGE_CONFIG_MAX, &text, err);
	size_t n;

	if (r == 0)
		r = image_config_parse(text.data, text.len, l->arena, config, err);
	if (r < 0)
		return err_wrap(err, "config");
	if (config->os && *config->os && strcmp(config->os, "linux") != 0)
		return err_set(err, ERR_INVALID, "cannot load %.40s image on linux", config->os);
	n = strv_len(config->rootfs->diff_ids);
	if (n != image->n_layers)
		return err_set(err, ERR_INVALID, "invalid manifest, layers length mismatch: expected %zu, got %zu",
			       image->n_layers, n);
	if (n == 0)
		return err_set(err, ERR_INVALID, "an image without layers");
	return 0;
}

/* The archive's own manifest has to speak of this very configuration and these layers. */
static int check_manifest(struct load *l, const struct archive_image *image, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct image_manifest m;
	int r = spool_text(&l->spool, image->manifest, IMAGE_DOC_MAX, &text, err);

	if (r == 0)
		r = image_manifest_parse(text.data, text.len, NULL, l->arena, &m, err);
	if (r < 0)
		return err_wrap(err, "manifest %s", image->manifest->digest);
	if (strcmp(m.config->digest, image->config->digest) != 0 || m.layers.len != image->n_layers)
		return err_set(err, ERR_INVALID, "manifest %s is another image's", image->manifest->digest);
	for (size_t i = 0; i < m.layers.len; i++) {
		if (strcmp(m.layers.items[i].digest, image->layers[i]->digest) != 0)
			return err_set(err, ERR_INVALID, "manifest %s names other layers", image->manifest->digest);
		if ((uint64_t)m.layers.items[i].size != image->layers[i]->size)
			return err_set(err, ERR_INVALID, "layer %s: size mismatch: it has %llu bytes, the manifest says %lld",
				       m.layers.items[i].digest, (unsigned long long)image->layers[i]->size,
				       (long long)m.layers.items[i].size);
	}
	return 0;
}

static int normalise_tags(struct load *l, const struct archive_image *image, struct loaded_image *loaded, struct err *err)
{
	size_t n = strv_len(image->repo_tags);

	loaded->repo_tags = arena_array(l->arena, n + 1, sizeof(char *));
	for (size_t i = 0; loaded->repo_tags && i < n; i++) {
		struct reference ref;
		int r = reference_parse(image->repo_tags[i], l->arena, &ref, err);

		if (r < 0)
			return r;
		if (ref.digest)
			return err_set(err, ERR_INVALID, "invalid tag \"%.200s\"", image->repo_tags[i]);
		reference_default_tag(&ref);
		loaded->repo_tags[i] = reference_text(&ref, l->arena);
	}
	return arena_failed(l->arena) ? err_set(err, ERR_TOO_LARGE, "the archive's documents are too large") : 0;
}

static int unpack_layers(struct load *l, const struct archive_image *image, const struct image_config *config,
			 struct loaded_image *loaded, struct err *err)
{
	char chain[DIGEST_TEXT_MAX] = "";

	loaded->chain_ids = arena_array(l->arena, image->n_layers + 1, sizeof(char *));
	for (size_t i = 0; loaded->chain_ids && i < image->n_layers; i++) {
		uint64_t size = 0;
		int r = archive_layer_unpack(l, image->layers[i], config->rootfs->diff_ids[i], chain, &size, err);

		if (r < 0)
			return r;
		loaded->size_bytes += size;
		loaded->chain_ids[i] = arena_strdup(l->arena, chain);
	}
	return arena_failed(l->arena) ? err_set(err, ERR_TOO_LARGE, "the archive's documents are too large") : 0;
}

int archive_image_unpack(struct load *l, size_t index, struct err *err)
{
	const struct archive_image *image = &l->images[index];
	struct loaded_image *loaded = &l->loaded[index];
	struct image_config config;
	int r;

	loaded->config_digest = image->config->digest;
	r = check_config(l, image, &config, err);
	if (r == 0 && image->manifest)
		r = check_manifest(l, image, err);
	if (r == 0)
		r = normalise_tags(l, image, loaded, err);
	if (r == 0)
		r = unpack_layers(l, image, &config, loaded, err);
	if (r < 0 && l->importing)
		return err_wrap(err, "import image");
	if (r < 0)
		return err_wrap(err, "load image %.100s",
				image->repo_tags && image->repo_tags[0] ? image->repo_tags[0] : image->config->digest);
	return 0;
}

/* ---- publishing ---- */

static int write_manifest(struct load *l, const struct archive_image *image, struct buf *out, struct err *err)
{
	struct image_descriptor config = {
		.media_type = (char *)MEDIA_OCI_CONFIG, .digest = image->config->digest, .size = (int64_t)image->config->size};
	struct image_descriptor *layers = arena_array(l->arena, image->n_layers, sizeof(*layers));

	if (!layers)
		return err_set(err, ERR_TOO_LARGE, "the archive's documents are too large");
	for (size_t i = 0; i < image->n_layers; i++) {
		const char *type;
		int r = archive_layer_media_type(l, image->layers[i], &type, err);

		if (r < 0)
			return r;
		layers[i] = (struct image_descriptor){.media_type = (char *)type,
						      .digest = image->layers[i]->digest,
						      .size = (int64_t)image->layers[i]->size};
	}
	image_manifest_write(out, &config, layers, image->n_layers);
	return 0;
}

/* References come before what they are to, so that nothing is ever without one. */
static int publish_manifest(struct load *l, const struct archive_image *image, char ret_digest[DIGEST_TEXT_MAX],
			    struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char what[DIGEST_TEXT_MAX + 8] = "blob:";
	int r;

	if (image->manifest) {
		memcpy(ret_digest, image->manifest->digest, DIGEST_TEXT_MAX);
		return spool_publish(&l->spool, image->manifest, l->holder, err);
	}
	r = write_manifest(l, image, &text, err);
	if (r < 0)
		return r;
	digest_of(text.data, text.len, ret_digest);
	strcat(what, ret_digest);
	r = storage_reference_add(l->s, l->holder, what, err);
	return r < 0 ? r : blob_put(l->s, text.data, text.len, ret_digest, err);
}

int archive_image_publish(struct load *l, size_t index, struct err *err)
{
	const struct archive_image *image = &l->images[index];
	char digest[DIGEST_TEXT_MAX], holder[DIGEST_TEXT_MAX + 8] = "blob:";
	int r = publish_manifest(l, image, digest, err);

	if (r < 0)
		return r;
	strcat(holder, digest);
	r = spool_publish(&l->spool, image->config, holder, err);
	for (size_t i = 0; r == 0 && i < image->n_layers; i++)
		r = spool_publish(&l->spool, image->layers[i], holder, err);
	l->loaded[index].manifest_digest = arena_strdup(l->arena, digest);
	l->loaded[index].config_digest = arena_strdup(l->arena, image->config->digest);
	if (r == 0 && arena_failed(l->arena))
		r = err_set(err, ERR_TOO_LARGE, "the archive's documents are too large");
	return r;
}
