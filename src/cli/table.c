/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text; see table.h. A column ends where a line has no tab behind it: such lines don't widen it. */
#include "cli/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define COLUMNS_MAX 32
#define CELL_LEAST 10
#define CELL_PADDING 3

void table_add(struct table *t, const char *line)
{
	while (*line) {
		size_t len = strcspn(line, "\n");

		ptr_array_add(&t->lines, xstrndup(line, len));
		line += len;
		if (*line)
			line++;
	}
}

void table_addf(struct table *t, const char *fmt, ...)
{
	_cleanup_buf_ struct buf line = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&line, fmt, ap);
	va_end(ap);
	table_add(t, line.data);
}

void table_done(struct table *t)
{
	for (size_t i = 0; i < t->lines.len; i++)
		free(t->lines.items[i]);
	ptr_array_done(&t->lines);
}

static size_t characters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static void measure(const struct table *t, size_t widths[COLUMNS_MAX])
{
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		widths[i] = CELL_LEAST;
	for (size_t i = 0; i < t->lines.len; i++) {
		const char *at = t->lines.items[i];

		for (size_t column = 0; column < COLUMNS_MAX; column++) {
			size_t len = strcspn(at, "\t");

			if (!at[len])
				break;
			widths[column] = MAX(widths[column], characters(at, len) + CELL_PADDING);
			at += len + 1;
		}
	}
}

void table_print(const struct table *t, struct buf *out)
{
	size_t widths[COLUMNS_MAX];

	measure(t, widths);
	for (size_t i = 0; i < t->lines.len; i++) {
		const char *at = t->lines.items[i];

		for (size_t column = 0;; column++) {
			size_t len = strcspn(at, "\t");

			buf_add(out, at, len);
			if (!at[len])
				break;
			if (column < COLUMNS_MAX)
				buf_addf(out, "%*s", (int)(widths[column] - characters(at, len)), "");
			at += len + 1;
		}
		buf_addc(out, '\n');
	}
}
