/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of images: OCI and Docker manifests (schema 2), indexes (manifest lists), image configurations, and the
 * manifest.json of a docker-archive. Media types are strict: a document says it is what it was announced as, layers and
 * configuration have types known here, and Docker's schema 1 is refused by name. Only what the engine uses is decoded; an
 * image is always kept and sent on as the bytes it came as.
 */
#ifndef LIGHTER_CODEC_IMAGE_DOCS_H
#define LIGHTER_CODEC_IMAGE_DOCS_H

#include "codec/json.h"

#define IMAGE_DOC_MAX (4 * 1024 * 1024) /* bytes of a manifest or index; registries' own limit */
#define IMAGE_CONFIG_MAX (8 * 1024 * 1024)
#define IMAGE_LAYERS_MAX 1024

#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"

enum media_kind { MEDIA_UNKNOWN, MEDIA_MANIFEST, MEDIA_INDEX, MEDIA_CONFIG, MEDIA_LAYER, MEDIA_SCHEMA1 };

/* MEDIA_UNKNOWN for NULL. Encrypted layers and foreign ones with no content here are MEDIA_UNKNOWN. */
enum media_kind media_kind(const char *media_type);

struct image_platform {
	char *architecture, *os, *variant, *os_version;
};

struct image_descriptor {
	char *media_type;
	char *digest;
	int64_t size;
	struct image_platform *platform;
	struct json_string_map annotations;
};

struct image_manifest {
	int64_t schema_version;
	char *media_type; /* filled in where an OCI document leaves it out */
	struct image_descriptor *config;
	JSON_ARRAY(struct image_descriptor) layers;
};

struct image_index {
	int64_t schema_version;
	char *media_type;
	JSON_ARRAY(struct image_descriptor) manifests;
};

struct image_rootfs {
	char *type;
	char **diff_ids;
};

struct image_history {
	char *created, *author, *created_by, *comment;
	bool empty_layer;
};

struct image_config {
	char *created, *author, *architecture, *variant, *os;
	char *config_json;           /* the "config" object's own text; NULL when absent */
	struct image_rootfs *rootfs; /* never NULL after parsing */
	JSON_ARRAY(struct image_history) history;
};

/* One image of a docker-archive's manifest.json. */
struct docker_archive_image {
	char *config;     /* the configuration's name in the archive */
	char **repo_tags; /* may be NULL */
	char **layers;    /* names in the archive, base first */
};

extern const struct json_shape image_descriptor_shape, image_manifest_shape, image_index_shape, image_config_shape;

/*
 * Each parses and checks one document into the arena. ERR_INVALID with a reason. `announced` is the media type that the
 * descriptor or the server gave it, or NULL.
 */
int image_manifest_parse(const char *text, size_t len, const char *announced, struct arena *a, struct image_manifest *ret,
			 struct err *err) _must_check_;
int image_index_parse(const char *text, size_t len, const char *announced, struct arena *a, struct image_index *ret,
		      struct err *err) _must_check_;
int image_config_parse(const char *text, size_t len, struct arena *a, struct image_config *ret, struct err *err) _must_check_;
int docker_archive_parse(const char *text, size_t len, struct arena *a, struct docker_archive_image **ret, size_t *ret_n,
			 struct err *err) _must_check_;

/* Appends an OCI manifest as Docker 28's save writes it: the same image gives the same bytes. */
void image_manifest_write(struct buf *out, const struct image_descriptor *config, const struct image_descriptor *layers,
			  size_t n_layers);

/* The value of an annotation, or NULL. Borrowed. */
const char *image_annotation(const struct image_descriptor *d, const char *key);

#endif
