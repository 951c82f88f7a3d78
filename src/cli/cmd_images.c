/* SPDX-License-Identifier: Apache-2.0 */
/* images and rmi. A row per tag; an image without one shows once, as <none>. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "cli/cli.h"
#include "cli/format.h"
#include "codec/json.h"
#include "codec/json_c.h"

struct images_options {
	bool all, digests, no_trunc, quiet;
	char **filter;
	const char *format;
};

static const struct format_column columns[] = {
	{"Containers", "CONTAINERS"},
	{"CreatedAt", "CREATED AT"},
	{"CreatedSince", "CREATED"},
	{"Digest", "DIGEST"},
	{"ID", "IMAGE ID"},
	{"Repository", "REPOSITORY"},
	{"SharedSize", "SHARED SIZE"},
	{"Size", "SIZE"},
	{"Tag", "TAG"},
	{"UniqueSize", "UNIQUE SIZE"},
	{"VirtualSize", "VIRTUAL SIZE"},
};

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	json_object_object_get_ex(o, name, &found);
	return found;
}

static void add(struct json_object *row, const char *name, struct buf *value)
{
	json_object_object_add(row, name, json_object_new_string_len(value->data, (int)value->len));
	buf_reset(value);
}

static void add_text(struct json_object *row, const char *name, const char *value)
{
	json_object_object_add(row, name, json_object_new_string(value));
}

static struct json_object *make_row(struct json_object *image, const char *repository, const char *tag, const char *digest,
				    bool full)
{
	int64_t created = json_object_get_int64(member(image, "Created"));
	double size = (double)json_object_get_int64(member(image, "Size"));
	struct json_object *row = json_object_new_object();
	_cleanup_buf_ struct buf b = BUF_INIT;

	add_text(row, "Containers", "N/A");
	format_time(created, &b);
	add(row, "CreatedAt", &b);
	format_age(created, &b);
	add(row, "CreatedSince", &b);
	add_text(row, "Digest", digest);
	format_id(json_object_get_string(member(image, "Id")), full, &b);
	add(row, "ID", &b);
	add_text(row, "Repository", repository);
	add_text(row, "SharedSize", "N/A");
	format_size(size, 3, &b);
	add(row, "Size", &b);
	add_text(row, "Tag", tag);
	add_text(row, "UniqueSize", "N/A");
	format_size(size, 4, &b);
	add(row, "VirtualSize", &b);
	return row;
}

/* The digest under which `repository` knows the image, or "<none>". */
static const char *digest_of(struct json_object *image, const char *repository)
{
	struct json_object *digests = member(image, "RepoDigests");
	size_t n = digests && json_object_is_type(digests, json_type_array) ? json_object_array_length(digests) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(digests, i)), *at = strchr(text, '@');

		if (at && strlen(repository) == (size_t)(at - text) && strncmp(text, repository, strlen(repository)) == 0)
			return at + 1;
	}
	return "<none>";
}

static void add_rows(struct json_object *rows, struct json_object *image, const struct images_options *o)
{
	struct json_object *tags = member(image, "RepoTags");
	size_t n = tags && json_object_is_type(tags, json_type_array) ? json_object_array_length(tags) : 0;

	if (n == 0)
		json_object_array_add(rows, make_row(image, "<none>", "<none>", "<none>", o->no_trunc));
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *name = xstrdup(json_object_get_string(json_object_array_get_idx(tags, i)));
		char *colon = strrchr(name, ':');

		if (colon)
			*colon++ = '\0';
		json_object_array_add(rows,
				      make_row(image, name, colon ? colon : "<none>", digest_of(image, name), o->no_trunc));
	}
}

