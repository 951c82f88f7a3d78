/* SPDX-License-Identifier: Apache-2.0 */
/* info: what the engine says of itself and its host, line by line as Docker prints it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "cli/cli.h"
#include "cli/format.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct info_options {
	const char *format;
};

enum row_kind {
	ROW_TEXT,
	ROW_NUMBER,
	ROW_BOOL,
	ROW_BYTES,
	ROW_LIST,
	ROW_PAIRS,
	ROW_PLUGINS,
	ROW_RUNTIMES,
	ROW_SECURITY,
	ROW_REGISTRIES
};

static const struct row {
	const char *label;
	const char *member;
	enum row_kind kind;
	int depth;
	bool omit_empty;
} rows[] = {
	{"Containers", "Containers", ROW_NUMBER, 1},
	{"Running", "ContainersRunning", ROW_NUMBER, 2},
	{"Paused", "ContainersPaused", ROW_NUMBER, 2},
	{"Stopped", "ContainersStopped", ROW_NUMBER, 2},
	{"Images", "Images", ROW_NUMBER, 1},
	{"Server Version", "ServerVersion", ROW_TEXT, 1},
	{"Storage Driver", "Driver", ROW_TEXT, 1},
	{NULL, "DriverStatus", ROW_PAIRS, 2},
	{"Logging Driver", "LoggingDriver", ROW_TEXT, 1},
	{"Cgroup Driver", "CgroupDriver", ROW_TEXT, 1},
	{"Cgroup Version", "CgroupVersion", ROW_TEXT, 1},
	{"Plugins", "Plugins", ROW_PLUGINS, 1},
	{"CDI spec directories", "CDISpecDirs", ROW_LIST, 1, true},
	{"Swarm", "Swarm", ROW_TEXT, 1},
	{"Runtimes", "Runtimes", ROW_RUNTIMES, 1},
	{"Default Runtime", "DefaultRuntime", ROW_TEXT, 1},
	{"Init Binary", "InitBinary", ROW_TEXT, 1},
	{"Security Options", "SecurityOptions", ROW_SECURITY, 1},
	{"Kernel Version", "KernelVersion", ROW_TEXT, 1},
	{"Operating System", "OperatingSystem", ROW_TEXT, 1},
	{"OSType", "OSType", ROW_TEXT, 1},
	{"Architecture", "Architecture", ROW_TEXT, 1},
	{"CPUs", "NCPU", ROW_NUMBER, 1},
	{"Total Memory", "MemTotal", ROW_BYTES, 1},
	{"Name", "Name", ROW_TEXT, 1},
	{"ID", "ID", ROW_TEXT, 1},
	{"Docker Root Dir", "DockerRootDir", ROW_TEXT, 1},
	{"Debug Mode", "Debug", ROW_BOOL, 1},
	{"HTTP Proxy", "HttpProxy", ROW_TEXT, 1, true},
	{"HTTPS Proxy", "HttpsProxy", ROW_TEXT, 1, true},
	{"No Proxy", "NoProxy", ROW_TEXT, 1, true},
	{"Labels", "Labels", ROW_LIST, 1, true},
	{"Experimental", "ExperimentalBuild", ROW_BOOL, 1},
	{"Insecure Registries", "RegistryConfig", ROW_REGISTRIES, 1},
	{"Live Restore Enabled", "LiveRestoreEnabled", ROW_BOOL, 1},
};

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	json_object_object_get_ex(o, name, &found);
	return found;
}

static size_t length(struct json_object *o)
{
	return o && json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;
}

static void put_list(struct json_object *list, int depth, struct buf *out)
{
	for (size_t i = 0; i < length(list); i++)
		buf_addf(out, "%*s%s\n", depth, "", json_object_get_string(json_object_array_get_idx(list, i)));
}

static void put_pairs(struct json_object *list, int depth, struct buf *out)
{
	for (size_t i = 0; i < length(list); i++) {
		struct json_object *pair = json_object_array_get_idx(list, i);

		buf_addf(out, "%*s%s: %s\n", depth, "", json_object_get_string(json_object_array_get_idx(pair, 0)),
			 json_object_get_string(json_object_array_get_idx(pair, 1)));
	}
}

static void put_words(const char *label, struct json_object *list, struct buf *out)
{
	buf_addf(out, "  %s:", label);
	for (size_t i = 0; i < length(list); i++)
		buf_addf(out, " %s", json_object_get_string(json_object_array_get_idx(list, i)));
	buf_addc(out, '\n');
}

/* "name=seccomp,profile=builtin": the name on a line of its own, the rest below it. */
static void put_security(struct json_object *list, struct buf *out)
{
	for (size_t i = 0; i < length(list); i++) {
		const char *at = json_object_get_string(json_object_array_get_idx(list, i));

		while (*at) {
			size_t len = strcspn(at, ","), key = strcspn(at, "=");

			if (key >= len)
				buf_addf(out, "  %.*s\n", (int)len, at);
			else if (strncmp(at, "name=", 5) == 0)
				buf_addf(out, "  %.*s\n", (int)(len - 5), at + 5);
			else
				buf_addf(out, "   %c%.*s: %.*s\n", at[0] - ('a' - 'A') * (at[0] >= 'a'), (int)key - 1, at + 1,
					 (int)(len - key - 1), at + key + 1);
			at += len + (at[len] == ',');
		}
	}
}

