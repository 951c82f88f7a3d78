/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers: a chain id is a row and a directory layers/NUMBER/fs. Unpacked under tmp/ with no lock held, digest on the way,
 * then renamed and entered. Numbers only grow, so a parent's is always the smaller one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "storage/decompress.h"
#include "storage/sources.h"
#include "storage/storage_internal.h"
#include "storage/unpack.h"

struct layer *layer_find(struct storage *s, const char *chain_id)
{
	struct layer *l;

	pthread_mutex_lock(&s->lock);
	l = map_get(s->layers, chain_id);
	pthread_mutex_unlock(&s->lock);
	return l;
}

bool layer_exists(struct storage *s, const char *chain_id)
{
	return layer_find(s, chain_id) != NULL;
}

struct below {
	struct storage *s;
	const struct layer *top;
};

static int open_below(void *arg, const char *path)
{
	struct below *b = arg;

	return chain_open(b->s, b->top, path);
}

static int check_diff(const struct layer_source *from, const char *diff, struct err *err)
{
	if (!from->expected_diff_id || strcmp(from->expected_diff_id, diff) == 0)
		return 0;
	return err_set(err, ERR_INVALID, "the archive's digest is %s, not %s", diff, from->expected_diff_id);
}

/* The archive into the tree tmp/NAME/fs. ret_diff: digest of the plain archive. */
static int unpack_to(struct storage *s, const char *tmp_name, const struct layer *parent, const struct layer_source *from,
		     char ret_diff[DIGEST_TEXT_MAX], uint64_t *ret_size, struct err *err)
{
	_cleanup_(file_source_done) struct file_source file = {0};
	_cleanup_(digest_source_done) struct digest_source plain = {0};
	_cleanup_(decompress_closep) struct decompress *d = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct below below = {s, parent};
	struct unpack_lower lower = {open_below, &below};
	char path[TMP_NAME_MAX + 8];
	bool known;
	int r;

	snprintf(path, sizeof(path), "%s/fs", tmp_name);
	fd = file_open_dir_at(s->tmp_fd, path, true, 0755);
	if (fd < 0)
		return err_sys(err, fd, "make a layer's directory");
	file_source_init(&file, from->archive_fd);
	file.tick = from->tick;
	file.tick_arg = from->tick_arg;
	r = decompress_open(file.source, &d, err);
	if (r < 0)
		return r;
	/* A plain archive that is a blob was hashed when it came in. */
	known = from->archive_digest && decompress_kind(d) == COMPRESSION_NONE;
	if (known) {
		snprintf(ret_diff, DIGEST_TEXT_MAX, "%s", from->archive_digest);
		r = check_diff(from, ret_diff, err);
		if (r < 0)
			return r;
	}
	digest_source_init(&plain, decompress_source(d), !known);
	r = unpack_layer(plain.source, fd, parent ? &lower : NULL, ret_size, err);
	if (r < 0 || known)
		return r;
	digest_stream_finish(plain.digest, ret_diff);
	return check_diff(from, ret_diff, err);
}

static int write_row(struct storage *s, const struct layer *l, struct err *err)
{
	struct db_statement st = {
		.sql = "INSERT INTO layers (number, chain, diff, parent, archive, size, boot, seq) VALUES (?, ?, ?, ?, ?, ?, "
		       "?, ?)",
		.values = {DB_VALUE_INT((int64_t)l->number), DB_VALUE_TEXT(l->chain), DB_VALUE_TEXT(l->diff),
			   DB_VALUE_TEXT(l->parent_chain), DB_VALUE_TEXT(l->archive), DB_VALUE_INT((int64_t)l->size_bytes),
			   DB_VALUE_TEXT(s->boot_id)},
		.n_values = 8,
	};

	pthread_mutex_lock(&s->lock);
	st.values[7] = DB_VALUE_INT((int64_t)++s->sequence);
	pthread_mutex_unlock(&s->lock);
	return db_write(s->db, &st, 1, false, err);
}

