/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs, layers and the writable directories of containers. Knows digests and chains, nothing of tags or containers'
 * configurations: who needs something holds a reference (a row: who, what), and what nobody references is collected.
 * "Absent or whole": everything is made under tmp/ and renamed.
 *
 * Thread-safe; calls that read or write much block and belong on the worker pool.
 */
#ifndef LIGHTER_STORAGE_STORAGE_H
#define LIGHTER_STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/digest.h"
#include "storage/db.h"

struct storage;

/* Opens content/, layers/, containers/, tmp/, trash/ below the data root (made 0710/0700), empties tmp/ and trash/. */
int storage_open(int data_root_fd, struct db *db, struct storage **ret, struct err *err) _must_check_;
void storage_close(struct storage *s);

/* ---- blobs ---- */

struct blob_writer;
/* `expected` NULL: any digest; else a mismatch is ERR_INVALID at commit. `max_bytes` 0: no limit. */
int blob_begin(struct storage *s, const char *expected, uint64_t max_bytes, struct blob_writer **ret,
	       struct err *err) _must_check_;
int blob_write(struct blob_writer *w, const void *bytes, size_t len, struct err *err) _must_check_;
/* Consumes `w` either way. */
int blob_commit(struct blob_writer *w, char ret_digest[DIGEST_TEXT_MAX], struct err *err) _must_check_;
void blob_abort(struct blob_writer *w);
/* A read-only fd or -errno; *ret_size may be NULL. */
int blob_open(struct storage *s, const char *digest, uint64_t *ret_size, struct err *err) _must_check_;
int blob_read(struct storage *s, const char *digest, size_t max_bytes, struct buf *out, struct err *err) _must_check_;

/* ---- layers: unpacked trees, addressed by chain id ---- */

/*
 * Unpacks a layer archive (plain, gzip or zstd; found out by its first bytes) on top of `parent_chain` (NULL: a base
 * layer). Does nothing but verify when the chain is there already. ret_diff_id: digest of the uncompressed archive;
 * `expected_diff_id` may be NULL.
 */
int layer_unpack(struct storage *s, const char *parent_chain, int archive_fd, const char *expected_diff_id,
		 char ret_diff_id[DIGEST_TEXT_MAX], char ret_chain_id[DIGEST_TEXT_MAX], uint64_t *ret_size_bytes,
		 struct err *err) _must_check_;
bool layer_exists(struct storage *s, const char *chain_id);

/* References: `holder` ("image:sha256:...", "container:ID", "lease:X") keeps `what` ("blob:...", "layer:CHAIN" and parents). */
int storage_reference_add(struct storage *s, const char *holder, const char *what, struct err *err) _must_check_;
int storage_reference_drop_all(struct storage *s, const char *holder, struct err *err) _must_check_;
/* Removes what nobody references; into trash/, deleted in the background. */
int storage_collect(struct storage *s, uint64_t *ret_freed_bytes, struct err *err) _must_check_;

/* ---- images, as documents ---- */

/* What an archive brought in, in the archive's order. All strings in the arena. */
struct loaded_image {
	char *config_digest;   /* the image's Id */
	char *manifest_digest; /* of the manifest stored (the archive's own, or one made for it) */
	char **repo_tags;      /* normalised "docker.io/library/x:tag"; may be empty */
	char **chain_ids;      /* one per layer, base first */
	uint64_t size_bytes;   /* unpacked */
};

/* Tells progress: one JSON message of Docker's stream ({"stream":...} or {"status":...,"progressDetail":...}). May be NULL. */
typedef void (*storage_progress)(void *arg, const char *json);

/*
 * Reads a docker-archive or OCI layout tar (plain or compressed) from `read` (as read(2): bytes, 0 at the end, -errno).
 * Nothing is visible unless everything of it held. Each image's layers are referenced by `holder` until it is dropped.
 */
int storage_load_archive(struct storage *s, ssize_t (*read)(void *arg, void *bytes, size_t len), void *read_arg,
			 const char *holder, storage_progress progress, void *progress_arg, struct arena *a,
			 struct loaded_image **ret_images, size_t *ret_n, struct err *err) _must_check_;

/*
 * A file-system tar becomes a one-layer image with the given configuration object ("config" of an image configuration,
 * JSON text), created now.
 */
int storage_import_archive(struct storage *s, ssize_t (*read)(void *arg, void *bytes, size_t len), void *read_arg,
			   const char *holder, const char *config_json, const char *comment, struct arena *a,
			   struct loaded_image *ret_image, struct err *err) _must_check_;

/* ---- containers ---- */

/* Makes containers/ID/ with upper/ and work/, referencing the chain. Undone by storage_container_remove. */
int storage_container_create(struct storage *s, const char *id, const char *chain_id, struct err *err) _must_check_;

/*
 * The names for an overlay_recipe (topmost first; relative to the layers directory) in the arena, and the two directory
 * fds a shim needs, which are the caller's to close.
 */
int storage_container_recipe(struct storage *s, const char *id, struct arena *a, char ***ret_lower, int *ret_layers_fd,
			     int *ret_container_fd, struct err *err) _must_check_;

/* Renames containers/ID/ into trash/ and deletes in the background; drops its references. Missing is no error. */
int storage_container_remove(struct storage *s, const char *id, struct err *err) _must_check_;

/* Bytes its upper/ holds (SizeRw). */
int storage_container_size(struct storage *s, const char *id, uint64_t *ret_bytes, struct err *err) _must_check_;

/* Reads a file (such as etc/passwd) of a chain without a mount: the topmost layer that has it, whiteouts respected. */
int storage_chain_read_file(struct storage *s, const char *chain_id, const char *path, size_t max_bytes, struct buf *out,
			    struct err *err) _must_check_;

#endif
