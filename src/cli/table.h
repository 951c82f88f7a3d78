/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of text as Docker's lists print them: a cell is as wide as its column's widest plus three spaces, at least ten;
 * the last cell of a row is not padded. Widths count characters, not bytes.
 */
#ifndef LIGHTER_CLI_TABLE_H
#define LIGHTER_CLI_TABLE_H

#include "base/array.h"
#include "base/buf.h"

struct table {
	struct ptr_array lines; /* of malloc'ed strings with cells separated by tabs */
};

/* One line, cells separated by tabs; newlines in it become several lines. */
void table_add(struct table *t, const char *line);
void table_addf(struct table *t, const char *fmt, ...) _printf_(2, 3);
void table_print(const struct table *t, struct buf *out);
void table_done(struct table *t);

#endif