static void put_value(const struct row *row, struct json_object *value, struct buf *out)
{
	buf_addf(out, "%*s%s:", row->depth, "", row->label);
	switch (row->kind) {
	case ROW_NUMBER:
		buf_addf(out, " %" PRId64 "\n", json_object_get_int64(value));
		break;
	case ROW_BOOL:
		buf_adds(out, json_object_get_boolean(value) ? " true\n" : " false\n");
		break;
	case ROW_BYTES:
		buf_addc(out, ' ');
		format_binary_size((double)json_object_get_int64(value), out);
		buf_addc(out, '\n');
		break;
	case ROW_LIST:
		buf_addc(out, '\n');
		put_list(value, row->depth + 1, out);
		break;
	case ROW_PLUGINS:
		buf_addc(out, '\n');
		put_words("Volume", member(value, "Volume"), out);
		put_words("Network", member(value, "Network"), out);
		put_words("Log", member(value, "Log"), out);
		break;
	case ROW_SECURITY:
		buf_addc(out, '\n');
		put_security(value, out);
		break;
	case ROW_REGISTRIES:
		buf_addc(out, '\n');
		put_list(member(value, "InsecureRegistryCIDRs"), row->depth + 1, out);
		break;
	default:
		buf_addf(out, " %s\n", value ? json_object_get_string(value) : "");
	}
}

static void put_row(const struct row *row, struct json_object *info, struct buf *out)
{
	struct json_object *value = member(info, row->member);
	bool empty = !value || (json_object_is_type(value, json_type_array) && length(value) == 0) ||
		     (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0);

	if (row->omit_empty && empty)
		return;
	if (row->kind == ROW_PAIRS) {
		put_pairs(value, row->depth, out);
	} else if (row->kind == ROW_RUNTIMES && value) {
		buf_addf(out, "%*s%s:", row->depth, "", row->label);
		json_object_object_foreach(value, name, ignored)
		{
			(void)ignored;
			buf_addf(out, " %s", name);
		}
		buf_addc(out, '\n');
	} else if (strcmp(row->member, "Swarm") == 0) {
		buf_addf(out, " Swarm: %s\n", json_object_get_string(member(value, "LocalNodeState")));
	} else {
		put_value(row, value, out);
	}
}

static int print(struct cli *cli, const char *format, struct err *err)
{
	_cleanup_(json_freep) struct json_object *info = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = cli_call_json(cli, "/info", &info, err);

	if (format) {
		if (r == 0)
			r = format_document(format, info, &out, err);
		return r == 0 && cli_write(&out) ? err_set(err, ERR_SYSTEM, "write the information") : r;
	}
	buf_addf(&out, "Client:\n Version:    %s\n Context:    default\n Debug Mode: %s\n\nServer:\n", LIGHTER_VERSION,
		 cli->debug ? "true" : "false");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		put_row(&rows[i], info, &out);
	if (r == 0)
		buf_addc(&out, '\n');
	if (cli_write(&out) != 0)
		return err_set(err, ERR_SYSTEM, "write the information");
	if (r == 0)
		for (size_t i = 0; i < length(member(info, "Warnings")); i++)
			fprintf(stderr, "%s\n", json_object_get_string(json_object_array_get_idx(member(info, "Warnings"), i)));
	return r;
}

int cmd_info(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'f', "format", OPTION_STRING, offsetof(struct info_options, format), NULL,
		 "Format output using a custom template:\n'json':             Print in JSON format\n"
		 "'TEMPLATE':         Print output using the given Go template"},
	};
	_cleanup_free_ char **args = NULL;
	struct info_options o = {0};
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
