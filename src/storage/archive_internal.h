/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of loading an archive share. */
#ifndef LIGHTER_STORAGE_ARCHIVE_INTERNAL_H
#define LIGHTER_STORAGE_ARCHIVE_INTERNAL_H

#include "codec/image_docs.h"
#include "storage/archive_spool.h"

/* One image that an archive says it has. */
struct archive_image {
	struct spool_file *config;
	struct spool_file **layers; /* base first */
	size_t n_layers;
	struct spool_file *manifest; /* the archive's own, or NULL: one is made */
	char **repo_tags;            /* as the archive has them; may be NULL */
};

struct load {
	struct storage *s;
	struct spool spool;
	const char *holder;
	storage_progress progress;
	void *progress_arg;
	struct arena *arena;
	struct archive_image *images;
	size_t n_images;
	struct loaded_image *loaded;
	bool importing;
};

/* ---- archive.c: after a failure, the holder keeps nothing and the data root is as it was ---- */
void archive_undo(struct load *l, struct err *err);

/* ---- archive_oci.c: which images index.json names ---- */
int archive_find_oci(struct load *l, const struct spool_file *index, struct err *err) _must_check_;
/* For a docker-archive that is an OCI layout too: the manifest whose config this is, or NULL. */
struct spool_file *archive_manifest_of(struct load *l, const struct spool_file *config);

/* ---- archive_image.c ---- */

/* Checks the documents of one image and unpacks its layers. Blobs are not published yet. */
int archive_image_unpack(struct load *l, size_t index, struct err *err) _must_check_;
/* Publishes its blobs, with a manifest made if it has none. */
int archive_image_publish(struct load *l, size_t index, struct err *err) _must_check_;

/* ---- archive_layer.c ---- */

/*
 * References, then unpacks one layer, telling progress as Docker does. `chain` is the parent's id ("" for a base layer)
 * and becomes this layer's.
 */
int archive_layer_unpack(struct load *l, struct spool_file *file, const char *diff_id, char chain[DIGEST_TEXT_MAX],
			 uint64_t *size_bytes, struct err *err) _must_check_;
/* The media type its first bytes give it. */
int archive_layer_media_type(struct load *l, const struct spool_file *file, const char **ret, struct err *err) _must_check_;

#endif
