/* SPDX-License-Identifier: Apache-2.0 */
/* start and attach: a user comes to a container that exists. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "cli/cli.h"
#include "cli/session.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct start_options {
	bool attach, interactive;
	const char *detach_keys;
};

static int start_one(struct cli *cli, const char *name, const char *detach_keys, struct err *err)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	_cleanup_buf_ struct buf path = BUF_INIT;

	buf_adds(&path, "/containers/");
	client_escape(&path, name);
	buf_adds(&path, "/start");
	if (detach_keys) {
		buf_adds(&path, "?detachKeys=");
		client_escape(&path, detach_keys);
	}
	return client_call(cli->client, "POST", path.data, NULL, &reply, err);
}

/* What a session has to know of its container; the document is the caller's (json_free). */
static int look_up(struct cli *cli, const char *name, struct json_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT;

	buf_adds(&path, "/containers/");
	client_escape(&path, name);
	buf_adds(&path, "/json");
	return cli_call_json(cli, path.data, ret, err);
}

static bool flag(struct json_object *o, const char *object, const char *name)
{
	struct json_object *inner;

	return json_object_object_get_ex(o, object, &inner) && json_object_get_boolean(json_object_object_get(inner, name));
}

static int check_terminal(bool tty, bool in, struct err *err)
{
	if (tty && in && !isatty(STDIN_FILENO))
		return err_set(err, ERR_INVALID, "the input device is not a TTY");
	return 0;
}

static int start_attached(struct cli *cli, const char *name, const struct start_options *o, int *ret_code, struct err *err)
{
	_cleanup_(json_freep) struct json_object *container = NULL;
	_cleanup_(session_done) struct session s = SESSION_INIT;
	enum session_end end = SESSION_EXITED;
	int r = look_up(cli, name, &container, err);

	if (r < 0)
		return r;
	s.cli = cli;
	s.id = json_object_get_string(json_object_object_get(container, "Id"));
	s.tty = flag(container, "Config", "Tty");
	s.in = o->interactive && flag(container, "Config", "OpenStdin");
	s.out = s.err = true;
	s.sig_proxy = true;
	s.detach_keys = o->detach_keys;
	r = check_terminal(s.tty, s.in, err);
	if (r == 0)
		r = session_block_signals(&s, err);
	if (r == 0)
		r = session_attach(&s, err);
	if (r == 0)
		r = session_wait(&s, flag(container, "HostConfig", "AutoRemove") ? "removed" : "next-exit", err);
	if (r == 0)
		r = start_one(cli, s.id, o->detach_keys, err);
	if (r < 0)
		return r;
	if (s.tty)
		session_resize(&s);
	r = session_run(&s, &end, ret_code, err);
	if (r == 0 && end == SESSION_DETACHED)
		*ret_code = 0;
	return r;
}

static int start_each(struct cli *cli, char *const *args)
{
	_cleanup_buf_ struct buf failed = BUF_INIT;

	for (size_t i = 0; args[i]; i++) {
		struct err err = {0};

		if (start_one(cli, args[i], NULL, &err) == 0) {
			printf("%s\n", args[i]);
			continue;
		}
		fflush(stdout);
		cli_print_error(&err);
		buf_addf(&failed, "%s%s", failed.len ? ", " : "", args[i]);
	}
	if (failed.len == 0)
		return 0;
	fprintf(stderr, "Error: failed to start containers: %s\n", failed.data);
	return 1;
}

int cmd_start(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'a', "attach", OPTION_BOOL, offsetof(struct start_options, attach), NULL,
		 "Attach STDOUT/STDERR and forward signals"},
		{0, "detach-keys", OPTION_STRING, offsetof(struct start_options, detach_keys), NULL,
		 "Override the key sequence for detaching a container"},
		{'i', "interactive", OPTION_BOOL, offsetof(struct start_options, interactive), NULL,
		 "Attach container's STDIN"},
	};
	_cleanup_free_ char **args = NULL;
	struct start_options o = {0};
	struct err err = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, -1, &args, &code))
		return code;
	if (!o.attach && !o.interactive)
		return start_each(cli, args);
	if (args[1]) {
		fprintf(stderr, "you cannot start and attach multiple containers at once\n");
		return 1;
	}
	if (start_attached(cli, args[0], &o, &code, &err) < 0) {
		cli_print_error(&err);
		return 1;
	}
	return code;
}

struct attach_options {
	bool no_stdin, sig_proxy;
	const char *detach_keys;
};

/* A full-screen program only redraws when the size changes: it is told another one first. */
static void redraw(struct session *s)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	struct err err;

	if (cli_call(s->cli, "POST", &reply, &err, "/containers/%s/resize?h=1&w=1", s->id) == 0)
		session_resize(s);
}

static int attach(struct cli *cli, const char *name, const struct attach_options *o, int *ret_code, struct err *err)
{
	_cleanup_(json_freep) struct json_object *container = NULL;
	_cleanup_(session_done) struct session s = SESSION_INIT;
	enum session_end end = SESSION_EXITED;
	int r = look_up(cli, name, &container, err);

	if (r < 0)
		return r;
	if (!flag(container, "State", "Running"))
		return err_set(err, ERR_CONFLICT, "You cannot attach to a stopped container, start it first");
	if (flag(container, "State", "Paused"))
		return err_set(err, ERR_CONFLICT, "You cannot attach to a paused container, unpause it first");
	if (flag(container, "State", "Restarting"))
		return err_set(err, ERR_CONFLICT, "You cannot attach to a restarting container, wait until it is running");
	s.cli = cli;
	s.id = json_object_get_string(json_object_object_get(container, "Id"));
	s.tty = flag(container, "Config", "Tty");
	s.in = !o->no_stdin && flag(container, "Config", "OpenStdin");
	s.out = s.err = true;
	s.sig_proxy = o->sig_proxy;
	s.detach_keys = o->detach_keys;
	r = check_terminal(s.tty, s.in, err);
	if (r == 0)
		r = session_block_signals(&s, err);
	if (r == 0)
		r = session_wait(&s, "not-running", err);
	if (r == 0)
		r = session_attach(&s, err);
	if (r < 0)
		return r;
	if (s.tty)
		redraw(&s);
	r = session_run(&s, &end, ret_code, err);
	if (r == 0 && end == SESSION_DETACHED) {
		fprintf(stderr, "read escape sequence\n");
		*ret_code = 0;
	}
	return r;
}

int cmd_attach(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{0, "detach-keys", OPTION_STRING, offsetof(struct attach_options, detach_keys), NULL,
		 "Override the key sequence for detaching a container"},
		{0, "no-stdin", OPTION_BOOL, offsetof(struct attach_options, no_stdin), NULL, "Do not attach STDIN"},
		{0, "sig-proxy", OPTION_BOOL, offsetof(struct attach_options, sig_proxy), NULL,
		 "Proxy all received signals to the process (default true)"},
	};
	struct attach_options o = {.sig_proxy = true};
	_cleanup_free_ char **args = NULL;
	struct err err = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, 1, &args, &code))
		return code;
	if (attach(cli, args[0], &o, &code, &err) < 0) {
		cli_print_error(&err);
		return 1;
	}
	return code;
}
