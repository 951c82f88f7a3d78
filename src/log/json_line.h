/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of Docker's json-file format, {"log":"...","stream":"stdout","time":"..."}\n, both ways. The bytes written are
 * Docker's: \u0008 and \u0009 but \n and \r, \u003c \u003e \u0026 \u2028 \u2029, \ufffd for each byte that is not UTF-8.
 */
#ifndef LIGHTER_LOG_JSON_LINE_H
#define LIGHTER_LOG_JSON_LINE_H

#include "base/macros.h"
#include "log/record.h"

/* The longest line a record becomes: six bytes for each of its own. */
#define JSON_LINE_MAX (LOG_RECORD_MAX * 6 + 128)

/* The last time that was formatted: most records fall into the same second. Zeroed at first. */
struct json_line_clock {
	time_t second;
	char text[24]; /* "2026-01-02T03:04:05" */
};

/* Writes the line with its newline to `to`, which has room for JSON_LINE_MAX bytes. Returns its length. */
size_t json_line_write(char *to, const struct log_record *record, struct json_line_clock *clock);

/*
 * Reads a line (its newline not included) in place: `ret->bytes` points into `line`, whose bytes are overwritten. Members
 * may come in any order; unknown ones are skipped. 0, or -EBADMSG when it is not such a line (torn, or not ours).
 */
int json_line_read(char *line, size_t len, struct log_record *ret) _must_check_;

#endif
