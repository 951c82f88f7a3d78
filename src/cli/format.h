/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--format` of the listing commands: "json", "table", "table TEMPLATE", "TEMPLATE", over rows that are JSON objects
 * with Docker's column names; and the texts that columns hold (sizes, ages, short ids).
 */
#ifndef LIGHTER_CLI_FORMAT_H
#define LIGHTER_CLI_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json_object;

struct format_column {
	const char *name;   /* ".Names" */
	const char *header; /* "NAMES" */
};

/*
 * Prints the rows (an array of objects). `format` NULL: `default_table`, a template without the word "table". A column
 * that no row and no header has is an error that names it.
 */
int format_rows(const char *format, const char *default_table, const struct format_column *columns, size_t n_columns,
		struct json_object *rows, struct buf *out, struct err *err) _must_check_;

/* One document through "json" or a template, a newline behind it. */
int format_document(const char *format, struct json_object *document, struct buf *out, struct err *err) _must_check_;

/* "1.98MB": powers of 1000, `digits` significant ones. */
void format_size(double bytes, int digits, struct buf *out);
/* "23.54GiB": powers of 1024, four digits. */
void format_binary_size(double bytes, struct buf *out);
/* "3 minutes ago", from unix seconds. */
void format_age(int64_t unix_seconds, struct buf *out);
/* "2026-11-21 10:06:26 +0000 UTC", local time. */
void format_time(int64_t unix_seconds, struct buf *out);
/* Without "sha256:", and 12 digits unless `full` (which keeps all of it as given). */
void format_id(const char *id, bool full, struct buf *out);

/* Puts JSON text on lines indented by four spaces a level, as `docker inspect` does. `prefix` starts all but the first. */
void format_indent(const char *json, size_t len, const char *prefix, struct buf *out);

#endif
