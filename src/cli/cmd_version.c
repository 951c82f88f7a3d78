/* SPDX-License-Identifier: Apache-2.0 */
/* version: of this program and of the engine. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/array.h"
#include "cli/cli.h"
#include "cli/format.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct version_options {
	const char *format;
};

static const char *architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#else
	static struct utsname name;

	return uname(&name) == 0 ? name.machine : "unknown";
#endif
}

static void add(struct json_object *o, const char *name, const char *value)
{
	json_object_object_add(o, name, json_object_new_string(value));
}

static struct json_object *client_part(struct cli *cli, bool connected)
{
	struct json_object *o = json_object_new_object();

	add(o, "Version", LIGHTER_VERSION);
	add(o, "ApiVersion", connected ? client_version(cli->client) : CLIENT_API_MAX);
	add(o, "DefaultAPIVersion", CLIENT_API_MAX);
	add(o, "Os", "linux");
	add(o, "Arch", architecture());
	add(o, "Context", "default");
	return o;
}

static const char *text(struct json_object *o, const char *name)
{
	struct json_object *found;

	return json_object_object_get_ex(o, name, &found) && found ? json_object_get_string(found) : "";
}

/* The engine's own row has its facts in Details; the other components only a version and a commit. */
static void print_component(struct json_object *component, struct buf *out)
{
	struct json_object *details = NULL;
	const char *name = text(component, "Name");

	json_object_object_get_ex(component, "Details", &details);
	buf_addf(out, " %s:\n", name);
	buf_addf(out, "  %-17s %s\n", "Version:", text(component, "Version"));
	if (!details)
		return;
	if (strcmp(name, "Engine") != 0) {
		buf_addf(out, "  %-17s %s\n", "GitCommit:", text(details, "GitCommit"));
		return;
	}
	buf_addf(out, "  %-17s %s (minimum version %s)\n", "API version:", text(details, "ApiVersion"),
		 text(details, "MinAPIVersion"));
	if (*text(details, "GitCommit"))
		buf_addf(out, "  %-17s %s\n", "Git commit:", text(details, "GitCommit"));
	if (*text(details, "BuildTime"))
		buf_addf(out, "  %-17s %s\n", "Built:", text(details, "BuildTime"));
	buf_addf(out, "  %-17s %s/%s\n", "OS/Arch:", text(details, "Os"), text(details, "Arch"));
	buf_addf(out, "  %-17s %s\n", "Experimental:", text(details, "Experimental"));
}

static void print_text(struct json_object *client, struct json_object *server, struct buf *out)
{
	struct json_object *components;

	buf_addf(out, "Client:\n %-18s %s\n %-18s %s\n %-18s %s/%s\n %-18s %s\n", "Version:", text(client, "Version"),
		 "API version:", text(client, "ApiVersion"), "OS/Arch:", text(client, "Os"), text(client, "Arch"),
		 "Context:", "default");
	if (!server)
		return;
	buf_adds(out, "\nServer:\n");
	if (!json_object_object_get_ex(server, "Components", &components) || !json_object_is_type(components, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(components); i++)
		print_component(json_object_array_get_idx(components, i), out);
}

static int print(struct cli *cli, const char *format, struct err *err)
{
	_cleanup_(json_freep) struct json_object *server = NULL, *whole = json_object_new_object();
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err server_err = {0}, *failed = NULL;
	int r = 0;

	if (client_negotiate(cli->client, &server_err) < 0 || cli_call_json(cli, "/version", &server, &server_err) < 0)
		failed = &server_err;
	json_object_object_add(whole, "Client", client_part(cli, !failed));
	json_object_object_add(whole, "Server", server ? json_object_get(server) : NULL);
	if (format)
		r = format_document(format, whole, &out, err);
	else
		print_text(json_object_object_get(whole, "Client"), server, &out);
	if (r == 0 && cli_write(&out) != 0)
		return err_set(err, ERR_SYSTEM, "write the versions");
	if (failed) { /* rather than what a template made of the missing half */
		*err = *failed;
		return -EIO;
	}
	return r;
}

int cmd_version(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'f', "format", OPTION_STRING, offsetof(struct version_options, format), NULL,
		 "Format output using a custom template:\n'json':             Print in JSON format\n"
		 "'TEMPLATE':         Print output using the given Go template"},
	};
	_cleanup_free_ char **args = NULL;
	struct version_options o = {0};
	struct err err = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 0, 0, &args, &code))
		return code;
	if (print(cli, o.format, &err) < 0) {
		cli_print_error(&err);
		return 1;
	}
	return 0;
}
