/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar: read in pieces whose size the first byte says. What the reader gives out has to keep its promises: names end, types
 * are known, pieces are in order and inside the file. Entries are written again, and read back the same.
 * Covers: src/codec/tar*.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
	const uint8_t *bytes;
	size_t len, step;
};

static int next_piece(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct pieces *p = arg;

	if (p->len == 0)
		return 0;
	*ret_bytes = p->bytes;
	*ret_len = MIN(p->len, p->step);
	p->bytes += *ret_len;
	p->len -= *ret_len;
	return 1;
}

static void must(bool held)
{
	if (!held)
		abort();
}

static int read_content(struct tar_reader *r, const struct tar_entry *e, struct err *err)
{
	uint64_t offset, end = 0;
	const void *bytes;
	size_t len;
	int status;

	while ((status = tar_reader_data(r, &bytes, &len, &offset, err)) > 0) {
		must(len > 0 && offset >= end);
		end = offset + len;
		must(e->type != TAR_FILE || end <= e->size);
		must(e->sparse || e->type != TAR_FILE || end <= e->size);
	}
	return status;
}

/* Only the header: what is said of a file is the same when it was said by the writer. */
static void write_again(const struct tar_entry *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_(tar_reader_freep) struct tar_reader *r = NULL;
	struct pieces p;
	struct tar_entry again;
	struct err err;

	if (tar_write_header(&b, e, &err) < 0)
		return;
	p = (struct pieces){(const uint8_t *)b.data, b.len, 4096};
	r = tar_reader_new((struct byte_source){next_piece, &p});
	if (!r || tar_reader_next(r, &again, &err) != 1)
		return; /* a header over the reader's cap */
	must(strcmp(again.name, e->name) == 0);
	must(again.mode == e->mode && again.uid == e->uid && again.gid == e->gid);
	must(again.mtime_s == e->mtime_s && again.mtime_ns == e->mtime_ns);
	must(again.n_xattrs == e->n_xattrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(tar_reader_freep) struct tar_reader *r = NULL;
	struct pieces p;
	struct tar_entry e;
	struct err err = {0};
	size_t len;
	int status;

	if (size == 0)
		return 0;
	p = (struct pieces){data + 1, size - 1, (size_t)data[0] * 8 + 1};
	r = tar_reader_new((struct byte_source){next_piece, &p});
	if (!r)
		return 0;
	(void)tar_looks_like(data + 1, size - 1);
	while ((status = tar_reader_next(r, &e, &err)) > 0) {
		must(e.name && e.link_name && e.mode <= 07777 && e.mtime_ns < 1000000000);
		write_again(&e);
		if ((e.mode & 1) && (status = read_content(r, &e, &err)) < 0)
			break;
	}
	must(status == 0 || (err.kind != ERR_NONE && err.msg[0]));
	while (status == 0 && tar_reader_rest(r, &len, &err) > 0)
		must(len > 0);
	return 0;
}
