/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine that does nothing, for tests of the API alone: it remembers the last call, which GET /info then tells, and its
 * objects are their names: "missing" isn't there, "same" is so already, "busy" conflicts, "broken" fails.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "codec/api_docs.h"
#include "engine/engine.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_call[1024]; /* guarded by lock */

static void _printf_(1, 2) remember(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&lock);
	vsnprintf(last_call, sizeof(last_call), fmt, ap);
	pthread_mutex_unlock(&lock);
	va_end(ap);
}

int engine_open(const struct engine_config *config, struct engine **ret, struct err *err)
{
	static char engine;

	remember("open %s %s %s %s %s %s %d", config->instance, config->data_root, config->exec_root,
		 config->bridge ? config->bridge : "-", config->bip ? config->bip : "-",
		 config->labels && config->labels[0] ? config->labels[0] : "-", config->debug);
	*ret = (struct engine *)&engine;
	return 0;
}

void engine_close(struct engine *e)
{
	remember("close");
}

static int outcome(const char *ref, struct err *err)
{
	if (strcmp(ref, "missing") == 0)
		return err_set(err, ERR_NOT_FOUND, "No such container: %s", ref);
	if (strcmp(ref, "same") == 0)
		return err_set(err, ERR_NOT_MODIFIED, "already so");
	if (strcmp(ref, "busy") == 0)
		return err_set(err, ERR_CONFLICT, "container %s is not running", ref);
	if (strcmp(ref, "broken") == 0)
		return err_sys(err, EIO, "look at %s", ref);
	return 0;
}

static const char *shown(const char *s)
{
	return s ? s : "-";
}

void engine_version_json(struct engine *e, struct buf *ret_json)
{
	buf_adds(ret_json, "{\"Version\":\"fake\"}");
}

int engine_info_json(struct engine *e, struct buf *ret_json, struct err *err)
{
	struct json_writer w = {.out = ret_json};

	json_begin_object(&w);
	pthread_mutex_lock(&lock);
	json_member_string(&w, "last", last_call);
	json_member_string(&w, "CgroupVersion", "1");
	json_member_bool(&w, "MemoryLimit", true);
	json_key(&w, "FirewallBackend");
	json_raw(&w, "{}");
	json_key(&w, "RegistryConfig");
	json_raw(&w, "{}");
	json_key(&w, "RuncCommit");
	json_raw(&w, "{\"ID\":\"c\"}");
	json_key(&w, "Runtimes");
	json_raw(&w, "{\"runc\":{\"path\":\"p\",\"status\":{}}}");
	json_key(&w, "SecurityOptions");
	json_raw(&w, "[\"name=seccomp,profile=builtin\",\"name=cgroupns\"]");
	pthread_mutex_unlock(&lock);
	json_end_object(&w);
	return 0;
}

int engine_container_create(struct engine *e, const char *name, const char *platform,
			    const struct container_create_request *req, struct buf *ret_json, struct err *err)
{
	remember("create %s %s %s memory=%lld", shown(name), shown(platform), req->config.image,
		 req->host_config ? (long long)req->host_config->memory : -1);
	buf_adds(ret_json, "{\"Id\":\"1\",\"Warnings\":[]}");
	return outcome(shown(name), err);
}

int engine_container_start(struct engine *e, const char *ref, struct err *err)
{
	remember("start %s", ref);
	return outcome(ref, err);
}

int engine_container_stop(struct engine *e, const char *ref, const char *signal, int timeout_s, struct err *err)
{
	remember("stop %s %s %d", ref, shown(signal), timeout_s);
	return outcome(ref, err);
}

int engine_container_kill(struct engine *e, const char *ref, const char *signal, struct err *err)
{
	remember("kill %s %s", ref, shown(signal));
	return outcome(ref, err);
}

int engine_container_remove(struct engine *e, const char *ref, bool force, bool volumes, bool link, struct err *err)
{
	remember("remove %s %d %d %d", ref, force, volumes, link);
	return outcome(ref, err);
}

int engine_container_resize(struct engine *e, const char *ref, uint32_t rows, uint32_t cols, struct err *err)
{
	remember("resize %s %u %u", ref, rows, cols);
	return outcome(ref, err);
}

