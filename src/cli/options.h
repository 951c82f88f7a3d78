/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options as typed tables. One table drives parsing, the help text and (later) completion. The rules are
 * those Docker's users have in their fingers: `-it`, `-w /x`, `-w=/x`, `-w/x`, `--name x`, `--name=x`, booleans as `--rm`
 * or `--rm=false`, lists given several times, `--` ends the options; options and arguments may be mixed unless the
 * command runs another program (OPTIONS_STOP_AT_ARGUMENT).
 */
#ifndef LIGHTER_CLI_OPTIONS_H
#define LIGHTER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum option_type {
	OPTION_BOOL,    /* bool */
	OPTION_STRING,  /* const char *, borrowed from argv; NULL when not given */
	OPTION_LIST,    /* char **, owned (strv_free) */
	OPTION_INT,     /* int64_t */
	OPTION_BYTES,   /* int64_t: "512", "10k", "1.5g" (powers of 1024), "-1" */
	OPTION_DECIMAL, /* int64_t: billionths ("1.5" CPUs) */
};

struct option {
	char letter; /* 0: none */
	const char *name;
	enum option_type type;
	size_t offset;       /* of the value in the command's struct */
	const char *kind;    /* how help names the value: "string", "list", "bytes"; NULL: by the type */
	const char *help;    /* one sentence, no full stop; newlines are kept */
	size_t given_offset; /* offset of a bool that is set when it was given; 0: nobody asks */
};

enum { OPTIONS_STOP_AT_ARGUMENT = 1 << 0 };

/*
 * Parses argv (without the program's and the command's name) into `values`. *ret_args is a malloc'ed vector of borrowed
 * arguments, NULL-terminated. Errors are ERR_INVALID in the words scripts know ("unknown flag: --x", "flag needs an
 * argument: --name", `invalid argument "x" for "--n" flag: ...`). `--help` sets *ret_help and stops.
 */
int options_parse(const struct option *options, size_t n_options, void *values, int argc, char **argv, int flags,
		  char ***ret_args, bool *ret_help, struct err *err) _must_check_;

/* Frees the lists of `values`. */
void options_done(const struct option *options, size_t n_options, void *values);

/* The "Options:" block, wrapped to `columns` as Docker's. */
void options_help(const struct option *options, size_t n_options, size_t columns, struct buf *out);

#endif
