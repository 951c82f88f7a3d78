/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images and their names. An image is what its configuration document says (decoded once, when it comes in or the engine
 * opens), its layers' chain, and the names that point at it. The engine's lock guards the registry; an image that is
 * referenced stays as it is, since images never change.
 */
#ifndef LIGHTER_ENGINE_IMAGES_H
#define LIGHTER_ENGINE_IMAGES_H

#include "base/arena.h"
#include "codec/api_docs.h"
#include "engine/instance.h"
#include "storage/storage.h"

struct container;

struct image {
	struct engine *engine;
	struct arena *arena; /* owns everything below */
	char *id;            /* "sha256:..." */
	char *manifest;
	char *created; /* as the document has it; "" when it doesn't */
	char *author, *comment, *docker_version;
	char *architecture, *variant, *os, *os_version;
	struct container_config *config;
	char **diff_ids, **chain_ids; /* base first */
	uint64_t size_bytes;
	int64_t created_unix;
	int refs; /* [lock] */
};

struct image_tag {
	struct image *image; /* borrowed: an image lives as long as it is registered */
	struct timespec updated;
};

struct images {
	struct map *by_id; /* [lock] id -> struct image */
	struct map *tags;  /* [lock] "docker.io/library/x:tag" -> struct image_tag */
};

int images_open(struct engine *e, struct err *err) _must_check_; /* reads the rows */
void images_close(struct engine *e);

/*
 * The image a reference or id means, referenced. ERR_NOT_FOUND "No such image: x:latest", ERR_INVALID for what is no
 * reference (unless `create_words`: then that is not found too). `ret_name` (may be NULL; malloc'ed) is the full name it
 * was found by, NULL when by id.
 */
int images_find(struct engine *e, const char *ref, bool create_words, struct image **ret, char **ret_name,
		struct err *err) _must_check_;
void image_ref_locked(struct image *i);
void image_unref(struct image *i); /* takes the lock */
DEFINE_CLEANUP(struct image *, image_unref)

/* The topmost chain id; NULL for an image without layers. */
const char *image_chain(const struct image *i);

/* Registers what storage brought in, with its names: rows, references, memory, events. */
int images_add(struct engine *e, const struct loaded_image *loaded, struct err *err) _must_check_;

/* Every familiar name of an image ("busybox:1"), sorted; strv. With the lock. */
char **images_names_locked(struct engine *e, const struct image *i);

/* A container that uses it: running ones first; borrowed. NULL for none. With the lock. */
struct container *images_user_locked(struct engine *e, const struct image *i, bool *ret_running, size_t *ret_count);

#endif
