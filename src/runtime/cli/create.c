/* SPDX-License-Identifier: Apache-2.0 */
/* `create` and `run`: from a bundle to a container, left waiting or seen through to its end. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/timefmt.h"
#include "linux/process.h"
#include "runtime/cli/cli.h"

#define DELETE_TIMEOUT_MS 10000

struct creation {
	struct cli *cli;
	const struct cli_create_options *options;
	struct arena *arena;
	struct buf config;
	struct oci_spec *spec;
	struct state state;
	int bundle_fd;
	int cache_fd;
	int listen_fd;
	struct runtime_process process;
};

static void creation_done(struct creation *n)
{
	buf_done(&n->config);
	arena_free(n->arena);
	fd_close(n->bundle_fd);
	fd_close(n->cache_fd);
	fd_close(n->listen_fd);
	state_done(&n->state);
	runtime_process_done(&n->process);
}

enum { OPT_CONSOLE = 256, OPT_PID_FILE, OPT_PRESERVE, OPT_KEEP, OPT_NO_SUBREAPER, OPT_REFUSED };

static int parse_options(int argc, char **argv, bool run, struct cli_create_options *o, struct err *err)
{
	static const struct option options[] = {{"bundle", required_argument, NULL, 'b'},
						{"console-socket", required_argument, NULL, OPT_CONSOLE},
						{"pid-file", required_argument, NULL, OPT_PID_FILE},
						{"preserve-fds", required_argument, NULL, OPT_PRESERVE},
						{"no-pivot", no_argument, NULL, OPT_REFUSED},
						{"no-new-keyring", no_argument, NULL, OPT_REFUSED},
						{"detach", no_argument, NULL, 'd'},
						{"keep", no_argument, NULL, OPT_KEEP},
						{"no-subreaper", no_argument, NULL, OPT_NO_SUBREAPER},
						{0}};
	int letter;

	while ((letter = cli_getopt(argc, argv, "+b:d", options, err)) != -1) {
		if ((letter == 'd' || letter == OPT_KEEP || letter == OPT_NO_SUBREAPER) && !run)
			return err_set(err, ERR_INVALID, "create: %s: unknown option", argv[optind - 1]);
		if (letter == 'b')
			o->bundle = optarg;
		else if (letter == OPT_CONSOLE)
			o->console_socket = optarg;
		else if (letter == OPT_PID_FILE)
			o->pid_file = optarg;
		else if (letter == OPT_PRESERVE && cli_number("--preserve-fds", optarg, &o->preserve_fds, err) < 0)
			return -EINVAL;
		else if (letter == 'd')
			o->detach = true;
		else if (letter == OPT_KEEP)
			o->keep = true;
		else if (letter == OPT_REFUSED)
			return err_set(err, ERR_NOT_IMPLEMENTED, "%s is not supported", argv[optind - 1]);
		else if (letter == '?')
			return -EINVAL;
	}
	return cli_only_id(argc, argv, &o->id, err);
}

static int load_bundle(struct creation *n, struct err *err)
{
	const char *bundle = n->options->bundle ? n->options->bundle : ".";
	int r;

	n->arena = arena_new(4 * OCI_SPEC_MAX_BYTES);
	if (!n->arena)
		return err_sys(err, ENOMEM, "read the bundle");
	n->bundle_fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (n->bundle_fd < 0)
		return err_sys(err, errno, "open the bundle %s", bundle);
	r = file_read_at(n->bundle_fd, "config.json", OCI_SPEC_MAX_BYTES, &n->config);
	if (r < 0)
		return r == -EFBIG ? err_set(err, ERR_TOO_LARGE, "config.json is larger than %u bytes", OCI_SPEC_MAX_BYTES)
				   : err_sys(err, r, "read config.json of the bundle %s", bundle);
	r = oci_spec_parse(n->config.data, n->config.len, n->arena, &n->spec, err);
	if (r < 0)
		return err_wrap(err, "config.json");
	if (!n->spec->process)
		return err_set(err, ERR_INVALID, "config.json: process: is required");
	return 0;
}

/* Who gets the terminal must be known before there is one. */
static int check_console(const struct creation *n, bool run, struct err *err)
{
	const struct cli_create_options *o = n->options;
	bool stays = run && !o->detach, terminal = n->spec->process->terminal;

	if (terminal && !stays && !o->console_socket)
		return err_set(err, ERR_INVALID, "cannot allocate tty if runc will detach without setting console socket");
	if (!terminal && o->console_socket)
		return err_set(err, ERR_INVALID, "cannot use console socket if runc will not detach or allocate tty");
	return 0;
}

