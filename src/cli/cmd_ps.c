/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the list of containers. Rows carry Docker's column names, so that every `--format` people have keeps working. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "cli/cli.h"
#include "cli/format.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct ps_options {
	bool all, latest, no_trunc, quiet, size;
	int64_t last;
	char **filter;
	const char *format;
};

static const struct format_column columns[] = {
	{"Command", "COMMAND"},   {"CreatedAt", "CREATED AT"}, {"ID", "CONTAINER ID"},
	{"Image", "IMAGE"},       {"Labels", "LABELS"},        {"LocalVolumes", "LOCAL VOLUMES"},
	{"Mounts", "MOUNTS"},     {"Names", "NAMES"},          {"Networks", "NETWORKS"},
	{"Platform", "PLATFORM"}, {"Ports", "PORTS"},          {"RunningFor", "CREATED"},
	{"Size", "SIZE"},         {"State", "STATE"},          {"Status", "STATUS"},
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

	return found && json_object_is_type(found, json_type_string) ? json_object_get_string(found) : "";
}

static void add(struct json_object *row, const char *name, struct buf *value)
{
	json_object_object_add(row, name, json_object_new_string_len(value->data, (int)value->len));
	buf_reset(value);
}

/* Quoted as Go quotes a string, cut to 20 characters with an ellipsis. */
static void put_command(const char *command, bool full, struct buf *out)
{
	size_t len = strlen(command);
	bool cut = !full && len > 20;

	buf_addc(out, '"');
	for (size_t i = 0; i < (cut ? 19 : len); i++) {
		if (command[i] == '"' || command[i] == '\\')
			buf_addc(out, '\\');
		if (command[i] == '\n')
			buf_adds(out, "\\n");
		else if (command[i] == '\t')
			buf_adds(out, "\\t");
		else
			buf_addc(out, command[i]);
	}
	buf_adds(out, cut ? "\xe2\x80\xa6\"" : "\"");
}

static void put_names(struct json_object *container, struct buf *out)
{
	struct json_object *names = member(container, "Names");
	size_t n = names ? json_object_array_length(names) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));

		buf_addf(out, "%s%s", i ? "," : "", *name == '/' ? name + 1 : name);
	}
}

static void put_ports(struct json_object *container, struct buf *out)
{
	struct json_object *ports = member(container, "Ports");
	size_t n = ports ? json_object_array_length(ports) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *port = json_object_array_get_idx(ports, i), *outside = member(port, "PublicPort");

		buf_adds(out, i ? ", " : "");
		if (outside)
			buf_addf(out, strchr(text(port, "IP"), ':') ? "[%s]:%d->" : "%s:%d->", text(port, "IP"),
				 json_object_get_int(outside));
		buf_addf(out, "%d/%s", json_object_get_int(member(port, "PrivatePort")), text(port, "Type"));
	}
}

static void put_labels(struct json_object *container, struct buf *out)
{
	struct json_object *labels = member(container, "Labels");

	if (!labels)
		return;
	json_object_object_foreach(labels, key, value)
	{
		buf_addf(out, "%s%s=%s", out->len ? "," : "", key, json_object_get_string(value));
	}
}

static void put_networks(struct json_object *container, struct buf *out)
{
	struct json_object *networks = member(member(container, "NetworkSettings"), "Networks");

	if (!networks)
		return;
	json_object_object_foreach(networks, key, value)
	{
		(void)value;
		buf_addf(out, "%s%s", out->len ? "," : "", key);
	}
}

static size_t put_mounts(struct json_object *container, bool full, struct buf *out)
{
	struct json_object *mounts = member(container, "Mounts");
	size_t n = mounts ? json_object_array_length(mounts) : 0, volumes = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);
		const char *name = *text(mount, "Name") ? text(mount, "Name") : text(mount, "Source");

		volumes += strcmp(text(mount, "Driver"), "local") == 0;
		buf_addf(out, full || strlen(name) <= 15 ? "%s%s" : "%s%.14s\xe2\x80\xa6", i ? "," : "", name);
	}
	return volumes;
}

static void put_size(struct json_object *container, struct buf *out)
{
	int64_t root = json_object_get_int64(member(container, "SizeRootFs"));

	format_size((double)json_object_get_int64(member(container, "SizeRw")), 3, out);
	if (root > 0) {
		buf_adds(out, " (virtual ");
		format_size((double)root, 3, out);
		buf_addc(out, ')');
	}
}

static void put_image(struct json_object *container, bool full, struct buf *out)
{
	const char *image = text(container, "Image");

	if (!*image)
		buf_adds(out, "<no image>");
	else if (!full && strncmp(image, "sha256:", 7) == 0)
		format_id(image, false, out);
	else
		buf_adds(out, image);
}

