/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests, indexes, configurations, manifest.json: what is accepted has checked digests and sizes, and a manifest written
 * from a parsed one parses.
 * Covers: src/codec/image_docs.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "codec/digest.h"
#include "codec/image_docs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

static void manifest(const char *text, size_t len, struct arena *a)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct image_manifest m, again;
	struct err err = {0};

	if (image_manifest_parse(text, len, NULL, a, &m, &err) < 0) {
		must(err.kind != ERR_NONE && err.msg[0]);
		return;
	}
	must(digest_valid(m.config->digest) && m.config->size >= 0);
	for (size_t i = 0; i < m.layers.len; i++)
		must(digest_valid(m.layers.items[i].digest) && m.layers.items[i].size >= 0);
	image_manifest_write(&b, m.config, m.layers.items, m.layers.len);
	must(image_manifest_parse(b.data, b.len, MEDIA_OCI_MANIFEST, a, &again, NULL) == 0);
	must(again.layers.len == m.layers.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *a = arena_new(size & 1 ? 8192 + size : 0);
	const char *text = (const char *)data;
	struct docker_archive_image *images;
	struct image_config config;
	struct image_index index;
	size_t n;

	if (!(size & 1))
		manifest(text, size, a);
	if (image_index_parse(text, size, NULL, a, &index, NULL) == 0)
		for (size_t i = 0; i < index.manifests.len; i++)
			must(digest_valid(index.manifests.items[i].digest));
	if (image_config_parse(text, size, a, &config, NULL) == 0)
		for (char **id = config.rootfs->diff_ids; id && *id; id++)
			must(digest_valid(*id));
	if (docker_archive_parse(text, size, a, &images, &n, NULL) == 0)
		for (size_t i = 0; i < n; i++)
			must(images[i].config != NULL);
	return 0;
}