static int fill_state(struct creation *n, struct err *err)
{
	const char *root = n->spec->root ? n->spec->root->path : "";
	const struct oci_linux *l = n->spec->linux_;
	struct state *s = &n->state;
	char created[TIMEFMT_MAX], bundle[PATH_MAX], self[32];
	struct timespec now;
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", n->bundle_fd);
	len = readlink(self, bundle, sizeof(bundle) - 1);
	if (len < 0)
		return err_sys(err, errno, "find the bundle's path");
	bundle[len] = '\0';
	clock_gettime(CLOCK_REALTIME, &now);
	timefmt_rfc3339nano(&now, created);
	s->id = arena_strdup(n->arena, n->options->id);
	s->bundle = arena_strdup(n->arena, bundle);
	s->rootfs = root[0] == '/' ? arena_strdup(n->arena, root) : arena_printf(n->arena, "%s/%s", bundle, root);
	s->created = arena_strdup(n->arena, created);
	/* No name service for a name that is only shown: it would cost more than the container. */
	s->owner = getuid() == 0 ? arena_strdup(n->arena, "root") : arena_printf(n->arena, "%u", getuid());
	s->cgroup_path = l && l->cgroups_path && *l->cgroups_path ? arena_strdup(n->arena, l->cgroups_path)
								  : arena_printf(n->arena, "/lighter/%s", s->id);
	return arena_failed(n->arena) ? err_sys(err, ENOMEM, "container %s", s->id) : 0;
}

/* Bound through the directory's descriptor: its path may be longer than a socket's may be. */
static int listen_for_start(struct creation *n, struct err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", n->state.dir_fd, STATE_SOCKET);
	n->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (n->listen_fd < 0)
		return err_sys(err, errno, "make the start socket");
	if (bind(n->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(n->listen_fd, 1) < 0)
		return err_sys(err, errno, "make the start socket");
	return 0;
}

static int create_process(struct creation *n, bool by_socket, struct err *err)
{
	struct runtime_options options = {.id = n->options->id,
					  .spec = n->spec,
					  .bundle_fd = n->bundle_fd,
					  .stdio_fds = {0, 1, 2},
					  .preserve_fds = n->options->preserve_fds,
					  .seccomp_cache_fd = n->cache_fd,
					  .start_listen_fd = by_socket ? &n->listen_fd : NULL};
	int r;

	r = by_socket ? listen_for_start(n, err) : 0;
	if (r == 0)
		r = runtime_create(&options, &n->process, err);
	if (r < 0)
		return err_wrap(err, "unable to start container process");
	n->state.pid = n->process.pid;
	n->state.start_time = state_start_time(n->process.pid);
	r = file_write_atomic_at(n->state.dir_fd, STATE_CONFIG, n->config.data, n->config.len, 0600, 0);
	if (r < 0)
		return err_sys(err, r, "keep config.json");
	return state_save(&n->state, err);
}

static int hand_over(struct creation *n, struct err *err)
{
	const struct cli_create_options *o = n->options;
	int r = 0;

	if (o->console_socket)
		r = cli_send_console(o->console_socket, n->process.console_fd, err);
	if (r == 0 && o->pid_file)
		r = cli_write_pid_file(o->pid_file, n->process.pid, err);
	return r;
}

/* What a failed creation leaves is taken away again; the error to tell is there already. */
static void undo(struct creation *n)
{
	process_kill_and_reap(n->process.pidfd);
	if (runtime_destroy(&n->process, DELETE_TIMEOUT_MS, NULL) < 0 ||
	    state_remove(n->cli->root_fd, n->options->id, NULL) < 0)
		return;
}

static int prepare(struct creation *n, bool run, struct err *err)
{
	int r;

	r = load_bundle(n, err);
	if (r == 0)
		r = check_console(n, run, err);
	if (r == 0)
		r = fill_state(n, err);
	if (r < 0)
		return r;
	n->cache_fd = cli_seccomp_cache();
	n->state.dir_fd = state_make_dir(n->cli->root_fd, n->options->id, err);
	return n->state.dir_fd < 0 ? n->state.dir_fd : 0;
}

static int see_through(struct creation *n, struct err *err)
{
	int r, code;

	code = cli_foreground(n->process.pidfd, n->process.console_fd, err);
	if (n->options->keep)
		return code;
	r = runtime_destroy(&n->process, DELETE_TIMEOUT_MS, code < 0 ? NULL : err);
	if (state_remove(n->cli->root_fd, n->options->id, code < 0 || r < 0 ? NULL : err) < 0 && r == 0)
		r = -EIO;
	return code >= 0 && r < 0 ? r : code;
}

static int create_or_run(struct cli *c, const struct cli_create_options *o, bool run, struct err *err)
{
	struct creation n = {.cli = c,
			     .options = o,
			     .config = BUF_INIT,
			     .state = {.dir_fd = -EBADF},
			     .bundle_fd = -EBADF,
			     .cache_fd = -EBADF,
			     .listen_fd = -EBADF,
			     .process = RUNTIME_PROCESS_INIT};
	int r;

	r = prepare(&n, run, err);
	if (r == 0) {
		r = create_process(&n, !run, err);
		if (r == 0)
			r = hand_over(&n, err);
		if (r == 0 && run)
			r = runtime_start(&n.process, err);
		if (r < 0)
			undo(&n);
		else if (run && !o->detach)
			r = see_through(&n, err);
	}
	creation_done(&n);
	return r;
}

int cli_create(struct cli *c, int argc, char **argv, struct err *err)
{
	struct cli_create_options o = {0};
	int r = parse_options(argc, argv, false, &o, err);

	return r < 0 ? r : create_or_run(c, &o, false, err);
}

int cli_run(struct cli *c, int argc, char **argv, struct err *err)
{
	struct cli_create_options o = {0};
	int r = parse_options(argc, argv, true, &o, err);

	return r < 0 ? r : create_or_run(c, &o, true, err);
}
