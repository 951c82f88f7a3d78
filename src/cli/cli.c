/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's entry: global options, finding the command, and what commands share; see cli.h. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/fd.h"
#include "codec/json.h"

#define DEFAULT_SOCKET "/run/lighter/lighter.sock"
#define DOCKER_SOCKET "/var/run/docker.sock"

struct global_options {
	bool debug;
	bool version;
	const char *host;
	const char *log_level;
	const char *config;
	const char *context;
};

static const struct option global_table[] = {
	{0, "config", OPTION_STRING, offsetof(struct global_options, config), NULL, "Location of client config files"},
	{'c', "context", OPTION_STRING, offsetof(struct global_options, context), NULL,
	 "Name of the context to use to connect to the daemon (only \"default\")"},
	{'D', "debug", OPTION_BOOL, offsetof(struct global_options, debug), NULL, "Enable debug mode"},
	{'H', "host", OPTION_STRING, offsetof(struct global_options, host), NULL, "Daemon socket to connect to"},
	{'l', "log-level", OPTION_STRING, offsetof(struct global_options, log_level), NULL,
	 "Set the logging level (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")"},
	{'v', "version", OPTION_BOOL, offsetof(struct global_options, version), NULL, "Print version information and quit"},
};

size_t cli_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col;
	return 80;
}

int cli_write(const struct buf *b)
{
	int r = fd_write_all(STDOUT_FILENO, b->data, b->len);

	if (r == 0)
		return 0;
	fprintf(stderr, "write to stdout: %s\n", strerror(-r));
	return 1;
}

void cli_print_error(const struct err *err)
{
	fprintf(stderr, "%s\n", err->msg);
}

int cli_fail(struct cli *cli, const struct err *err, int code)
{
	fprintf(stderr, "%s: %s\n\nRun '%s %s --help' for more information\n", cli->program, err->msg, cli->program,
		cli->command);
	return code;
}

int cli_fail_usage(struct cli *cli, const struct cli_command *self, const struct err *err, int code)
{
	fprintf(stderr, "%s\n\nUsage:  %s %s %s\n\nRun '%s %s --help' for more information\n", err->msg, cli->program,
		cli->command, self->usage, cli->program, cli->command);
	return code;
}

static void print_help(const struct cli *cli, const struct cli_command *self, const struct option *options, size_t n_options)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addf(&out, "Usage:  %s %s %s\n\n%s\n", cli->program, cli->command, self->usage, self->summary);
	if (n_options) {
		buf_adds(&out, "\nOptions:\n");
		options_help(options, n_options, cli_columns(), &out);
	}
	if (cli_write(&out) != 0)
		return;
}

static int wrong_count(struct cli *cli, const struct cli_command *self, int least, int most)
{
	char what[64];

	if (most == 0)
		snprintf(what, sizeof(what), "accepts no arguments");
	else if (least == most)
		snprintf(what, sizeof(what), "requires %d argument%s", least, least == 1 ? "" : "s");
	else if (most < 0)
		snprintf(what, sizeof(what), "requires at least %d argument%s", least, least == 1 ? "" : "s");
	else
		snprintf(what, sizeof(what), "requires at most %d argument%s", most, most == 1 ? "" : "s");
	fprintf(stderr, "%s: '%s %s' %s\n\nUsage:  %s %s %s\n\n%s '%s %s --help' for more information\n", cli->program,
		cli->program, cli->command, what, cli->program, cli->command, self->usage,
		most == 0 || least == most ? "Run" : "See", cli->program, cli->command);
	return 1;
}

bool cli_parse(struct cli *cli, const struct cli_command *self, const struct option *options, size_t n_options, void *values,
	       int flags, int argc, char **argv, int least, int most, char ***ret_args, int *ret_code)
{
	struct err err = {0};
	bool help;
	int n;

	if (options_parse(options, n_options, values, argc, argv, flags, ret_args, &help, &err) < 0) {
		*ret_code = cli_fail_usage(cli, self, &err, CLI_ENGINE_FAILED);
		return false;
	}
	if (help) {
		print_help(cli, self, options, n_options);
		*ret_code = 0;
		return false;
	}
	n = (int)strv_len(*ret_args);
	if (n < least || (most >= 0 && n > most)) {
		*ret_code = wrong_count(cli, self, least, most);
		return false;
	}
	return true;
}

