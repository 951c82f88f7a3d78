/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of images; see image_docs.h. */
#include "codec/image_docs.h"

#include <string.h>

#include "base/array.h"
#include "codec/digest.h"

static const struct json_field platform_fields[] = {
	JSON_FIELD("architecture", struct image_platform, architecture, JSON_STRING),
	JSON_FIELD("os", struct image_platform, os, JSON_STRING),
	JSON_FIELD("variant", struct image_platform, variant, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("os.version", struct image_platform, os_version, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape platform_shape = JSON_SHAPE("platform", struct image_platform, platform_fields);

static const struct json_field descriptor_fields[] = {
	JSON_FIELD("mediaType", struct image_descriptor, media_type, JSON_STRING),
	JSON_FIELD("digest", struct image_descriptor, digest, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("size", struct image_descriptor, size, JSON_INT64, .flags = JSON_REQUIRED),
	JSON_FIELD("annotations", struct image_descriptor, annotations, JSON_STRING_MAP, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("platform", struct image_descriptor, platform, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &platform_shape),
};
const struct json_shape image_descriptor_shape = JSON_SHAPE("descriptor", struct image_descriptor, descriptor_fields);

static const struct json_field manifest_fields[] = {
	JSON_FIELD("schemaVersion", struct image_manifest, schema_version, JSON_INT64, .flags = JSON_REQUIRED),
	JSON_FIELD("mediaType", struct image_manifest, media_type, JSON_STRING),
	JSON_FIELD("config", struct image_manifest, config, JSON_OBJECT, .shape = &image_descriptor_shape),
	JSON_FIELD("layers", struct image_manifest, layers, JSON_OBJECTS, .shape = &image_descriptor_shape),
};
const struct json_shape image_manifest_shape = JSON_SHAPE("manifest", struct image_manifest, manifest_fields);

static const struct json_field index_fields[] = {
	JSON_FIELD("schemaVersion", struct image_index, schema_version, JSON_INT64, .flags = JSON_REQUIRED),
	JSON_FIELD("mediaType", struct image_index, media_type, JSON_STRING),
	JSON_FIELD("manifests", struct image_index, manifests, JSON_OBJECTS, .shape = &image_descriptor_shape),
};
const struct json_shape image_index_shape = JSON_SHAPE("index", struct image_index, index_fields);

static const struct json_field rootfs_fields[] = {
	JSON_FIELD("type", struct image_rootfs, type, JSON_STRING),
	JSON_FIELD("diff_ids", struct image_rootfs, diff_ids, JSON_STRINGS),
};
static const struct json_shape rootfs_shape = JSON_SHAPE("rootfs", struct image_rootfs, rootfs_fields);

static const struct json_field history_fields[] = {
	JSON_FIELD("created", struct image_history, created, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("author", struct image_history, author, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("created_by", struct image_history, created_by, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("comment", struct image_history, comment, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("empty_layer", struct image_history, empty_layer, JSON_BOOL, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape history_shape = JSON_SHAPE("history", struct image_history, history_fields);

static const struct json_field config_fields[] = {
	JSON_FIELD("created", struct image_config, created, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("author", struct image_config, author, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("architecture", struct image_config, architecture, JSON_STRING),
	JSON_FIELD("variant", struct image_config, variant, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("os", struct image_config, os, JSON_STRING),
	JSON_FIELD("config", struct image_config, config_json, JSON_TEXT),
	JSON_FIELD("rootfs", struct image_config, rootfs, JSON_OBJECT, .shape = &rootfs_shape),
	JSON_FIELD("history", struct image_config, history, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &history_shape),
};
const struct json_shape image_config_shape = JSON_SHAPE("image configuration", struct image_config, config_fields);

static const struct json_field archive_fields[] = {
	JSON_FIELD("Config", struct docker_archive_image, config, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("RepoTags", struct docker_archive_image, repo_tags, JSON_STRINGS),
	JSON_FIELD("Layers", struct docker_archive_image, layers, JSON_STRINGS),
};
static const struct json_shape archive_shape = JSON_SHAPE("manifest.json", struct docker_archive_image, archive_fields);

enum media_kind media_kind(const char *media_type)
{
	static const struct {
		const char *type;
		enum media_kind kind;
	} types[] = {
		{MEDIA_OCI_MANIFEST, MEDIA_MANIFEST},
		{MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST},
		{MEDIA_OCI_INDEX, MEDIA_INDEX},
		{MEDIA_DOCKER_LIST, MEDIA_INDEX},
		{MEDIA_OCI_CONFIG, MEDIA_CONFIG},
		{MEDIA_DOCKER_CONFIG, MEDIA_CONFIG},
		{MEDIA_OCI_LAYER, MEDIA_LAYER},
		{MEDIA_OCI_LAYER "+gzip", MEDIA_LAYER},
		{MEDIA_OCI_LAYER "+zstd", MEDIA_LAYER},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_LAYER},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MEDIA_LAYER},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MEDIA_LAYER},
		{"application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER},
		{"application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_LAYER},
		{"application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER},
		{"application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_LAYER},
		{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MEDIA_LAYER},
		{"application/vnd.docker.distribution.manifest.v1+json", MEDIA_SCHEMA1},
		{"application/vnd.docker.distribution.manifest.v1+prettyjws", MEDIA_SCHEMA1},
	};

	for (size_t i = 0; media_type && i < ARRAY_SIZE(types); i++)
		if (strcmp(media_type, types[i].type) == 0)
			return types[i].kind;
	return MEDIA_UNKNOWN;
}

static int check_descriptor(const struct image_descriptor *d, const char *what, struct err *err)
{
	if (!digest_valid(d->digest))
		return err_set(err, ERR_INVALID, "%s: invalid digest \"%.100s\"", what, d->digest ? d->digest : "");
	if (d->size < 0)
		return err_set(err, ERR_INVALID, "%s: invalid size %lld", what, (long long)d->size);
	return 0;
}

/* The type a document says it is and the one it was announced as agree, and are of this kind. */
static int check_type(char **media_type, const char *announced, enum media_kind want, const char *oci, int64_t schema,
		      struct arena *a, struct err *err)
{
	const char *type = *media_type ? *media_type : announced;

	if (schema == 1 || media_kind(type) == MEDIA_SCHEMA1)
		return err_set(err, ERR_INVALID,
			       "Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not supported: "
			       "convert the image to the OCI format or to schema 2");
	if (schema != 2)
		return err_set(err, ERR_INVALID, "unsupported schemaVersion %lld", (long long)schema);
	if (*media_type && announced && strcmp(*media_type, announced) != 0)
		return err_set(err, ERR_INVALID, "media type \"%.100s\" was announced as \"%.100s\"", *media_type, announced);
	if (!type)
		*media_type = arena_strdup(a, oci);
	else if (media_kind(type) != want)
		return err_set(err, ERR_INVALID, "unexpected media type \"%.100s\"", type);
	else
		*media_type = arena_strdup(a, type);
	return 0;
}

static int too_large(const char *what, size_t len, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s is too large (%zu bytes)", what, len);
}

int image_manifest_parse(const char *text, size_t len, const char *announced, struct arena *a, struct image_manifest *ret,
			 struct err *err)
{
	int r;

	if (len > IMAGE_DOC_MAX)
		return too_large("manifest", len, err);
	r = json_decode_text(text, len, &image_manifest_shape, 0, a, ret, err);
	if (r == 0)
		r = check_type(&ret->media_type, announced, MEDIA_MANIFEST, MEDIA_OCI_MANIFEST, ret->schema_version, a, err);
	if (r < 0)
		return r;
	if (!ret->config)
		return err_set(err, ERR_INVALID, "manifest without a config");
	if (ret->layers.len > IMAGE_LAYERS_MAX)
		return err_set(err, ERR_INVALID, "manifest with %zu layers (the limit is %d)", ret->layers.len,
			       IMAGE_LAYERS_MAX);
	r = check_descriptor(ret->config, "config", err);
	if (r == 0 && media_kind(ret->config->media_type) != MEDIA_CONFIG)
		r = err_set(err, ERR_INVALID, "not an image: its config has the media type \"%.100s\"",
			    ret->config->media_type ? ret->config->media_type : "");
	for (size_t i = 0; r == 0 && i < ret->layers.len; i++) {
		const struct image_descriptor *d = &ret->layers.items[i];

		r = check_descriptor(d, "layer", err);
		if (r == 0 && media_kind(d->media_type) != MEDIA_LAYER)
			r = err_set(err, ERR_INVALID, "layer %.80s has an unsupported media type \"%.100s\"", d->digest,
				    d->media_type ? d->media_type : "");
	}
	return r;
}

int image_index_parse(const char *text, size_t len, const char *announced, struct arena *a, struct image_index *ret,
		      struct err *err)
{
	int r;

	if (len > IMAGE_DOC_MAX)
		return too_large("index", len, err);
	r = json_decode_text(text, len, &image_index_shape, 0, a, ret, err);
	if (r == 0)
		r = check_type(&ret->media_type, announced, MEDIA_INDEX, MEDIA_OCI_INDEX, ret->schema_version, a, err);
	for (size_t i = 0; r == 0 && i < ret->manifests.len; i++)
		r = check_descriptor(&ret->manifests.items[i], "manifest", err);
	return r;
}

int image_config_parse(const char *text, size_t len, struct arena *a, struct image_config *ret, struct err *err)
{
	int r;

	if (len > IMAGE_CONFIG_MAX)
		return too_large("image configuration", len, err);
	r = json_decode_text(text, len, &image_config_shape, 0, a, ret, err);
	if (r < 0)
		return r;
	if (!ret->rootfs)
		return err_set(err, ERR_INVALID, "invalid image JSON, no RootFS key");
	if (ret->rootfs->type && strcmp(ret->rootfs->type, "layers") != 0)
		return err_set(err, ERR_INVALID, "unsupported root file system type \"%.100s\"", ret->rootfs->type);
	if (strv_len(ret->rootfs->diff_ids) > IMAGE_LAYERS_MAX)
		return err_set(err, ERR_INVALID, "image with %zu layers (the limit is %d)", strv_len(ret->rootfs->diff_ids),
			       IMAGE_LAYERS_MAX);
	for (char **id = ret->rootfs->diff_ids; id && *id; id++)
		if (!digest_valid(*id))
			return err_set(err, ERR_INVALID, "invalid diff id \"%.100s\"", *id);
	return 0;
}

/* The document is an array, and tables describe objects: it is decoded as the member of one. */
struct archive_wrapper {
	JSON_ARRAY(struct docker_archive_image) images;
};

int docker_archive_parse(const char *text, size_t len, struct arena *a, struct docker_archive_image **ret, size_t *ret_n,
			 struct err *err)
{
	static const struct json_field fields[] = {
		JSON_FIELD("manifest.json", struct archive_wrapper, images, JSON_OBJECTS, .shape = &archive_shape)};
	static const struct json_shape shape = JSON_SHAPE("archive", struct archive_wrapper, fields);
	_cleanup_(json_freep) struct json_object *alone = NULL;
	_cleanup_buf_ struct buf wrapped = BUF_INIT;
	struct archive_wrapper w;
	int r;

	if (len > IMAGE_DOC_MAX)
		return too_large("manifest.json", len, err);
	r = json_parse(text, len, &alone, err); /* one value and nothing behind it */
	if (r < 0)
		return err_wrap(err, "manifest.json");
	buf_adds(&wrapped, "{\"manifest.json\":");
	buf_add(&wrapped, text, len);
	buf_addc(&wrapped, '}');
	r = json_decode_text(wrapped.data, wrapped.len, &shape, 0, a, &w, err);
	if (r < 0)
		return r;
	*ret = w.images.items;
	*ret_n = w.images.len;
	return 0;
}

static void write_descriptor(struct json_writer *w, const struct image_descriptor *d)
{
	json_begin_object(w);
	json_member_string(w, "mediaType", d->media_type);
	json_member_string(w, "digest", d->digest);
	json_member_int(w, "size", d->size);
	json_end_object(w);
}

void image_manifest_write(struct buf *out, const struct image_descriptor *config, const struct image_descriptor *layers,
			  size_t n_layers)
{
	struct json_writer w = {.out = out};

	json_begin_object(&w);
	json_member_int(&w, "schemaVersion", 2);
	json_member_string(&w, "mediaType", MEDIA_OCI_MANIFEST);
	json_key(&w, "config");
	write_descriptor(&w, config);
	json_key(&w, "layers");
	json_begin_array(&w);
	for (size_t i = 0; i < n_layers; i++)
		write_descriptor(&w, &layers[i]);
	json_end_array(&w);
	json_end_object(&w);
}

const char *image_annotation(const struct image_descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->annotations.len; i++)
		if (strcmp(d->annotations.items[i].key, key) == 0)
			return d->annotations.items[i].value;
	return NULL;
}
