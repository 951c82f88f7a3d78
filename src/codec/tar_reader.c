/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar reader; see tar.h. It pulls pieces from its source and hands content on from them without copying; only
 * headers are copied, since a block may lie across two pieces. Messages use the words of Docker's own reader where
 * tools may look for them ("unexpected EOF", "invalid tar header").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "codec/tar_internal.h"

#define OLD_SPARSE_OFFSET 386
#define OLD_SPARSE_IN_HEADER 4
#define OLD_SPARSE_EXTENDED 482
#define OLD_SPARSE_REAL_SIZE 483
#define OLD_SPARSE_IN_BLOCK 21
#define OLD_SPARSE_MORE 504
#define NUMBER 12

struct tar_reader {
	struct byte_source source;
	const unsigned char *piece; /* what is left of the source's last piece */
	size_t piece_len;
	uint64_t stored_left; /* content of the present entry still in the archive */
	unsigned int padding;
	bool ended;

	bool sparse;
	uint64_t offset; /* in the file, of the next byte of content */
	size_t extent;   /* the one it lies in */
	struct tar_extents map;

	union {
		struct tar_raw raw;
		char bytes[TAR_BLOCK];
	} block;
	char name[sizeof(((struct tar_raw *)0)->prefix) + sizeof(((struct tar_raw *)0)->name) + 2];
	char link_name[sizeof(((struct tar_raw *)0)->link_name) + 1];
	struct buf pax_text, long_name, long_link;
	struct tar_pax pax;
};

static int invalid(struct err *err, const char *why)
{
	return err_set(err, ERR_INVALID, "invalid tar header: %s", why);
}

static int truncated(struct err *err)
{
	return err_set(err, ERR_INVALID, "unexpected EOF in the tar archive");
}

struct tar_reader *tar_reader_new(struct byte_source source)
{
	struct tar_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->source = source;
	r->pax_text = r->long_name = r->long_link = (struct buf)BUF_INIT;
	return r;
}

void tar_reader_free(struct tar_reader *r)
{
	if (!r)
		return;
	buf_done(&r->pax_text);
	buf_done(&r->long_name);
	buf_done(&r->long_link);
	tar_pax_done(&r->pax);
	free(r->map.items);
	free(r);
}

/* 1 when at least one byte is there, 0 at the end. */
static int fill(struct tar_reader *r, struct err *err)
{
	const void *bytes;
	int status;

	if (r->piece_len > 0)
		return 1;
	status = r->source.next(r->source.arg, &bytes, &r->piece_len, err);
	if (status <= 0)
		r->piece_len = 0;
	else
		r->piece = bytes;
	return status;
}

static void consume(struct tar_reader *r, size_t len)
{
	r->piece += len;
	r->piece_len -= len;
}

/* 1, or 0 when the source ended before the first byte. */
static int read_bytes(struct tar_reader *r, char *to, size_t len, struct err *err)
{
	size_t have = 0;

	while (have < len) {
		int status = fill(r, err);
		size_t n;

		if (status < 0)
			return status;
		if (status == 0)
			return have == 0 ? 0 : truncated(err);
		n = MIN(r->piece_len, len - have);
		memcpy(to + have, r->piece, n);
		consume(r, n);
		have += n;
	}
	return 1;
}

static int skip(struct tar_reader *r, uint64_t len, struct err *err)
{
	while (len > 0) {
		int status = fill(r, err);
		size_t n;

		if (status < 0)
			return status;
		if (status == 0)
			return truncated(err);
		n = (size_t)MIN((uint64_t)r->piece_len, len);
		consume(r, n);
		len -= n;
	}
	return 0;
}

static bool checksum_holds(const char *block)
{
	const struct tar_raw *raw = (const void *)block;
	int64_t unsigned_sum = 0, signed_sum = 0, want;

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		char c = i >= offsetof(struct tar_raw, checksum) && i < offsetof(struct tar_raw, type) ? ' ' : block[i];

		unsigned_sum += (unsigned char)c;
		signed_sum += (signed char)c;
	}
	if (tar_number(raw->checksum, sizeof(raw->checksum), &want) < 0)
		return false;
	return want == unsigned_sum || want == signed_sum;
}

