/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a container's log. The daemon reads the file itself, so output can be had while the shim is busy and after it
 * has gone. A follower is woken by inotify (the container's directory: writes and rotation) and by the container's end.
 */
#include "engine/logs.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/timefmt.h"
#include "engine/container.h"
#include "engine/lifecycle.h"
#include "engine/monitor.h"
#include "log/json_file_reader.h"

#define CHUNK 65536

struct engine_logs {
	struct engine *engine;
	struct container *container;
	struct engine_logs *next; /* among the followers */
	struct json_file_reader *reader;
	int dir_fd;
	int wd; /* inotify's; -1 when it doesn't follow */
	bool follow, timestamps, details, tty;
	void (*wake)(void *arg);
	void *wake_arg;
};

struct followers {
	pthread_mutex_t lock; /* taken inside no other; wakes only schedule */
	int inotify_fd;
	struct engine_logs *first;
};

static void wake_matching(struct followers *f, int wd, const char *id)
{
	pthread_mutex_lock(&f->lock);
	for (struct engine_logs *l = f->first; l; l = l->next)
		if (l->wake && ((id && strcmp(l->container->id, id) == 0) || (!id && l->wd == wd)))
			l->wake(l->wake_arg);
	pthread_mutex_unlock(&f->lock);
}

void logs_wake(struct engine *e, const char *id)
{
	if (e->followers)
		wake_matching(e->followers, -1, id);
}

static void inotify_ready(struct engine *e, int fd)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(fd, events, sizeof(events))) > 0) {
		int last = -1;

		for (char *p = events; p < events + n;) {
			struct inotify_event *event = (struct inotify_event *)(void *)p;

			if (event->wd != last)
				wake_matching(e->followers, event->wd, NULL);
			last = event->wd;
			p += sizeof(*event) + event->len;
		}
	}
}

int logs_open(struct engine *e, struct err *err)
{
	struct followers *f = xcalloc(1, sizeof(*f));

	pthread_mutex_init(&f->lock, NULL);
	e->followers = f;
	f->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->inotify_fd < 0)
		return err_sys(err, errno, "make an inotify descriptor");
	return monitor_watch_inotify(e->monitor, f->inotify_fd, inotify_ready, err);
}

void logs_close(struct engine *e)
{
	if (!e->followers)
		return;
	fd_close(e->followers->inotify_fd);
	pthread_mutex_destroy(&e->followers->lock);
	free(e->followers);
	e->followers = NULL;
}

/* ---- one reader ---- */

