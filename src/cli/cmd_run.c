/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run and create. The order is the one that loses nothing: create, attach, wait, start. Exit codes: 125 the engine
 * failed, 126 the program can't be executed, 127 it isn't there, otherwise the container's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/fd.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/container_options.h"
#include "cli/pull.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct creation {
	struct cli *cli;
	const struct container_options *o;
	char *const *args;
	struct container_streams streams;
	char *id;
};

static int create_once(struct creation *c, const char *path, const char *body, struct err *err)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	_cleanup_(json_freep) struct json_object *answer = NULL;
	struct json_object *warnings, *id;
	int r = client_call(c->cli->client, "POST", path, body, &reply, err);

	if (r == 0)
		r = json_parse(reply.body.data, reply.body.len, &answer, err);
	if (r < 0)
		return r;
	if (!json_object_object_get_ex(answer, "Id", &id))
		return err_set(err, ERR_SYSTEM, "the daemon's answer has no Id");
	c->id = xstrdup(json_object_get_string(id));
	if (json_object_object_get_ex(answer, "Warnings", &warnings) && json_object_is_type(warnings, json_type_array))
		for (size_t i = 0; i < json_object_array_length(warnings); i++)
			fprintf(stderr, "WARNING: %s\n", json_object_get_string(json_object_array_get_idx(warnings, i)));
	return 0;
}

static void creation_path(const struct container_options *o, struct buf *path)
{
	buf_adds(path, "/containers/create");
	if (o->name) {
		buf_adds(path, "?name=");
		client_escape(path, o->name);
	}
	if (o->platform) {
		buf_adds(path, o->name ? "&platform=" : "?platform=");
		client_escape(path, o->platform);
	}
}

static bool image_missing(const struct err *err)
{
	return err->kind == ERR_NOT_FOUND && strstr(err->msg, "No such image");
}

/* Creates; pulls the image first or when it is missing, as --pull says. */
static int create(struct creation *c, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT, body = BUF_INIT;
	const char *policy = c->o->pull ? c->o->pull : "missing";
	int r;

	if (strcmp(policy, "missing") != 0 && strcmp(policy, "always") != 0 && strcmp(policy, "never") != 0)
		return err_set(err, ERR_INVALID,
			       "invalid pull option: '%s': must be one of \"always\", \"missing\" or \"never\"", policy);
	creation_path(c->o, &path);
	r = container_body(c->o, c->args, &c->streams, &body, err);
	if (r == 0 && strcmp(policy, "always") == 0)
		r = pull_image(c->cli, c->args[0], c->o->platform, c->o->quiet, err);
	if (r == 0)
		r = create_once(c, path.data, body.data, err);
	if (r == 0 || !image_missing(err) || strcmp(policy, "missing") != 0)
		return r;
	if (!c->o->quiet)
		pull_say_missing(c->args[0]);
	r = pull_image(c->cli, c->args[0], c->o->platform, c->o->quiet, err);
	return r < 0 ? r : create_once(c, path.data, body.data, err);
}

/* The file is claimed before the container is made, so that two never write the same one. */
static int claim_cidfile(const char *path, int *ret_fd, struct err *err)
{
	if (!path)
		return 0;
	*ret_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (*ret_fd >= 0)
		return 0;
	if (errno == EEXIST)
		return err_set(err, ERR_CONFLICT,
			       "container ID file found, make sure the other container isn't running or delete %s", path);
	return err_sys(err, errno, "failed to create the container ID file");
}

static int create_with_cidfile(struct creation *c, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = claim_cidfile(c->o->cidfile, &fd, err);

	if (r < 0)
		return r;
	r = create(c, err);
	if (fd < 0)
		return r;
	if (r < 0) {
		unlink(c->o->cidfile);
		return r;
	}
	r = fd_write_all(fd, c->id, strlen(c->id));
	return r < 0 ? err_sys(err, r, "failed to write the container ID file") : 0;
}

static int start(struct creation *c, struct err *err)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	_cleanup_buf_ struct buf path = BUF_INIT;

	buf_addf(&path, "/containers/%s/start", c->id);
	if (c->o->detach_keys) {
		buf_adds(&path, "?detachKeys=");
		client_escape(&path, c->o->detach_keys);
	}
	return client_call(c->cli->client, "POST", path.data, NULL, &reply, err);
}

