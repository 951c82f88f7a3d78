/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start: network, user, specification, shim; then the shim's word that the program was executed. A start that fails
 * leaves the container as it was, with the reason in State.Error and Docker's exit codes (126, 127, else 128).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "engine/endpoints.h"
#include "engine/events.h"
#include "engine/lifecycle.h"
#include "engine/monitor.h"
#include "engine/rootfs_files.h"
#include "engine/seccomp_profile.h"
#include "engine/shim_link.h"
#include "engine/spec.h"
#include "storage/storage.h"

#define SETTLE_DEADLINE_MS 30000
/* Docker's words, which clients look into for the reason. */
#define CREATE_FAILED                                                                                              \
	"failed to create task for container: failed to create shim task: OCI runtime create failed: runc create " \
	"failed: unable to start container process"
#define LOG_MAX_SIZE (100ULL << 20)
#define LOG_MAX_FILES 5

struct start {
	struct container *c;
	struct arena *a;
	int run_fd, container_fd, layers_fd;
	bool run_dir_made;
	struct user_identity user;
	struct shim_net net;
	struct shim_log log;
	struct shim_process shim;
	bool talked; /* the shim has what was parked */
};

static void start_done(struct start *s)
{
	fd_close(s->run_fd);
	fd_close(s->container_fd);
	fd_close(s->layers_fd);
	arena_free(s->a);
}

/* ---- the log's options ---- */