int cli_call(struct cli *cli, const char *method, struct client_reply *ret, struct err *err, const char *path, ...)
{
	_cleanup_buf_ struct buf full = BUF_INIT;
	va_list ap;

	va_start(ap, path);
	buf_vaddf(&full, path, ap);
	va_end(ap);
	return client_call(cli->client, method, full.data, NULL, ret, err);
}

int cli_call_json(struct cli *cli, const char *path, struct json_object **ret, struct err *err)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	int r = client_call(cli->client, "GET", path, NULL, &reply, err);

	if (r < 0)
		return r;
	r = json_parse(reply.body.data, reply.body.len, ret, err);
	return r < 0 ? err_wrap(err, "the daemon's answer to %s", path) : 0;
}

#define AT_A_TIME 50

static bool finish_one(const char *name, struct client_pending *pending, struct err *err, bool missing_is_fine)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;

	if (pending && client_finish(pending, &reply, err) == 0) {
		printf("%s\n", name);
		return true;
	}
	fflush(stdout);
	cli_print_error(err);
	return missing_is_fine && err->kind == ERR_NOT_FOUND;
}

static bool some_containers(struct cli *cli, char *const *names, size_t n, const char *method, const char *rest,
			    bool missing_is_fine)
{
	struct client_pending *pending[AT_A_TIME] = {0};
	struct err errors[AT_A_TIME] = {0};
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct buf path = BUF_INIT;

		buf_adds(&path, "/containers/");
		client_escape(&path, names[i]);
		buf_adds(&path, rest);
		if (client_begin(cli->client, method, path.data, &pending[i], &errors[i]) < 0)
			pending[i] = NULL;
	}
	for (size_t i = 0; i < n; i++)
		ok = finish_one(names[i], pending[i], &errors[i], missing_is_fine) && ok;
	return ok;
}

int cli_each_container(struct cli *cli, char *const *names, const char *method, const char *rest, bool missing_is_fine)
{
	size_t n = strv_len(names);
	bool ok = true;

	for (size_t i = 0; i < n; i += AT_A_TIME)
		ok = some_containers(cli, names + i, MIN(n - i, (size_t)AT_A_TIME), method, rest, missing_is_fine) && ok;
	return ok ? 0 : 1;
}

/* Values of the same name go into one list: {"name":{"value":true}} is the older form, ["value"] the one in use. */
int cli_add_filters(struct buf *path, char *const *filters, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct json_writer w = {.out = &text};
	size_t n = strv_len(filters);

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!strchr(filters[i], '='))
			return err_set(err, ERR_INVALID,
				       "invalid argument \"%s\" for \"-f, --filter\" flag: invalid filter '%s'", filters[i],
				       filters[i]);
	json_begin_object(&w);
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(filters[i], "=");
		_cleanup_free_ char *name = xstrndup(filters[i], len);
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen = seen || strncmp(filters[k], filters[i], len + 1) == 0;
		if (seen)
			continue;
		json_key(&w, name);
		json_begin_array(&w);
		for (size_t k = i; k < n; k++)
			if (strncmp(filters[k], filters[i], len + 1) == 0)
				json_string(&w, filters[k] + len + 1);
		json_end_array(&w);
	}
	json_end_object(&w);
	buf_adds(path, strchr(path->data, '?') ? "&filters=" : "?filters=");
	client_escape(path, text.data);
	return 0;
}

/* ---- the entry ---- */

static int print_global_help(const char *program)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addf(&out, "Usage:  %s [OPTIONS] COMMAND\n\nA container engine that every Docker client can use\n\nCommands:\n",
		 program);
	for (size_t i = 0; i < cli_n_commands; i++)
		buf_addf(&out, "  %-11s %s\n", cli_commands[i].name, cli_commands[i].summary);
	buf_adds(&out, "\nGlobal Options:\n");
	options_help(global_table, ARRAY_SIZE(global_table), cli_columns(), &out);
	buf_addf(&out, "\nRun '%s COMMAND --help' for more information on a command.\n", program);
	return cli_write(&out);
}

