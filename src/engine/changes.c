/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See changes.h. Lines are words with '...', "..." and backslashes as in a Dockerfile; there is nothing to substitute,
 * since no build stage gave a variable a value.
 */
#include "engine/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/array.h"
#include "codec/api_docs.h"
#include "codec/json_c.h"
#include "engine/signals.h"

struct change {
	struct arena *a;
	struct container_config *config;
};

/* ---- words ---- */

/* The next word, quotes and backslashes taken out; NULL at the end. Moves *p. */
static char *word_next(const char **p, struct arena *a)
{
	const char *s = *p;
	char *out, quote = '\0';
	size_t n = 0;

	s += strspn(s, " \t");
	if (!*s) {
		*p = s;
		return NULL;
	}
	out = arena_alloc(a, strlen(s) + 1);
	for (; out && *s && (quote || (*s != ' ' && *s != '\t')); s++) {
		if (*s == '\\' && s[1] && quote != '\'')
			out[n++] = *++s;
		else if (quote && *s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else
			out[n++] = *s;
	}
	*p = s;
	return out;
}

static char **vector_add(struct arena *a, char **v, char *s)
{
	size_t n = strv_len(v);
	char **longer = arena_array(a, n + 2, sizeof(*longer));

	if (!longer)
		return v;
	for (size_t i = 0; i < n; i++)
		longer[i] = v[i];
	longer[n] = s;
	return longer;
}

/* ["a","b"] -> a list; anything else -> /bin/sh -c "...". */
static char **command_parse(const char *rest, struct arena *a)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	char **v = arena_array(a, 1, sizeof(*v));

	if (*rest == '[' && json_parse(rest, strlen(rest), &o, NULL) >= 0 && json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			v = vector_add(a, v, arena_strdup(a, json_object_get_string(json_object_array_get_idx(o, i))));
		return v;
	}
	v = vector_add(a, v, arena_strdup(a, "/bin/sh"));
	v = vector_add(a, v, arena_strdup(a, "-c"));
	return vector_add(a, v, arena_strdup(a, rest));
}

/* ---- one function per instruction ---- */

static int change_cmd(struct change *c, const char *rest, struct err *err)
{
	(void)err;
	c->config->cmd = command_parse(rest, c->a);
	return 0;
}

static int change_entrypoint(struct change *c, const char *rest, struct err *err)
{
	(void)err;
	c->config->entrypoint = command_parse(rest, c->a);
	return 0;
}

static void env_set(struct change *c, const char *name, size_t len, char *entry)
{
	for (char **e = c->config->env; e && *e; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=') {
			*e = entry;
			return;
		}
	c->config->env = vector_add(c->a, c->config->env, entry);
}

/* NAME=value ..., or the old NAME value. */
static int change_env(struct change *c, const char *rest, struct err *err)
{
	const char *p = rest;
	char *word = word_next(&p, c->a);

	if (word && !strchr(word, '=')) {
		p += strspn(p, " \t");
		if (!*p)
			return err_set(err, ERR_INVALID, "ENV must have two arguments");
		env_set(c, word, strlen(word), arena_printf(c->a, "%s=%s", word, p));
		return 0;
	}
	for (; word; word = word_next(&p, c->a)) {
		const char *eq = strchr(word, '=');

		if (!eq || eq == word)
			return err_set(err, ERR_INVALID,
				       "Syntax error - can't find = in \"%s\". Must be of the form: name=value", word);
		env_set(c, word, (size_t)(eq - word), word);
	}
	return 0;
}

static void set_add(struct change *c, struct api_set *set, char *key)
{
	struct api_set_member *items = arena_array(c->a, set->len + 1, sizeof(*items));

	for (size_t i = 0; i < set->len; i++)
		if (strcmp(set->items[i].key, key) == 0)
			return;
	if (!items)
		return;
	if (set->len)
		memcpy(items, set->items, set->len * sizeof(*items));
	items[set->len].key = key;
	set->items = items;
	set->len++;
}

static int change_expose(struct change *c, const char *rest, struct err *err)
{
	const char *p = rest;

	for (char *word; (word = word_next(&p, c->a));) {
		char *end;
		unsigned long port = strtoul(word, &end, 10);

		if (end == word || port == 0 || port > 65535 ||
		    (*end && strcmp(end, "/tcp") != 0 && strcmp(end, "/udp") != 0 && strcmp(end, "/sctp") != 0))
			return err_set(err, ERR_INVALID, "invalid containerPort: %s", word);
		set_add(c, &c->config->exposed_ports, *end ? word : arena_printf(c->a, "%s/tcp", word));
	}
	return 0;
}