/* "10m", "100k", "1g", "5": bytes; -1 is no limit. */
static int size_parse(const char *text, uint64_t *ret)
{
	unsigned long long n;
	unsigned int shift = 0;
	char *end;

	if (strcmp(text, "-1") == 0) {
		*ret = 0;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -EINVAL;
	n = strtoull(text, &end, 10);
	if (*end == 'k' || *end == 'K')
		shift = 10;
	else if (*end == 'm' || *end == 'M')
		shift = 20;
	else if (*end == 'g' || *end == 'G')
		shift = 30;
	end += shift > 0;
	if (*end == 'b' || *end == 'B')
		end++;
	if (*end || n > UINT64_MAX >> 20 >> shift)
		return -EINVAL;
	*ret = n << shift;
	return 0;
}

/* Logs are bounded unless the user says "max-size=-1". */
static int log_fill(struct start *s, struct err *err)
{
	const struct api_log_config *config = s->c->host->log_config;
	const char *size = json_map_get(&config->config, "max-size"), *files = json_map_get(&config->config, "max-file");
	char *end;

	s->log = (struct shim_log){.driver = config->type,
				   .path = arena_printf(s->a, "%s-json.log", s->c->id),
				   .max_size = LOG_MAX_SIZE,
				   .max_file = size ? 1 : LOG_MAX_FILES};
	if (size && size_parse(size, &s->log.max_size) < 0)
		return err_set(err, ERR_SYSTEM,
			       "failed to create task for container: failed to initialize logging driver: invalid "
			       "size: '%s'",
			       size);
	if (files) {
		unsigned long n = strtoul(files, &end, 10);

		if (*end || end == files || n < 1 || n > 10000)
			return err_set(err, ERR_SYSTEM,
				       "failed to create task for container: failed to initialize logging driver: "
				       "max-file cannot be less than 1");
		s->log.max_file = (uint32_t)n;
	}
	return 0;
}

/* ---- who it runs as ---- */

static int user_fill(struct start *s, struct err *err)
{
	_cleanup_buf_ struct buf passwd = BUF_INIT, group = BUF_INIT;
	int r = rootfs_file_read(s->c, s->container_fd, "etc/passwd", &passwd, err);

	if (r >= 0)
		r = rootfs_file_read(s->c, s->container_fd, "etc/group", &group, err);
	if (r < 0)
		return r;
	return user_resolve(s->c->config->user, s->c->host->group_add, passwd.data, group.data, s->a, &s->user, err);
}

/* ---- the start document ---- */

/* A bind's source that is not there becomes a directory (Docker's words: "auto-created"); not so for Mounts. */
static int bind_sources_make(const struct host_config *h, struct arena *a, struct err *err)
{
	for (char **bind = h->binds; bind && *bind; bind++) {
		struct spec_bind b;
		int r = spec_bind_parse(*bind, a, &b, err);

		if (r < 0)
			return r;
		if (access(b.source, F_OK) == 0 || errno != ENOENT)
			continue;
		r = file_mkdir_p_at(AT_FDCWD, b.source, 0755);
		if (r < 0)
			return err_sys(err, r, "error while creating mount source path '%s': mkdir", b.source);
	}
	return 0;
}

static int spec_text(struct start *s, struct buf *out, struct err *err)
{
	struct container *c = s->c;
	struct utsname kernel;
	struct spec_input in = {.id = c->id,
				.instance = c->engine->instance,
				.path = c->path,
				.args = c->args,
				.config = c->config,
				.host = c->host,
				.user = &s->user,
				.files_dir = arena_printf(s->a, "%s/containers/%s", c->engine->data_root, c->id),
				.cgroup_v2 = c->engine->cgroup_v2,
				.arch = seccomp_this_arch()};
	struct oci_spec *spec;
	int r;

	if (uname(&kernel) < 0 || sscanf(kernel.release, "%u.%u", &in.kernel[0], &in.kernel[1]) != 2)
		return err_set(err, ERR_SYSTEM, "the kernel's version can't be read");
	r = bind_sources_make(c->host, s->a, err);
	if (r >= 0)
		r = spec_build(&in, s->a, &spec, err);
	if (r < 0)
		return r;
	oci_spec_write(spec, out);
	return out->failed ? err_sys(err, ENOMEM, "write the specification of container %s", c->id) : 0;
}

static void console_size(const struct host_config *h, uint32_t *rows, uint32_t *cols)
{
	if (sscanf(h->console_size, "[%u,%u]", rows, cols) != 2)
		*rows = *cols = 0;
}

static int document_make(struct start *s, struct err *err)
{
	_cleanup_buf_ struct buf spec = BUF_INIT, text = BUF_INIT;
	struct json_writer w = {.out = &text};
	struct container *c = s->c;
	struct shim_start doc = {.version = SHIM_PROTOCOL_MAX,
				 .id = c->id,
				 .instance = c->engine->instance,
				 .lower = c->lower,
				 .runtime_id = c->id,
				 .tty = c->config->tty,
				 .open_stdin = c->config->open_stdin,
				 .stdin_once = c->config->stdin_once,
				 .log = &s->log,
				 .net = &s->net,
				 .auto_remove = c->host->auto_remove,
				 .stop_deadline_ms = 10000,
				 .seccomp_cache = c->engine->seccomp_cache};
	int r = spec_text(s, &spec, err);

	if (r < 0)
		return r;
	doc.spec = spec.data;
	console_size(c->host, &doc.rows, &doc.cols);
	json_encode(&w, &shim_start_shape, &doc);
	r = fd_sealed_memfd("lighter-start", text.data, text.len);
	return r < 0 ? err_sys(err, r, "make the start document of container %s", c->id) : r;
}

/* ---- running ---- */

/* From here on it runs, and its exit is the monitor's to see. */
static int running(struct start *s, pid_t pid, const char *started_at, struct err *err)
{
	struct container *c = s->c;
	struct engine *e = c->engine;
	int r;

	engine_lock(e);
	container_move(c, CONTAINER_RUNNING);
	c->pid = pid;
	c->exit_code = 0;
	c->oom_killed = false;
	c->started_once = true;
	c->stop_asked = false;
	c->settled = false;
	container_set_error(c, "");
	c->finished = (struct timespec){0};
	if (timefmt_parse(started_at, &c->started) < 0)
		clock_gettime(CLOCK_REALTIME, &c->started);
	c->shim_sock = TAKE_FD(s->shim.sock);
	c->shim_pidfd = TAKE_FD(s->shim.pidfd);
	c->shim_pid = s->shim.pid;
	c->gone = false;
	engine_unlock(e);
	events_network(c, "connect");
	events_container(c, "start", NULL, 0);
	state_container_update(c);
	r = fd_set_nonblocking(c->shim_sock, true);
	if (r < 0)
		return err_sys(err, r, "listen to the shim of container %s", c->id);
	return monitor_add(e->monitor, c, err);
}

static int start_fail_kind(enum err_kind kind)
{
	return kind == ERR_COMMAND_MISSING ? 127 : kind == ERR_NOT_EXECUTABLE ? 126 : 128;
}

/* With the lock: those who came while it was starting, and wait for nothing any more. */
static struct parked_wait *idle_waits_take(struct container *c)
{
	struct parked_wait *taken = NULL, **at = &c->waits;

	while (*at) {
		struct parked_wait *w = *at;

		if (w->condition != WAIT_NOT_RUNNING) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = taken;
		taken = w;
	}
	return taken;
}

/* Puts everything back. The shim, if there is one, hands back who waits; then it is ended. */
static void failed(struct start *s, const struct err *why)
{
	struct container *c = s->c;
	struct parked_wait *waits, *next;

	if (s->shim.pid > 0) {
		if (s->talked)
			shim_take_waits(c, s->shim.sock);
		shim_process_abort(&s->shim);
	}
	endpoints_end(c);
	if (s->run_dir_made)
		shim_run_dir_remove(c);
	if (s->talked && strcmp(network_mode_name(c->host->network_mode), "bridge") == 0)
		events_network(c, "disconnect");
	engine_lock(c->engine);
	container_move(c, c->before);
	c->exit_code = start_fail_kind(why->kind);
	container_set_error(c, why->msg);
	waits = idle_waits_take(c);
	engine_unlock(c->engine);
	state_container_update(c);
	for (; waits; waits = next) {
		next = waits->next;
		lifecycle_answer_wait(waits->fd, c->exit_code);
		free(waits);
	}
}

static int run(struct start *s, struct err *err)
{
	struct container *c = s->c;
	_cleanup_close_ int document = -EBADF;
	char started_at[TIMEFMT_MAX];
	pid_t pid;
	int r;

	s->run_fd = shim_run_dir_make(c, err);
	if (s->run_fd < 0)
		return s->run_fd;
	s->run_dir_made = true;
	r = storage_container_recipe(c->engine->storage, c->id, s->a, &(char **){NULL}, &s->layers_fd, &s->container_fd, err);
	if (r >= 0)
		r = log_fill(s, err);
	if (r >= 0)
		r = user_fill(s, err);
	if (r >= 0)
		r = endpoints_begin(c, s->run_fd, s->container_fd, s->a, &s->net, err);
	if (r < 0)
		return r;
	document = document_make(s, err);
	if (document < 0)
		return document;
	r = shim_spawn(c, document, s->run_fd, s->container_fd, s->layers_fd, &s->shim, err);
	if (r < 0)
		return err_wrap(err, CREATE_FAILED);
	s->talked = true;
	r = shim_first_talk(c, s->shim.sock, &pid, started_at, err);
	if (r < 0)
		return err_wrap(err, CREATE_FAILED);
	return running(s, pid, started_at, err);
}

/* Whether it may start; 0, and it is `starting` then. */
static int may_start(struct container *c, const char *ref, struct err *err)
{
	struct engine *e = c->engine;
	int64_t deadline = timefmt_monotonic_ms() + SETTLE_DEADLINE_MS;
	int r = 0;

	engine_lock(e);
	while (c->state == CONTAINER_EXITED && !c->settled)
		if (!engine_wait_changed(e, deadline))
			break;
	if (c->state == CONTAINER_RUNNING)
		r = err_set(err, ERR_NOT_MODIFIED, "container %s is already running", ref);
	else if (c->state == CONTAINER_REMOVED)
		r = err_set(err, ERR_NOT_FOUND, "No such container: %s", ref);
	else if (c->state != CONTAINER_CREATED && c->state != CONTAINER_EXITED)
		r = err_set(err, ERR_CONFLICT, "container is marked for removal and cannot be started");
	else if (!c->settled)
		r = err_set(err, ERR_DEADLINE, "container %s: what is left of its last run did not go away in %d s", ref,
			    SETTLE_DEADLINE_MS / 1000);
	else
		container_move(c, CONTAINER_STARTING);
	engine_unlock(e);
	return r;
}

static int start_locked_out(struct container *c, struct err *err)
{
	_cleanup_(start_done) struct start s = {.c = c,
						.a = arena_new(0),
						.run_fd = -EBADF,
						.container_fd = -EBADF,
						.layers_fd = -EBADF,
						.shim = {.pidfd = -EBADF, .sock = -EBADF}};
	bool runs;
	int r = run(&s, err);

	engine_lock(c->engine);
	runs = c->state != CONTAINER_STARTING;
	engine_unlock(c->engine);
	if (r < 0 && !runs)
		failed(&s, err);
	else if (runs)
		shim_pass_parked(c);
	return r;
}

int engine_container_start(struct engine *e, const char *ref, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	struct err local = {0}, ignored;
	int r = registry_find(e, ref, &c, err);

	if (r >= 0)
		r = container_begin(c, err);
	if (r < 0)
		return r;
	r = may_start(c, ref, err);
	if (r >= 0) {
		r = start_locked_out(c, &local);
		if (r < 0 && c->host->auto_remove && lifecycle_remove(c, &ignored) < 0)
			log_error("container %.12s: a failed start was not removed: %s", c->id, ignored.msg);
		if (r < 0 && err)
			*err = local;
	}
	container_end(c);
	return r;
}
