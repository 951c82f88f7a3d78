/* SPDX-License-Identifier: Apache-2.0 */
/* `exec`: another process in a container, described by options or by a process.json. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/process.h"
#include "runtime/cli/cli.h"

#define ARENA_MAX (64u << 20)
#define LIST_MAX 1024

struct exec_options {
	const char *process_file;
	const char *console_socket;
	const char *pid_file;
	const char *cwd;
	const char *user;
	const char *apparmor;
	char *env[LIST_MAX];
	size_t n_env;
	char *caps[LIST_MAX];
	size_t n_caps;
	uint32_t groups[LIST_MAX];
	size_t n_groups;
	int preserve_fds;
	bool tty;
	bool detach;
	bool no_new_privs;
};

enum { OPT_CONSOLE = 256, OPT_PID_FILE, OPT_CWD, OPT_APPARMOR, OPT_NNP, OPT_PRESERVE, OPT_REFUSED };

static const struct option long_options[] = {{"console-socket", required_argument, NULL, OPT_CONSOLE},
					     {"cwd", required_argument, NULL, OPT_CWD},
					     {"env", required_argument, NULL, 'e'},
					     {"tty", no_argument, NULL, 't'},
					     {"user", required_argument, NULL, 'u'},
					     {"additional-gids", required_argument, NULL, 'g'},
					     {"process", required_argument, NULL, 'p'},
					     {"detach", no_argument, NULL, 'd'},
					     {"pid-file", required_argument, NULL, OPT_PID_FILE},
					     {"no-new-privs", no_argument, NULL, OPT_NNP},
					     {"apparmor", required_argument, NULL, OPT_APPARMOR},
					     {"cap", required_argument, NULL, 'c'},
					     {"preserve-fds", required_argument, NULL, OPT_PRESERVE},
					     {"process-label", required_argument, NULL, OPT_REFUSED},
					     {"cgroup", required_argument, NULL, OPT_REFUSED},
					     {"ignore-paused", no_argument, NULL, OPT_REFUSED},
					     {0}};

static int parse_option(struct exec_options *o, int letter, char **argv, struct err *err)
{
	int group = 0;

	if ((letter == 'e' && o->n_env == LIST_MAX) || (letter == 'c' && o->n_caps == LIST_MAX) ||
	    (letter == 'g' && o->n_groups == LIST_MAX))
		return err_set(err, ERR_INVALID, "more than %d values of one option", LIST_MAX);
	switch (letter) {
	case OPT_CONSOLE:
		o->console_socket = optarg;
		return 0;
	case OPT_CWD:
		o->cwd = optarg;
		return 0;
	case OPT_PID_FILE:
		o->pid_file = optarg;
		return 0;
	case OPT_APPARMOR:
		o->apparmor = optarg;
		return 0;
	case OPT_NNP:
		o->no_new_privs = true;
		return 0;
	case OPT_PRESERVE:
		return cli_number("--preserve-fds", optarg, &o->preserve_fds, err);
	case 'e':
		o->env[o->n_env++] = optarg;
		return 0;
	case 'c':
		o->caps[o->n_caps++] = optarg;
		return 0;
	case 'g':
		if (cli_number("--additional-gids", optarg, &group, err) < 0)
			return -EINVAL;
		o->groups[o->n_groups++] = (uint32_t)group;
		return 0;
	case 't':
		o->tty = true;
		return 0;
	case 'd':
		o->detach = true;
		return 0;
	case 'u':
		o->user = optarg;
		return 0;
	case 'p':
		o->process_file = optarg;
		return 0;
	case OPT_REFUSED:
		return err_set(err, ERR_NOT_IMPLEMENTED, "%s is not supported", argv[optind - 1]);
	default:
		return -EINVAL;
	}
}

static int read_process(const char *path, struct arena *a, struct oci_process **ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = file_read_at(AT_FDCWD, path, OCI_SPEC_MAX_BYTES, &text);

	return r < 0 ? err_sys(err, r, "read %s", path) : oci_process_parse(text.data, text.len, a, ret, err);
}

/* "UID" or "UID:GID"; numbers, range-checked. */
static int parse_user(const char *text, struct oci_user *u, struct err *err)
{
	unsigned long long uid, gid = u->gid;
	char end;

	if (text[strspn(text, "0123456789:")] || strlen(text) > 24 ||
	    (sscanf(text, "%llu%c", &uid, &end) != 1 && sscanf(text, "%llu:%llu%c", &uid, &gid, &end) != 2) ||
	    uid >= UINT32_MAX || gid >= UINT32_MAX)
		return err_set(err, ERR_INVALID, "--user: \"%s\" is not UID or UID:GID", text);
	u->uid = (uint32_t)uid;
	u->gid = (uint32_t)gid;
	return 0;
}

static char **join_lists(struct arena *a, char *const *first, char *const *second, size_t n_second)
{
	size_t n_first = strv_len(first);
	char **list = arena_array(a, n_first + n_second + 1, sizeof(*list));

	if (!list)
		return NULL;
	if (n_first)
		memcpy(list, first, n_first * sizeof(*list));
	if (n_second)
		memcpy(list + n_first, second, n_second * sizeof(*list));
	return list;
}

