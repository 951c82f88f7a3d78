/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar archives. The reader takes v7, ustar, GNU (long names, base-256 numbers, sparse), star and PAX (times to the
 * nanosecond, SCHILY.xattr, GNU sparse 0.0, 0.1 and 1.0); global PAX headers are read over, as Docker does. It trusts no
 * number: headers are capped at TAR_META_MAX, and a sparse map has to be ordered, inside the file and as long as the
 * bytes that follow. It says nothing about where names lead: that is for whoever makes files of them.
 *
 * The writer makes ustar, with a PAX header in front only where ustar can't say it.
 */
#ifndef LIGHTER_CODEC_TAR_H
#define LIGHTER_CODEC_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/byte_source.h"

#define TAR_BLOCK 512
#define TAR_META_MAX (1024 * 1024) /* bytes of one entry's PAX header, long name or sparse map */

enum tar_type {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCK_DEVICE = '4',
	TAR_DIRECTORY = '5',
	TAR_FIFO = '6',
};

struct tar_xattr {
	const char *name;
	const void *value;
	size_t len;
};

/* Strings and arrays are borrowed from the reader until its next entry. */
struct tar_entry {
	enum tar_type type;
	const char *name; /* as it stands in the archive, perhaps with a leading "./" or a trailing '/' */
	const char *link_name;
	uint32_t mode; /* permission bits with setuid, setgid and sticky */
	uint64_t uid, gid;
	uint64_t size; /* of the file, holes included; 0 for what has no content */
	int64_t mtime_s;
	uint32_t mtime_ns;
	uint32_t major, minor;
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
	bool sparse; /* pieces of tar_reader_data leave holes between them */
};

/* ---- reading ---- */

struct tar_reader;

/* `source` is copied; its argument is borrowed. Memory: about 3 KB, and what the largest header needs. */
struct tar_reader *tar_reader_new(struct byte_source source);
void tar_reader_free(struct tar_reader *r);
DEFINE_CLEANUP(struct tar_reader *, tar_reader_free)

/*
 * Goes to the next entry, over what is left of the present one. 1, or 0 at the archive's end (two zero blocks, or the
 * source's end between entries; what follows stays in the source). ERR_INVALID when it isn't a tar archive.
 */
int tar_reader_next(struct tar_reader *r, struct tar_entry *ret, struct err *err) _must_check_;

/* The next piece of the entry's content and where it belongs in the file: 1; 0 when there is no more. */
int tar_reader_data(struct tar_reader *r, const void **ret_bytes, size_t *ret_len, uint64_t *ret_offset,
		    struct err *err) _must_check_;

/* After the end: what the source still has, piece by piece, for whoever hashes all of it. 1, 0 at the source's end. */
int tar_reader_rest(struct tar_reader *r, size_t *ret_len, struct err *err) _must_check_;

/* Whether a first block could be a tar header (its checksum holds), or is the zero block of an empty archive. */
bool tar_looks_like(const void *block, size_t len);

/* ---- writing ---- */

/*
 * Appends the header of an entry (a PAX header in front where needed). The content is the caller's to append, then
 * tar_write_padding. ERR_INVALID when a name is empty or longer than TAR_META_MAX.
 */
int tar_write_header(struct buf *out, const struct tar_entry *entry, struct err *err) _must_check_;
void tar_write_padding(struct buf *out, uint64_t size);
void tar_write_end(struct buf *out);

#endif
