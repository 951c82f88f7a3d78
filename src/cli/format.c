/* SPDX-License-Identifier: Apache-2.0 */
/* `--format` of the listing commands, and the texts in their columns; see format.h. */
#include "cli/format.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/timefmt.h"
#include "cli/table.h"
#include "codec/go_template.h"
#include "codec/json_c.h"

static const char *json_text(struct json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* "\t" and "\n" as people type them on the command line. */
static void unescape(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (text[0] == '\\' && (text[1] == 't' || text[1] == 'n'))
			buf_addc(out, *++text == 't' ? '\t' : '\n');
		else
			buf_addc(out, *text);
	}
}

static struct json_object *header_row(const struct format_column *columns, size_t n_columns)
{
	struct json_object *row = json_object_new_object();

	for (size_t i = 0; i < n_columns; i++)
		json_object_object_add(row, columns[i].name, json_object_new_string(columns[i].header));
	return row;
}

static int execute_rows(const struct go_template *t, struct json_object *rows, struct table *table, struct buf *out,
			struct err *err)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		_cleanup_buf_ struct buf line = BUF_INIT;
		int r = go_template_execute(t, json_object_array_get_idx(rows, i), &line, err);

		if (r < 0)
			return r;
		if (table)
			table_add(table, line.data);
		else
			buf_addf(out, "%s\n", line.data);
	}
	return 0;
}

static int print_table(const char *text, const struct format_column *columns, size_t n_columns, struct json_object *rows,
		       struct buf *out, struct err *err)
{
	_cleanup_(go_template_freep) struct go_template *t = NULL;
	_cleanup_buf_ struct buf line = BUF_INIT;
	struct json_object *header;
	struct table table = {0};
	int r = go_template_parse(text, &t, err);

	if (r < 0)
		return r;
	header = header_row(columns, n_columns);
	r = go_template_execute(t, header, &line, err);
	json_object_put(header);
	if (r == 0) {
		table_add(&table, line.data);
		r = execute_rows(t, rows, &table, out, err);
	}
	if (r == 0)
		table_print(&table, out);
	table_done(&table);
	return r;
}

int format_rows(const char *format, const char *default_table, const struct format_column *columns, size_t n_columns,
		struct json_object *rows, struct buf *out, struct err *err)
{
	_cleanup_(go_template_freep) struct go_template *t = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r;

	if (!format || strcmp(format, "table") == 0)
		return print_table(default_table, columns, n_columns, rows, out, err);
	if (strcmp(format, "json") == 0) {
		for (size_t i = 0; i < json_object_array_length(rows); i++)
			buf_addf(out, "%s\n", json_text(json_object_array_get_idx(rows, i)));
		return 0;
	}
	unescape(format, &text);
	if (strncmp(text.data, "table ", 6) == 0)
		return print_table(text.data + 6, columns, n_columns, rows, out, err);
	r = go_template_parse(text.data, &t, err);
	return r < 0 ? r : execute_rows(t, rows, NULL, out, err);
}

int format_document(const char *format, struct json_object *document, struct buf *out, struct err *err)
{
	_cleanup_(go_template_freep) struct go_template *t = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r;

	if (strcmp(format, "json") == 0) {
		buf_addf(out, "%s\n", json_text(document));
		return 0;
	}
	unescape(format, &text);
	r = go_template_parse(text.data, &t, err);
	if (r == 0)
		r = go_template_execute(t, document, out, err);
	if (r == 0)
		buf_addc(out, '\n');
	return r;
}

void format_size(double bytes, int digits, struct buf *out)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	size_t unit = 0;

	for (; bytes >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		bytes /= 1000;
	buf_addf(out, "%.*g%s", digits, bytes, units[unit]);
}

void format_binary_size(double bytes, struct buf *out)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t unit = 0;

	for (; bytes >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		bytes /= 1024;
	buf_addf(out, "%.4g%s", bytes, units[unit]);
}

void format_age(int64_t unix_seconds, struct buf *out)
{
	char words[TIMEFMT_MAX];

	timefmt_human(time(NULL) - unix_seconds, words);
	buf_addf(out, "%s ago", words);
}

void format_time(int64_t unix_seconds, struct buf *out)
{
	time_t seconds = unix_seconds;
	char text[64];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z %Z", &tm);
	buf_adds(out, text);
}

void format_id(const char *id, bool full, struct buf *out)
{
	const char *colon = strchr(id, ':');

	if (full)
		buf_adds(out, id);
	else
		buf_addf(out, "%.12s", colon ? colon + 1 : id);
}

static void new_line(struct buf *out, const char *prefix, int depth)
{
	buf_addf(out, "\n%s%*s", prefix, depth * 4, "");
}

/* Copies a string with its quotes; returns the position of the closing one. */
static size_t copy_string(const char *json, size_t at, size_t len, struct buf *out)
{
	size_t start = at;

	for (at++; at < len && json[at] != '"'; at++)
		at += json[at] == '\\';
	at = MIN(at, len - 1);
	buf_add(out, json + start, at - start + 1);
	return at;
}

void format_indent(const char *json, size_t len, const char *prefix, struct buf *out)
{
	int depth = 0;

	for (size_t at = 0; at < len; at++) {
		char c = json[at];
		size_t next = at + 1;

		while (next < len && isspace((unsigned char)json[next]))
			next++;
		if (c == '"') {
			at = copy_string(json, at, len, out);
		} else if ((c == '{' || c == '[') && next < len && (json[next] == '}' || json[next] == ']')) {
			buf_addc(out, c);
			buf_addc(out, json[next]);
			at = next;
		} else if (c == '{' || c == '[') {
			buf_addc(out, c);
			new_line(out, prefix, ++depth);
		} else if (c == '}' || c == ']') {
			new_line(out, prefix, --depth);
			buf_addc(out, c);
		} else if (c == ',') {
			buf_addc(out, c);
			new_line(out, prefix, depth);
		} else if (c == ':') {
			buf_adds(out, ": ");
		} else if (!isspace((unsigned char)c)) {
			buf_addc(out, c);
		}
	}
}
