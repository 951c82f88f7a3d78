/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The json-file driver: output in, NAME, NAME.1, NAME.2, ... out. For the shim: it never blocks on anything but the disk,
 * never allocates after open, never fails. What can't be written is dropped and counted, in whole records; the file always
 * ends with a whole line. Records are collected and written in large pieces: json_file_flush() whenever there is a pause.
 */
#ifndef LIGHTER_LOG_JSON_FILE_H
#define LIGHTER_LOG_JSON_FILE_H

#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "log/record.h"

struct json_file;

struct json_file_options {
	int dirfd;         /* borrowed for the life of the log */
	const char *name;  /* a file name in it, copied */
	uint64_t max_size; /* bytes before it is rotated (a single larger record stands alone); 0: never */
	uint32_t max_file; /* files kept, this one included; 0 counts as 1 */
};

/* Opens or makes the file (mode 0640) for appending. A torn last line (a writer was killed) is cut off. */
int json_file_open(const struct json_file_options *options, struct json_file **ret, struct err *err) _must_check_;

/* Flushes and closes. What waits for its newline is lost unless its stream was ended. */
void json_file_free(struct json_file *f);
DEFINE_CLEANUP(struct json_file *, json_file_free)

void json_file_add(struct json_file *f, enum log_stream stream, const char *bytes, size_t len);

/* The stream has ended: its last line, if it lacks a newline, becomes a record. */
void json_file_end(struct json_file *f, enum log_stream stream);

/* Writes what was collected. */
void json_file_flush(struct json_file *f);

/* Output that is in no record yet, because its line isn't complete. Borrowed until the next call. */
const char *json_file_pending(const struct json_file *f, enum log_stream stream, size_t *ret_len);

/* Records that could not be written so far, and the errno of the last failure (0: none). */
uint64_t json_file_dropped(const struct json_file *f, int *ret_errno);

#endif
