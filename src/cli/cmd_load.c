/* SPDX-License-Identifier: Apache-2.0 */
/* load and import: archives into images. The archive is streamed; nothing of it is held. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/fd.h"
#include "cli/cli.h"
#include "cli/pull.h"

struct load_options {
	const char *input, *platform;
	bool quiet;
};

static int open_failed(const char *path, struct err *err)
{
	if (errno != ENOENT)
		return err_sys(err, errno, "open %s", path);
	return err_set(err, ERR_NOT_FOUND, "open %s: no such file or directory", path);
}

static int load(struct cli *cli, const struct load_options *o, struct err *err)
{
	_cleanup_(client_stream_freep) struct client_stream *stream = NULL;
	_cleanup_close_ int opened = -EBADF;
	_cleanup_buf_ struct buf path = BUF_INIT;
	int fd = STDIN_FILENO, r;

	if (o->input) {
		fd = opened = open(o->input, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return open_failed(o->input, err);
	} else if (isatty(STDIN_FILENO)) {
		return err_set(err, ERR_INVALID, "requested load from stdin, but stdin is empty");
	}
	buf_addf(&path, "/images/load?quiet=%d", o->quiet || !isatty(STDOUT_FILENO));
	if (o->platform) {
		buf_adds(&path, "&platform=");
		client_escape(&path, o->platform);
	}
	r = client_stream_open(cli->client, "POST", path.data, NULL, fd, "application/x-tar", &stream, err);
	return r < 0 ? r : pull_show_progress(stream, STDOUT_FILENO, false, err);
}

int cmd_load(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'i', "input", OPTION_STRING, offsetof(struct load_options, input), NULL,
		 "Read from tar archive file, instead of STDIN"},
		{0, "platform", OPTION_STRING, offsetof(struct load_options, platform), NULL,
		 "Load only the given platform variant"},
		{'q', "quiet", OPTION_BOOL, offsetof(struct load_options, quiet), NULL, "Suppress the load output"},
	};
	_cleanup_free_ char **args = NULL;
	struct load_options o = {0};
	struct err err = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 0, 0, &args, &code))
		return code;
	if (load(cli, &o, &err) < 0) {
		cli_print_error(&err);
		return 1;
	}
	return 0;
}

struct import_options {
	char **change;
	const char *message, *platform;
};

static void import_path(const struct import_options *o, const char *source, const char *name, struct buf *path)
{
	buf_adds(path, "/images/create?fromSrc=");
	client_escape(path, source);
	if (name) {
		const char *slash = strrchr(name, '/'), *colon = strrchr(slash ? slash : name, ':');
		_cleanup_free_ char *repository = xstrndup(name, colon ? (size_t)(colon - name) : strlen(name));

		buf_adds(path, "&repo=");
		client_escape(path, repository);
		buf_adds(path, "&tag=");
		client_escape(path, colon ? colon + 1 : "");
	}
	for (size_t i = 0; o->change && o->change[i]; i++) {
		buf_adds(path, "&changes=");
		client_escape(path, o->change[i]);
	}
	if (o->message) {
		buf_adds(path, "&message=");
		client_escape(path, o->message);
	}
	if (o->platform) {
		buf_adds(path, "&platform=");
		client_escape(path, o->platform);
	}
}

static int import(struct cli *cli, const struct import_options *o, const char *source, const char *name, struct err *err)
{
	_cleanup_(client_stream_freep) struct client_stream *stream = NULL;
	_cleanup_close_ int opened = -EBADF;
	_cleanup_buf_ struct buf path = BUF_INIT;
	bool url = strncmp(source, "http://", 7) == 0 || strncmp(source, "https://", 8) == 0;
	int fd = STDIN_FILENO, r;

	if (url) {
		fd = -EBADF;
	} else if (strcmp(source, "-") != 0) {
		fd = opened = open(source, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return open_failed(source, err);
	}
	import_path(o, url ? source : "-", name, &path);
	r = client_stream_open(cli->client, "POST", path.data, NULL, fd, "text/plain", &stream, err);
	return r < 0 ? r : pull_show_progress(stream, STDOUT_FILENO, false, err);
}

int cmd_import(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'c', "change", OPTION_LIST, offsetof(struct import_options, change), NULL,
		 "Apply Dockerfile instruction to the created image"},
		{'m', "message", OPTION_STRING, offsetof(struct import_options, message), NULL,
		 "Set commit message for imported image"},
		{0, "platform", OPTION_STRING, offsetof(struct import_options, platform), NULL,
		 "Set platform if server is multi-platform capable"},
	};
	_cleanup_free_ char **args = NULL;
	struct import_options o = {0};
	struct err err = {0};
	int code = 0;

	if (cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, 2, &args, &code) &&
	    import(cli, &o, args[0], args[1], &err) < 0) {
		cli_print_error(&err);
		code = 1;
	}
	options_done(table, ARRAY_SIZE(table), &o);
	return code;
}