/* `change` is held. Consumes nothing when the chain is there by now. */
static int publish(struct storage *s, struct layer **layer, const char *tmp_name, struct err *err)
{
	struct layer *l = *layer;
	char name[32];
	int r;

	if (layer_exists(s, l->chain))
		return 0;
	/* The parent may have been collected while this was unpacked. */
	if (l->parent_chain[0] && !(l->parent = layer_find(s, l->parent_chain)))
		return err_set(err, ERR_NOT_FOUND, "layer %s is not in the store", l->parent_chain);
	l->number = s->next_layer++;
	snprintf(name, sizeof(name), "%llu", (unsigned long long)l->number);
	if (renameat(s->tmp_fd, tmp_name, s->layers_fd, name) < 0)
		return err_sys(err, errno, "put layer %s in place", l->chain);
	r = write_row(s, l, err);
	if (r < 0) {
		int undo = storage_trash(s, s->layers_fd, name, NULL);

		return undo < 0 ? undo : r;
	}
	pthread_mutex_lock(&s->lock);
	map_set(s->layers, l->chain, TAKE(*layer));
	pthread_mutex_unlock(&s->lock);
	storage_sync_later(s);
	return 0;
}

/* The chain is there: only what the archive is has to be found out, when it isn't known. */
static int verify_only(const struct layer_source *from, char ret_diff[DIGEST_TEXT_MAX], struct err *err)
{
	_cleanup_(file_source_done) struct file_source file = {0};
	_cleanup_(digest_source_done) struct digest_source plain = {0};
	_cleanup_(decompress_closep) struct decompress *d = NULL;
	const void *bytes;
	size_t len;
	int r;

	file_source_init(&file, from->archive_fd);
	r = decompress_open(file.source, &d, err);
	if (r < 0)
		return r;
	if (from->archive_digest && decompress_kind(d) == COMPRESSION_NONE) {
		snprintf(ret_diff, DIGEST_TEXT_MAX, "%s", from->archive_digest);
	} else {
		digest_source_init(&plain, decompress_source(d), true);
		while ((r = plain.source.next(&plain, &bytes, &len, err)) > 0)
			;
		if (r < 0)
			return r;
		digest_stream_finish(plain.digest, ret_diff);
	}
	return check_diff(from, ret_diff, err);
}

static int add_new(struct storage *s, struct layer **layer, const struct layer *parent, const struct layer_source *from,
		   struct err *err)
{
	struct layer *l = *layer;
	char tmp_name[TMP_NAME_MAX];
	int r;

	storage_tmp_name(tmp_name);
	r = unpack_to(s, tmp_name, parent, from, l->diff, &l->size_bytes, err);
	if (r == 0) {
		digest_chain(l->parent_chain, l->diff, l->chain);
		pthread_mutex_lock(&s->change);
		r = publish(s, layer, tmp_name, err);
		pthread_mutex_unlock(&s->change);
	}
	/* Deleted here and now: after a failure the data root looks as before. */
	if (*layer) {
		int undo = file_remove_tree_at(s->tmp_fd, tmp_name);

		if (r == 0 && undo < 0)
			r = err_sys(err, undo, "remove a layer's directory");
	}
	return r;
}

/* *layer is empty afterwards unless somebody else was quicker; its names are right either way. */
static int add_or_verify(struct storage *s, struct layer **layer, const struct layer *parent, const struct layer_source *from,
			 struct err *err)
{
	struct layer *l = *layer, *there;

	if (from->expected_diff_id) {
		digest_chain(l->parent_chain, from->expected_diff_id, l->chain);
		there = layer_find(s, l->chain);
		if (there)
			return verify_only(from, l->diff, err);
	}
	return add_new(s, layer, parent, from, err);
}

