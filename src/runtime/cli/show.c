/* SPDX-License-Identifier: Apache-2.0 */
/* `state`, `list` and `features`: what there is, in the forms that runc's callers parse. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "codec/json.h"
#include "linux/capabilities.h"
#include "runtime/cli/cli.h"
#include "runtime/oci_features.h"

#define ARENA_MAX (64u << 20)
#define INDENT 2

/* Lays compact JSON of ours out in lines: strings are the only place where its characters could mean something else. */
static void print_indented(const char *json)
{
	bool in_string = false;
	int depth = 0;

	for (const char *p = json; *p; p++) {
		if (in_string || *p == '"') {
			in_string = *p == '"' ? !in_string : in_string;
			putchar(*p);
			if (in_string && *p == '\\')
				putchar(*++p);
		} else if ((*p == '{' || *p == '[') && p[1] != '}' && p[1] != ']') {
			depth++;
			printf("%c\n%*s", *p, depth * INDENT, "");
		} else if ((*p == '}' || *p == ']') && p > json && p[-1] != '{' && p[-1] != '[') {
			depth--;
			printf("\n%*s%c", depth * INDENT, "", *p);
		} else if (*p == ',') {
			printf(",\n%*s", depth * INDENT, "");
		} else {
			printf(*p == ':' ? "%c " : "%c", *p);
		}
	}
	putchar('\n');
}

static int finish(const struct buf *text, bool indented, struct err *err)
{
	if (text->failed)
		return err_sys(err, ENOMEM, "print");
	if (indented)
		print_indented(text->data);
	else
		printf("%s", text->data);
	return fflush(stdout) == 0 ? 0 : err_sys(err, errno, "print");
}

static void write_state(struct json_writer *w, const struct state *s, const struct oci_spec *spec, bool owner)
{
	enum state_status status = state_status(s);

	json_begin_object(w);
	json_member_string(w, "ociVersion", OCI_SPEC_VERSION);
	json_member_string(w, "id", s->id);
	json_member_int(w, "pid", status == STATUS_STOPPED ? 0 : s->pid);
	json_member_string(w, "status", state_status_name(status));
	json_member_string(w, "bundle", s->bundle);
	json_member_string(w, "rootfs", s->rootfs);
	json_member_string(w, "created", s->created);
	if (spec && spec->annotations.len > 0) {
		json_key(w, "annotations");
		json_begin_object(w);
		for (size_t i = 0; i < spec->annotations.len; i++)
			json_member_string(w, spec->annotations.items[i].key, spec->annotations.items[i].value);
		json_end_object(w);
	}
	json_member_string(w, "owner", owner ? s->owner : "");
	json_end_object(w);
}

int cli_state(struct cli *c, int argc, char **argv, struct err *err)
{
	static const struct option none[] = {{0}};
	_cleanup_arena_ struct arena *a = arena_new(ARENA_MAX);
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct json_writer w = {.out = &text};
	struct state s = {.dir_fd = -EBADF};
	struct oci_spec *spec;
	const char *id;
	int r;

	if (!a)
		return err_sys(err, ENOMEM, "state");
	if (cli_getopt(argc, argv, "+", none, err) != -1)
		return -EINVAL;
	r = cli_only_id(argc, argv, &id, err);
	if (r == 0)
		r = state_load(c->root_fd, id, a, &s, err);
	if (r < 0)
		return r;
	r = state_load_spec(&s, a, &spec, err);
	if (r == 0)
		write_state(&w, &s, spec, false);
	state_done(&s);
	return r < 0 ? r : finish(&text, true, err);
}

static void list_one(struct cli *c, const char *id, const char *format, bool quiet, struct json_writer *w)
{
	_cleanup_arena_ struct arena *a = arena_new(ARENA_MAX);
	enum state_status status;
	struct state s;

	/* What can't be read is a container on its way in or out. */
	if (!a || state_load(c->root_fd, id, a, &s, NULL) < 0)
		return;
	status = state_status(&s);
	if (quiet)
		buf_addf(w->out, "%s\n", s.id);
	else if (strcmp(format, "json") == 0)
		write_state(w, &s, NULL, true);
	else
		buf_addf(w->out, "%-11s %-11d %-11s %-19s %-31s %s\n", s.id, status == STATUS_STOPPED ? 0 : s.pid,
			 state_status_name(status), s.bundle, s.created, s.owner);
	state_done(&s);
}

static int list_all(struct cli *c, const char *format, bool quiet, struct json_writer *w, struct err *err)
{
	int fd = openat(c->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		fd_close(fd);
		return err_sys(err, errno, "read the state directory");
	}
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			list_one(c, e->d_name, format, quiet, w);
	closedir(dir);
	return 0;
}

int cli_list(struct cli *c, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'f'}, {"quiet", no_argument, NULL, 'q'}, {0}};
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct json_writer w = {.out = &text};
	const char *format = "table";
	bool quiet = false, json;
	int letter, r;

	while ((letter = cli_getopt(argc, argv, "+f:q", options, err)) != -1) {
		if (letter == 'f')
			format = optarg;
		else if (letter == 'q')
			quiet = true;
		else
			return -EINVAL;
	}
	json = strcmp(format, "json") == 0;
	if (!json && strcmp(format, "table") != 0)
		return err_set(err, ERR_INVALID, "invalid format option: %s", format);
	if (json && !quiet)
		json_begin_array(&w);
	else if (!quiet)
		buf_addf(&text, "%-11s %-11s %-11s %-19s %-31s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER");
	r = list_all(c, format, quiet, &w, err);
	if (json && !quiet) {
		json_end_array(&w);
		buf_addc(&text, '\n');
	}
	return r < 0 ? r : finish(&text, false, err);
}

int cli_features(struct cli *c, int argc, char **argv, struct err *err)
{
	static const struct option none[] = {{0}};
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (cli_getopt(argc, argv, "+", none, err) != -1)
		return -EINVAL;
	runtime_features_write(&text);
	return finish(&text, true, err);
}
