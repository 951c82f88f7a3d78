/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line's frame: global options, the table of commands, and the one place that tells a failure: a line on
 * stderr, and one in the log file if there is one, in the format containerd and podman read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "codec/json.h"
#include "codec/oci_spec.h"
#include "linux/process.h"
#include "runtime/cli/cli.h"

#define DEFAULT_ROOT "/run/lighter-runtime"
#define SECCOMP_CACHE "/run/lighter-runtime-seccomp"

static const struct {
	const char *name;
	int (*run)(struct cli *, int, char **, struct err *);
	bool needs_root_dir;
	const char *failed; /* in front of the message, as runc has it */
	int exit_code;
	const char *help;
} commands[] = {
	{"create", cli_create, true, "create failed", 1, "create a container, stopped before its program is executed"},
	{"start", cli_start, true, NULL, 1, "execute the program of a created container"},
	{"run", cli_run, true, "run failed", 1, "create and start a container, wait for it and delete it"},
	{"exec", cli_exec, true, "exec failed", 255, "run another process in a container"},
	{"state", cli_state, true, NULL, 1, "print the state of a container as JSON"},
	{"kill", cli_kill, true, NULL, 1, "send a signal to a container (default: TERM)"},
	{"delete", cli_delete, true, NULL, 1, "remove what a stopped container holds"},
	{"list", cli_list, true, NULL, 1, "list containers"},
	{"pause", cli_pause, true, NULL, 1, "freeze all processes of a container"},
	{"resume", cli_resume, true, NULL, 1, "let a paused container go on"},
	{"features", cli_features, false, NULL, 1, "print what this runtime supports as JSON"},
	{"spec", cli_spec, false, NULL, 1, "write a config.json to start from"},
};

static const char *const refused[] = {"ps", "update", "events", "checkpoint", "restore"};

static void log_failure(const struct cli *c, const char *message)
{
	_cleanup_buf_ struct buf line = BUF_INIT;
	struct json_writer w = {.out = &line};
	_cleanup_close_ int fd = -EBADF;
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (c->log_json) {
		json_begin_object(&w);
		json_member_string(&w, "level", "error");
		json_member_string(&w, "msg", message);
		json_member_string(&w, "time", when);
		json_end_object(&w);
	} else {
		buf_addf(&line, "time=\"%s\" level=error msg=", when);
		json_string(&w, message);
	}
	buf_addc(&line, '\n');
	if (c->log)
		fd = open(c->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	/* There is nobody left to tell that telling failed. */
	if (fd_write_all(fd >= 0 ? fd : STDERR_FILENO, line.data, line.len) < 0)
		return;
	if (fd >= 0)
		dprintf(STDERR_FILENO, "%s\n", message);
}

int cli_getopt(int argc, char **argv, const char *letters, const struct option *options, struct err *err)
{
	int letter;

	opterr = 0;
	letter = getopt_long(argc, argv, letters, options, NULL);
	if (letter == '?' || letter == ':')
		err_set(err, ERR_INVALID, "%s: %s: %s", argv[0], argv[optind - 1],
			letter == ':' ? "needs a value" : "unknown option or missing value");
	return letter == ':' ? '?' : letter;
}

int cli_only_id(int argc, char **argv, const char **ret_id, struct err *err)
{
	if (argc - optind != 1)
		return err_set(err, ERR_INVALID, "\"%s\" requires exactly 1 argument: the container's id", argv[0]);
	*ret_id = argv[optind];
	return state_check_id(*ret_id, err);
}

int cli_number(const char *option, const char *text, int *ret, struct err *err)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || end == text || n < 0 || n > 65536)
		return err_set(err, ERR_INVALID, "%s: \"%s\" is not a number of at least 0", option, text);
	*ret = (int)n;
	return 0;
}

int cli_seccomp_cache(void)
{
	return file_open_dir_at(AT_FDCWD, SECCOMP_CACHE, true, 0700);
}

