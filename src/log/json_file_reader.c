/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The json-file driver's reader; see json_file_reader.h. It holds every file of the log open, oldest first, so renaming
 * doesn't confuse it; at the end of the newest it looks whether NAME has become another file. Files are opened newest
 * first: should a rotation fall in between, one is met twice (and known by its inode), none is missed.
 */
#include "log/json_file_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/timefmt.h"
#include "log/json_line.h"

#define BUFFER_SIZE 131072 /* the longest line that is read: JSON_LINE_MAX and some attributes */
#define FILES_MAX 4096

struct log_file {
	int fd;
	dev_t dev;
	ino_t ino;
};

struct json_file_reader {
	int dirfd;
	char name[NAME_MAX + 1];
	struct json_file_query query;
	struct log_file *files; /* oldest first; the first is being read */
	size_t n_files, files_cap;
	uint64_t offset;   /* of the next byte to read from it; bytes in the buffer lie before it */
	bool skip_line;    /* in a line longer than the buffer */
	size_t begin, end; /* what of the buffer is unread */
	size_t scanned;    /* of that, bytes known to have no newline */
	char buffer[BUFFER_SIZE];
};

_Static_assert(BUFFER_SIZE > JSON_LINE_MAX, "a record's line fits the buffer");

static void close_file(const struct log_file *file)
{
	fd_close(file->fd);
}

/* Closes what lies before files[n]: a reader that follows must not keep deleted files on the disk. */
static void forget_files(struct json_file_reader *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close_file(&r->files[i]);
	r->n_files -= n;
	memmove(r->files, r->files + n, r->n_files * sizeof(*r->files));
}

void json_file_reader_free(struct json_file_reader *r)
{
	if (!r)
		return;
	if (r->n_files > 0)
		forget_files(r, r->n_files);
	free(r->files);
	free(r);
}

/* Opens NAME (generation 0) or NAME.generation. 1, 0 when there is none, or -errno. */
static int open_generation(const struct json_file_reader *r, unsigned int generation, struct log_file *ret)
{
	char name[NAME_MAX + 16];
	struct stat st;
	int fd;

	if (generation == 0)
		snprintf(name, sizeof(name), "%s", r->name);
	else
		snprintf(name, sizeof(name), "%s.%u", r->name, generation);
	fd = openat(r->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0) {
		int r_errno = errno;

		close(fd);
		return -r_errno;
	}
	*ret = (struct log_file){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
	return 1;
}

static int append_file(struct json_file_reader *r, const struct log_file *file)
{
	if (r->n_files == r->files_cap) {
		size_t cap = r->files_cap ? r->files_cap * 2 : 8;
		struct log_file *files = realloc(r->files, cap * sizeof(*files));

		if (!files)
			return -ENOMEM;
		r->files = files;
		r->files_cap = cap;
	}
	r->files[r->n_files++] = *file;
	return 0;
}

static bool known(const struct json_file_reader *r, const struct log_file *file)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i].ino == file->ino && r->files[i].dev == file->dev)
			return true;
	return false;
}

static void reverse(struct log_file *files, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct log_file swap = files[i];

		files[i] = files[n - 1 - i];
		files[n - 1 - i] = swap;
	}
}

/*
 * Appends the files that are newer than those there are, oldest first. With none there yet: all. A failure half way
 * leaves the list as it was.
 */
static int find_newer_files(struct json_file_reader *r)
{
	size_t had = r->n_files;
	int result = 0;

	for (unsigned int generation = 0; generation < FILES_MAX; generation++) {
		struct log_file file;

		result = open_generation(r, generation, &file);
		if (result < 0 || (result == 0 && generation > 0))
			break;
		if (result == 0)
			continue; /* between a rotation's rename and its new file */
		if (known(r, &file)) {
			bool old = had > 0 && file.ino == r->files[had - 1].ino && file.dev == r->files[had - 1].dev;

			close_file(&file);
			if (old)
				break;
			continue;
		}
		result = append_file(r, &file);
		if (result < 0) {
			close_file(&file);
			break;
		}
	}
	while (result < 0 && r->n_files > had)
		close_file(&r->files[--r->n_files]);
	if (r->n_files > had)
		reverse(r->files + had, r->n_files - had);
	return result < 0 ? result : 0;
}

/* ---- tail ---- */

/*
 * Looks backwards for the newline before the last *lines lines. 1: found, *ret_offset is behind it; 0: the file has fewer
 * (*lines is less by that many), or -errno.
 */
static int find_tail(struct json_file_reader *r, int fd, int64_t *lines, uint64_t *ret_offset)
{
	struct stat st;
	uint64_t end;

	if (fstat(fd, &st) < 0)
		return -errno;
	for (end = (uint64_t)st.st_size; end > 0;) {
		size_t want = (size_t)MIN(end, (uint64_t)sizeof(r->buffer));
		ssize_t n = pread(fd, r->buffer, want, (off_t)(end - want));
		const char *newline;

		if (n < 0)
			return -errno;
		end -= want;
		for (size_t len = (size_t)n; (newline = memrchr(r->buffer, '\n', len)); len = (size_t)(newline - r->buffer)) {
			if ((*lines)-- == 0) {
				*ret_offset = end + (uint64_t)(newline - r->buffer) + 1;
				return 1;
			}
		}
	}
	return 0;
}

