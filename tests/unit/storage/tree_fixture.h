/* SPDX-License-Identifier: Apache-2.0 */
/* A directory under /tmp, a data root in it, and archives made of one-line descriptions. */
#ifndef LIGHTER_TESTS_STORAGE_FIXTURE_H
#define LIGHTER_TESTS_STORAGE_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "codec/byte_source.h"
#include "codec/tar.h"

#include "../unit.h"

struct fixture {
	char path[64];
	int dir;
};

static inline int fixture_make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->path, "/tmp/lighter-storage-test-XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	return f->dir < 0;
}

static inline int fixture_remove(void **state)
{
	struct fixture *f = *state;
	int r;

	fd_close(f->dir);
	r = file_remove_tree_at(AT_FDCWD, f->path);
	free(f);
	return r;
}

/* Owners, devices and trusted attributes need root. */
#define NEEDS_ROOT()                \
	do {                        \
		if (geteuid() != 0) \
			skip();     \
	} while (0)

/* One entry: for files `text` is the content, for links the target. */
struct item {
	const char *name;
	char type;
	const char *text;
	uint32_t mode;
};

static inline void tar_add(struct buf *b, const struct item *i)
{
	bool file = i->type == TAR_FILE;
	struct tar_entry e = {.type = (enum tar_type)i->type,
			      .name = i->name,
			      .link_name = file ? NULL : i->text,
			      .mode = i->mode                    ? i->mode
				      : i->type == TAR_DIRECTORY ? 0755
								 : 0644,
			      .mtime_s = 1000000000,
			      .mtime_ns = 123456789};

	e.size = file ? strlen(i->text) : 0;
	assert_int_equal(tar_write_header(b, &e, NULL), 0);
	if (file) {
		buf_adds(b, i->text);
		tar_write_padding(b, e.size);
	}
}

/* The items up to the one without a name, as a whole archive. */
static inline void tar_of(struct buf *b, const struct item *items)
{
	for (; items->name; items++)
		tar_add(b, items);
	tar_write_end(b);
}

struct buf_source {
	const struct buf *b;
	size_t at;
};

static inline int buf_source_next(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct buf_source *s = arg;

	*ret_bytes = s->b->data + s->at;
	*ret_len = MIN(s->b->len - s->at, (size_t)1000);
	s->at += *ret_len;
	return *ret_len > 0;
}

/* For read functions: bytes of a buf. */
static inline ssize_t buf_read(void *arg, void *bytes, size_t len)
{
	struct buf_source *s = arg;
	size_t n = MIN(s->b->len - s->at, (size_t)5000);

	n = MIN(n, len);

	memcpy(bytes, s->b->data + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

#endif
