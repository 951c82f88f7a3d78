/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lighter-runtime: the library as a command line that takes runc's place. One file per command; every command gets the
 * global options and its own arguments, argv[0] being its name, and returns the exit code. Failures are one line,
 * logged by cli_main: a command fills `err` and returns a negative number for 1.
 */
#ifndef LIGHTER_RUNTIME_CLI_H
#define LIGHTER_RUNTIME_CLI_H

#include <getopt.h>
#include <stdbool.h>

#include "base/err.h"
#include "runtime/cli/state.h"

struct cli {
	const char *root; /* of the state directories */
	const char *log;  /* file, NULL: stderr */
	bool log_json;
	bool debug;
	bool systemd_cgroup;
	int root_fd;
};

int cli_main(int argc, char **argv);

/* What `create` and `run` have in common. */
struct cli_create_options {
	const char *bundle;
	const char *console_socket;
	const char *pid_file;
	int preserve_fds;
	bool detach;
	bool keep;
	const char *id;
};

int cli_create(struct cli *c, int argc, char **argv, struct err *err);
int cli_run(struct cli *c, int argc, char **argv, struct err *err);
int cli_start(struct cli *c, int argc, char **argv, struct err *err);
int cli_state(struct cli *c, int argc, char **argv, struct err *err);
int cli_kill(struct cli *c, int argc, char **argv, struct err *err);
int cli_delete(struct cli *c, int argc, char **argv, struct err *err);
int cli_exec(struct cli *c, int argc, char **argv, struct err *err);
int cli_list(struct cli *c, int argc, char **argv, struct err *err);
int cli_pause(struct cli *c, int argc, char **argv, struct err *err);
int cli_resume(struct cli *c, int argc, char **argv, struct err *err);
int cli_spec(struct cli *c, int argc, char **argv, struct err *err);
int cli_features(struct cli *c, int argc, char **argv, struct err *err);

/*
 * getopt_long for a command: stops at its first argument. The option's letter (or val), -1 at the end; an unknown
 * option fills `err` and is '?'.
 */
int cli_getopt(int argc, char **argv, const char *letters, const struct option *options, struct err *err);

/* The one argument a command takes: the container's id. ERR_INVALID otherwise. */
int cli_only_id(int argc, char **argv, const char **ret_id, struct err *err) _must_check_;

/* A number of at least 0. */
int cli_number(const char *option, const char *text, int *ret, struct err *err) _must_check_;

/* The directory of compiled filters, or a negative errno: then every start compiles its filter anew, that is all. */
int cli_seccomp_cache(void);

/* Writes "PID" to the file, whole or not at all. */
int cli_write_pid_file(const char *path, pid_t pid, struct err *err) _must_check_;

/* Hands the terminal's master to whoever listens on a unix socket, as runc does: one byte string with one descriptor. */
int cli_send_console(const char *socket_path, int master_fd, struct err *err) _must_check_;

/*
 * Stays in the foreground of a process: forwards signals to it, relays its terminal (console_fd, or -EBADF), reaps it.
 * Its exit code: its own, or 128 + the signal.
 */
int cli_foreground(int pidfd, int console_fd, struct err *err) _must_check_;

#endif
