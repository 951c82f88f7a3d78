/* SPDX-License-Identifier: Apache-2.0 */
/* The log as the beginning of an attached stream; see replay.h. */
#include "shim/replay.h"

#include <errno.h>
#include <string.h>

#include "log/json_file_reader.h"

struct replay {
	struct json_file_reader *reader;
	struct log_record record; /* under way */
	char header[STREAMS_HEADER];
	size_t header_left;
	size_t sent; /* of the record */
};

int replay_new(const struct streams_client *c, int dirfd, const char *name, struct replay **ret, struct err *err)
{
	struct json_file_query query = {.stdout_ = c->want[LOG_STDOUT], .stderr_ = c->want[LOG_STDERR], .tail = -1};
	struct replay *r = calloc(1, sizeof(*r));
	int result;

	if (!r)
		return err_sys(err, ENOMEM, "replay the log");
	result = json_file_reader_open(dirfd, name, &query, &r->reader, err);
	if (result < 0) {
		replay_free(r);
		return result;
	}
	*ret = r;
	return 0;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	json_file_reader_free(r->reader);
	free(r);
}

/* Sends what is left of the record under way. 1 all, 0 the socket is full, or -errno. */
static int send_record(struct replay *r, struct streams_client *c)
{
	while (r->header_left > 0) {
		long n = streams_client_send(c, r->header + STREAMS_HEADER - r->header_left, r->header_left);

		if (n <= 0)
			return (int)n;
		r->header_left -= (size_t)n;
	}
	while (r->sent < r->record.len) {
		long n = streams_client_send(c, r->record.bytes + r->sent, r->record.len - r->sent);

		if (n <= 0)
			return (int)n;
		r->sent += (size_t)n;
	}
	return 1;
}

int replay_send(struct replay *r, struct streams_client *c)
{
	for (;;) {
		int n = send_record(r, c);

		if (n <= 0)
			return n;
		n = json_file_reader_next(r->reader, &r->record, NULL);
		if (n < 0)
			return n;
		if (n == 0) {
			r->record.len = r->sent = 0;
			return 1;
		}
		streams_frame(r->header, r->record.stream, r->record.len);
		r->header_left = c->raw ? 0 : STREAMS_HEADER;
		r->sent = 0;
	}
}

int replay_pending(struct streams_client *c)
{
	size_t len = 0, part;
	char *to;

	for (int i = LOG_STDOUT; i <= LOG_STDERR; i++) {
		json_file_pending(c->streams->log, (enum log_stream)i, &part);
		if (c->want[i] && part > 0)
			len += STREAMS_HEADER + part;
	}
	if (len == 0)
		return 0;
	to = c->prefix = malloc(len);
	if (!to)
		return -ENOMEM;
	for (int i = LOG_STDOUT; i <= LOG_STDERR; i++) {
		const char *bytes = json_file_pending(c->streams->log, (enum log_stream)i, &part);

		if (!c->want[i] || part == 0)
			continue;
		if (!c->raw) {
			streams_frame(to, (enum log_stream)i, part);
			to += STREAMS_HEADER;
		}
		memcpy(to, bytes, part);
		to += part;
	}
	c->prefix_at = 0;
	c->prefix_len = (size_t)(to - c->prefix);
	return 0;
}
