/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The json-file driver's writer; see json_file.h. Lines are composed behind each other in one buffer; rotation is decided
 * per record, as Docker does: a record that would pass max_size goes into a new file.
 */
#include "log/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "log/json_line.h"
#include "log/splitter.h"

#define FLUSH_AT 65536

struct json_file {
	int dirfd;
	int fd; /* -EBADF after a rotation that could not make the new file */
	char name[NAME_MAX + 1];
	uint64_t max_size;
	uint64_t rotate_at; /* max_size, or later after a rotation that failed */
	uint32_t max_file;
	uint64_t size; /* of the file, all of it whole lines */
	uint64_t dropped;
	int last_error;
	struct log_splitter *splitter;
	struct json_line_clock clock;
	size_t len;
	char lines[FLUSH_AT + JSON_LINE_MAX];
};

static int open_file(struct json_file *f)
{
	f->fd = openat(f->dirfd, f->name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640);
	return f->fd < 0 ? -errno : 0;
}

/* Finds where the last whole line ends and cuts the file there. */
static int cut_torn_line(struct json_file *f)
{
	uint64_t end = f->size;

	while (end > 0) {
		size_t want = (size_t)MIN(end, (uint64_t)sizeof(f->lines));
		ssize_t n = pread(f->fd, f->lines, want, (off_t)(end - want));
		const char *newline;

		if (n != (ssize_t)want)
			return n < 0 ? -errno : -EIO;
		newline = memrchr(f->lines, '\n', want);
		if (newline) {
			end = end - want + (size_t)(newline - f->lines) + 1;
			break;
		}
		end -= want;
	}
	if (end < f->size && ftruncate(f->fd, (off_t)end) < 0)
		return -errno;
	f->size = end;
	return 0;
}

static void add_record(void *arg, const struct log_record *record);

static int open_log(const struct json_file_options *options, struct json_file **ret, struct err *err)
{
	_cleanup_(json_file_freep) struct json_file *f = malloc(sizeof(*f)); /* not calloc: pages are touched by need */
	struct stat st;
	int r;

	if (!f)
		return err_sys(err, ENOMEM, "open the log %s", options->name);
	memset(f, 0, offsetof(struct json_file, lines));
	f->fd = -EBADF;
	f->dirfd = options->dirfd;
	f->max_size = f->rotate_at = options->max_size;
	f->max_file = MAX(options->max_file, 1u);
	memcpy(f->name, options->name, strlen(options->name) + 1);
	f->splitter = log_splitter_new(add_record, f);
	if (!f->splitter)
		return err_sys(err, ENOMEM, "open the log %s", f->name);
	r = open_file(f);
	if (r < 0)
		return err_sys(err, r, "open the log %s", f->name);
	if (fstat(f->fd, &st) < 0)
		return err_sys(err, errno, "open the log %s", f->name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "the log %s is not a regular file", f->name);
	f->size = (uint64_t)st.st_size;
	r = cut_torn_line(f);
	if (r < 0)
		return err_sys(err, r, "repair the log %s", f->name);
	*ret = TAKE(f);
	return 0;
}

int json_file_open(const struct json_file_options *options, struct json_file **ret, struct err *err)
{
	if (strlen(options->name) > NAME_MAX - 12 || strchr(options->name, '/'))
		return err_set(err, ERR_INVALID, "%s is not a name for a log file", options->name);
	return open_log(options, ret, err);
}

void json_file_free(struct json_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		json_file_flush(f);
	fd_close(f->fd);
	log_splitter_free(f->splitter);
	free(f);
}

static uint64_t count_lines(const char *bytes, size_t len)
{
	uint64_t n = 0;

	for (const char *end = bytes + len; (bytes = memchr(bytes, '\n', (size_t)(end - bytes))); bytes++)
		n++;
	return n;
}

/* Drops the lines, and whatever part of a line the failed write left in the file. */
static void drop(struct json_file *f, const char *bytes, size_t len, int error)
{
	f->dropped += count_lines(bytes, len);
	f->last_error = error;
	if (f->fd >= 0 && ftruncate(f->fd, (off_t)f->size) < 0)
		f->last_error = errno;
}

/* Writes whole lines. On failure those that are completely in the file stay. */
static void write_lines(struct json_file *f, const char *bytes, size_t len)
{
	size_t done = 0;

	if (f->fd < 0) {
		int r = open_file(f);

		f->size = 0;
		if (r < 0)
			return drop(f, bytes, len, -r);
	}
	while (done < len) {
		ssize_t n = write(f->fd, bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n < 0 ? errno : ENOSPC;
			const char *newline = done > 0 ? memrchr(bytes, '\n', done) : NULL;
			size_t whole = newline ? (size_t)(newline - bytes) + 1 : 0;

			f->size += whole;
			return drop(f, bytes + whole, len - whole, error);
		}
		done += (size_t)n;
	}
	f->size += len;
}

void json_file_flush(struct json_file *f)
{
	if (f->len > 0)
		write_lines(f, f->lines, f->len);
	f->len = 0;
}

static int rename_files(const struct json_file *f)
{
	char from[NAME_MAX + 16], to[NAME_MAX + 16];

	for (uint32_t i = f->max_file - 1; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", f->name, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", f->name, i - 1);
		else
			snprintf(from, sizeof(from), "%s", f->name);
		if (renameat(f->dirfd, from, f->dirfd, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static void rotate(struct json_file *f)
{
	int r = 0;

	if (f->max_file == 1) {
		if (f->fd >= 0 && ftruncate(f->fd, 0) < 0)
			r = -errno;
	} else {
		r = rename_files(f);
		if (r == 0) {
			fd_close(f->fd);
			r = open_file(f); /* write_lines tries again should it fail */
		}
	}
	if (f->fd >= 0 && r < 0) {
		/* The old file goes on for a while: a log that is too long is better than none. */
		f->last_error = -r;
		f->rotate_at = f->size + f->max_size;
		return;
	}
	f->size = 0;
	f->rotate_at = f->max_size;
}

static void add_record(void *arg, const struct log_record *record)
{
	struct json_file *f = arg;
	size_t len = json_line_write(f->lines + f->len, record, &f->clock);

	if (f->rotate_at && f->size + f->len > 0 && f->size + f->len + len > f->rotate_at) {
		size_t before = f->len;

		json_file_flush(f);
		rotate(f);
		memmove(f->lines, f->lines + before, len);
	}
	f->len += len;
	if (f->len >= FLUSH_AT)
		json_file_flush(f);
}

void json_file_add(struct json_file *f, enum log_stream stream, const char *bytes, size_t len)
{
	log_splitter_add(f->splitter, stream, bytes, len);
}

void json_file_end(struct json_file *f, enum log_stream stream)
{
	log_splitter_end(f->splitter, stream);
}

const char *json_file_pending(const struct json_file *f, enum log_stream stream, size_t *ret_len)
{
	return log_splitter_pending(f->splitter, stream, ret_len);
}

uint64_t json_file_dropped(const struct json_file *f, int *ret_errno)
{
	if (ret_errno)
		*ret_errno = f->last_error;
	return f->dropped;
}
