/* SPDX-License-Identifier: Apache-2.0 */
/* stop, kill, rm and wait: the commands that do one thing to each container they are given. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "cli/cli.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct stop_options {
	const char *signal;
	int64_t timeout;
	bool timeout_given;
};

int cmd_stop(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'s', "signal", OPTION_STRING, offsetof(struct stop_options, signal), NULL, "Signal to send to the container"},
		{'t', "timeout", OPTION_INT, offsetof(struct stop_options, timeout), NULL,
		 "Seconds to wait before killing the container", offsetof(struct stop_options, timeout_given)},
		{0, "time", OPTION_INT, offsetof(struct stop_options, timeout), NULL, "Older name of --timeout",
		 offsetof(struct stop_options, timeout_given)},
	};
	_cleanup_free_ char **args = NULL;
	_cleanup_buf_ struct buf rest = BUF_INIT;
	struct stop_options o = {0};
	int code;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, -1, &args, &code))
		return code;
	buf_adds(&rest, "/stop?");
	if (o.signal) {
		buf_adds(&rest, "signal=");
		client_escape(&rest, o.signal);
		buf_addc(&rest, '&');
	}
	if (o.timeout_given)
		buf_addf(&rest, "t=%" PRId64, o.timeout);
	return cli_each_container(cli, args, "POST", rest.data, false);
}

int cmd_kill(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'s', "signal", OPTION_STRING, offsetof(struct stop_options, signal), NULL, "Signal to send to the container"},
	};
	_cleanup_free_ char **args = NULL;
	_cleanup_buf_ struct buf rest = BUF_INIT;
	struct stop_options o = {0};
	int code;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, -1, &args, &code))
		return code;
	buf_adds(&rest, "/kill?signal=");
	client_escape(&rest, o.signal ? o.signal : "KILL");
	return cli_each_container(cli, args, "POST", rest.data, false);
}

struct rm_options {
	bool force, link, volumes;
};

int cmd_rm(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'f', "force", OPTION_BOOL, offsetof(struct rm_options, force), NULL,
		 "Force the removal of a running container (uses SIGKILL)"},
		{'l', "link", OPTION_BOOL, offsetof(struct rm_options, link), NULL, "Remove the specified link"},
		{'v', "volumes", OPTION_BOOL, offsetof(struct rm_options, volumes), NULL,
		 "Remove anonymous volumes associated with the container"},
	};
	_cleanup_free_ char **args = NULL;
	_cleanup_buf_ struct buf rest = BUF_INIT;
	struct rm_options o = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, -1, &args, &code))
		return code;
	/* with --force a container that isn't there is as good as removed */
	buf_addf(&rest, "?force=%d&link=%d&v=%d", o.force, o.link, o.volumes);
	return cli_each_container(cli, args, "DELETE", rest.data, o.force);
}

static int wait_one(struct cli *cli, const char *name, struct err *err)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	_cleanup_(json_freep) struct json_object *answer = NULL;
	_cleanup_buf_ struct buf path = BUF_INIT;
	int r;

	buf_adds(&path, "/containers/");
	client_escape(&path, name);
	buf_adds(&path, "/wait");
	r = client_call(cli->client, "POST", path.data, NULL, &reply, err);
	if (r == 0)
		r = json_parse(reply.body.data, reply.body.len, &answer, err);
	if (r < 0)
		return r;
	printf("%" PRId64 "\n", json_object_get_int64(json_object_object_get(answer, "StatusCode")));
	return 0;
}

int cmd_wait(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	_cleanup_free_ char **args = NULL;
	int code = 0;

	if (!cli_parse(cli, self, NULL, 0, NULL, 0, argc, argv, 1, -1, &args, &code))
		return code;
	for (size_t i = 0; args[i]; i++) {
		struct err err = {0};

		if (wait_one(cli, args[i], &err) == 0)
			continue;
		fflush(stdout);
		cli_print_error(&err);
		code = 1;
	}
	return code;
}