static bool is_zero(const char *block)
{
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

bool tar_looks_like(const void *block, size_t len)
{
	return len >= TAR_BLOCK && (is_zero(block) || checksum_holds(block));
}

/* A header block: 1, or 0 at the archive's end. */
static int read_block(struct tar_reader *r, struct err *err)
{
	int status = read_bytes(r, r->block.bytes, TAR_BLOCK, err);

	if (status <= 0)
		return status;
	if (is_zero(r->block.bytes)) {
		status = read_bytes(r, r->block.bytes, TAR_BLOCK, err);
		if (status < 0)
			return status;
		if (status > 0 && !is_zero(r->block.bytes))
			return invalid(err, "one block of zeros in the middle");
		return 0;
	}
	return checksum_holds(r->block.bytes) ? 1 : invalid(err, "wrong checksum");
}

/* The size field, and from it the padding. */
static int header_size(const struct tar_raw *raw, uint64_t *ret, struct err *err)
{
	int64_t size;

	if (tar_number(raw->size, sizeof(raw->size), &size) < 0 || size < 0)
		return invalid(err, "wrong size");
	*ret = (uint64_t)size;
	return 0;
}

static unsigned int padding_of(uint64_t size)
{
	return (unsigned int)(-size & (TAR_BLOCK - 1));
}

/* The content of a PAX header or long name, NUL-terminated. */
static int read_meta(struct tar_reader *r, struct buf *to, struct err *err)
{
	uint64_t size;
	char *at;
	int status = header_size(&r->block.raw, &size, err);

	if (status < 0)
		return status;
	if (size > TAR_META_MAX)
		return err_set(err, ERR_INVALID, "tar header too large (%llu bytes, the limit is %d)", (unsigned long long)size,
			       TAR_META_MAX);
	buf_reset(to);
	at = buf_reserve(to, (size_t)size + 1);
	if (!at)
		return err_sys(err, ENOMEM, "read a tar header");
	if (size > 0) {
		status = read_bytes(r, at, (size_t)size, err);
		if (status <= 0)
			return status < 0 ? status : truncated(err);
	}
	buf_grew(to, (size_t)size);
	return skip(r, padding_of(size), err);
}

static int read_pax(struct tar_reader *r, struct err *err)
{
	int status = read_meta(r, &r->pax_text, err);

	if (status < 0)
		return status;
	tar_pax_reset(&r->pax);
	status = tar_pax_parse(r->pax_text.data, r->pax_text.len, &r->pax);
	if (status == -E2BIG)
		return err_set(err, ERR_INVALID, "tar header too large (a sparse file in too many pieces)");
	if (status == -ENOMEM)
		return err_sys(err, ENOMEM, "read a tar header");
	return status < 0 ? invalid(err, "malformed PAX record") : 0;
}

static int skip_meta(struct tar_reader *r, struct err *err)
{
	uint64_t size;
	int status = header_size(&r->block.raw, &size, err);

	if (status == 0)
		status = skip(r, size, err);
	return status < 0 ? status : skip(r, padding_of(size), err);
}

/* Reads headers until the one of an entry proper stands in the block. */
static int read_headers(struct tar_reader *r, struct err *err)
{
	for (bool first = true;; first = false) {
		int status = read_block(r, err);

		if (status <= 0)
			return status < 0 || first ? status : truncated(err);
		switch (r->block.raw.type) {
		case 'x':
		case 'X':
			status = read_pax(r, err);
			break;
		case 'L':
			status = read_meta(r, &r->long_name, err);
			break;
		case 'K':
			status = read_meta(r, &r->long_link, err);
			break;
		case 'g':
		case 'V':
			status = skip_meta(r, err);
			break;
		default:
			return 1;
		}
		if (status < 0)
			return status;
	}
}

static void copy_name(char *to, const char *field, size_t len)
{
	size_t n = strnlen(field, len);

	memcpy(to, field, n);
	to[n] = '\0';
}

static void header_name(struct tar_reader *r)
{
	const struct tar_raw *raw = &r->block.raw;
	/* star keeps times in the last 24 bytes of the prefix. */
	size_t room = memcmp(raw->pad + 8, "tar", 4) == 0 ? 131 : sizeof(raw->prefix);
	size_t at = 0;

	if (memcmp(raw->magic, "ustar", 6) == 0 && raw->prefix[0]) {
		copy_name(r->name, raw->prefix, room);
		at = strlen(r->name);
		r->name[at++] = '/';
	}
	copy_name(r->name + at, raw->name, sizeof(raw->name));
	copy_name(r->link_name, raw->link_name, sizeof(raw->link_name));
}

static void choose_names(struct tar_reader *r, struct tar_entry *e)
{
	header_name(r);
	e->name = r->pax.sparse_name ? r->pax.sparse_name
		  : r->pax.path      ? r->pax.path
		  : r->long_name.len ? r->long_name.data
				     : r->name;
	e->link_name = r->pax.link_path ? r->pax.link_path : r->long_link.len ? r->long_link.data : r->link_name;
}

static int choose_type(const struct tar_raw *raw, struct tar_entry *e, struct err *err)
{
	size_t len = strlen(e->name);

	switch (raw->type) {
	case '\0':
	case '0':
	case '7':
		e->type = len > 0 && e->name[len - 1] == '/' ? TAR_DIRECTORY : TAR_FILE;
		return 0;
	case 'S':
		e->type = TAR_FILE;
		return 0;
	case '1' ... '6':
		e->type = (enum tar_type)raw->type;
		return 0;
	default:
		return err_set(err, ERR_INVALID, "unhandled tar header type %d", (unsigned char)raw->type);
	}
}

static int owner(const char *field, size_t len, bool has, uint64_t from_pax, uint64_t *ret, struct err *err)
{
	int64_t n;

	if (has) {
		*ret = from_pax;
		return 0;
	}
	if (tar_number(field, len, &n) < 0 || n < 0)
		return invalid(err, "wrong owner");
	*ret = (uint64_t)n;
	return 0;
}

static int device(const struct tar_raw *raw, struct tar_entry *e, struct err *err)
{
	int64_t major, minor;

	if (e->type != TAR_CHAR && e->type != TAR_BLOCK_DEVICE)
		return 0;
	if (tar_number(raw->major, sizeof(raw->major), &major) < 0 || tar_number(raw->minor, sizeof(raw->minor), &minor) < 0)
		return invalid(err, "wrong device number");
	if (major < 0 || major > UINT32_MAX || minor < 0 || minor > UINT32_MAX)
		return invalid(err, "wrong device number");
	e->major = (uint32_t)major;
	e->minor = (uint32_t)minor;
	return 0;
}

static int fill_entry(struct tar_reader *r, struct tar_entry *e, struct err *err)
{
	const struct tar_raw *raw = &r->block.raw;
	int64_t mode, mtime = 0;
	int status;

	choose_names(r, e);
	status = choose_type(raw, e, err);
	if (status < 0)
		return status;
	if (tar_number(raw->mode, sizeof(raw->mode), &mode) < 0)
		return invalid(err, "wrong mode");
	e->mode = (uint32_t)mode & 07777;
	if (!r->pax.has_mtime && tar_number(raw->mtime, sizeof(raw->mtime), &mtime) < 0)
		return invalid(err, "wrong time");
	e->mtime_s = r->pax.has_mtime ? r->pax.mtime_s : mtime;
	e->mtime_ns = r->pax.has_mtime ? r->pax.mtime_ns : 0;
	e->xattrs = r->pax.xattrs;
	e->n_xattrs = r->pax.n_xattrs;
	status = owner(raw->uid, sizeof(raw->uid), r->pax.has_uid, r->pax.uid, &e->uid, err);
	if (status == 0)
		status = owner(raw->gid, sizeof(raw->gid), r->pax.has_gid, r->pax.gid, &e->gid, err);
	return status < 0 ? status : device(raw, e, err);
}

/* ---- sparse files ---- */

/* Adds the extents of an old GNU header or extension block; false at the last one. */
static int old_sparse_extents(struct tar_reader *r, const char *at, int count)
{
	for (; count > 0; count--, at += 2 * NUMBER) {
		int64_t offset, len;
		int status;

		if (at[NUMBER] == '\0' && at[0] == '\0')
			return 0;
		if (tar_number(at, NUMBER, &offset) < 0 || tar_number(at + NUMBER, NUMBER, &len) < 0 || offset < 0 || len < 0)
			return -EINVAL;
		status = tar_extents_add(&r->map, (uint64_t)offset, (uint64_t)len);
		if (status < 0)
			return status;
	}
	return 0;
}

static int old_sparse(struct tar_reader *r, struct tar_entry *e, struct err *err)
{
	bool more = r->block.bytes[OLD_SPARSE_EXTENDED];
	int64_t real;

	if (tar_number(r->block.bytes + OLD_SPARSE_REAL_SIZE, NUMBER, &real) < 0 || real < 0)
		return invalid(err, "wrong size of a sparse file");
	e->size = (uint64_t)real;
	if (old_sparse_extents(r, r->block.bytes + OLD_SPARSE_OFFSET, OLD_SPARSE_IN_HEADER) < 0)
		return invalid(err, "malformed sparse map");
	while (more) {
		char bytes[TAR_BLOCK];
		int status = read_bytes(r, bytes, sizeof(bytes), err);

		if (status <= 0)
			return status < 0 ? status : truncated(err);
		if (old_sparse_extents(r, bytes, OLD_SPARSE_IN_BLOCK) < 0)
			return invalid(err, "malformed sparse map");
		more = bytes[OLD_SPARSE_MORE];
	}
	return 0;
}

/* One decimal line of a version 1.0 map, which stands before the content. */
static int map_line(struct tar_reader *r, uint64_t *budget, uint64_t *ret, struct err *err)
{
	uint64_t n = 0;
	char c;

	for (int digits = 0;; digits++) {
		int status = *budget == 0 ? 0 : read_bytes(r, &c, 1, err);

		if (status <= 0)
			return status < 0 ? status : invalid(err, "malformed sparse map");
		--*budget;
		if (c == '\n' && digits > 0)
			break;
		if (c < '0' || c > '9' || digits > 18)
			return invalid(err, "malformed sparse map");
		n = n * 10 + (uint64_t)(c - '0');
	}
	*ret = n;
	return 0;
}

static int leading_map(struct tar_reader *r, struct err *err)
{
	uint64_t budget = MIN(r->stored_left, (uint64_t)TAR_META_MAX), start = budget, count, used;
	int status = map_line(r, &budget, &count, err);

	for (uint64_t i = 0; status == 0 && i < count; i++) {
		uint64_t offset, len;

		status = map_line(r, &budget, &offset, err);
		if (status == 0)
			status = map_line(r, &budget, &len, err);
		if (status == 0 && tar_extents_add(&r->map, offset, len) < 0)
			status = invalid(err, "malformed sparse map");
	}
	if (status < 0)
		return status;
	used = start - budget;
	status = skip(r, padding_of(used), err);
	if (status < 0)
		return status;
	used += padding_of(used);
	if (used > r->stored_left)
		return invalid(err, "malformed sparse map");
	r->stored_left -= used;
	return 0;
}

static int fill_sparse(struct tar_reader *r, struct tar_entry *e, struct err *err)
{
	const struct tar_pax *pax = &r->pax;
	int status = 0;

	r->map.len = 0;
	r->sparse = true;
	if (r->block.raw.type == 'S') {
		status = old_sparse(r, e, err);
	} else if (pax->sparse_major == 1 && pax->sparse_minor == 0) {
		e->size = pax->sparse_real_size;
		status = leading_map(r, err);
	} else if (pax->has_sparse_map) {
		e->size = pax->sparse_real_size;
		for (size_t i = 0; status == 0 && i < pax->map.len; i++)
			status = tar_extents_add(&r->map, pax->map.items[i].offset, pax->map.items[i].len);
		if (status < 0)
			return invalid(err, "malformed sparse map");
	} else {
		r->sparse = false;
		return 0;
	}
	if (status < 0)
		return status;
	if (!tar_extents_hold(&r->map, e->size, r->stored_left))
		return invalid(err, "malformed sparse map");
	return 0;
}

/* ---- entries ---- */

int tar_reader_next(struct tar_reader *r, struct tar_entry *ret, struct err *err)
{
	struct tar_entry e = {0};
	uint64_t size = 0;
	int status;

	if (r->ended)
		return 0;
	status = skip(r, r->stored_left, err);
	if (status == 0)
		status = skip(r, r->padding, err);
	if (status < 0)
		return status;
	r->stored_left = r->padding = 0;
	tar_pax_reset(&r->pax);
	buf_reset(&r->long_name);
	buf_reset(&r->long_link);
	status = read_headers(r, err);
	r->ended = status == 0;
	if (status <= 0)
		return status;
	status = fill_entry(r, &e, err);
	if (status == 0)
		status = header_size(&r->block.raw, &size, err);
	if (status < 0)
		return status;
	if (r->pax.has_size)
		size = r->pax.size;
	r->offset = 0;
	r->extent = 0;
	r->sparse = false;
	/* A plain header is a directory by its trailing slash alone, and may have content all the same. */
	if (e.type == TAR_FILE || r->block.raw.type < '1' || r->block.raw.type == '7') {
		r->stored_left = size;
		r->padding = padding_of(size);
		e.size = e.type == TAR_FILE ? size : 0;
		status = e.type == TAR_FILE ? fill_sparse(r, &e, err) : 0;
		if (status < 0)
			return status;
	}
	e.sparse = r->sparse;
	*ret = e;
	return 1;
}

int tar_reader_data(struct tar_reader *r, const void **ret_bytes, size_t *ret_len, uint64_t *ret_offset, struct err *err)
{
	size_t n;
	int status;

	if (r->stored_left == 0)
		return 0;
	status = fill(r, err);
	if (status <= 0)
		return status < 0 ? status : truncated(err);
	n = (size_t)MIN((uint64_t)r->piece_len, r->stored_left);
	if (r->sparse) {
		const struct tar_extent *x = &r->map.items[r->extent];

		/* The map holds exactly what is stored, so there is one more. */
		while (r->offset >= x->offset + x->len)
			x = &r->map.items[++r->extent];
		r->offset = MAX(r->offset, x->offset);
		n = (size_t)MIN((uint64_t)n, x->offset + x->len - r->offset);
	}
	*ret_bytes = r->piece;
	*ret_len = n;
	*ret_offset = r->offset;
	consume(r, n);
	r->stored_left -= n;
	r->offset += n;
	return 1;
}

int tar_reader_rest(struct tar_reader *r, size_t *ret_len, struct err *err)
{
	int status = fill(r, err);

	if (status <= 0)
		return status;
	*ret_len = r->piece_len;
	consume(r, r->piece_len);
	return 1;
}
