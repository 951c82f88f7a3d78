/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the start document to a running process: log, exit record, pipes or terminal, network, runtime. Everything that a
 * failure leaves behind is undone here; clients that were parked for the start lose their connection then, waits stay.
 */
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "codec/json_c.h"
#include "linux/overlay.h"
#include "linux/process.h"
#include "linux/sandbox_net.h"
#include "linux/terminal.h"

#define DOCUMENT_MAX (OCI_SPEC_MAX_BYTES + (1u << 20))
#define DESTROY_TIMEOUT_MS 5000
#define TRIM_AFTER_MS 200 /* when it disturbs nobody's start */

/* The container's ends of its pipes, and ours. */
struct pipes {
	int theirs[3];
	int ours[3];
};

static void close_three(int fds[3])
{
	for (int i = 0; i < 3; i++)
		fd_close(TAKE_FD(fds[i]));
}

/* ---- the document ---- */

static int check_document(struct shim *s, struct err *err)
{
	const struct shim_start *d = &s->start;

	if (d->version < SHIM_PROTOCOL_MIN || d->version > SHIM_PROTOCOL_MAX)
		return err_set(err, ERR_NOT_IMPLEMENTED, "a start document of version %d", d->version);
	if (d->log && strcmp(d->log->driver, "json-file") != 0 && strcmp(d->log->driver, "none") != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "log driver \"%s\" is not supported", d->log->driver);
	if (d->log && strcmp(d->log->driver, "json-file") == 0 && !d->log->path)
		return err_set(err, ERR_INVALID, "log.path: is required");
	if (d->net && strcmp(d->net->mode, "none") != 0 && strcmp(d->net->mode, "host") != 0 &&
	    strcmp(d->net->mode, "bridge") != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "network mode \"%s\" is not supported", d->net->mode);
	return 0;
}

/* The spec is decoded from where it stands in the document: as text it would have to be written and parsed once more. */
static int decode_spec(struct shim *s, struct json_object *document, struct json_object **ret_spec, struct err *err)
{
	struct json_object *o;

	if (!json_object_object_get_ex(document, "spec", &o))
		return err_set(err, ERR_INVALID, "spec: is required");
	*ret_spec = json_object_get(o);
	json_object_object_del(document, "spec");
	s->spec = arena_new_object(s->arena, struct oci_spec);
	if (!s->spec)
		return err_sys(err, ENOMEM, "read the start document");
	return json_decode(*ret_spec, &oci_spec_shape, 0, s->arena, s->spec, err);
}

static int read_document(struct shim *s, int fd, struct err *err)
{
	_cleanup_(json_freep) struct json_object *document = NULL, *spec = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r;

	s->arena = arena_new(DOCUMENT_MAX * 4);
	if (!s->arena)
		return err_sys(err, ENOMEM, "read the start document");
	r = file_read_fd(fd, DOCUMENT_MAX, &text);
	if (r < 0)
		return err_sys(err, r, "read the start document");
	r = json_parse(text.data, text.len, &document, err);
	buf_done(&text);
	if (r == 0)
		r = decode_spec(s, document, &spec, err);
	if (r == 0)
		r = json_decode(document, &shim_start_shape, 0, s->arena, &s->start, err);
	if (r == 0)
		r = check_document(s, err);
	if (r == 0)
		r = oci_spec_check(s->spec, err);
	if (r == 0 && (!s->spec->process || s->spec->process->terminal != s->start.tty))
		r = err_set(err, ERR_INVALID, "process.terminal is not what tty says");
	return r < 0 ? err_wrap(err, "start document") : 0;
}

void shim_read_document(struct shim *s, int fd)
{
	int r = read_document(s, fd, &s->start_err);

	if (r == 0)
		s->start_err = (struct err){0};
	if (!s->start.id)
		s->start.id = (char *)"?";
}

/* ---- network ---- */

static int set_up_network(void *arg, pid_t pid, int netns_fd, struct err *err)
{
	const struct shim_net *net = ((const struct shim *)arg)->start.net;
	struct net_setup setup = {0};
	int r;

	if (netns_fd < 0 || !net || strcmp(net->mode, "host") == 0)
		return 0;
	if (strcmp(net->mode, "bridge") == 0) {
		struct net_setup_text text = {.host_if = net->host_if,
					      .bridge_if = net->bridge,
					      .address = net->address,
					      .gateway = net->gateway,
					      .mac = net->mac,
					      .gateway_mac = net->gateway_mac,
					      .prefix_len = net->prefix,
					      .mtu = net->mtu};

		r = net_setup_parse(&text, &setup, err);
		if (r < 0)
			return r;
	}
	r = sandbox_net_setup(&setup, netns_fd, err);
	/* In the wrong namespace nothing can be done right any more. */
	if (r == -ENOTRECOVERABLE)
		((struct shim *)arg)->loop.stop = true;
	return r;
}

/* ---- log, record, stdio ---- */

static int open_log(struct shim *s, struct err *err)
{
	const struct shim_log *log = s->start.log;
	struct json_file_options o = {.dirfd = s->container_dir};

	if (!log || strcmp(log->driver, "none") == 0 || s->io.streams.log)
		return 0;
	o.name = log->path;
	o.max_size = log->max_size;
	o.max_file = log->max_file;
	return json_file_open(&o, &s->io.streams.log, err);
}

static int begin_record(struct shim *s, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT;

	s->status = SHIM_RUNNING; /* as the record is to say; should we be killed now, the next daemon finds the cgroup */
	buf_addc(&json, '{');
	shim_state_write(s, &json);
	buf_addc(&json, '}');
	s->status = SHIM_CREATED;
	if (json.failed)
		return err_sys(err, ENOMEM, "make the exit record");
	return record_begin(&s->record, s->run_dir, &json, err);
}