/* What a failed start says of the program: the words are Docker's, which other clients look for too. */
static int start_failure_code(const struct err *err)
{
	if (strstr(err->msg, "executable file not found") || strstr(err->msg, "no such file or directory"))
		return CLI_COMMAND_MISSING;
	if (strstr(err->msg, "permission denied") || strstr(err->msg, "is a directory"))
		return CLI_NOT_EXECUTABLE;
	return CLI_ENGINE_FAILED;
}

static int run_attached(struct creation *c, struct session *s, int *ret_code, struct err *err)
{
	enum session_end end = SESSION_EXITED;
	int r = session_block_signals(s, err);

	*ret_code = CLI_ENGINE_FAILED;
	if (r == 0)
		r = session_attach(s, err);
	if (r == 0)
		r = session_wait(s, c->o->rm ? "removed" : "next-exit", err);
	if (r < 0)
		return r;
	r = start(c, err);
	if (r < 0) {
		*ret_code = start_failure_code(err);
		return r;
	}
	if (s->tty)
		session_resize(s);
	r = session_run(s, &end, ret_code, err);
	if (r == 0 && end == SESSION_DETACHED)
		*ret_code = 0;
	return r;
}

static int run_detached(struct creation *c, int *ret_code, struct err *err)
{
	int r = start(c, err);

	*ret_code = r < 0 ? start_failure_code(err) : 0;
	if (r == 0)
		printf("%s\n", c->id);
	return r;
}

static int check_terminal(const struct container_options *o, const struct container_streams *streams, struct err *err)
{
	if (o->tty && streams->in && !o->detach && !isatty(STDIN_FILENO))
		return err_set(err, ERR_INVALID, "the input device is not a TTY");
	return 0;
}

static int run(struct creation *c, int *ret_code, struct err *err)
{
	struct session s = SESSION_INIT;
	int r = container_streams_choose(c->o, &c->streams, err);

	*ret_code = CLI_ENGINE_FAILED;
	if (r == 0 && c->o->rm && c->o->restart && strcmp(c->o->restart, "no") != 0)
		r = err_set(err, ERR_INVALID, "conflicting options: cannot specify both --restart and --rm");
	if (r == 0 && check_terminal(c->o, &c->streams, err) < 0) {
		cli_print_error(err);
		*ret_code = 1;
		return 0;
	}
	if (r == 0)
		r = create_with_cidfile(c, err);
	if (r < 0)
		return r;
	if (c->o->detach)
		return run_detached(c, ret_code, err);
	s.cli = c->cli;
	s.id = c->id;
	s.tty = c->o->tty;
	s.in = c->streams.in;
	s.out = c->streams.out;
	s.err = c->streams.err;
	s.sig_proxy = c->o->sig_proxy;
	s.detach_keys = c->o->detach_keys;
	r = run_attached(c, &s, ret_code, err);
	session_done(&s);
	return r;
}

int cmd_run(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	struct container_options o = CONTAINER_OPTIONS_INIT;
	_cleanup_free_ char **args = NULL;
	struct err err = {0};
	int code = 0;

	if (cli_parse(cli, self, container_option_table, container_n_options, &o, OPTIONS_STOP_AT_ARGUMENT, argc, argv, 1, -1,
		      &args, &code)) {
		struct creation c = {.cli = cli, .o = &o, .args = args};

		/* known before the first byte is written: a program that asks at once gets the true size */
		if (!terminal_size(&o.rows, &o.columns))
			o.rows = o.columns = 0;
		if (run(&c, &code, &err) < 0)
			code = cli_fail(cli, &err, code);
		free(c.id);
	}
	options_done(container_option_table, container_n_options, &o);
	return code;
}

int cmd_create(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	struct container_options o = CONTAINER_OPTIONS_INIT;
	_cleanup_free_ char **args = NULL;
	struct err err = {0};
	int code = 0;

	if (cli_parse(cli, self, container_option_table, container_n_options, &o, OPTIONS_STOP_AT_ARGUMENT, argc, argv, 1, -1,
		      &args, &code)) {
		struct creation c = {.cli = cli, .o = &o, .args = args};

		if (container_streams_choose(&o, &c.streams, &err) < 0 || create_with_cidfile(&c, &err) < 0) {
			cli_print_error(&err);
			code = 1;
		} else {
			printf("%s\n", c.id);
		}
		free(c.id);
	}
	options_done(container_option_table, container_n_options, &o);
	return code;
}