static const char *choose_host(const struct global_options *o)
{
	const char *names[] = {"LIGHTER_HOST", "DOCKER_HOST"};

	if (o->host)
		return o->host;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *host = getenv(names[i]);

		if (host && *host)
			return host;
	}
	if (access(DEFAULT_SOCKET, F_OK) < 0 && access(DOCKER_SOCKET, F_OK) == 0)
		return "unix://" DOCKER_SOCKET;
	return "unix://" DEFAULT_SOCKET;
}

static const struct cli_command *find_command(char *const *args, size_t *ret_words)
{
	for (size_t i = 0; i < cli_n_commands; i++) {
		const struct cli_command *c = &cli_commands[i];

		if (strcmp(c->name, args[0]) == 0) {
			*ret_words = 1;
			return c;
		}
		if (!c->group || strcmp(c->group, args[0]) != 0 || !args[1])
			continue;
		if (strcmp(c->group_name ? c->group_name : c->name, args[1]) == 0 ||
		    (c->group_name && strcmp(c->group_name, "ls") == 0 && strcmp(args[1], "list") == 0) ||
		    (c->group_name && strcmp(c->group_name, "rm") == 0 && strcmp(args[1], "remove") == 0) ||
		    (strcmp(c->name, "inspect") == 0 && strcmp(args[1], "inspect") == 0)) {
			*ret_words = 2;
			return c;
		}
	}
	if (strcmp(args[0], "image") == 0 && args[1] && strcmp(args[1], "inspect") == 0) {
		*ret_words = 2;
		for (size_t i = 0; i < cli_n_commands; i++)
			if (strcmp(cli_commands[i].name, "inspect") == 0)
				return &cli_commands[i];
	}
	return NULL;
}

static int run_command(struct cli *cli, const struct global_options *o, char **args)
{
	const struct cli_command *command;
	struct err err = {0};
	size_t words;
	int code;

	if (o->context && strcmp(o->context, "default") != 0) {
		fprintf(stderr, "%s: there is no context \"%s\": contexts are not supported, use --host\n", cli->program,
			o->context);
		return 1;
	}
	if (strcmp(args[0], "help") == 0)
		return print_global_help(cli->program);
	command = find_command(args, &words);
	if (!command) {
		fprintf(stderr, "%s: unknown command: %s %s\n\nRun '%s --help' for more information\n", cli->program,
			cli->program, args[0], cli->program);
		return 1;
	}
	cli->command = words == 2 ? xasprintf("%s %s", args[0], args[1]) : xstrdup(args[0]);
	cli->host = choose_host(o);
	if (client_new(cli->host, &cli->client, &err) < 0) {
		cli_print_error(&err);
		code = 1;
	} else {
		code = command->run(cli, command, (int)strv_len(args + words), args + words);
	}
	client_free(cli->client);
	free((char *)cli->command);
	if (fflush(stdout) != 0 && code == 0)
		code = 1;
	return code;
}

int cli_main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct global_options o = {0};
	struct cli cli = {.program = slash ? slash + 1 : argv[0]};
	_cleanup_free_ char **args = NULL;
	struct err err = {0};
	bool help;

	if (options_parse(global_table, ARRAY_SIZE(global_table), &o, argc - 1, argv + 1, OPTIONS_STOP_AT_ARGUMENT, &args,
			  &help, &err) < 0) {
		fprintf(stderr, "%s\n\nUsage:  %s [OPTIONS] COMMAND [ARG...]\n\nRun '%s --help' for more information\n",
			err.msg, cli.program, cli.program);
		return CLI_ENGINE_FAILED;
	}
	cli.debug = o.debug;
	if (o.version) {
		printf("Lighter version %s\n", LIGHTER_VERSION);
		return 0;
	}
	if (help || !args[0])
		return print_global_help(cli.program);
	return run_command(&cli, &o, args);
}
