/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of storage/ share: the store itself and the objects in it.
 *
 * Two locks, in this order. `change` is held by whoever adds or removes something (a blob, a layer, a reference, a
 * container's directory), across the rename and the row: so a collection never meets a half-published object. `lock` guards
 * the maps for a few instructions at a time; readers take only that one. Hashing and unpacking happen under neither.
 */
#ifndef LIGHTER_STORAGE_STORAGE_INTERNAL_H
#define LIGHTER_STORAGE_STORAGE_INTERNAL_H

#include <pthread.h>

#include "base/array.h"
#include "base/map.h"
#include "storage/storage.h"

#define TMP_NAME_MAX 40

struct blob {
	char digest[DIGEST_TEXT_MAX];
	uint64_t size;
	bool foreign_boot; /* its row carries another boot's id: not trusted until hashed again */
};

struct layer {
	char chain[DIGEST_TEXT_MAX];
	char diff[DIGEST_TEXT_MAX];
	char parent_chain[DIGEST_TEXT_MAX]; /* "" for a base layer */
	char archive[DIGEST_TEXT_MAX];      /* the blob it was unpacked from, or "" */
	struct layer *parent;
	uint64_t number; /* layers/NUMBER/fs */
	uint64_t size_bytes;
	bool foreign_boot;
};

struct storage {
	struct db *db;
	int root_fd, content_fd, blobs_fd, layers_fd, containers_fd, tmp_fd, trash_fd;
	char boot_id[64];

	pthread_mutex_t change;
	pthread_mutex_t lock;
	struct map *blobs;   /* digest -> struct blob */
	struct map *layers;  /* chain id -> struct layer */
	struct map *holders; /* holder -> struct map of what -> itself */
	uint64_t next_layer; /* never used twice, so that a number in trash/ or in a mount means one thing */
	uint64_t sequence;   /* of what was published last */

	pthread_cond_t wake; /* with `lock`: work for the background thread */
	bool trash_waits, sync_waits, stop, running;
	bool trash_busy;
	pthread_cond_t idle; /* trash/ was emptied */
	pthread_t background;
};

/* ---- storage.c ---- */

/* A fresh name for tmp/ or trash/. */
void storage_tmp_name(char ret_name[TMP_NAME_MAX]);
/* Moves an entry of one of our directories into trash/, to be deleted in the background. Missing is no error. */
int storage_trash(struct storage *s, int dirfd, const char *name, struct err *err) _must_check_;
/* Waits until trash/ is empty: for whoever promises that nothing of a failure is left. */
void storage_trash_wait(struct storage *s);
/* Something was published: rows lose their boot id once it is on disk. */
void storage_sync_later(struct storage *s);

/* ---- background.c ---- */
int storage_background_start(struct storage *s, struct err *err) _must_check_;
void storage_background_stop(struct storage *s);

/* ---- recover.c: what the last run, or a power cut, left behind; called once by storage_open ---- */
int storage_recover(struct storage *s, struct err *err) _must_check_;

/* ---- content.c ---- */

/* Ends writing: the digest is known, nothing is visible yet. */
int blob_finish(struct blob_writer *w, char ret_digest[DIGEST_TEXT_MAX], struct err *err) _must_check_;
uint64_t blob_written(const struct blob_writer *w);
/* An fd of what was written so far, to read it; the caller's. -errno. */
int blob_reopen(struct blob_writer *w, struct err *err) _must_check_;
/* Publishes a finished blob. Consumes `w` either way. */
int blob_publish(struct blob_writer *w, struct err *err) _must_check_;
/* A small document as a blob. */
int blob_put(struct storage *s, const void *bytes, size_t len, char ret_digest[DIGEST_TEXT_MAX], struct err *err) _must_check_;
/* Removes a blob and its row. `change` is held. */
int blob_drop(struct storage *s, const char *digest, struct err *err) _must_check_;
/* Hashes the file: 0 when it is what its name says. */
int blob_verify(struct storage *s, const char *digest, struct err *err) _must_check_;
bool blob_exists(struct storage *s, const char *digest);
void blob_insert(struct storage *s, const char *digest, uint64_t size, bool foreign_boot);

/* ---- layers.c ---- */

struct layer_source {
	const char *parent_chain;                /* NULL: base */
	int archive_fd;                          /* borrowed */
	const char *expected_diff_id;            /* NULL: any */
	const char *archive_digest;              /* the blob's digest when it was hashed already, else NULL */
	void (*tick)(void *arg, uint64_t bytes); /* how much of the archive was read, when it is unpacked; may be NULL */
	void *tick_arg;
};
/* The whole of layer_unpack. */
int layer_add(struct storage *s, const struct layer_source *from, char ret_diff_id[DIGEST_TEXT_MAX],
	      char ret_chain_id[DIGEST_TEXT_MAX], uint64_t *ret_size_bytes, struct err *err) _must_check_;
/* Borrowed; valid while referenced. NULL when there is none. */
struct layer *layer_find(struct storage *s, const char *chain_id);
/* Removes a layer and its row. `change` is held. */
int layer_drop(struct storage *s, struct layer *layer, struct err *err) _must_check_;
/* Unpacks a layer of another boot again, in place. */
int layer_restore(struct storage *s, struct layer *layer, struct err *err) _must_check_;

/* ---- chain.c: the merged view of a chain, without a mount ---- */

/* An O_PATH descriptor of what the chain has at `path` (clean, no symlinks in its directories), or -ENOENT, -errno. */
int chain_open(struct storage *s, const struct layer *top, const char *path) _must_check_;

/* ---- tree_size.c: adds the sizes of the regular files below ---- */
int storage_tree_size(int dir_fd, uint64_t *bytes) _must_check_;

/* ---- references.c ---- */
int references_load(struct storage *s, struct err *err) _must_check_;
void references_free(struct storage *s);
/* The one thing of a kind ("layer:") that a holder keeps, copied; false when there is none. */
bool reference_get(struct storage *s, const char *holder, const char *kind, char *ret, size_t size);

#endif