static int seek_tail(struct json_file_reader *r)
{
	int64_t lines = r->query.tail;

	for (size_t i = r->n_files; i-- > 0;) {
		int found = find_tail(r, r->files[i].fd, &lines, &r->offset);

		if (found < 0)
			return found;
		if (found || lines == 0) {
			forget_files(r, i);
			break;
		}
	}
	return 0;
}

static int open_reader(int dirfd, const char *name, const struct json_file_query *query, struct json_file_reader **ret,
		       struct err *err)
{
	_cleanup_(json_file_reader_freep) struct json_file_reader *r = malloc(sizeof(*r));
	int result;

	if (!r)
		return err_sys(err, ENOMEM, "read the log %s", name);
	memset(r, 0, offsetof(struct json_file_reader, buffer));
	memcpy(r->name, name, strlen(name) + 1);
	r->dirfd = dirfd;
	r->query = *query;
	result = find_newer_files(r);
	if (result == 0 && query->tail >= 0)
		result = seek_tail(r);
	if (result < 0)
		return err_sys(err, result, "read the log %s", name);
	*ret = TAKE(r);
	return 0;
}

int json_file_reader_open(int dirfd, const char *name, const struct json_file_query *query, struct json_file_reader **ret,
			  struct err *err)
{
	if (strlen(name) > NAME_MAX - 12 || strchr(name, '/'))
		return err_set(err, ERR_INVALID, "%s is not a name for a log file", name);
	return open_reader(dirfd, name, query, ret, err);
}

/* ---- reading on ---- */

static void drop_buffer(struct json_file_reader *r)
{
	r->begin = r->end = r->scanned = 0;
	r->skip_line = false;
}

static void go_to_next_file(struct json_file_reader *r)
{
	forget_files(r, 1);
	r->offset = 0;
	drop_buffer(r);
}

/*
 * The file became shorter. Either the writer took back a line it could not complete, or (with one file kept) rotation
 * emptied it.
 */
static void file_shrank(struct json_file_reader *r, uint64_t size)
{
	r->offset = size >= r->offset - (r->end - r->begin) ? size : 0;
	drop_buffer(r);
}

/* At the end of the current file: 1 when there is something to try again, 0 when that was all, or -errno. */
static int at_end_of_file(struct json_file_reader *r)
{
	size_t had = r->n_files;
	struct stat st;
	int result;

	if (r->n_files > 1) {
		go_to_next_file(r);
		return 1;
	}
	if (had > 0) {
		const struct log_file *file = &r->files[0];
		struct stat named;

		if (fstat(file->fd, &st) < 0)
			return -errno;
		if ((uint64_t)st.st_size < r->offset) {
			file_shrank(r, (uint64_t)st.st_size);
			return 1;
		}
		if (fstatat(r->dirfd, r->name, &named, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -errno;
		if (named.st_ino == file->ino && named.st_dev == file->dev)
			return 0;
	}
	/* What was written to the old file before it was renamed is read first: the caller tries it once more. */
	result = find_newer_files(r);
	return result < 0 ? result : r->n_files > had;
}

/* Reads more into the buffer. Bytes, 0 at the end of the file, or -errno. */
static ssize_t fill(struct json_file_reader *r)
{
	ssize_t n;

	if (r->n_files == 0)
		return 0;
	if (r->begin > 0) {
		memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
		r->end -= r->begin;
		r->begin = 0;
	}
	if (r->end == sizeof(r->buffer)) {
		r->skip_line = true;
		r->end = r->scanned = 0;
	}
	do
		n = pread(r->files[0].fd, r->buffer + r->end, sizeof(r->buffer) - r->end, (off_t)r->offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->end += (size_t)n;
	r->offset += (uint64_t)n;
	return n;
}

/* The next whole line in the buffer, or NULL. */
static char *next_line(struct json_file_reader *r, size_t *ret_len)
{
	for (;;) {
		char *line = r->buffer + r->begin;
		char *newline = memchr(line + r->scanned, '\n', r->end - r->begin - r->scanned);
		bool skipped = r->skip_line;

		if (!newline) {
			r->scanned = r->end - r->begin;
			return NULL;
		}
		*ret_len = (size_t)(newline - line);
		r->begin += *ret_len + 1;
		r->scanned = 0;
		r->skip_line = false;
		if (!skipped)
			return line;
	}
}

static bool wanted(const struct json_file_query *q, const struct log_record *record)
{
	if (record->stream == LOG_STDERR ? !q->stderr_ : !q->stdout_)
		return false;
	return timefmt_compare(&record->time, &q->since) >= 0;
}

int json_file_reader_next(struct json_file_reader *r, struct log_record *ret, struct err *err)
{
	const struct json_file_query *q = &r->query;
	bool bounded = q->until.tv_sec != 0 || q->until.tv_nsec != 0;

	for (;;) {
		struct log_record record;
		size_t len;
		char *line = next_line(r, &len);
		ssize_t n;

		if (line) {
			if (json_line_read(line, len, &record) < 0)
				continue;
			if (bounded && timefmt_compare(&record.time, &q->until) > 0)
				return -ENODATA;
			if (!wanted(q, &record))
				continue;
			*ret = record;
			return 1;
		}
		n = fill(r);
		if (n == 0)
			n = at_end_of_file(r);
		if (n < 0)
			return err_sys(err, (int)n, "read the log %s", r->name);
		if (n == 0)
			return 0;
	}
}