int engine_container_inspect(struct engine *e, const char *ref, bool size, struct buf *ret_json, struct err *err)
{
	remember("inspect %s %d", ref, size);
	buf_addf(ret_json, "{\"Id\":\"%s\"}", ref);
	return outcome(ref, err);
}

int engine_container_list(struct engine *e, const struct engine_list_options *o, struct buf *ret_json, struct err *err)
{
	remember("list %d %d %d %s", o->all, o->size, o->limit, shown(o->filters));
	buf_adds(ret_json, "[]");
	return 0;
}

/* ---- what moves to a shim: here it is answered at once ---- */

static int answer(const struct engine_client *client, bool chunked, bool tty, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r;

	buf_adds(&out, text);
	r = client->hijack(client->arg, chunked, tty, &fd, &out);
	return r < 0 ? r : fd_write_all(fd, out.data, out.len);
}

int engine_container_attach(struct engine *e, const char *ref, const struct engine_attach_options *o,
			    const struct engine_client *client, struct err *err)
{
	char text[128];
	int r = outcome(ref, err);

	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%d%d%d%d%d %s ", o->stdin_, o->stdout_, o->stderr_, o->stream, o->logs,
		 shown(o->detach_keys));
	r = answer(client, false, strcmp(ref, "tty") == 0, text);
	return r < 0 ? err_sys(err, r, "attach") : 0;
}

int engine_container_wait(struct engine *e, const char *ref, const char *condition, const struct engine_client *client,
			  struct err *err)
{
	int r = outcome(ref, err);

	if (r >= 0 && condition && strcmp(condition, "nonsense") == 0)
		r = err_set(err, ERR_INVALID, "invalid condition: \"nonsense\"");
	if (r < 0)
		return r;
	r = answer(client, true, false, "11\r\n{\"StatusCode\":3}\n\r\n0\r\n\r\n");
	return r < 0 ? err_sys(err, r, "wait") : 0;
}

/* ---- sources of lines, with a thread that wakes the reader ---- */

struct source {
	pthread_mutex_t lock; /* guards what follows */
	pthread_t thread;
	void (*wake)(void *arg);
	void *arg;
	int left, ready; /* lines to come, lines that can be read */
	bool endless, ending;
};

static void *produce(void *arg)
{
	struct source *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->ending && (s->left > 0 || s->endless)) {
		s->left--;
		s->ready++;
		if (s->wake)
			s->wake(s->arg);
		pthread_mutex_unlock(&s->lock);
		usleep(100);
		pthread_mutex_lock(&s->lock);
	}
	if (s->wake)
		s->wake(s->arg);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void source_init(struct source *s, int lines, bool endless)
{
	pthread_mutex_init(&s->lock, NULL);
	s->left = lines;
	s->endless = endless;
	if (pthread_create(&s->thread, NULL, produce, s) != 0)
		abort();
}

static void source_done(struct source *s)
{
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
}

static void source_set_wake(struct source *s, void (*wake)(void *arg), void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->wake = wake;
	s->arg = arg;
	pthread_mutex_unlock(&s->lock);
}

/* As engine_events_next. */
static int source_next(struct source *s, const char *line, struct buf *out)
{
	int r;

	pthread_mutex_lock(&s->lock);
	r = s->ready > 0 ? 1 : s->left > 0 || s->endless ? 0 : -ENODATA;
	for (; s->ready > 0; s->ready--)
		buf_adds(out, line);
	pthread_mutex_unlock(&s->lock);
	return r;
}

struct engine_events {
	struct source source;
};

int engine_events_open(struct engine *e, const char *filters, const char *since, const char *until, struct engine_events **ret,
		       struct err *err)
{
	remember("events %s %s %s", shown(filters), shown(since), shown(until));
	if (filters && strcmp(filters, "bad") == 0)
		return err_set(err, ERR_INVALID, "invalid filter");
	*ret = xcalloc(1, sizeof(**ret));
	source_init(&(*ret)->source, until ? 50 : 0, !until);
	return 0;
}

int engine_events_next(struct engine_events *ev, struct buf *out)
{
	return source_next(&ev->source, "{\"event\":1}\n", out);
}

void engine_events_set_wake(struct engine_events *ev, void (*wake)(void *arg), void *arg)
{
	source_set_wake(&ev->source, wake, arg);
}

void engine_events_close(struct engine_events *ev)
{
	source_done(&ev->source);
	free(ev);
}

