/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image archive as it comes in: every file of it goes to tmp/ and is hashed on the way; links are kept as names. What
 * the archive calls its files is only ever looked up in a map, never given to the file system, so no name can lead
 * anywhere. Published as blobs is later only what the manifest asks for.
 */
#ifndef LIGHTER_STORAGE_ARCHIVE_SPOOL_H
#define LIGHTER_STORAGE_ARCHIVE_SPOOL_H

#include "codec/byte_source.h"
#include "storage/storage_internal.h"

#define SPOOL_ENTRIES_MAX 20000

struct spool_file {
	char *name;                 /* clean: "blobs/sha256/..." */
	char *link;                 /* clean name it stands for, or NULL */
	struct blob_writer *writer; /* finished; NULL once published */
	char digest[DIGEST_TEXT_MAX];
	uint64_t size;
};

struct spool {
	struct storage *s;
	struct map *files; /* name -> struct spool_file */
};

void spool_init(struct spool *p, struct storage *s);
/* Removes what was not published. */
void spool_done(struct spool *p);

/* Reads the tar to the end of `source`. A file named blobs/sha256/HEX has to be what its name says. */
int spool_read(struct spool *p, struct byte_source source, struct err *err) _must_check_;

/* The file by its name in the archive, links followed; NULL when there is none. */
struct spool_file *spool_find(const struct spool *p, const char *name);
/* As spool_find, with Docker's "open NAME: no such file or directory" (ERR_INVALID). */
int spool_need(const struct spool *p, const char *name, struct spool_file **ret, struct err *err) _must_check_;

/* A read-only fd; the caller's. */
int spool_open(struct spool *p, const struct spool_file *f, struct err *err) _must_check_;
int spool_text(struct spool *p, const struct spool_file *f, size_t max_bytes, struct buf *out, struct err *err) _must_check_;

/* Makes it a blob of the store, kept by `holder`. */
int spool_publish(struct spool *p, struct spool_file *f, const char *holder, struct err *err) _must_check_;

#endif