static int make_pipe(struct pipes *p, int i, bool input, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "make a pipe");
	p->theirs[i] = ends[input ? 0 : 1];
	p->ours[i] = ends[input ? 1 : 0];
	return 0;
}

/* With a terminal the runtime makes it; an input that isn't open is /dev/null, the runtime's own choice for -EBADF. */
static int make_pipes(const struct shim *s, struct pipes *p, struct err *err)
{
	int r = 0;

	if (s->start.tty)
		return 0;
	if (s->start.open_stdin)
		r = make_pipe(p, 0, true, err);
	for (int i = 1; r == 0 && i <= 2; i++)
		r = make_pipe(p, i, false, err);
	return r;
}

static int use_terminal(struct shim *s, struct pipes *p, struct err *err)
{
	int master = s->process.console_fd, r;

	if (master < 0)
		return err_set(err, ERR_SYSTEM, "the runtime made no terminal");
	if (s->start.rows || s->start.cols) {
		r = tty_set_size(master, (uint16_t)s->start.rows, (uint16_t)s->start.cols);
		if (r < 0)
			return err_sys(err, r, "size the terminal");
	}
	s->tty_slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	p->ours[1] = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (s->start.open_stdin)
		p->ours[0] = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (p->ours[1] < 0 || (s->start.open_stdin && p->ours[0] < 0))
		return err_sys(err, errno, "use the terminal");
	return 0;
}

static int connect_streams(struct shim *s, struct pipes *p, struct err *err)
{
	int r = 0;

	for (int i = LOG_STDOUT; r == 0 && i <= LOG_STDERR; i++) {
		if (p->ours[i] >= 0)
			r = streams_add_source(&s->io.streams, (enum log_stream)i, TAKE_FD(p->ours[i]));
	}
	if (r == 0)
		r = process_io_start(&s->io, TAKE_FD(p->ours[0]));
	return r < 0 ? err_sys(err, r, "connect the container's streams") : 0;
}

/* ---- start ---- */

const char *shim_runtime_id(const struct shim *s)
{
	return s->start.runtime_id && *s->start.runtime_id ? s->start.runtime_id : s->start.id;
}

static int create_process(struct shim *s, const struct pipes *p, struct err *err)
{
	_cleanup_close_ int cache_fd = -EBADF;
	struct overlay_recipe overlay = {.layers_fd = s->layers_dir, .lower = s->start.lower, .upper_fd = s->container_dir};
	struct runtime_options o = {.id = shim_runtime_id(s),
				    .spec = s->spec,
				    .bundle_fd = -EBADF,
				    .overlay = s->start.lower ? &overlay : NULL,
				    .stdio_fds = {p->theirs[0], p->theirs[1], p->theirs[2]},
				    .seccomp_cache_fd = -EBADF,
				    .kill_with_parent = true,
				    .setup_network = set_up_network,
				    .arg = s};

	if (s->start.seccomp_cache && *s->start.seccomp_cache) {
		cache_fd = open(s->start.seccomp_cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (cache_fd >= 0) /* without one, filters are compiled each time */
			o.seccomp_cache_fd = cache_fd;
	}
	return runtime_create(&o, &s->process, err);
}

static int launch(struct shim *s, struct pipes *p, struct err *err)
{
	int r = create_process(s, p, err);

	close_three(p->theirs);
	if (r < 0)
		return r;
	if (s->start.tty)
		r = use_terminal(s, p, err);
	if (r == 0)
		r = connect_streams(s, p, err);
	if (r == 0) {
		clock_gettime(CLOCK_REALTIME, &s->values.started_at);
		r = runtime_start(&s->process, err);
	}
	return r;
}

/* No trace of the attempt; attached clients go, waits stay for the daemon to take. */
static void undo(struct shim *s)
{
	struct err ignored;

	if (s->process.pid > 0) {
		process_kill_and_reap(s->process.pidfd); /* nothing happens if runtime_start did it */
		runtime_destroy(&s->process, DESTROY_TIMEOUT_MS, &ignored);
	}
	s->process = (struct runtime_process)RUNTIME_PROCESS_INIT;
	fd_close(TAKE_FD(s->tty_slave));
	s->values.started_at = (struct timespec){0};
	record_abandon(&s->record);
	process_io_end(&s->io);
}

/* Reading the document took a megabyte, which a shim would keep for its life; a thousand of them are noticed. */
static void give_memory_back(struct loop_timer *timer)
{
	malloc_trim(0);
}

int shim_start_container(struct shim *s, struct err *err)
{
	struct pipes p = {.theirs = {-EBADF, -EBADF, -EBADF}, .ours = {-EBADF, -EBADF, -EBADF}};
	int r;

	if (s->start_err.kind != ERR_NONE) {
		*err = s->start_err;
		process_io_end(&s->io);
		return -err->sys;
	}
	if (s->status != SHIM_CREATED || s->io.streams.ended)
		return err_set(err, ERR_CONFLICT, "container %s was started already", s->start.id);
	r = open_log(s, err);
	if (r == 0)
		r = begin_record(s, err);
	if (r == 0)
		r = make_pipes(s, &p, err);
	if (r == 0)
		r = launch(s, &p, err);
	close_three(p.theirs);
	close_three(p.ours);
	if (r < 0) {
		undo(s);
		return r;
	}
	s->status = SHIM_RUNNING;
	s->trim.fire = give_memory_back;
	loop_timer_set(&s->loop, &s->trim, TRIM_AFTER_MS);
	return 0;
}
