/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: what commands share. A command is a row of the table in commands_table.c and a function in its own
 * cmd_*.c; it talks to the engine through client/ only. A command returns the program's exit code.
 */
#ifndef LIGHTER_CLI_CLI_H
#define LIGHTER_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/options.h"
#include "client/client.h"

struct json_object;

/* Docker's exit codes of `run` and `create`, beside the container's own. */
enum { CLI_ENGINE_FAILED = 125, CLI_NOT_EXECUTABLE = 126, CLI_COMMAND_MISSING = 127 };

struct cli {
	const char *program; /* "lighter", or "docker" when called so */
	const char *command; /* "run", "container run" as typed */
	const char *host;
	struct client *client; /* connects at the first call */
	bool debug;
};

struct cli_command {
	const char *name;       /* "run" */
	const char *group;      /* "container": also reached as `container NAME` */
	const char *group_name; /* its name there when it differs ("ls" for ps) */
	const char *usage;      /* "[OPTIONS] IMAGE [COMMAND] [ARG...]" */
	const char *summary;
	int (*run)(struct cli *cli, const struct cli_command *self, int argc, char **argv);
};
extern const struct cli_command cli_commands[];
extern const size_t cli_n_commands;

int cli_main(int argc, char **argv);

/* Prints "PROGRAM: message" and, for `failed_usage`, the usage lines behind it; returns `code`. */
int cli_fail(struct cli *cli, const struct err *err, int code);
/* The same for a plain message without the program's name (as Docker prints server errors of lists of objects). */
void cli_print_error(const struct err *err);
int cli_fail_usage(struct cli *cli, const struct cli_command *self, const struct err *err, int code);

/*
 * Parses the command's options; on --help prints it. False: the command is over, with *ret_code. Argument counts below
 * `least` or above `most` (-1: any) are refused in Docker's words.
 */
bool cli_parse(struct cli *cli, const struct cli_command *self, const struct option *options, size_t n_options, void *values,
	       int flags, int argc, char **argv, int least, int most, char ***ret_args, int *ret_code);

/* Terminal width for help and progress; 80 when there is none. */
size_t cli_columns(void);

/* Writes a buf to stdout. 0, or 1 when stdout can't be written (said on stderr). */
int cli_write(const struct buf *b);

/* `path` formatted, then client_call. */
int cli_call(struct cli *cli, const char *method, struct client_reply *ret, struct err *err, const char *path, ...)
	_printf_(5, 6) _must_check_;

/* client_call + json_parse; *ret is the caller's (json_free). */
int cli_call_json(struct cli *cli, const char *path, struct json_object **ret, struct err *err) _must_check_;

/*
 * METHOD /containers/NAME + `rest` for each name, many at a time; results in the order of the names: the name itself, or the
 * error on stderr. With `missing_is_fine` a container that isn't there is told and is no failure. Exit code 0 or 1.
 */
int cli_each_container(struct cli *cli, char *const *names, const char *method, const char *rest, bool missing_is_fine);

/* {"name":["value",...]} from `--filter name=value` options, percent-encoded onto `path` as &filters=. */
int cli_add_filters(struct buf *path, char *const *filters, struct err *err) _must_check_;

int cmd_attach(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_create(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_events(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_images(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_import(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_info(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_inspect(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_kill(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_load(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_logs(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_ps(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_rm(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_rmi(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_run(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_start(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_stop(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_version(struct cli *cli, const struct cli_command *self, int argc, char **argv);
int cmd_wait(struct cli *cli, const struct cli_command *self, int argc, char **argv);

#endif