static void print_help(void)
{
	printf("Usage: lighter-runtime [OPTIONS] COMMAND [ARG...]\n\n"
	       "An OCI runtime: runs containers from bundles.\n\nOptions:\n"
	       "      --root DIR             where states are kept (default %s)\n"
	       "      --log FILE             append failures to this file\n"
	       "      --log-format FORMAT    text (default) or json\n"
	       "      --debug                more in the log\n"
	       "  -v, --version              print the version\n\nCommands:\n",
	       DEFAULT_ROOT);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
}

enum { OPT_ROOT = 256, OPT_LOG, OPT_LOG_FORMAT, OPT_DEBUG, OPT_SYSTEMD, OPT_ROOTLESS };

/* 1: go on with a command, 0: all is said, negative: `err`. */
static int parse_globals(struct cli *c, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {{"root", required_argument, NULL, OPT_ROOT},
						{"log", required_argument, NULL, OPT_LOG},
						{"log-format", required_argument, NULL, OPT_LOG_FORMAT},
						{"debug", no_argument, NULL, OPT_DEBUG},
						{"systemd-cgroup", no_argument, NULL, OPT_SYSTEMD},
						{"rootless", required_argument, NULL, OPT_ROOTLESS},
						{"version", no_argument, NULL, 'v'},
						{"help", no_argument, NULL, 'h'},
						{0}};
	int letter;

	while ((letter = cli_getopt(argc, argv, "+vh", options, err)) != -1)
		switch (letter) {
		case OPT_ROOT:
			c->root = optarg;
			break;
		case OPT_LOG:
			c->log = optarg;
			break;
		case OPT_LOG_FORMAT:
			c->log_json = strcmp(optarg, "json") == 0;
			if (!c->log_json && strcmp(optarg, "text") != 0)
				return err_set(err, ERR_INVALID, "invalid log-format: %s", optarg);
			break;
		case OPT_DEBUG:
			c->debug = true;
			break;
		case OPT_SYSTEMD:
			return err_set(err, ERR_NOT_IMPLEMENTED, "--systemd-cgroup is not supported");
		case OPT_ROOTLESS:
			if (strcmp(optarg, "false") != 0 && strcmp(optarg, "auto") != 0)
				return err_set(err, ERR_NOT_IMPLEMENTED, "--rootless is not supported");
			break;
		case 'v':
			printf("lighter-runtime version %s\nspec: %s\n", LIGHTER_VERSION, OCI_SPEC_VERSION);
			return 0;
		case 'h':
			print_help();
			return 0;
		default:
			return -EINVAL;
		}
	if (optind == argc) {
		print_help();
		return 0;
	}
	return 1;
}

static int run_command(struct cli *c, int argc, char **argv, struct err *err)
{
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(commands) && strcmp(commands[i].name, argv[0]) != 0)
		i++;
	if (i == ARRAY_SIZE(commands)) {
		for (size_t j = 0; j < ARRAY_SIZE(refused); j++)
			if (strcmp(refused[j], argv[0]) == 0)
				err_set(err, ERR_NOT_IMPLEMENTED, "the command \"%s\" is not supported", argv[0]);
		if (!err->kind)
			err_set(err, ERR_INVALID, "there is no command \"%s\"", argv[0]);
		return 1;
	}
	if (commands[i].needs_root_dir) {
		c->root_fd = file_open_dir_at(AT_FDCWD, c->root, true, 0711);
		if (c->root_fd < 0) {
			err_sys(err, c->root_fd, "open the state directory %s", c->root);
			return 1;
		}
	}
	optind = 0; /* getopt begins anew */
	r = commands[i].run(c, argc, argv, err);
	if (r >= 0)
		return r;
	if (commands[i].failed)
		err_wrap(err, "%s", commands[i].failed);
	return commands[i].exit_code;
}

int cli_main(int argc, char **argv)
{
	struct cli c = {.root = DEFAULT_ROOT, .root_fd = -EBADF};
	struct err err = {0};
	int r;

	r = process_protect_exe(argv, &err);
	if (r == 0)
		r = parse_globals(&c, argc, argv, &err);
	if (r > 0)
		r = run_command(&c, argc - optind, argv + optind, &err);
	else if (r < 0)
		r = 1;
	if (err.kind)
		log_failure(&c, err.msg);
	fd_close(c.root_fd);
	return r;
}
