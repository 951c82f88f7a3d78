/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs: content/ is an OCI image layout, a blob is content/blobs/sha256/HEX. Written under tmp/, hashed on the way,
 * renamed, then entered as a row with the boot id, which goes once the bytes are on disk (background.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "storage/sources.h"
#include "storage/storage_internal.h"

struct blob_writer {
	struct storage *s;
	int fd;
	char tmp_name[TMP_NAME_MAX];
	char expected[DIGEST_TEXT_MAX]; /* "": any */
	char digest[DIGEST_TEXT_MAX];   /* "" until finished */
	uint64_t written, max_bytes;
	struct digest_stream *stream;
};

bool blob_exists(struct storage *s, const char *digest)
{
	bool there;

	pthread_mutex_lock(&s->lock);
	there = map_get(s->blobs, digest) != NULL;
	pthread_mutex_unlock(&s->lock);
	return there;
}

void blob_insert(struct storage *s, const char *digest, uint64_t size, bool foreign_boot)
{
	struct blob *b = xcalloc(1, sizeof(*b));

	snprintf(b->digest, sizeof(b->digest), "%s", digest);
	b->size = size;
	b->foreign_boot = foreign_boot;
	pthread_mutex_lock(&s->lock);
	free(map_set(s->blobs, digest, b));
	pthread_mutex_unlock(&s->lock);
}

int blob_begin(struct storage *s, const char *expected, uint64_t max_bytes, struct blob_writer **ret, struct err *err)
{
	struct blob_writer *w;
	int fd;

	if (expected && !digest_valid(expected))
		return err_set(err, ERR_INVALID, "invalid digest \"%.100s\"", expected);
	w = xcalloc(1, sizeof(*w));
	storage_tmp_name(w->tmp_name);
	fd = openat(s->tmp_fd, w->tmp_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		int r = err_sys(err, errno, "create a blob in the data root");

		free(w);
		return r;
	}
	w->s = s;
	w->fd = fd;
	w->max_bytes = max_bytes;
	w->stream = digest_stream_new();
	if (expected)
		memcpy(w->expected, expected, strlen(expected) + 1);
	*ret = w;
	return 0;
}

int blob_write(struct blob_writer *w, const void *bytes, size_t len, struct err *err)
{
	int r;

	if (w->max_bytes && len > w->max_bytes - w->written)
		return err_set(err, ERR_TOO_LARGE, "blob %s is larger than %llu bytes", w->expected,
			       (unsigned long long)w->max_bytes);
	r = fd_write_all(w->fd, bytes, len);
	if (r < 0)
		return err_sys(err, r, "write a blob in the data root");
	digest_stream_add(w->stream, bytes, len);
	w->written += len;
	return 0;
}

uint64_t blob_written(const struct blob_writer *w)
{
	return w->written;
}

int blob_finish(struct blob_writer *w, char ret_digest[DIGEST_TEXT_MAX], struct err *err)
{
	if (w->fd >= 0) {
		digest_stream_finish(w->stream, w->digest);
		fd_close(TAKE_FD(w->fd));
		digest_stream_free(TAKE(w->stream)); /* an archive may have thousands of these */
	}
	if (w->expected[0] && strcmp(w->expected, w->digest) != 0)
		return err_set(err, ERR_INVALID, "the content's digest is %s, not %s", w->digest, w->expected);
	memcpy(ret_digest, w->digest, DIGEST_TEXT_MAX);
	return 0;
}

int blob_reopen(struct blob_writer *w, struct err *err)
{
	int fd = openat(w->s->tmp_fd, w->tmp_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? err_sys(err, errno, "open a blob in the data root") : fd;
}

static int write_row(struct storage *s, const char *digest, uint64_t size, struct err *err)
{
	struct db_statement st = {
		.sql = "INSERT INTO blobs (digest, size, boot, seq) VALUES (?, ?, ?, ?)"
		       " ON CONFLICT (digest) DO UPDATE SET size = excluded.size, boot = excluded.boot, seq = excluded.seq",
		.values = {DB_VALUE_TEXT(digest), DB_VALUE_INT((int64_t)size), DB_VALUE_TEXT(s->boot_id)},
		.n_values = 4,
	};

	pthread_mutex_lock(&s->lock);
	st.values[3] = DB_VALUE_INT((int64_t)++s->sequence);
	pthread_mutex_unlock(&s->lock);
	return db_write(s->db, &st, 1, false, err);
}

/* `change` is held. */
static int publish(struct blob_writer *w, struct err *err)
{
	struct storage *s = w->s;
	const char *hex = digest_hex(w->digest);
	int r;

	if (blob_exists(s, w->digest) && faccessat(s->blobs_fd, hex, F_OK, 0) == 0)
		return 0;
	if (fchmodat(s->tmp_fd, w->tmp_name, 0400, 0) < 0 || renameat(s->tmp_fd, w->tmp_name, s->blobs_fd, hex) < 0)
		return err_sys(err, errno, "put blob %s in place", w->digest);
	r = write_row(s, w->digest, w->written, err);
	if (r < 0) {
		unlinkat(s->blobs_fd, hex, 0);
		return r;
	}
	blob_insert(s, w->digest, w->written, false);
	storage_sync_later(s);
	return 0;
}

int blob_publish(struct blob_writer *w, struct err *err)
{
	int r;

	pthread_mutex_lock(&w->s->change);
	r = publish(w, err);
	pthread_mutex_unlock(&w->s->change);
	blob_abort(w);
	return r;
}

int blob_commit(struct blob_writer *w, char ret_digest[DIGEST_TEXT_MAX], struct err *err)
{
	int r = blob_finish(w, ret_digest, err);

	if (r == 0)
		return blob_publish(w, err);
	blob_abort(w);
	return r;
}

void blob_abort(struct blob_writer *w)
{
	if (!w)
		return;
	fd_close(w->fd);
	unlinkat(w->s->tmp_fd, w->tmp_name, 0); /* gone already when it was put in place */
	digest_stream_free(w->stream);
	free(w);
}

int blob_put(struct storage *s, const void *bytes, size_t len, char ret_digest[DIGEST_TEXT_MAX], struct err *err)
{
	struct blob_writer *w;
	int r = blob_begin(s, NULL, 0, &w, err);

	if (r < 0)
		return r;
	r = blob_write(w, bytes, len, err);
	if (r == 0)
		return blob_commit(w, ret_digest, err);
	blob_abort(w);
	return r;
}

int blob_open(struct storage *s, const char *digest, uint64_t *ret_size, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!digest_valid(digest))
		return err_set(err, ERR_INVALID, "invalid digest \"%.100s\"", digest);
	if (!blob_exists(s, digest))
		return err_set(err, ERR_NOT_FOUND, "blob %s is not in the store", digest);
	fd = openat(s->blobs_fd, digest_hex(digest), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "open blob %s", digest);
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	return TAKE_FD(fd);
}

int blob_read(struct storage *s, const char *digest, size_t max_bytes, struct buf *out, struct err *err)
{
	_cleanup_close_ int fd = blob_open(s, digest, NULL, err);
	int r;

	if (fd < 0)
		return fd;
	r = file_read_fd(fd, max_bytes, out);
	if (r == -EFBIG)
		return err_set(err, ERR_TOO_LARGE, "blob %s is larger than %zu bytes", digest, max_bytes);
	return r < 0 ? err_sys(err, r, "read blob %s", digest) : 0;
}

int blob_verify(struct storage *s, const char *digest, struct err *err)
{
	_cleanup_close_ int fd = blob_open(s, digest, NULL, err);
	_cleanup_(file_source_done) struct file_source file = {0};
	_cleanup_(digest_source_done) struct digest_source hashed = {0};
	char found[DIGEST_TEXT_MAX];
	const void *bytes;
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	file_source_init(&file, fd);
	digest_source_init(&hashed, file.source, true);
	while ((r = hashed.source.next(&hashed, &bytes, &len, err)) > 0)
		;
	if (r < 0)
		return r;
	digest_stream_finish(hashed.digest, found);
	return strcmp(found, digest) == 0 ? 0 : err_set(err, ERR_SYSTEM, "blob %s: its content is %s", digest, found);
}

int blob_drop(struct storage *s, const char *digest, struct err *err)
{
	struct db_statement st = {
		.sql = "DELETE FROM blobs WHERE digest = ?", .values = {DB_VALUE_TEXT(digest)}, .n_values = 1};
	char copy[DIGEST_TEXT_MAX];
	int r = db_write(s->db, &st, 1, false, err);

	if (r < 0)
		return r;
	snprintf(copy, sizeof(copy), "%s", digest); /* `digest` may lie in what is freed here */
	pthread_mutex_lock(&s->lock);
	free(map_remove(s->blobs, copy));
	pthread_mutex_unlock(&s->lock);
	return storage_trash(s, s->blobs_fd, digest_hex(copy), err);
}