static int change_volume(struct change *c, const char *rest, struct err *err)
{
	const char *p = rest;
	char **v = NULL;

	if (*rest == '[')
		v = command_parse(rest, c->a);
	else
		for (char *word; (word = word_next(&p, c->a));)
			v = vector_add(c->a, v, word);
	if (!v || !v[0] || !*v[0])
		return err_set(err, ERR_INVALID, "VOLUME specified can not be an empty string");
	for (; *v; v++)
		set_add(c, &c->config->volumes, *v);
	return 0;
}

static int change_label(struct change *c, const char *rest, struct err *err)
{
	struct json_string_map *m = &c->config->labels;
	const char *p = rest;

	for (char *word; (word = word_next(&p, c->a));) {
		char *eq = strchr(word, '=');
		struct json_string_pair *items = arena_array(c->a, m->len + 1, sizeof(*items));

		if (!eq || eq == word || !items)
			return err_set(err, ERR_INVALID,
				       "Syntax error - can't find = in \"%s\". Must be of the form: name=value", word);
		*eq = '\0';
		if (m->len)
			memcpy(items, m->items, m->len * sizeof(*items));
		items[m->len] = (struct json_string_pair){.key = word, .value = eq + 1};
		m->items = items;
		m->len++;
	}
	return 0;
}

static int change_user(struct change *c, const char *rest, struct err *err)
{
	if (strchr(rest, ' '))
		return err_set(err, ERR_INVALID, "USER requires exactly one argument");
	c->config->user = arena_strdup(c->a, rest);
	return 0;
}

static int change_workdir(struct change *c, const char *rest, struct err *err)
{
	const char *base = c->config->working_dir ? c->config->working_dir : "";

	(void)err;
	if (*rest == '/')
		c->config->working_dir = arena_strdup(c->a, rest);
	else
		c->config->working_dir = arena_printf(c->a, "%s/%s", base, rest);
	return 0;
}

static int change_stopsignal(struct change *c, const char *rest, struct err *err)
{
	int signo;
	int r = signal_parse(rest, &signo, err);

	c->config->stop_signal = arena_strdup(c->a, rest);
	return r;
}

static int change_onbuild(struct change *c, const char *rest, struct err *err)
{
	size_t len = strcspn(rest, " \t");

	if ((len == 7 && strncasecmp(rest, "ONBUILD", len) == 0))
		return err_set(err, ERR_INVALID, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if ((len == 10 && strncasecmp(rest, "MAINTAINER", len) == 0) || (len == 4 && strncasecmp(rest, "FROM", len) == 0))
		return err_set(err, ERR_INVALID, "%.*s isn't allowed as an ONBUILD trigger", (int)len, rest);
	c->config->on_build = vector_add(c->a, c->config->on_build, arena_strdup(c->a, rest));
	return 0;
}

/* "10s", "1m30s" in nanoseconds. */
static int duration_parse(const char *text, int64_t *ret)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	double total = 0;

	if (!*text)
		return -1;
	while (*text) {
		char *end;
		double n = strtod(text, &end);
		size_t len = strspn(end, "nsumh"), i;

		if (end == text || n < 0)
			return -1;
		for (i = 0; i < ARRAY_SIZE(units); i++)
			if (strlen(units[i].unit) == len && strncmp(units[i].unit, end, len) == 0)
				break;
		if (i == ARRAY_SIZE(units))
			return -1;
		total += n * units[i].ns;
		text = end + len;
	}
	if (total > 9e18)
		return -1;
	*ret = (int64_t)total;
	return 0;
}

