/* SPDX-License-Identifier: Apache-2.0 */
/* events: what happens in the engine, a line an event, as it happens. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "cli/cli.h"
#include "cli/format.h"
#include "codec/json.h"
#include "codec/json_c.h"

#define EVENT_MAX (1024 * 1024)

struct events_options {
	char **filter;
	const char *format, *since, *until;
};

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	json_object_object_get_ex(o, name, &found);
	return found;
}

static const char *text(struct json_object *o, const char *name)
{
	struct json_object *found = member(o, name);

	return found ? json_object_get_string(found) : "";
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* " (a=1, b=2)" in the order of the keys; nothing for an event without attributes. */
static void put_attributes(struct json_object *attributes, struct buf *out)
{
	const char *keys[256];
	size_t n = 0;

	if (!attributes || json_object_object_length(attributes) == 0)
		return;
	json_object_object_foreach(attributes, key, value)
	{
		(void)value;
		if (n < ARRAY_SIZE(keys))
			keys[n++] = key;
	}
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s=%s", i ? ", " : " (", keys[i], text(attributes, keys[i]));
	buf_addc(out, ')');
}

static void put_event(struct json_object *event, struct buf *out)
{
	int64_t nano = json_object_get_int64(member(event, "timeNano"));
	struct json_object *actor = member(event, "Actor");
	time_t seconds = nano / 1000000000;
	char when[32], zone[8];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	buf_addf(out, "%s.%09" PRId64, when, nano % 1000000000);
	if (tm.tm_gmtoff == 0)
		buf_addc(out, 'Z');
	else
		buf_addf(out, "%.3s:%s", zone, zone + 3);
	buf_addf(out, " %s %s %s", text(event, "Type"), text(event, "Action"), text(actor, "ID"));
	put_attributes(member(actor, "Attributes"), out);
	buf_addc(out, '\n');
}

static int print_event(const char *line, size_t len, const char *format, struct err *err)
{
	_cleanup_(json_freep) struct json_object *event = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = json_parse(line, len, &event, err);

	if (r < 0)
		return err_wrap(err, "the daemon's event");
	if (format)
		r = format_document(format, event, &out, err);
	else
		put_event(event, &out);
	return r == 0 && cli_write(&out) ? err_set(err, ERR_SYSTEM, "write the events") : r;
}

static int follow(struct client_stream *stream, const char *format, struct err *err)
{
	_cleanup_buf_ struct buf pending = {.data = buf_empty, .limit = EVENT_MAX};
	char bytes[16 * 1024], *newline;
	ssize_t n;

	while ((n = client_stream_read(stream, bytes, sizeof(bytes), err)) > 0) {
		buf_add(&pending, bytes, (size_t)n);
		if (pending.failed)
			return err_set(err, ERR_TOO_LARGE, "the daemon's event is too long");
		while ((newline = memchr(pending.data, '\n', pending.len))) {
			size_t len = (size_t)(newline - pending.data);
			int r = len ? print_event(pending.data, len, format, err) : 0;

			if (r < 0)
				return r;
			buf_consume(&pending, len + 1);
		}
	}
	return (int)n;
}

static int events(struct cli *cli, const struct events_options *o, struct err *err)
{
	_cleanup_(client_stream_freep) struct client_stream *stream = NULL;
	_cleanup_buf_ struct buf path = BUF_INIT;
	int r;

	buf_adds(&path, "/events?");
	if (o->since) {
		buf_adds(&path, "since=");
		client_escape(&path, o->since);
	}
	if (o->until) {
		buf_adds(&path, "&until=");
		client_escape(&path, o->until);
	}
	r = cli_add_filters(&path, o->filter, err);
	if (r == 0)
		r = client_stream_open(cli->client, "GET", path.data, NULL, -EBADF, NULL, &stream, err);
	return r < 0 ? r : follow(stream, o->format, err);
}

int cmd_events(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'f', "filter", OPTION_LIST, offsetof(struct events_options, filter), "filter",
		 "Filter output based on conditions provided"},
		{0, "format", OPTION_STRING, offsetof(struct events_options, format), NULL,
		 "Format output using a custom template:\n'json':             Print in JSON format\n"
		 "'TEMPLATE':         Print output using the given Go template"},
		{0, "since", OPTION_STRING, offsetof(struct events_options, since), NULL,
		 "Show all events created since timestamp"},
		{0, "until", OPTION_STRING, offsetof(struct events_options, until), NULL, "Stream events until this timestamp"},
	};
	_cleanup_free_ char **args = NULL;
	struct events_options o = {0};
	struct err err = {0};
	int code = 0;

	if (cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 0, 0, &args, &code) &&
	    events(cli, &o, &err) < 0) {
		cli_print_error(&err);
		code = 1;
	}
	options_done(table, ARRAY_SIZE(table), &o);
	return code;
}
