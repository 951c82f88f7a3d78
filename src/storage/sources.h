/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages that bytes go through on their way into the store: a file or a caller's read function at the bottom,
 * decompression, then digest and limits. Each is a struct the caller owns; its `source` member is what the next stage
 * takes. Buffers are 256 KB, one per stage that needs one.
 */
#ifndef LIGHTER_STORAGE_SOURCES_H
#define LIGHTER_STORAGE_SOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "codec/byte_source.h"
#include "codec/digest.h"

#define SOURCE_BUFFER (256 * 1024)

/* Reads a descriptor (borrowed) from its offset 0, whatever its file offset is. */
struct file_source {
	struct byte_source source;
	int fd;
	uint64_t offset;
	char *buffer;
	void (*tick)(void *arg, uint64_t offset); /* tells how far it is; may be NULL */
	void *tick_arg;
};
void file_source_init(struct file_source *f, int fd);
void file_source_done(struct file_source *f);

/* Reads by a function like read(2): bytes, 0 at the end, -errno. */
struct read_source {
	struct byte_source source;
	ssize_t (*read)(void *arg, void *bytes, size_t len);
	void *arg;
	bool ended;
	uint64_t total; /* bytes so far */
	char *buffer;
};
void read_source_init(struct read_source *r, ssize_t (*read)(void *arg, void *bytes, size_t len), void *arg);
void read_source_done(struct read_source *r);

/* Hashes and counts what passes. `hash` false: counts only. */
struct digest_source {
	struct byte_source source;
	struct byte_source below;
	struct digest_stream *digest; /* NULL: not hashed */
	uint64_t total;
};
void digest_source_init(struct digest_source *d, struct byte_source below, bool hash);
void digest_source_done(struct digest_source *d);

#endif