static int health_flag(struct api_health_config *h, const char *flag, struct err *err)
{
	const char *value = strchr(flag, '=');
	int r = -1;

	if (value && strncmp(flag, "--interval=", 11) == 0)
		r = duration_parse(value + 1, &h->interval);
	else if (value && strncmp(flag, "--timeout=", 10) == 0)
		r = duration_parse(value + 1, &h->timeout);
	else if (value && strncmp(flag, "--start-period=", 15) == 0)
		r = duration_parse(value + 1, &h->start_period);
	else if (value && strncmp(flag, "--start-interval=", 17) == 0)
		r = duration_parse(value + 1, &h->start_interval);
	else if (value && strncmp(flag, "--retries=", 10) == 0)
		r = sscanf(value + 1, "%ld", &h->retries) == 1 && h->retries >= 0 ? 0 : -1;
	else
		return err_set(err, ERR_INVALID, "unknown flag: %s", flag);
	return r < 0 ? err_set(err, ERR_INVALID, "invalid value of HEALTHCHECK's flag %s", flag) : 0;
}

static int change_healthcheck(struct change *c, const char *rest, struct err *err)
{
	struct api_health_config *h = arena_new_object(c->a, struct api_health_config);
	char **test = NULL;
	int r = 0;

	if (!h)
		return err_set(err, ERR_SYSTEM, "out of memory for HEALTHCHECK");
	while (r >= 0 && strncmp(rest, "--", 2) == 0) {
		r = health_flag(h, word_next(&rest, c->a), err);
		rest += strspn(rest, " \t");
	}
	if (r < 0)
		return r;
	if (strcasecmp(rest, "NONE") == 0) {
		test = vector_add(c->a, test, arena_strdup(c->a, "NONE"));
	} else if (strncasecmp(rest, "CMD", 3) == 0 && (rest[3] == ' ' || rest[3] == '\t')) {
		rest += 3 + strspn(rest + 3, " \t");
		test = vector_add(c->a, test, arena_strdup(c->a, *rest == '[' ? "CMD" : "CMD-SHELL"));
		if (*rest == '[')
			for (char **v = command_parse(rest, c->a); v && *v; v++)
				test = vector_add(c->a, test, *v);
		else
			test = vector_add(c->a, test, arena_strdup(c->a, rest));
	} else {
		return err_set(err, ERR_INVALID, "Unknown type \"%s\" in HEALTHCHECK (try CMD)", rest);
	}
	h->test = test;
	c->config->healthcheck = h;
	return 0;
}

/* ---- lines ---- */

static const struct {
	const char *name;
	int (*apply)(struct change *c, const char *rest, struct err *err); /* NULL: a Dockerfile's, but not a change */
} instructions[] = {
	{"CMD", change_cmd},
	{"ENTRYPOINT", change_entrypoint},
	{"ENV", change_env},
	{"EXPOSE", change_expose},
	{"LABEL", change_label},
	{"ONBUILD", change_onbuild},
	{"USER", change_user},
	{"VOLUME", change_volume},
	{"WORKDIR", change_workdir},
	{"STOPSIGNAL", change_stopsignal},
	{"HEALTHCHECK", change_healthcheck},
	{"RUN", NULL},
	{"FROM", NULL},
	{"COPY", NULL},
	{"ADD", NULL},
	{"ARG", NULL},
	{"SHELL", NULL},
	{"MAINTAINER", NULL},
};

static int line_apply(struct change *c, char *line, struct err *err)
{
	size_t len;
	char *rest;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	len = strcspn(line, " \t");
	rest = line + len + strspn(line + len, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (strlen(instructions[i].name) != len || strncasecmp(instructions[i].name, line, len) != 0)
			continue;
		if (!instructions[i].apply)
			return err_set(err, ERR_INVALID, "%s is not a valid change command", instructions[i].name);
		if (!*rest)
			return err_set(err, ERR_INVALID, "%s requires at least one argument", instructions[i].name);
		return instructions[i].apply(c, rest, err);
	}
	return err_set(err, ERR_INVALID, "%.*s is not a valid change command", (int)len, line);
}

int changes_apply(char *const *changes, struct buf *ret_config, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct container_config config = {0};
	struct change c = {.a = a, .config = &config};
	struct json_writer w = {.out = ret_config};
	int r = 0;

	for (; changes && *changes && r >= 0; changes++) {
		char *text = arena_strdup(a, *changes), *save = NULL;

		for (char *line = strtok_r(text, "\n", &save); line && r >= 0; line = strtok_r(NULL, "\n", &save))
			r = line_apply(&c, line, err);
	}
	if (r < 0)
		return r;
	if (arena_failed(a))
		return err_set(err, ERR_SYSTEM, "out of memory for the image's configuration");
	api_doc_settle(&container_config_shape, &config);
	json_encode(&w, &container_config_shape, &config);
	return 0;
}
