/* SPDX-License-Identifier: Apache-2.0 */
/* A file-system archive becomes an image of one layer. The archive is kept as the blob it came as; the configuration is
 * written here, and the rest is what loading an archive does with an image it found. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/timefmt.h"
#include "storage/archive_internal.h"
#include "storage/decompress.h"
#include "storage/sources.h"

static int spool_stream(struct load *l, ssize_t (*read)(void *arg, void *bytes, size_t len), void *read_arg,
			struct spool_file *f, struct err *err)
{
	_cleanup_(read_source_done) struct read_source source = {0};
	const void *bytes;
	size_t len;
	int r = blob_begin(l->s, NULL, 0, &f->writer, err);

	if (r < 0)
		return r;
	read_source_init(&source, read, read_arg);
	while ((r = source.source.next(&source, &bytes, &len, err)) > 0) {
		r = blob_write(f->writer, bytes, len, err);
		if (r < 0)
			return r;
		f->size += len;
	}
	return r < 0 ? r : blob_finish(f->writer, f->digest, err);
}

static const char *architecture(struct utsname *u)
{
	if (uname(u) < 0 || strcmp(u->machine, "x86_64") == 0)
		return "amd64";
	return strcmp(u->machine, "aarch64") == 0 ? "arm64" : u->machine;
}

static void write_config(struct buf *out, const char *config_json, const char *comment, const char *diff_id)
{
	struct json_writer w = {.out = out};
	struct timespec now;
	struct utsname u;
	char created[TIMEFMT_MAX];
	char *diff_ids[] = {(char *)diff_id, NULL};

	clock_gettime(CLOCK_REALTIME, &now);
	timefmt_rfc3339nano(&now, created);
	json_begin_object(&w);
	json_member_string(&w, "architecture", architecture(&u));
	json_member_string(&w, "comment", comment ? comment : "");
	json_key(&w, "config");
	json_raw(&w, config_json && *config_json ? config_json : "{}");
	json_member_string(&w, "created", created);
	json_key(&w, "history");
	json_begin_array(&w);
	json_begin_object(&w);
	json_member_string(&w, "created", created);
	json_member_string(&w, "comment", comment ? comment : "");
	json_end_object(&w);
	json_end_array(&w);
	json_member_string(&w, "os", "linux");
	json_key(&w, "rootfs");
	json_begin_object(&w);
	json_member_string(&w, "type", "layers");
	json_member_strings(&w, "diff_ids", diff_ids);
	json_end_object(&w);
	json_end_object(&w);
}

static int make_config(struct load *l, const char *config_json, const char *comment, const char *diff_id, struct spool_file *f,
		       struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r;

	write_config(&text, config_json, comment, diff_id);
	r = blob_begin(l->s, NULL, 0, &f->writer, err);
	if (r == 0)
		r = blob_write(f->writer, text.data, text.len, err);
	f->size = text.len;
	return r < 0 ? r : blob_finish(f->writer, f->digest, err);
}

/* The digest of the archive without its compression, which names the layer before it is unpacked. */
static int find_diff_id(struct load *l, const struct spool_file *f, char ret[DIGEST_TEXT_MAX], struct err *err)
{
	_cleanup_close_ int fd = spool_open(&l->spool, f, err);
	_cleanup_(file_source_done) struct file_source file = {0};
	_cleanup_(digest_source_done) struct digest_source plain = {0};
	_cleanup_(decompress_closep) struct decompress *d = NULL;
	const void *bytes;
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	file_source_init(&file, fd);
	r = decompress_open(file.source, &d, err);
	if (r < 0)
		return r;
	if (decompress_kind(d) == COMPRESSION_NONE) {
		memcpy(ret, f->digest, DIGEST_TEXT_MAX);
		return 0;
	}
	digest_source_init(&plain, decompress_source(d), true);
	while ((r = plain.source.next(&plain, &bytes, &len, err)) > 0)
		;
	if (r == 0)
		digest_stream_finish(plain.digest, ret);
	return r;
}

static int import(struct load *l, ssize_t (*read)(void *arg, void *bytes, size_t len), void *read_arg, const char *config_json,
		  const char *comment, struct spool_file *layer, struct spool_file *config, struct err *err)
{
	char diff_id[DIGEST_TEXT_MAX];
	int r = spool_stream(l, read, read_arg, layer, err);

	if (r == 0)
		r = find_diff_id(l, layer, diff_id, err);
	if (r == 0)
		r = make_config(l, config_json, comment, diff_id, config, err);
	if (r < 0)
		return err_wrap(err, "import image");
	r = archive_image_unpack(l, 0, err);
	return r < 0 ? r : archive_image_publish(l, 0, err);
}

int storage_import_archive(struct storage *s, ssize_t (*read)(void *arg, void *bytes, size_t len), void *read_arg,
			   const char *holder, const char *config_json, const char *comment, struct arena *a,
			   struct loaded_image *ret_image, struct err *err)
{
	struct spool_file layer = {.name = (char *)"the archive"}, config = {.name = (char *)"the configuration"};
	struct spool_file *layers[] = {&layer};
	struct archive_image image = {.config = &config, .layers = layers, .n_layers = 1};
	struct loaded_image loaded = {0};
	struct load l = {
		.s = s, .holder = holder, .arena = a, .images = &image, .n_images = 1, .loaded = &loaded, .importing = true};
	int r;

	spool_init(&l.spool, s);
	r = import(&l, read, read_arg, config_json, comment, &layer, &config, err);
	blob_abort(layer.writer);
	blob_abort(config.writer);
	spool_done(&l.spool);
	if (r < 0) {
		archive_undo(&l, err);
		return r;
	}
	*ret_image = loaded;
	return 0;
}