struct engine_logs {
	struct source source;
	int64_t at_once; /* lines that are there already */
};

int engine_logs_open(struct engine *e, const char *ref, const struct engine_log_options *o, struct engine_logs **ret,
		     bool *ret_tty, struct err *err)
{
	int r = outcome(ref, err);

	remember("logs %s %d%d%d%d%d %lld %s %s", ref, o->stdout_, o->stderr_, o->follow, o->timestamps, o->details,
		 (long long)o->tail, shown(o->since), shown(o->until));
	if (r < 0)
		return r;
	*ret = xcalloc(1, sizeof(**ret));
	*ret_tty = strcmp(ref, "tty") == 0;
	(*ret)->at_once = o->tail < 0 ? 10 : o->tail;
	source_init(&(*ret)->source, o->follow ? 20 : 0, strcmp(ref, "endless") == 0);
	return 0;
}

int engine_logs_next(struct engine_logs *l, struct buf *out, struct err *err)
{
	if (l->at_once == 0)
		return source_next(&l->source, "line\n", out);
	for (int i = 0; i < 10000 && l->at_once > 0; i++, l->at_once--)
		buf_adds(out, "line\n");
	return 1;
}

void engine_logs_set_wake(struct engine_logs *l, void (*wake)(void *arg), void *arg)
{
	source_set_wake(&l->source, wake, arg);
}

void engine_logs_close(struct engine_logs *l)
{
	source_done(&l->source);
	free(l);
}

/* ---- images ---- */

int engine_image_list(struct engine *e, bool all, const char *filters, struct buf *ret_json, struct err *err)
{
	remember("images %d %s", all, shown(filters));
	buf_adds(ret_json, "[{\"RepoTags\":[\"a/b:1\"],\"RepoDigests\":[],\"Containers\":0,\"Size\":7},"
			   "{\"RepoTags\":[],\"RepoDigests\":[],\"Containers\":2,\"Size\":8}]");
	return 0;
}

int engine_image_inspect(struct engine *e, const char *ref, struct buf *ret_json, struct err *err)
{
	remember("image %s", ref);
	buf_addf(ret_json, "{\"Id\":\"%s\",\"Size\":9,\"Config\":{\"Cmd\":null}}", ref);
	return outcome(ref, err);
}

int engine_image_remove(struct engine *e, const char *ref, bool force, bool no_prune, struct buf *ret_json, struct err *err)
{
	remember("rmi %s %d %d", ref, force, no_prune);
	buf_adds(ret_json, "[]");
	return outcome(ref, err);
}

/* Reads it all; a line of progress for each 100,000 bytes; a body that begins with '!' is bad. */
static int take_body(engine_read read_more, void *read_arg, engine_progress progress, void *progress_arg, struct err *err)
{
	char bytes[100000], line[64];
	long long total = 0;
	bool bad = false;
	ssize_t n;

	while ((n = read_more(read_arg, bytes, sizeof(bytes))) > 0) {
		bad = bad || (total == 0 && bytes[0] == '!');
		if (total / 100000 != (total + n) / 100000) {
			snprintf(line, sizeof(line), "{\"bytes\":%lld}", total + n);
			progress(progress_arg, line);
		}
		total += n;
	}
	remember("took %lld", total);
	if (n < 0)
		return err_sys(err, (int)n, "read the archive");
	return bad ? err_set(err, ERR_INVALID, "invalid tar header") : 0;
}

int engine_image_load(struct engine *e, engine_read read_more, void *read_arg, bool quiet, engine_progress progress,
		      void *progress_arg, struct err *err)
{
	return take_body(read_more, read_arg, progress, progress_arg, err);
}

int engine_image_import(struct engine *e, engine_read read_more, void *read_arg, const char *repo, const char *tag,
			const char *message, char *const *changes, const char *platform, engine_progress progress,
			void *progress_arg, struct err *err)
{
	char text[256];
	int r = take_body(read_more, read_arg, progress, progress_arg, err);

	snprintf(text, sizeof(text), "import %s %s %s %s %s", shown(repo), shown(tag), shown(message),
		 changes ? changes[0] : "-", changes && changes[0] && changes[1] ? changes[1] : "-");
	remember("%s", text);
	if (r >= 0)
		progress(progress_arg, "{\"status\":\"sha256:1\"}");
	return r;
}
