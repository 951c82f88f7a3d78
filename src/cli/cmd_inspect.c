/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect, inspect of one type, and the commands `container inspect`, `image inspect`. What the engine answers is shown
 * as it came, only put on lines: nothing is lost that this program doesn't know.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "cli/cli.h"
#include "cli/format.h"
#include "codec/json.h"

struct inspect_options {
	const char *format, *type;
	bool size;
};

/* In the order in which a name is looked for. */
static const struct kind {
	const char *name;
	const char *path;
} kinds[] = {{"container", "/containers/"}, {"image", "/images/"}};

static int fetch(struct cli *cli, const struct kind *kind, const char *name, bool size, struct client_reply *reply,
		 struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT;

	buf_adds(&path, kind->path);
	client_escape(&path, name);
	buf_adds(&path, "/json");
	if (size && kind == &kinds[0])
		buf_adds(&path, "?size=1");
	return client_call(cli->client, "GET", path.data, NULL, reply, err);
}

static int look_up(struct cli *cli, const struct inspect_options *o, const char *name, struct client_reply *reply,
		   struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int r;

		if (o->type && *o->type && strcmp(o->type, kinds[i].name) != 0)
			continue;
		buf_reset(&reply->body);
		r = fetch(cli, &kinds[i], name, o->size, reply, err);
		if (r == 0 || err->kind != ERR_NOT_FOUND || o->type)
			return r;
	}
	return err_set(err, ERR_NOT_FOUND, "Error: No such object: %s", name);
}

static int show(const char *format, const struct client_reply *reply, bool first, struct buf *out, struct err *err)
{
	_cleanup_(json_freep) struct json_object *document = NULL;
	int r;

	if (!format) {
		buf_adds(out, first ? "\n    " : ",\n    ");
		format_indent(reply->body.data, reply->body.len, "    ", out);
		return 0;
	}
	if (strcmp(format, "json") == 0) {
		buf_addf(out, "%.*s\n", (int)strcspn(reply->body.data, "\n"), reply->body.data);
		return 0;
	}
	r = json_parse(reply->body.data, reply->body.len, &document, err);
	return r < 0 ? r : format_document(format, document, out, err);
}

static int known_type(const char *type, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!type || !*type || strcmp(type, kinds[i].name) == 0)
			return 0;
	return err_set(err, ERR_INVALID, "unknown type: %s: must be one of container, image", type);
}

static int inspect(struct cli *cli, const struct inspect_options *o, char *const *args)
{
	_cleanup_buf_ struct buf out = BUF_INIT, errors = BUF_INIT;
	bool any = false;

	if (!o->format)
		buf_addc(&out, '[');
	for (; *args; args++) {
		_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
		struct err err = {0};

		if (look_up(cli, o, *args, &reply, &err) < 0 || show(o->format, &reply, !any, &out, &err) < 0)
			buf_addf(&errors, "%s\n", err.msg);
		else
			any = true;
	}
	if (!o->format)
		buf_adds(&out, any ? "\n]\n" : "]\n");
	else if (!any)
		buf_addc(&out, '\n');
	if (cli_write(&out) != 0)
		return 1;
	fputs(errors.data, stderr);
	return errors.len ? 1 : 0;
}

int cmd_inspect(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'f', "format", OPTION_STRING, offsetof(struct inspect_options, format), NULL,
		 "Format output using a custom template:\n'json':             Print in JSON format\n"
		 "'TEMPLATE':         Print output using the given Go template"},
		{'s', "size", OPTION_BOOL, offsetof(struct inspect_options, size), NULL,
		 "Display total file sizes if the type is container"},
		{0, "type", OPTION_STRING, offsetof(struct inspect_options, type), NULL,
		 "Only inspect objects of the given type"},
	};
	_cleanup_free_ char **args = NULL;
	struct inspect_options o = {0};
	struct err err = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, -1, &args, &code))
		return code;
	if (strncmp(cli->command, "container ", 10) == 0)
		o.type = "container";
	if (strncmp(cli->command, "image ", 6) == 0)
		o.type = "image";
	if (known_type(o.type, &err) < 0) {
		cli_print_error(&err);
		return 1;
	}
	return inspect(cli, &o, args);
}
