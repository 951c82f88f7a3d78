/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Covers: src/log/json_line_read.c src/log/json_line_write.c src/log/splitter.c
 * Any bytes as a line of a log, read in place; what was read is written and read again, and must be the same. The same
 * bytes as output: the splitter loses none, and what is written is a line that can be read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/utf8.h"
#include "log/json_line.h"
#include "log/splitter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char text[JSON_LINE_MAX];

static void write_and_read(const struct log_record *record)
{
	struct json_line_clock clock = {0};
	struct log_record again;
	size_t len = json_line_write(text, record, &clock);

	if (len > sizeof(text) || text[len - 1] != '\n' || memchr(text, '\n', len - 1))
		abort();
	if (json_line_read(text, len - 1, &again) < 0)
		abort();
	if (again.stream != record->stream || again.partial != record->partial)
		abort();
	if (utf8_valid(record->bytes, record->len) &&
	    (again.len != record->len || memcmp(again.bytes, record->bytes, again.len) != 0))
		abort();
}

static size_t total;

static void sink(void *arg, const struct log_record *record)
{
	if (record->len == 0 || record->len > LOG_RECORD_MAX)
		abort();
	total += record->len;
	write_and_read(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(log_splitter_freep) struct log_splitter *s = log_splitter_new(sink, NULL);
	char *copy = malloc(size + 1);
	struct log_record record;

	if (!s || !copy)
		abort();
	memcpy(copy, data, size);
	if (json_line_read(copy, size, &record) == 0) {
		if (record.len > 0 && (record.bytes < copy || record.bytes + record.len > copy + size))
			abort();
		if (record.len <= LOG_RECORD_MAX && record.time.tv_sec > 0)
			write_and_read(&record);
	}
	free(copy);
	total = 0;
	for (size_t at = 0, step = size ? data[0] * 16 + 1 : 1; at < size; at += step)
		log_splitter_add(s, (data[at] & 1) + 1, (const char *)data + at, MIN(step, size - at));
	log_splitter_end(s, LOG_STDOUT);
	log_splitter_end(s, LOG_STDERR);
	if (total != size)
		abort();
	return 0;
}
