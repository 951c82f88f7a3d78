/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the last run or a power cut left behind, at start. A row of another boot was published and perhaps never reached the
 * disk: its blob is hashed again, its layer unpacked again; what doesn't hold is dropped with a line in the log, and so is
 * a row whose file is missing. A file without a row was published by half, and goes to trash/ with all of tmp/.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "storage/storage_internal.h"

static bool is_foreign(struct storage *s, struct sqlite3_stmt *stmt, int column)
{
	const char *boot = (const char *)sqlite3_column_text(stmt, column);

	return boot && strcmp(boot, s->boot_id) != 0;
}

static void note_sequence(struct storage *s, struct sqlite3_stmt *stmt, int column)
{
	uint64_t sequence = (uint64_t)sqlite3_column_int64(stmt, column);

	s->sequence = MAX(s->sequence, sequence);
}

static int blob_row(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	struct storage *s = arg;
	const char *digest = (const char *)sqlite3_column_text(stmt, 0);

	note_sequence(s, stmt, 3);
	if (digest_valid(digest))
		blob_insert(s, digest, (uint64_t)sqlite3_column_int64(stmt, 1), is_foreign(s, stmt, 2));
	return 0;
}

static void copy_column(char *to, struct sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	snprintf(to, DIGEST_TEXT_MAX, "%s", text ? text : "");
}

static int layer_row(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	struct storage *s = arg;
	struct layer *l = xcalloc(1, sizeof(*l));

	l->number = (uint64_t)sqlite3_column_int64(stmt, 0);
	copy_column(l->chain, stmt, 1);
	copy_column(l->diff, stmt, 2);
	copy_column(l->parent_chain, stmt, 3);
	copy_column(l->archive, stmt, 4);
	l->size_bytes = (uint64_t)sqlite3_column_int64(stmt, 5);
	l->foreign_boot = is_foreign(s, stmt, 6);
	note_sequence(s, stmt, 7);
	s->next_layer = MAX(s->next_layer, l->number + 1);
	/* In the order of their numbers, parents come first. */
	l->parent = l->parent_chain[0] ? map_get(s->layers, l->parent_chain) : NULL;
	free(map_set(s->layers, l->chain, l));
	return 0;
}

/* Which of them don't hold. */
static void find_bad_blobs(struct storage *s, struct ptr_array *bad)
{
	const char *digest;
	void *value;

	for (size_t pos = 0; map_next(s->blobs, &pos, &digest, &value);) {
		struct blob *b = value;
		struct err err = {0};

		if (faccessat(s->blobs_fd, digest_hex(digest), F_OK, 0) < 0) {
			log_warn("blob %s is missing from the data root; it is forgotten", digest);
		} else if (b->foreign_boot && blob_verify(s, digest, &err) < 0) {
			log_warn("%s (after a crash of the machine); it is removed", err.msg);
		} else {
			b->foreign_boot = false;
			continue;
		}
		ptr_array_add(bad, b);
	}
}

static int recover_blobs(struct storage *s, struct err *err)
{
	struct ptr_array bad = {0};
	int r = db_read(s->db, "SELECT digest, size, boot, seq FROM blobs", NULL, 0, blob_row, s, err);

	if (r < 0)
		return r;
	find_bad_blobs(s, &bad);
	for (size_t i = 0; r == 0 && i < bad.len; i++)
		r = blob_drop(s, ((struct blob *)bad.items[i])->digest, err);
	ptr_array_done(&bad);
	return r;
}

/* Whether the layer can be used, restored if need be. Its parent was asked before. */
static bool layer_holds(struct storage *s, struct layer *l)
{
	struct err err = {0};
	char name[48];

	if (l->parent_chain[0] && !l->parent) {
		log_warn("layer %s has lost its parent; it is removed", l->chain);
		return false;
	}
	snprintf(name, sizeof(name), "%llu/fs", (unsigned long long)l->number);
	if (!l->foreign_boot && faccessat(s->layers_fd, name, F_OK, 0) == 0)
		return true;
	if (layer_restore(s, l, &err) == 0) {
		log_info("layer %s was unpacked again", l->chain);
		return true;
	}
	log_warn("layer %s is not whole and can't be made again (%s); it is removed", l->chain, err.msg);
	return false;
}

static struct layer *layer_numbered_from(struct storage *s, uint64_t number)
{
	struct layer *found = NULL;
	void *value;

	for (size_t pos = 0; map_next(s->layers, &pos, NULL, &value);) {
		struct layer *l = value;

		if (l->number >= number && (!found || l->number < found->number))
			found = l;
	}
	return found;
}

static void forget_parent(struct storage *s, const struct layer *gone)
{
	void *value;

	for (size_t pos = 0; map_next(s->layers, &pos, NULL, &value);)
		if (((struct layer *)value)->parent == gone)
			((struct layer *)value)->parent = NULL;
}

static int recover_layers(struct storage *s, struct err *err)
{
	struct layer *l;
	int r;

	s->next_layer = 1;
	r = db_read(s->db, "SELECT number, chain, diff, parent, archive, size, boot, seq FROM layers ORDER BY number", NULL, 0,
		    layer_row, s, err);
	for (uint64_t number = 0; r == 0 && (l = layer_numbered_from(s, number));) {
		number = l->number + 1;
		if (layer_holds(s, l))
			continue;
		forget_parent(s, l);
		r = layer_drop(s, l, err);
	}
	return r;
}

static bool blob_is_known(struct storage *s, const char *name)
{
	char digest[DIGEST_TEXT_MAX];

	snprintf(digest, sizeof(digest), "sha256:%.64s", name);
	return digest_is_hex(name) && map_get(s->blobs, digest);
}

static bool layer_is_known(struct storage *s, const char *name)
{
	void *value;
	char number[32];

	for (size_t pos = 0; map_next(s->layers, &pos, NULL, &value);) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)((struct layer *)value)->number);
		if (strcmp(number, name) == 0)
			return true;
	}
	return false;
}

static bool container_is_known(struct storage *s, const char *name)
{
	char holder[300];

	snprintf(holder, sizeof(holder), "container:%s", name);
	return map_get(s->holders, holder) != NULL;
}

static bool is_known_never(struct storage *s, const char *name)
{
	return false;
}

static int trash_unknown(struct storage *s, int dirfd, bool (*is_known)(struct storage *, const char *), struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		r = err_sys(err, errno, "list a directory of the data root");
		fd_close(fd);
		return r;
	}
	while (r == 0 && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 && !is_known(s, d->d_name))
			r = storage_trash(s, dirfd, d->d_name, err);
	closedir(dir);
	return r;
}

int storage_recover(struct storage *s, struct err *err)
{
	int r = recover_blobs(s, err);

	if (r == 0)
		r = recover_layers(s, err);
	if (r == 0)
		r = trash_unknown(s, s->blobs_fd, blob_is_known, err);
	if (r == 0)
		r = trash_unknown(s, s->layers_fd, layer_is_known, err);
	if (r == 0)
		r = trash_unknown(s, s->containers_fd, container_is_known, err);
	if (r == 0)
		r = trash_unknown(s, s->tmp_fd, is_known_never, err);
	if (r == 0)
		r = storage_collect(s, NULL, err);
	s->trash_waits = true; /* what the last run did not get to */
	s->sync_waits = s->sequence > 0;
	return r;
}