static int time_parse(const char *text, struct timespec *ret, struct err *err)
{
	if (!text || !*text || strcmp(text, "0") == 0)
		return 0;
	if (timefmt_parse_since(text, ret) < 0)
		return err_set(err, ERR_SYSTEM, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
	return 0;
}

static int follow_begin(struct engine_logs *l, struct err *err)
{
	struct followers *f = l->engine->followers;
	char path[PATH_MAX];
	int r = 0;

	snprintf(path, sizeof(path), "%s/containers/%s", l->engine->data_root, l->container->id);
	pthread_mutex_lock(&f->lock);
	l->wd = inotify_add_watch(f->inotify_fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF);
	if (l->wd < 0)
		r = err_sys(err, errno, "watch the log of container %s", l->container->id);
	l->next = f->first;
	f->first = l;
	pthread_mutex_unlock(&f->lock);
	return r;
}

/* The last follower of a directory takes the watch with it. */
static void follow_end(struct engine_logs *l)
{
	struct followers *f = l->engine->followers;
	bool others = false;

	pthread_mutex_lock(&f->lock);
	for (struct engine_logs **p = &f->first; *p;) {
		if (*p == l) {
			*p = l->next;
			continue;
		}
		others |= (*p)->wd == l->wd;
		p = &(*p)->next;
	}
	if (!others && l->wd >= 0)
		inotify_rm_watch(f->inotify_fd, l->wd);
	pthread_mutex_unlock(&f->lock);
}

void engine_logs_close(struct engine_logs *l)
{
	if (!l)
		return;
	if (l->follow)
		follow_end(l);
	json_file_reader_free(l->reader);
	fd_close(l->dir_fd);
	container_unref(l->container);
	free(l);
}

static int reader_open(struct engine_logs *l, const struct engine_log_options *o, struct err *err)
{
	struct json_file_query query = {.stdout_ = o->stdout_, .stderr_ = o->stderr_, .tail = o->tail};
	char dir[128], name[128];
	int r = time_parse(o->since, &query.since, err);

	if (r >= 0)
		r = time_parse(o->until, &query.until, err);
	if (r < 0)
		return r;
	snprintf(dir, sizeof(dir), "containers/%s", l->container->id);
	snprintf(name, sizeof(name), "%s-json.log", l->container->id);
	l->dir_fd = file_open_dir_at(l->engine->data_fd, dir, false, 0);
	if (l->dir_fd < 0)
		return err_sys(err, l->dir_fd, "open the log of container %s", l->container->id);
	return json_file_reader_open(l->dir_fd, name, &query, &l->reader, err);
}

int engine_logs_open(struct engine *e, const char *ref, const struct engine_log_options *o, struct engine_logs **ret,
		     bool *ret_tty, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	struct engine_logs *l;
	int r;

	if (!o->stdout_ && !o->stderr_)
		return err_set(err, ERR_INVALID, "Bad parameters: you must choose at least one stream");
	r = registry_find(e, ref, &c, err);
	if (r < 0)
		return r;
	if (strcmp(c->host->log_config->type, "json-file") != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "configured logging driver does not support reading");
	l = xcalloc(1, sizeof(*l));
	l->engine = e;
	l->container = container_ref(c);
	l->dir_fd = -EBADF;
	l->wd = -1;
	l->timestamps = o->timestamps;
	l->details = o->details;
	l->tty = c->config->tty;
	l->follow = o->follow;
	r = o->follow ? follow_begin(l, err) : 0;
	if (r >= 0)
		r = reader_open(l, o, err);
	if (r < 0) {
		engine_logs_close(l);
		return r;
	}
	*ret_tty = l->tty;
	*ret = l;
	return 0;
}

static void frame_add(const struct engine_logs *l, const struct log_record *record, struct buf *out)
{
	char stamp[TIMEFMT_MAX] = "";
	size_t stamp_len = 0, total;
	unsigned char head[8] = {0};

	if (l->timestamps) {
		timefmt_rfc3339nano_fixed(&record->time, stamp);
		stamp_len = strlen(stamp);
		stamp[stamp_len++] = ' ';
	}
	/* The attributes that a logging option asked for would stand in front of this space; there is no such option yet. */
	if (l->details)
		stamp[stamp_len++] = ' ';
	total = stamp_len + record->len;
	head[0] = (unsigned char)record->stream;
	head[4] = (unsigned char)(total >> 24);
	head[5] = (unsigned char)(total >> 16);
	head[6] = (unsigned char)(total >> 8);
	head[7] = (unsigned char)total;
	if (!l->tty)
		buf_add(out, head, sizeof(head));
	buf_add(out, stamp, stamp_len);
	buf_add(out, record->bytes, record->len);
}

/* Whether nothing more can come. */
static bool container_ended(struct engine_logs *l)
{
	bool ended;

	engine_lock(l->engine);
	ended = l->container->state != CONTAINER_RUNNING && l->container->state != CONTAINER_STARTING;
	engine_unlock(l->engine);
	return ended;
}

int engine_logs_next(struct engine_logs *l, struct buf *out, struct err *err)
{
	size_t before = out->len;
	bool ended = container_ended(l);

	while (out->len - before < CHUNK) {
		struct log_record record;
		int r = json_file_reader_next(l->reader, &record, err);

		if (r < 0)
			return r == -ENODATA && out->len > before ? 1 : r;
		if (r == 0) {
			if (out->len > before)
				return 1;
			return l->follow && !ended ? 0 : -ENODATA;
		}
		frame_add(l, &record, out);
	}
	return 1;
}

void engine_logs_set_wake(struct engine_logs *l, void (*wake)(void *arg), void *arg)
{
	struct followers *f = l->engine->followers;

	pthread_mutex_lock(&f->lock);
	l->wake = wake;
	l->wake_arg = arg;
	pthread_mutex_unlock(&f->lock);
}
