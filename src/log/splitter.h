/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts output into records, per stream: at each newline, and at LOG_RECORD_MAX where none comes (then between two UTF-8
 * characters, so that no character is ever torn; Docker tears them). The pieces of one line carry the time of the first.
 * A line that lies whole in what is added is not copied; memory is one record a stream, allocated once.
 */
#ifndef LIGHTER_LOG_SPLITTER_H
#define LIGHTER_LOG_SPLITTER_H

#include "base/macros.h"
#include "log/record.h"

struct log_splitter;

/* Called with each record; `record->bytes` is valid during the call only. */
typedef void (*log_sink)(void *arg, const struct log_record *record);

/* NULL when memory is short. */
struct log_splitter *log_splitter_new(log_sink sink, void *arg);
void log_splitter_free(struct log_splitter *s);
DEFINE_CLEANUP(struct log_splitter *, log_splitter_free)

void log_splitter_add(struct log_splitter *s, enum log_stream stream, const char *bytes, size_t len);

/* The stream has ended: what waits for its newline becomes a partial record. */
void log_splitter_end(struct log_splitter *s, enum log_stream stream);

/* What has been added and is in no record yet. Borrowed until the next call. */
const char *log_splitter_pending(const struct log_splitter *s, enum log_stream stream, size_t *ret_len);

#endif
