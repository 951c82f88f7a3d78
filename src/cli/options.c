/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options as typed tables; see options.h. Help is in options_help.c. */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"

struct parser {
	const struct option *options;
	size_t n_options;
	char *values;
	int argc;
	char **argv;
	int at;
	bool help;
};

static const struct option *find_name(const struct parser *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->n_options; i++)
		if (strlen(p->options[i].name) == len && memcmp(p->options[i].name, name, len) == 0)
			return &p->options[i];
	return NULL;
}

static const struct option *find_letter(const struct parser *p, char letter)
{
	for (size_t i = 0; i < p->n_options; i++)
		if (p->options[i].letter && p->options[i].letter == letter)
			return &p->options[i];
	return NULL;
}

static int invalid(const struct option *o, const char *text, const char *why, struct err *err)
{
	if (o->letter)
		return err_set(err, ERR_INVALID, "invalid argument \"%s\" for \"-%c, --%s\" flag: %s", text, o->letter, o->name,
			       why);
	return err_set(err, ERR_INVALID, "invalid argument \"%s\" for \"--%s\" flag: %s", text, o->name, why);
}

static int set_bool(const struct option *o, bool *value, const char *text, struct err *err)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*value = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID,
		       "invalid argument \"%s\" for \"--%s\" flag: strconv.ParseBool: parsing \"%s\": invalid syntax", text,
		       o->name, text);
}

static int set_int(const struct option *o, int64_t *value, const char *text, struct err *err)
{
	char why[200];
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	if (!errno && end != text && !*end)
		return 0;
	snprintf(why, sizeof(why), "strconv.ParseInt: parsing \"%.100s\": %s", text,
		 errno == ERANGE ? "value out of range" : "invalid syntax");
	return invalid(o, text, why, err);
}

static int set_bytes(const struct option *o, int64_t *value, const char *text, struct err *err)
{
	static const char units[] = "bkmgtp";
	char why[160];
	double number, factor = 1;
	const char *unit;
	char *end;

	number = strtod(text, &end);
	if (end == text || (number < 0 && strcmp(text, "-1") != 0))
		goto bad;
	while (*end == ' ')
		end++;
	unit = *end ? strchr(units, tolower((unsigned char)*end)) : units;
	if (!unit)
		goto bad;
	if (*end) {
		end++;
		if (unit != units && *end == 'i')
			end++;
		if (unit != units && tolower((unsigned char)*end) == 'b')
			end++;
	}
	if (*end)
		goto bad;
	for (const char *u = units; u < unit; u++)
		factor *= 1024;
	if (number * factor > 9.2e18)
		goto bad;
	*value = (int64_t)(number * factor);
	return 0;
bad:
	snprintf(why, sizeof(why), "invalid size: '%.100s'", text);
	return invalid(o, text, why, err);
}

static int set_decimal(const struct option *o, int64_t *value, const char *text, struct err *err)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || number < 0 || number > 1e9)
		return invalid(o, text, "failed to parse the number", err);
	*value = (int64_t)(number * 1e9 + 0.5);
	return 0;
}

static int set_value(struct parser *p, const struct option *o, char *text, struct err *err)
{
	void *value = p->values + o->offset;

	if (o->given_offset)
		*(bool *)(p->values + o->given_offset) = true;
	switch (o->type) {
	case OPTION_BOOL:
		return set_bool(o, value, text, err);
	case OPTION_STRING:
		*(const char **)value = text;
		return 0;
	case OPTION_LIST:
		strv_add(value, text);
		return 0;
	case OPTION_INT:
		return set_int(o, value, text, err);
	case OPTION_BYTES:
		return set_bytes(o, value, text, err);
	case OPTION_DECIMAL:
		return set_decimal(o, value, text, err);
	}
	return 0;
}

static char true_text[] = "true";

static int parse_long(struct parser *p, char *arg, struct err *err)
{
	char *name = arg + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *o = find_name(p, name, len);

	if (!o && len == 4 && memcmp(name, "help", 4) == 0) {
		p->help = true;
		return 0;
	}
	if (!o)
		return err_set(err, ERR_INVALID, "unknown flag: --%.*s", (int)len, name);
	if (equals)
		return set_value(p, o, equals + 1, err);
	if (o->type == OPTION_BOOL)
		return set_value(p, o, true_text, err);
	if (p->at >= p->argc)
		return err_set(err, ERR_INVALID, "flag needs an argument: --%s", o->name);
	return set_value(p, o, p->argv[p->at++], err);
}

/* A cluster: "-it", "-eA=b", "-e=A=b", "-e" "A=b". */
static int parse_letters(struct parser *p, char *arg, struct err *err)
{
	for (char *at = arg + 1; *at; at++) {
		const struct option *o = find_letter(p, *at);

		if (!o && *at == 'h') {
			p->help = true;
			return 0;
		}
		if (!o)
			return err_set(err, ERR_INVALID, "unknown shorthand flag: '%c' in %s", *at, arg);
		if (at[1] == '=')
			return set_value(p, o, at + 2, err);
		if (o->type != OPTION_BOOL && at[1])
			return set_value(p, o, at + 1, err);
		if (o->type != OPTION_BOOL && p->at >= p->argc)
			return err_set(err, ERR_INVALID, "flag needs an argument: '%c' in %s", *at, arg);
		if (o->type != OPTION_BOOL)
			return set_value(p, o, p->argv[p->at++], err);
		if (set_value(p, o, true_text, err) < 0)
			return err_kind_errno(ERR_INVALID);
	}
	return 0;
}

int options_parse(const struct option *options, size_t n_options, void *values, int argc, char **argv, int flags,
		  char ***ret_args, bool *ret_help, struct err *err)
{
	struct parser p = {.options = options, .n_options = n_options, .values = values, .argc = argc, .argv = argv};
	_cleanup_free_ char **args = xcalloc((size_t)argc + 1, sizeof(*args));
	size_t n = 0;

	while (p.at < argc && !p.help) {
		char *arg = argv[p.at++];
		int r;

		if (strcmp(arg, "--") == 0)
			break;
		if (arg[0] != '-' || !arg[1]) {
			args[n++] = arg;
			if (flags & OPTIONS_STOP_AT_ARGUMENT)
				break;
			continue;
		}
		r = arg[1] == '-' ? parse_long(&p, arg, err) : parse_letters(&p, arg, err);
		if (r < 0)
			return r;
	}
	while (p.at < argc)
		args[n++] = argv[p.at++];
	*ret_args = TAKE(args);
	*ret_help = p.help;
	return 0;
}

void options_done(const struct option *options, size_t n_options, void *values)
{
	for (size_t i = 0; i < n_options; i++) {
		if (options[i].type == OPTION_LIST) {
			char ***list = (void *)((char *)values + options[i].offset);

			strv_free(*list);
			*list = NULL;
		}
	}
}