/* --cap adds to every set but the ambient one. */
static int add_caps(const struct exec_options *o, struct oci_process *p, struct arena *a, struct err *err)
{
	struct oci_capabilities *caps = arena_new_object(a, struct oci_capabilities);

	if (!caps)
		return err_sys(err, ENOMEM, "exec");
	if (p->capabilities)
		*caps = *p->capabilities;
	caps->bounding = join_lists(a, caps->bounding, o->caps, o->n_caps);
	caps->effective = join_lists(a, caps->effective, o->caps, o->n_caps);
	caps->permitted = join_lists(a, caps->permitted, o->caps, o->n_caps);
	p->capabilities = caps;
	return 0;
}

/* The container's own process with what the options change. */
static int process_from_options(struct exec_options *o, const struct oci_process *init, char **args, struct arena *a,
				struct oci_process **ret, struct err *err)
{
	struct oci_process *p = arena_new_object(a, struct oci_process);
	struct oci_user *u = arena_new_object(a, struct oci_user);

	if (!p || !u)
		return err_sys(err, ENOMEM, "exec");
	*p = *init;
	p->args = args;
	p->terminal = o->tty;
	p->console_size = NULL;
	if (init->user)
		*u = *init->user;
	p->user = u;
	if (o->user && parse_user(o->user, u, err) < 0)
		return -EINVAL;
	if (o->n_groups) {
		u->additional_gids.items = o->groups;
		u->additional_gids.len = o->n_groups;
	}
	if (o->cwd)
		p->cwd = arena_strdup(a, o->cwd);
	if (o->apparmor)
		p->apparmor_profile = arena_strdup(a, o->apparmor);
	p->no_new_privileges |= o->no_new_privs;
	p->env = join_lists(a, init->env, o->env, o->n_env);
	if (o->n_caps && add_caps(o, p, a, err) < 0)
		return -ENOMEM;
	if (arena_failed(a))
		return err_sys(err, ENOMEM, "exec");
	*ret = p;
	return oci_process_check(p, err);
}

static int check_status(const struct state *s, struct err *err)
{
	enum state_status status = state_status(s);

	if (status == STATUS_STOPPED)
		return err_set(err, ERR_CONFLICT, "cannot exec in a stopped container");
	if (status == STATUS_PAUSED)
		return err_set(err, ERR_CONFLICT, "cannot exec in a paused container");
	return 0;
}

static int run_process(const struct exec_options *o, const struct state *s, const struct oci_spec *spec,
		       const struct oci_process *process, struct err *err)
{
	struct runtime_process target, p = RUNTIME_PROCESS_INIT;
	_cleanup_close_ int cache_fd = cli_seccomp_cache();
	struct runtime_exec_options options = {.id = s->id,
					       .spec = spec,
					       .process = process,
					       .stdio_fds = {0, 1, 2},
					       .preserve_fds = o->preserve_fds,
					       .seccomp_cache_fd = cache_fd};
	int r = state_open_process(s, false, &target, err);

	if (r < 0)
		return r;
	r = runtime_exec(&target, &options, &p, err);
	if (r < 0)
		err_wrap(err, "unable to start container process");
	if (r == 0 && o->console_socket)
		r = cli_send_console(o->console_socket, p.console_fd, err);
	if (r == 0 && o->pid_file)
		r = cli_write_pid_file(o->pid_file, p.pid, err);
	if (r == 0 && !o->detach)
		r = cli_foreground(p.pidfd, p.console_fd, err);
	else if (r < 0)
		process_kill_and_reap(p.pidfd);
	runtime_process_done(&p);
	runtime_process_done(&target);
	return r;
}

static int exec_in(struct cli *c, struct exec_options *o, const char *id, char **args, struct arena *a, struct err *err)
{
	struct oci_process *process;
	struct state s = {.dir_fd = -EBADF};
	struct oci_spec *spec;
	int r;

	r = state_load(c->root_fd, id, a, &s, err);
	if (r < 0)
		return r;
	r = check_status(&s, err);
	if (r == 0)
		r = state_load_spec(&s, a, &spec, err);
	if (r == 0)
		r = o->process_file ? read_process(o->process_file, a, &process, err)
				    : process_from_options(o, spec->process, args, a, &process, err);
	if (r == 0 && process->terminal && o->detach && !o->console_socket)
		r = err_set(err, ERR_INVALID, "cannot allocate tty if runc will detach without setting console socket");
	if (r == 0)
		r = run_process(o, &s, spec, process, err);
	state_done(&s);
	return r;
}

int cli_exec(struct cli *c, int argc, char **argv, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(ARENA_MAX);
	struct exec_options *o = a ? arena_new_object(a, struct exec_options) : NULL;
	int letter, r;

	if (!o)
		return err_sys(err, ENOMEM, "exec");
	while ((letter = cli_getopt(argc, argv, "+e:tu:g:p:dc:", long_options, err)) != -1) {
		r = parse_option(o, letter, argv, err);
		if (r < 0)
			return r;
	}
	if (argc - optind < (o->process_file ? 1 : 2))
		return err_set(err, ERR_INVALID, "exec: needs the container's id and a command (or --process)");
	return exec_in(c, o, argv[optind], argv + optind + 1, a, err);
}
