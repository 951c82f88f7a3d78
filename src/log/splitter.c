/* SPDX-License-Identifier: Apache-2.0 */
/* Output into records; see splitter.h. */
#include "log/splitter.h"

#include <string.h>

struct pending {
	size_t len;
	bool in_line;          /* a piece of the present line is out already */
	struct timespec since; /* the time of that piece */
	char bytes[LOG_RECORD_MAX];
};

struct log_splitter {
	log_sink sink;
	void *arg;
	struct pending streams[2];
};

struct log_splitter *log_splitter_new(log_sink sink, void *arg)
{
	/* Not calloc: the buffers' pages are touched by need. */
	struct log_splitter *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	s->sink = sink;
	s->arg = arg;
	for (size_t i = 0; i < ARRAY_SIZE(s->streams); i++) {
		s->streams[i].len = 0;
		s->streams[i].in_line = false;
	}
	return s;
}

void log_splitter_free(struct log_splitter *s)
{
	free(s);
}

static void emit(struct log_splitter *s, enum log_stream stream, const char *bytes, size_t len, bool partial)
{
	struct pending *p = &s->streams[stream - 1];
	struct log_record record = {.stream = stream, .bytes = bytes, .len = len, .partial = partial};

	if (!p->in_line)
		clock_gettime(CLOCK_REALTIME, &p->since);
	record.time = p->since;
	p->in_line = partial;
	s->sink(s->arg, &record);
}

/* Where to cut `bytes` so that at most `len` are taken and no character is torn that can be whole. */
static size_t cut_before_character(const char *bytes, size_t len)
{
	for (size_t back = 1; back <= 3 && back < len; back++) {
		unsigned char c = (unsigned char)bytes[len - back];
		size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) != 0x80)
			return need > back ? len - back : len;
	}
	return len;
}

/* The pending bytes make a full record without a newline; what is behind the cut stays. */
static void emit_full(struct log_splitter *s, enum log_stream stream)
{
	struct pending *p = &s->streams[stream - 1];
	size_t cut = cut_before_character(p->bytes, p->len);

	emit(s, stream, p->bytes, cut, true);
	memmove(p->bytes, p->bytes + cut, p->len - cut);
	p->len -= cut;
}

/* As log_splitter_add while something is pending: completes that. Returns how many bytes were taken. */
static size_t add_to_pending(struct log_splitter *s, enum log_stream stream, const char *bytes, size_t len)
{
	struct pending *p = &s->streams[stream - 1];
	size_t take = MIN(len, LOG_RECORD_MAX - p->len);
	const char *newline = memchr(bytes, '\n', take);

	if (newline)
		take = (size_t)(newline - bytes) + 1;
	memcpy(p->bytes + p->len, bytes, take);
	p->len += take;
	if (newline) {
		emit(s, stream, p->bytes, p->len, false);
		p->len = 0;
	} else if (p->len == LOG_RECORD_MAX) {
		emit_full(s, stream);
	}
	return take;
}

void log_splitter_add(struct log_splitter *s, enum log_stream stream, const char *bytes, size_t len)
{
	const struct pending *p = &s->streams[stream - 1];

	while (len > 0) {
		size_t take = MIN(len, (size_t)LOG_RECORD_MAX);
		const char *newline;

		if (p->len > 0) {
			take = add_to_pending(s, stream, bytes, len);
		} else if ((newline = memchr(bytes, '\n', take))) {
			take = (size_t)(newline - bytes) + 1;
			emit(s, stream, bytes, take, false);
		} else if (take == LOG_RECORD_MAX) {
			take = cut_before_character(bytes, take);
			emit(s, stream, bytes, take, true);
		} else {
			take = add_to_pending(s, stream, bytes, len);
		}
		bytes += take;
		len -= take;
	}
}

void log_splitter_end(struct log_splitter *s, enum log_stream stream)
{
	struct pending *p = &s->streams[stream - 1];

	if (p->len > 0)
		emit(s, stream, p->bytes, p->len, true);
	p->len = 0;
	p->in_line = false;
}

const char *log_splitter_pending(const struct log_splitter *s, enum log_stream stream, size_t *ret_len)
{
	*ret_len = s->streams[stream - 1].len;
	return s->streams[stream - 1].bytes;
}
