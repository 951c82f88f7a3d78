/* SPDX-License-Identifier: Apache-2.0 */
/* The plain stages; see sources.h. */
#include "storage/sources.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"

static int file_next(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct file_source *f = arg;
	ssize_t n;

	do
		n = pread(f->fd, f->buffer, SOURCE_BUFFER, (off_t)f->offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, errno, "read an archive");
	f->offset += (uint64_t)n;
	if (f->tick && n > 0)
		f->tick(f->tick_arg, f->offset);
	*ret_bytes = f->buffer;
	*ret_len = (size_t)n;
	return n > 0;
}

void file_source_init(struct file_source *f, int fd)
{
	*f = (struct file_source){.source = {file_next, f}, .fd = fd, .buffer = xcalloc(1, SOURCE_BUFFER)};
}

void file_source_done(struct file_source *f)
{
	free(f->buffer);
	f->buffer = NULL;
}

static int read_next(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct read_source *r = arg;
	ssize_t n;

	if (r->ended)
		return 0;
	do
		n = r->read(r->arg, r->buffer, SOURCE_BUFFER);
	while (n == -EINTR);
	if (n == -ECANCELED || n == -EPIPE || n == -ECONNRESET)
		return err_sys_kind(err, ERR_CANCELLED, (int)n, "read the archive from the client");
	if (n == -EFBIG)
		return err_set(err, ERR_TOO_LARGE, "the archive is larger than allowed");
	if (n < 0)
		return err_sys(err, (int)n, "read the archive from the client");
	r->ended = n == 0;
	r->total += (uint64_t)n;
	*ret_bytes = r->buffer;
	*ret_len = (size_t)n;
	return n > 0;
}

void read_source_init(struct read_source *r, ssize_t (*read)(void *arg, void *bytes, size_t len), void *arg)
{
	*r = (struct read_source){.source = {read_next, r}, .read = read, .arg = arg, .buffer = xcalloc(1, SOURCE_BUFFER)};
}

void read_source_done(struct read_source *r)
{
	free(r->buffer);
	r->buffer = NULL;
}

static int digest_next(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct digest_source *d = arg;
	int r = d->below.next(d->below.arg, ret_bytes, ret_len, err);

	if (r <= 0)
		return r;
	d->total += *ret_len;
	if (d->digest)
		digest_stream_add(d->digest, *ret_bytes, *ret_len);
	return r;
}

void digest_source_init(struct digest_source *d, struct byte_source below, bool hash)
{
	*d = (struct digest_source){.source = {digest_next, d}, .below = below, .digest = hash ? digest_stream_new() : NULL};
}

void digest_source_done(struct digest_source *d)
{
	digest_stream_free(d->digest);
	d->digest = NULL;
}
