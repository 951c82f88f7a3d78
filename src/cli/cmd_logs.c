/* SPDX-License-Identifier: Apache-2.0 */
/* logs: what a container has written, to the streams it wrote it to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"

struct logs_options {
	bool follow, timestamps, details;
	const char *since, *until, *tail;
};

/* Frames of the multiplexed stream; `left` and `head` carry what a read cut. */
struct frames {
	unsigned char head[8];
	size_t head_len;
	size_t left;
};

static int print_frames(struct frames *f, const char *bytes, size_t len, struct err *err)
{
	while (len > 0) {
		size_t n;
		int r;

		if (f->left == 0) {
			f->head[f->head_len++] = (unsigned char)*bytes++;
			len--;
			if (f->head_len == sizeof(f->head)) {
				f->head_len = 0;
				f->left = (size_t)f->head[4] << 24 | (size_t)f->head[5] << 16 | (size_t)f->head[6] << 8 |
					  f->head[7];
			}
			continue;
		}
		n = MIN(len, f->left);
		if (f->head[0] == 3)
			return err_set(err, ERR_SYSTEM, "error from daemon in stream: %.*s", (int)n, bytes);
		r = fd_write_all(f->head[0] == 2 ? STDERR_FILENO : STDOUT_FILENO, bytes, n);
		if (r < 0)
			return err_sys(err, r, "write the log");
		f->left -= n;
		bytes += n;
		len -= n;
	}
	return 0;
}

static int print_stream(struct client_stream *stream, struct err *err)
{
	bool raw = strstr(client_stream_type(stream), "raw-stream") != NULL;
	static char bytes[64 * 1024];
	struct frames f = {0};
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = client_stream_read(stream, bytes, sizeof(bytes), err)) != 0) {
		if (n < 0)
			return (int)n;
		r = raw ? fd_write_all(STDOUT_FILENO, bytes, (size_t)n) : print_frames(&f, bytes, (size_t)n, err);
		if (r < 0 && raw)
			err_sys(err, r, "write the log");
	}
	return r;
}

static void add_parameter(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addf(path, "&%s=", name);
	client_escape(path, value);
}

int cmd_logs(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{0, "details", OPTION_BOOL, offsetof(struct logs_options, details), NULL,
		 "Show extra details provided to logs"},
		{'f', "follow", OPTION_BOOL, offsetof(struct logs_options, follow), NULL, "Follow log output"},
		{0, "since", OPTION_STRING, offsetof(struct logs_options, since), NULL,
		 "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"},
		{'n', "tail", OPTION_STRING, offsetof(struct logs_options, tail), NULL,
		 "Number of lines to show from the end of the logs (default \"all\")"},
		{'t', "timestamps", OPTION_BOOL, offsetof(struct logs_options, timestamps), NULL, "Show timestamps"},
		{0, "until", OPTION_STRING, offsetof(struct logs_options, until), NULL,
		 "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"},
	};
	_cleanup_(client_stream_freep) struct client_stream *stream = NULL;
	_cleanup_buf_ struct buf path = BUF_INIT;
	_cleanup_free_ char **args = NULL;
	struct logs_options o = {0};
	struct err err = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, 1, &args, &code))
		return code;
	buf_adds(&path, "/containers/");
	client_escape(&path, args[0]);
	buf_addf(&path, "/logs?stdout=1&stderr=1&follow=%d&timestamps=%d&details=%d", o.follow, o.timestamps, o.details);
	add_parameter(&path, "since", o.since);
	add_parameter(&path, "until", o.until);
	add_parameter(&path, "tail", o.tail);
	if (client_stream_open(cli->client, "GET", path.data, NULL, -EBADF, NULL, &stream, &err) < 0 ||
	    print_stream(stream, &err) < 0) {
		cli_print_error(&err);
		code = 1;
	}
	return code;
}
