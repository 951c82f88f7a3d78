/* SPDX-License-Identifier: Apache-2.0 */
/* An image archive as it comes in; see archive_spool.h. */
#include "storage/archive_spool.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "codec/tar.h"
#include "storage/tree.h"

#define BLOB_PREFIX "blobs/sha256/"

void spool_init(struct spool *p, struct storage *s)
{
	p->s = s;
	p->files = map_new();
}

static void file_free(struct spool_file *f)
{
	if (!f)
		return;
	blob_abort(f->writer);
	free(f->link);
	free(f->name);
	free(f);
}

void spool_done(struct spool *p)
{
	void *f;

	if (!p->files)
		return;
	for (size_t pos = 0; map_next(p->files, &pos, NULL, &f);)
		file_free(f);
	map_free(p->files);
	p->files = NULL;
}

static int read_content(struct spool_file *f, struct tar_reader *tar, struct err *err)
{
	const void *bytes;
	uint64_t offset, at = 0;
	size_t len;
	int r;

	while ((r = tar_reader_data(tar, &bytes, &len, &offset, err)) > 0) {
		if (offset != at)
			return err_set(err, ERR_INVALID, "a sparse file");
		r = blob_write(f->writer, bytes, len, err);
		if (r < 0)
			return r;
		at += len;
	}
	f->size = at;
	return r < 0 ? r : blob_finish(f->writer, f->digest, err);
}

static int add_file(struct spool *p, struct spool_file *f, struct tar_reader *tar, struct err *err)
{
	char expected[DIGEST_TEXT_MAX] = "";
	int r;

	if (strncmp(f->name, BLOB_PREFIX, sizeof(BLOB_PREFIX) - 1) == 0) {
		snprintf(expected, sizeof(expected), "sha256:%.64s", f->name + sizeof(BLOB_PREFIX) - 1);
		if (!digest_is_hex(f->name + sizeof(BLOB_PREFIX) - 1))
			return err_set(err, ERR_INVALID, "not a digest");
	}
	r = blob_begin(p->s, expected[0] ? expected : NULL, 0, &f->writer, err);
	return r < 0 ? r : read_content(f, tar, err);
}

/* A symlink's target is relative to its directory, a hard link's to the archive. */
static int add_link(struct spool_file *f, const struct tar_entry *e, struct err *err)
{
	char parent[TREE_PATH_MAX] = "", target[TREE_PATH_MAX];
	_cleanup_free_ char *path = NULL;

	if (e->type == TAR_SYMLINK && e->link_name[0] != '/')
		tree_split(f->name, parent);
	path = xasprintf("%s/%s", parent, e->link_name);
	if (tree_clean(path, target) < 0 || !*target)
		return err_set(err, ERR_INVALID, "link to \"%.200s\" leads out of the archive", e->link_name);
	f->link = xstrdup(target);
	return 0;
}

static int add_entry(struct spool *p, const struct tar_entry *e, struct tar_reader *tar, struct err *err)
{
	char name[TREE_PATH_MAX];
	struct spool_file *f;
	int r = 0;

	if (tree_clean(e->name, name) < 0)
		return err_set(err, ERR_INVALID, "invalid entry name \"%.200s\"", e->name);
	if (e->type == TAR_DIRECTORY || !*name)
		return 0;
	if (map_len(p->files) == SPOOL_ENTRIES_MAX)
		return err_set(err, ERR_TOO_LARGE, "the archive has more than %d files", SPOOL_ENTRIES_MAX);
	f = xcalloc(1, sizeof(*f));
	f->name = xstrdup(name);
	if (e->type == TAR_FILE)
		r = add_file(p, f, tar, err);
	else if (e->type == TAR_SYMLINK || e->type == TAR_HARD_LINK)
		r = add_link(f, e, err);
	else
		r = err_set(err, ERR_INVALID, "invalid type: neither a regular file nor a directory nor a link");
	if (r < 0) {
		file_free(f);
		return err_wrap(err, "\"%.100s\" in the archive", name);
	}
	file_free(map_set(p->files, name, f)); /* the last of a name counts */
	return 0;
}

int spool_read(struct spool *p, struct byte_source source, struct err *err)
{
	_cleanup_(tar_reader_freep) struct tar_reader *tar = tar_reader_new(source);
	struct tar_entry e;
	size_t len;
	int r;

	if (!tar)
		return err_set(err, ERR_SYSTEM, "no memory to read the archive");
	while ((r = tar_reader_next(tar, &e, err)) > 0) {
		r = add_entry(p, &e, tar, err);
		if (r < 0)
			return r;
	}
	while (r == 0 && (r = tar_reader_rest(tar, &len, err)) > 0)
		r = 0;
	return r;
}

struct spool_file *spool_find(const struct spool *p, const char *name)
{
	char clean[TREE_PATH_MAX];
	struct spool_file *f;
	int links = 0;

	if (tree_clean(name, clean) < 0)
		return NULL;
	f = map_get(p->files, clean);
	while (f && f->link)
		f = ++links > TREE_LINKS_MAX ? NULL : map_get(p->files, f->link);
	return f;
}

int spool_need(const struct spool *p, const char *name, struct spool_file **ret, struct err *err)
{
	*ret = spool_find(p, name);
	return *ret ? 0 : err_set(err, ERR_INVALID, "open %.200s: no such file or directory in the archive", name);
}

int spool_open(struct spool *p, const struct spool_file *f, struct err *err)
{
	return f->writer ? blob_reopen(f->writer, err) : blob_open(p->s, f->digest, NULL, err);
}

int spool_text(struct spool *p, const struct spool_file *f, size_t max_bytes, struct buf *out, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (f->size > max_bytes)
		return err_set(err, ERR_INVALID, "%.200s is too large (%llu bytes)", f->name, (unsigned long long)f->size);
	fd = spool_open(p, f, err);
	if (fd < 0)
		return fd;
	r = file_read_fd(fd, max_bytes, out);
	return r < 0 ? err_sys(err, r, "read %.200s", f->name) : 0;
}

int spool_publish(struct spool *p, struct spool_file *f, const char *holder, struct err *err)
{
	char what[DIGEST_TEXT_MAX + 8] = "blob:";
	int r;

	strcat(what, f->digest);
	r = storage_reference_add(p->s, holder, what, err);
	if (r < 0 || !f->writer)
		return r;
	return blob_publish(TAKE(f->writer), err);
}