static int print(struct cli *cli, struct images_options *o, const char *reference, struct err *err)
{
	_cleanup_(json_freep) struct json_object *images = NULL, *rows = NULL;
	_cleanup_buf_ struct buf path = BUF_INIT, out = BUF_INIT;
	const char *table = o->digests ? "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
				       : "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}";
	int r;

	if (reference) {
		_cleanup_free_ char *filter = xasprintf("reference=%s", reference);

		strv_add(&o->filter, filter);
	}
	buf_addf(&path, "/images/json?all=%d", o->all);
	r = cli_add_filters(&path, o->filter, err);
	if (r == 0)
		r = cli_call_json(cli, path.data, &images, err);
	if (r < 0)
		return r;
	rows = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(images); i++)
		add_rows(rows, json_object_array_get_idx(images, i), o);
	r = format_rows(o->quiet ? "{{.ID}}" : o->format, table, columns, ARRAY_SIZE(columns), rows, &out, err);
	return r < 0 ? r : cli_write(&out) ? err_set(err, ERR_SYSTEM, "write the list") : 0;
}

int cmd_images(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'a', "all", OPTION_BOOL, offsetof(struct images_options, all), NULL,
		 "Show all images (default hides intermediate images)"},
		{0, "digests", OPTION_BOOL, offsetof(struct images_options, digests), NULL, "Show digests"},
		{'f', "filter", OPTION_LIST, offsetof(struct images_options, filter), "filter",
		 "Filter output based on conditions provided"},
		{0, "format", OPTION_STRING, offsetof(struct images_options, format), NULL,
		 "Format output using a custom template ('table', 'table TEMPLATE', 'json', 'TEMPLATE')"},
		{0, "no-trunc", OPTION_BOOL, offsetof(struct images_options, no_trunc), NULL, "Don't truncate output"},
		{'q', "quiet", OPTION_BOOL, offsetof(struct images_options, quiet), NULL, "Only show image IDs"},
	};
	_cleanup_free_ char **args = NULL;
	struct images_options o = {0};
	struct err err = {0};
	int code = 0;

	if (cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 0, 1, &args, &code) &&
	    print(cli, &o, args[0], &err) < 0) {
		cli_print_error(&err);
		code = 1;
	}
	options_done(table, ARRAY_SIZE(table), &o);
	return code;
}

struct rmi_options {
	bool force, no_prune;
};

static int remove_image(struct cli *cli, const char *name, const struct rmi_options *o, struct err *err)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	_cleanup_(json_freep) struct json_object *deleted = NULL;
	_cleanup_buf_ struct buf path = BUF_INIT;
	int r;

	buf_adds(&path, "/images/");
	client_escape(&path, name);
	buf_addf(&path, "?force=%d&noprune=%d", o->force, o->no_prune);
	r = client_call(cli->client, "DELETE", path.data, NULL, &reply, err);
	if (r == 0)
		r = json_parse(reply.body.data, reply.body.len, &deleted, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < json_object_array_length(deleted); i++) {
		struct json_object *row = json_object_array_get_idx(deleted, i), *what;

		if (json_object_object_get_ex(row, "Deleted", &what))
			printf("Deleted: %s\n", json_object_get_string(what));
		if (json_object_object_get_ex(row, "Untagged", &what))
			printf("Untagged: %s\n", json_object_get_string(what));
	}
	return 0;
}

int cmd_rmi(struct cli *cli, const struct cli_command *self, int argc, char **argv)
{
	static const struct option table[] = {
		{'f', "force", OPTION_BOOL, offsetof(struct rmi_options, force), NULL, "Force removal of the image"},
		{0, "no-prune", OPTION_BOOL, offsetof(struct rmi_options, no_prune), NULL, "Do not delete untagged parents"},
	};
	_cleanup_free_ char **args = NULL;
	struct rmi_options o = {0};
	int code = 0;

	if (!cli_parse(cli, self, table, ARRAY_SIZE(table), &o, 0, argc, argv, 1, -1, &args, &code))
		return code;
	for (size_t i = 0; args[i]; i++) {
		struct err err = {0};

		if (remove_image(cli, args[i], &o, &err) == 0)
			continue;
		fflush(stdout);
		cli_print_error(&err);
		if (!o.force || err.kind != ERR_NOT_FOUND)
			code = 1;
	}
	return code;
}
