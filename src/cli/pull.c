/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching an image, and the engine's progress messages; see pull.h. */
#include "cli/pull.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/fd.h"
#include "codec/json.h"
#include "codec/json_c.h"

#define MESSAGE_MAX (1024 * 1024)

/* The lines on screen that have an id: in order, so that a later message finds its line. */
struct progress {
	int fd;
	bool terminal;
	bool quiet;
	struct ptr_array ids;
};

static const char *text_member(struct json_object *o, const char *name)
{
	struct json_object *member;

	if (!json_object_object_get_ex(o, name, &member) || !json_object_is_type(member, json_type_string))
		return NULL;
	return json_object_get_string(member);
}

/* How many lines above the cursor the message with this id stands; 0: it gets a new one. */
static size_t line_of(struct progress *p, const char *id)
{
	for (size_t i = 0; i < p->ids.len; i++)
		if (strcmp(p->ids.items[i], id) == 0)
			return p->ids.len - i;
	ptr_array_add(&p->ids, xstrdup(id));
	return 0;
}

static int show(struct progress *p, struct json_object *o)
{
	const char *status = text_member(o, "status"), *stream = text_member(o, "stream"), *id = text_member(o, "id"),
		   *bar = text_member(o, "progress");
	_cleanup_buf_ struct buf line = BUF_INIT;
	size_t up = 0;

	if (p->quiet || (!status && !stream))
		return 0;
	if (stream) {
		buf_adds(&line, stream);
		return fd_write_all(p->fd, line.data, line.len);
	}
	if (bar && !p->terminal)
		return 0;
	if (id && p->terminal)
		up = line_of(p, id);
	if (up)
		buf_addf(&line, "\033[%zuA\033[2K\r", up);
	if (id)
		buf_addf(&line, "%s: ", id);
	buf_addf(&line, "%s%s%s", status, bar ? " " : "", bar ? bar : "");
	if (up)
		buf_addf(&line, "\033[%zuB\r", up);
	else
		buf_addc(&line, '\n');
	return fd_write_all(p->fd, line.data, line.len);
}

static int take_message(struct progress *p, const char *text, size_t len, struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	const char *error;
	int r = json_parse(text, len, &o, err);

	if (r < 0)
		return err_wrap(err, "the daemon's progress");
	error = text_member(o, "error");
	if (error)
		return err_set(err, ERR_SYSTEM, "%s", error);
	r = show(p, o);
	return r < 0 ? err_sys(err, r, "write progress") : 0;
}

/* Messages are separated by (carriage return and) newline; the last may have none. */
static int take_messages(struct progress *p, struct buf *pending, bool end, struct err *err)
{
	for (;;) {
		char *newline = memchr(pending->data, '\n', pending->len);
		size_t len = newline ? (size_t)(newline - pending->data) : pending->len;
		int r = 0;

		if (!newline && !end)
			return pending->len > MESSAGE_MAX
				       ? err_set(err, ERR_TOO_LARGE, "the daemon's progress message is too long")
				       : 0;
		if (strspn(pending->data, " \r\n\t") < len)
			r = take_message(p, pending->data, len, err);
		if (r < 0)
			return r;
		buf_consume(pending, len + (newline != NULL));
		if (pending->len == 0)
			return 0;
	}
}

int pull_show_progress(struct client_stream *stream, int fd, bool quiet, struct err *err)
{
	struct progress p = {.fd = fd, .terminal = isatty(fd), .quiet = quiet};
	_cleanup_buf_ struct buf pending = BUF_INIT;
	char bytes[16 * 1024];
	ssize_t n;
	int r = 0;

	do {
		n = client_stream_read(stream, bytes, sizeof(bytes), err);
		if (n > 0)
			buf_add(&pending, bytes, (size_t)n);
		r = n < 0 ? (int)n : take_messages(&p, &pending, n == 0, err);
	} while (n > 0 && r == 0);
	for (size_t i = 0; i < p.ids.len; i++)
		free(p.ids.items[i]);
	ptr_array_done(&p.ids);
	return r;
}

/* As given, with the tag that stands for none. */
static char *with_tag(const char *image)
{
	const char *slash = strrchr(image, '/');

	if (strchr(slash ? slash : image, ':') || strchr(image, '@'))
		return xstrdup(image);
	return xasprintf("%s:latest", image);
}

void pull_say_missing(const char *image)
{
	_cleanup_free_ char *name = with_tag(image);

	fprintf(stderr, "Unable to find image '%s' locally\n", name);
}

int pull_image(struct cli *cli, const char *image, const char *platform, bool quiet, struct err *err)
{
	_cleanup_(client_stream_freep) struct client_stream *stream = NULL;
	_cleanup_buf_ struct buf path = BUF_INIT;
	_cleanup_free_ char *name = with_tag(image);
	char *colon = strchr(name, '@') ? NULL : strrchr(name, ':');
	int r;

	buf_adds(&path, "/images/create?fromImage=");
	if (colon)
		*colon = '\0';
	client_escape(&path, name);
	if (colon) {
		buf_adds(&path, "&tag=");
		client_escape(&path, colon + 1);
	}
	if (platform) {
		buf_adds(&path, "&platform=");
		client_escape(&path, platform);
	}
	r = client_stream_open(cli->client, "POST", path.data, NULL, -EBADF, NULL, &stream, err);
	return r < 0 ? r : pull_show_progress(stream, STDERR_FILENO, quiet, err);
}