/* Members in alphabetical order: the order in which `--format json` prints them. */
static struct json_object *make_row(struct json_object *container, const struct ps_options *o)
{
	int64_t created = json_object_get_int64(member(container, "Created"));
	struct json_object *row = json_object_new_object();
	_cleanup_buf_ struct buf b = BUF_INIT, mounts = BUF_INIT;
	size_t volumes = put_mounts(container, o->no_trunc, &mounts);

	put_command(text(container, "Command"), o->no_trunc, &b);
	add(row, "Command", &b);
	format_time(created, &b);
	add(row, "CreatedAt", &b);
	format_id(text(container, "Id"), o->no_trunc, &b);
	add(row, "ID", &b);
	put_image(container, o->no_trunc, &b);
	add(row, "Image", &b);
	put_labels(container, &b);
	add(row, "Labels", &b);
	buf_addf(&b, "%zu", volumes);
	add(row, "LocalVolumes", &b);
	add(row, "Mounts", &mounts);
	put_names(container, &b);
	add(row, "Names", &b);
	put_networks(container, &b);
	add(row, "Networks", &b);
	json_object_object_add(row, "Platform", NULL);
	put_ports(container, &b);
	add(row, "Ports", &b);
	format_age(created, &b);
	add(row, "RunningFor", &b);
	put_size(container, &b);
	add(row, "Size", &b);
	buf_adds(&b, text(container, "State"));
	add(row, "State", &b);
	buf_adds(&b, text(container, "Status"));
	add(row, "Status", &b);
	return row;
}

static int list(struct cli *cli, const struct ps_options *o, struct json_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT;
	int64_t limit = o->latest ? 1 : o->last;
	int r;

	buf_addf(&path, "/containers/json?all=%d&size=%d", o->all,
		 o->size || (o->format && (strstr(o->format, "json") || strstr(o->format, ".Size"))));
	if (limit > 0)
		buf_addf(&path, "&limit=%" PRId64, limit);
	r = cli_add_filters(&path, o->filter, err);
	return r < 0 ? r : cli_call_json(cli, path.data, ret, err);
}

static int print(struct cli *cli, const struct ps_options *o, struct err *err)
{
	_cleanup_(json_freep) struct json_object *containers = NULL, *rows = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *table =
		o->size ? "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}\t{{.Size}}"
			: "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";
	int r = list(cli, o, &containers, err);

	if (r < 0)
		return r;
	rows = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(containers); i++)
		json_object_array_add(rows, make_row(json_object_array_get_idx(containers, i), o));
	r = format_rows(o->quiet ? "{{.ID}}" : o->format, table, columns, ARRAY_SIZE(columns), rows, &out, err);
	return r < 0 ? r : cli_write(&out) ? err_set(err, ERR_SYSTEM, "write the list") : 0;
}

int cmd_ps(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'a', "all", OPTION_BOOL, offsetof(struct ps_options, all), NULL,
		 "Show all containers (default shows just running)"},
		{'f', "filter", OPTION_LIST, offsetof(struct ps_options, filter), "filter",
		 "Filter output based on conditions provided"},
		{0, "format", OPTION_STRING, offsetof(struct ps_options, format), NULL,
		 "Format output using a custom template:\n'table':            Print output in table format with column headers "
		 "(default)\n"
		 "'table TEMPLATE':   Print output in table format using the given Go template\n"
		 "'json':             Print in JSON format\n'TEMPLATE':         Print output using the given Go template"},
		{'n', "last", OPTION_INT, offsetof(struct ps_options, last), NULL,
		 "Show n last created containers (includes all states) (default -1)"},
		{'l', "latest", OPTION_BOOL, offsetof(struct ps_options, latest), NULL,
		 "Show the latest created container (includes all states)"},
		{0, "no-trunc", OPTION_BOOL, offsetof(struct ps_options, no_trunc), NULL, "Don't truncate output"},
		{'q', "quiet", OPTION_BOOL, offsetof(struct ps_options, quiet), NULL, "Only display container IDs"},
		{'s', "size", OPTION_BOOL, offsetof(struct ps_options, size), NULL, "Display total file sizes"},
	};
	struct ps_options o = {.last = -1};
	_cleanup_free_ char **args = NULL;
	struct err err = {0};
	int code = 0;

	if (cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 0, 0, &args, &code) && print(cli, &o, &err) < 0) {
		cli_print_error(&err);
		code = 1;
	}
	options_done(table, ARRAY_SIZE(table), &o);
	return code;
}