int layer_add(struct storage *s, const struct layer_source *from, char ret_diff_id[DIGEST_TEXT_MAX],
	      char ret_chain_id[DIGEST_TEXT_MAX], uint64_t *ret_size_bytes, struct err *err)
{
	struct layer *parent = from->parent_chain ? layer_find(s, from->parent_chain) : NULL, *there;
	struct layer *l;

	int r;

	if (from->parent_chain && !parent)
		return err_set(err, ERR_NOT_FOUND, "layer %s is not in the store", from->parent_chain);
	l = xcalloc(1, sizeof(*l));
	snprintf(l->parent_chain, sizeof(l->parent_chain), "%s", from->parent_chain ? from->parent_chain : "");
	snprintf(l->archive, sizeof(l->archive), "%s", from->archive_digest ? from->archive_digest : "");
	there = l;
	r = add_or_verify(s, &l, parent, from, err);
	if (r == 0) {
		memcpy(ret_diff_id, there->diff, DIGEST_TEXT_MAX);
		memcpy(ret_chain_id, there->chain, DIGEST_TEXT_MAX);
		*ret_size_bytes = layer_find(s, ret_chain_id)->size_bytes;
	}
	free(l);
	return r;
}

int layer_unpack(struct storage *s, const char *parent_chain, int archive_fd, const char *expected_diff_id,
		 char ret_diff_id[DIGEST_TEXT_MAX], char ret_chain_id[DIGEST_TEXT_MAX], uint64_t *ret_size_bytes,
		 struct err *err)
{
	struct layer_source from = {
		.parent_chain = parent_chain, .archive_fd = archive_fd, .expected_diff_id = expected_diff_id};

	return layer_add(s, &from, ret_diff_id, ret_chain_id, ret_size_bytes, err);
}

int layer_drop(struct storage *s, struct layer *layer, struct err *err)
{
	struct db_statement st = {
		.sql = "DELETE FROM layers WHERE number = ?", .values = {DB_VALUE_INT((int64_t)layer->number)}, .n_values = 1};
	char name[32];
	int r = db_write(s->db, &st, 1, false, err);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%llu", (unsigned long long)layer->number);
	pthread_mutex_lock(&s->lock);
	map_remove(s->layers, layer->chain);
	pthread_mutex_unlock(&s->lock);
	free(layer);
	return storage_trash(s, s->layers_fd, name, err);
}

static int replace_tree(struct storage *s, const struct layer *l, const char *tmp_name, struct err *err)
{
	char name[32];
	int r;

	snprintf(name, sizeof(name), "%llu", (unsigned long long)l->number);
	r = storage_trash(s, s->layers_fd, name, err);
	if (r == 0 && renameat(s->tmp_fd, tmp_name, s->layers_fd, name) < 0)
		r = err_sys(err, errno, "put layer %s in place", l->chain);
	return r;
}

int layer_restore(struct storage *s, struct layer *l, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct layer_source from = {.expected_diff_id = l->diff, .archive_digest = l->archive};
	struct db_statement st = {.sql = "UPDATE layers SET boot = ? WHERE number = ?",
				  .values = {DB_VALUE_TEXT(s->boot_id), DB_VALUE_INT((int64_t)l->number)},
				  .n_values = 2};
	char tmp_name[TMP_NAME_MAX], diff[DIGEST_TEXT_MAX];
	uint64_t size;
	int r;

	if (!l->archive[0])
		return err_set(err, ERR_NOT_FOUND, "layer %s has no archive to unpack it from again", l->chain);
	fd = blob_open(s, l->archive, NULL, err);
	if (fd < 0)
		return fd;
	from.archive_fd = fd;
	storage_tmp_name(tmp_name);
	r = unpack_to(s, tmp_name, l->parent, &from, diff, &size, err);
	if (r == 0)
		r = replace_tree(s, l, tmp_name, err);
	if (r == 0)
		r = db_write(s->db, &st, 1, false, err);
	if (r < 0) {
		int undo = storage_trash(s, s->tmp_fd, tmp_name, NULL);

		return undo < 0 ? undo : r;
	}
	l->foreign_boot = false;
	return 0;
}
