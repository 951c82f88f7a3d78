/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI image layout in an archive: index.json, nested indexes (the entry for this machine), manifests. What is no image
 * (artifacts, attestations) is passed over. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "storage/archive_internal.h"

#define NESTING_MAX 4

static struct spool_file *blob_file(struct load *l, const char *digest)
{
	char name[DIGEST_TEXT_MAX + 16];

	snprintf(name, sizeof(name), "blobs/sha256/%.64s", digest_hex(digest));
	return spool_find(&l->spool, name);
}

static int need_blob(struct load *l, const struct image_descriptor *d, struct spool_file **ret, struct err *err)
{
	*ret = blob_file(l, d->digest);
	if (!*ret)
		return err_set(err, ERR_INVALID, "blob %s is not in the archive", d->digest);
	if ((*ret)->size != (uint64_t)d->size)
		return err_set(err, ERR_INVALID, "blob %s: size mismatch: it has %llu bytes, its descriptor says %lld",
			       d->digest, (unsigned long long)(*ret)->size, (long long)d->size);
	return 0;
}

static const char *own_architecture(void)
{
	static const char *const names[][2] = {{"x86_64", "amd64"},    {"aarch64", "arm64"}, {"armv7l", "arm"},
					       {"ppc64le", "ppc64le"}, {"s390x", "s390x"},   {"riscv64", "riscv64"}};
	static _Thread_local struct utsname u;

	if (uname(&u) < 0)
		return "amd64";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(u.machine, names[i][0]) == 0)
			return names[i][1];
	return u.machine;
}

static bool runs_here(const struct image_platform *p)
{
	if (!p || !p->os || !p->architecture)
		return true;
	return strcmp(p->os, "linux") == 0 && strcmp(p->architecture, own_architecture()) == 0;
}

/* Docker's annotation has the whole name; the specification's may be a whole name or a bare tag, which names nothing. */
static const char *name_of(const struct image_descriptor *d)
{
	const char *name = image_annotation(d, "io.containerd.image.name");

	if (name)
		return name;
	name = image_annotation(d, "org.opencontainers.image.ref.name");
	return name && strpbrk(name, "/:") ? name : NULL;
}

static int parse_manifest(struct load *l, const struct spool_file *f, const char *announced, struct image_manifest *ret,
			  struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = spool_text(&l->spool, f, IMAGE_DOC_MAX, &text, err);

	return r < 0 ? r : image_manifest_parse(text.data, text.len, announced, l->arena, ret, err);
}

static int add_image(struct load *l, const struct image_descriptor *d, const char *name, struct err *err)
{
	struct archive_image image = {0};
	struct archive_image *images = arena_array(l->arena, l->n_images + 1, sizeof(*images));
	struct image_manifest m;
	int r = need_blob(l, d, &image.manifest, err);

	if (r == 0)
		r = parse_manifest(l, image.manifest, d->media_type, &m, err);
	if (r == 0)
		r = need_blob(l, m.config, &image.config, err);
	if (r < 0)
		return err_wrap(err, "manifest %s", d->digest);
	image.n_layers = m.layers.len;
	image.layers = arena_array(l->arena, m.layers.len + 1, sizeof(*image.layers));
	image.repo_tags = arena_array(l->arena, 2, sizeof(char *));
	if (!images || !image.layers || !image.repo_tags)
		return err_set(err, ERR_TOO_LARGE, "the archive's documents are too large");
	for (size_t i = 0; i < m.layers.len; i++) {
		r = need_blob(l, &m.layers.items[i], &image.layers[i], err);
		if (r < 0)
			return err_wrap(err, "manifest %s", d->digest);
	}
	image.repo_tags[0] = arena_strdup(l->arena, name);
	if (l->n_images > 0)
		memcpy(images, l->images, l->n_images * sizeof(*images));
	images[l->n_images++] = image;
	l->images = images;
	return 0;
}

static int add_index(struct load *l, const struct spool_file *f, const char *announced, const char *name, int depth,
		     struct err *err);

static int add_descriptor(struct load *l, const struct image_descriptor *d, const char *name, int depth, struct err *err)
{
	struct spool_file *f;
	int r;

	switch (media_kind(d->media_type)) {
	case MEDIA_MANIFEST:
		return add_image(l, d, name, err);
	case MEDIA_INDEX:
		if (depth == NESTING_MAX)
			return err_set(err, ERR_INVALID, "indexes nested too deep");
		r = need_blob(l, d, &f, err);
		return r < 0 ? r : add_index(l, f, d->media_type, name, depth + 1, err);
	case MEDIA_SCHEMA1:
		return err_set(err, ERR_INVALID, "manifest %s: schema 1 is not supported", d->digest);
	default:
		return 0;
	}
}

/* Of the outermost index every image; of a nested one, which is one image for several machines, this machine's. */
static int add_index(struct load *l, const struct spool_file *f, const char *announced, const char *name, int depth,
		     struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct image_index index;
	int r = spool_text(&l->spool, f, IMAGE_DOC_MAX, &text, err);

	if (r == 0)
		r = image_index_parse(text.data, text.len, announced, l->arena, &index, err);
	if (r < 0)
		return err_wrap(err, "%.100s", f->name);
	for (size_t i = 0; i < index.manifests.len; i++) {
		const struct image_descriptor *d = &index.manifests.items[i];
		size_t before = l->n_images;

		if (image_annotation(d, "vnd.docker.reference.type") || !runs_here(d->platform))
			continue;
		r = add_descriptor(l, d, depth == 0 ? name_of(d) : name, depth, err);
		if (r < 0)
			return r;
		if (depth > 0 && l->n_images > before)
			return 0;
	}
	return depth == 0 ? 0 : err_set(err, ERR_NOT_FOUND, "%.100s has no image for linux/%s", f->name, own_architecture());
}

int archive_find_oci(struct load *l, const struct spool_file *index, struct err *err)
{
	int r = add_index(l, index, NULL, NULL, 0, err);

	if (r == 0 && l->n_images == 0)
		return err_set(err, ERR_INVALID, "the archive has no image for linux/%s", own_architecture());
	return r;
}

struct spool_file *archive_manifest_of(struct load *l, const struct spool_file *config)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct spool_file *f = spool_find(&l->spool, "index.json");
	struct image_index index;

	if (!f || spool_text(&l->spool, f, IMAGE_DOC_MAX, &text, NULL) < 0)
		return NULL;
	if (image_index_parse(text.data, text.len, NULL, l->arena, &index, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < index.manifests.len; i++) {
		const struct image_descriptor *d = &index.manifests.items[i];
		struct spool_file *manifest = blob_file(l, d->digest);
		struct image_manifest m;

		if (manifest && media_kind(d->media_type) == MEDIA_MANIFEST &&
		    parse_manifest(l, manifest, d->media_type, &m, NULL) == 0 && strcmp(m.config->digest, config->digest) == 0)
			return manifest;
	}
	return NULL;
}
