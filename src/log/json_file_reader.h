/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a json-file log back, oldest record first, across its rotated files, while somebody may be writing it. Nothing is
 * joined: a line longer than LOG_RECORD_MAX comes as several records, all but the last `partial`. What is not a whole line
 * of the format is skipped. A file that is rotated away while it is read is read to its end. Not thread-safe.
 */
#ifndef LIGHTER_LOG_JSON_FILE_READER_H
#define LIGHTER_LOG_JSON_FILE_READER_H

#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "log/record.h"

struct json_file_reader;

/* Docker's rules: `tail` counts the records of both streams, then streams and times choose among those. */
struct json_file_query {
	bool stdout_, stderr_;
	int64_t tail;          /* the last so many; negative: all */
	struct timespec since; /* records of this time or later; zero: no bound */
	struct timespec until; /* records of this time or earlier; zero: no bound */
};

/* `dirfd` is borrowed for the reader's life. A log that doesn't exist (yet) is an empty one. */
int json_file_reader_open(int dirfd, const char *name, const struct json_file_query *query, struct json_file_reader **ret,
			  struct err *err) _must_check_;
void json_file_reader_free(struct json_file_reader *r);
DEFINE_CLEANUP(struct json_file_reader *, json_file_reader_free)

/*
 * 1: a record, its bytes valid until the next call. 0: all that is there was read; more may come, ask again then.
 * -ENODATA: a record behind `until` was met, nothing more will come. Other errors with err.
 */
int json_file_reader_next(struct json_file_reader *r, struct log_record *ret, struct err *err) _must_check_;

#endif
