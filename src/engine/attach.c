/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that stay: attach, wait, and a terminal's size. To a running container's shim they are passed at once; before a
 * start they are parked with the container, and after its end answered here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "engine/events.h"
#include "engine/lifecycle.h"
#include "engine/shim_link.h"

#define REQUEST_MS 10000
#define TRIES 3

/* ---- detach keys ---- */

/* "ctrl-p,ctrl-q", "a", "ctrl-[": what a sequence's element may be. */
static bool key_valid(const char *key, size_t len)
{
	if (len == 1)
		return true;
	if (len != 6 || strncmp(key, "ctrl-", 5) != 0)
		return false;
	return (key[5] >= 'a' && key[5] <= 'z') || strchr("@[\\]^_", key[5]);
}

static int detach_keys_check(const char *keys, struct err *err)
{
	const char *p = keys;

	while (p && *p) {
		size_t len = strcspn(p, ",");

		if (!key_valid(p, len))
			return err_set(err, ERR_INVALID, "Invalid detach keys (%s) provided", keys);
		p += len + (p[len] == ',');
	}
	return 0;
}

/* ---- attach ---- */

/* Parks it unless the container runs: true when it was parked. */
static bool attach_park(struct container *c, int fd, const struct engine_attach_options *o, struct buf *extra)
{
	struct parked_attach *a;
	bool parked;

	engine_lock(c->engine);
	parked = c->state != CONTAINER_RUNNING;
	if (parked) {
		container_forget_left(c);
		a = xcalloc(1, sizeof(*a));
		a->fd = fd;
		a->options = *o;
		a->options.detach_keys = NULL;
		a->options.logs = false;
		a->detach_keys = xstrdup(o->detach_keys);
		a->extra = *extra;
		*extra = (struct buf)BUF_INIT;
		a->next = c->attaches;
		c->attaches = a;
	}
	engine_unlock(c->engine);
	return parked;
}

/* What was written before, from the log, for a container that isn't running. */
static void replay_log(struct container *c, int fd, const struct engine_attach_options *o)
{
	struct engine_log_options lo = {.stdout_ = o->stdout_, .stderr_ = o->stderr_, .tail = -1};
	struct engine_logs *logs;
	struct err err;
	bool tty;
	int r;

	if ((!o->stdout_ && !o->stderr_) || engine_logs_open(c->engine, c->id, &lo, &logs, &tty, &err) < 0)
		return;
	do {
		_cleanup_buf_ struct buf out = BUF_INIT;

		r = engine_logs_next(logs, &out, &err);
		if (r >= 0 && fd_write_all(fd, out.data, out.len) < 0)
			break;
	} while (r > 0);
	engine_logs_close(logs);
}

static void attach_give(struct container *c, int client, const struct engine_attach_options *o, struct buf *extra)
{
	_cleanup_close_ int fd = client;
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};

	shim_attach_request(&json, o);
	for (int tries = 0; tries < TRIES; tries++) {
		bool running;

		engine_lock(c->engine);
		running = c->state == CONTAINER_RUNNING;
		engine_unlock(c->engine);
		if (!running && o->logs)
			replay_log(c, fd, o);
		if (!running && !o->stream)
			return;
		if (attach_park(c, fd, o, extra)) {
			fd = -EBADF;
			return;
		}
		if (shim_request(c, json.data, extra->data, extra->len, fd, REQUEST_MS, &err) >= 0)
			return;
	}
	log_warn("container %.12s: a client could not be attached: %s", c->id, err.msg);
}

int engine_container_attach(struct engine *e, const char *ref, const struct engine_attach_options *o,
			    const struct engine_client *client, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	_cleanup_buf_ struct buf extra = BUF_INIT;
	_cleanup_free_ char *keys = NULL;
	struct engine_attach_options kept = *o;
	int fd, r = registry_find(e, ref, &c, err);

	if (r >= 0)
		r = detach_keys_check(o->detach_keys, err);
	if (r < 0)
		return r;
	kept.detach_keys = keys = xstrdup(o->detach_keys); /* the caller's strings go with the request */
	r = client->hijack(client->arg, false, c->config->tty, &fd, &extra);
	if (r < 0)
		return err_sys_kind(err, ERR_CANCELLED, r, "attach to container %s", c->id);
	events_container(c, "attach", NULL, 0);
	attach_give(c, fd, &kept, &extra);
	return 0;
}

/* ---- wait ---- */

static int condition_parse(const char *text, enum wait_condition *ret, struct err *err)
{
	if (!text || !*text || strcmp(text, "not-running") == 0)
		*ret = WAIT_NOT_RUNNING;
	else if (strcmp(text, "next-exit") == 0)
		*ret = WAIT_NEXT_EXIT;
	else if (strcmp(text, "removed") == 0)
		*ret = WAIT_REMOVED;
	else
		return err_set(err, ERR_INVALID, "invalid condition: \"%s\"", text);
	return 0;
}

/* With the lock: whether it can be answered now, or is kept; neither for a running container. */
enum wait_outcome { WAIT_ANSWER, WAIT_PARKED, WAIT_PASS };

static enum wait_outcome wait_place(struct container *c, int fd, enum wait_condition condition, int *ret_code)
{
	enum wait_outcome outcome = WAIT_PARKED;
	bool live;

	engine_lock(c->engine);
	live = c->state == CONTAINER_RUNNING;
	*ret_code = c->exit_code;
	if (c->state == CONTAINER_REMOVED || (condition == WAIT_NOT_RUNNING && !live && c->state != CONTAINER_STARTING)) {
		outcome = WAIT_ANSWER;
	} else if (live) {
		outcome = WAIT_PASS;
	} else {
		struct parked_wait *w = xcalloc(1, sizeof(*w));

		container_forget_left(c);
		w->fd = fd;
		w->condition = condition;
		w->next = c->waits;
		c->waits = w;
	}
	engine_unlock(c->engine);
	return outcome;
}

static void wait_give(struct container *c, int fd, enum wait_condition condition)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};

	shim_wait_request(&json, condition);
	for (int tries = 0; tries < TRIES; tries++) {
		int code;

		switch (wait_place(c, fd, condition, &code)) {
		case WAIT_ANSWER:
			lifecycle_answer_wait(fd, code);
			return;
		case WAIT_PARKED:
			return;
		case WAIT_PASS:
			break;
		}
		if (shim_request(c, json.data, NULL, 0, fd, REQUEST_MS, &err) >= 0)
			break;
		log_debug("container %.12s: its shim did not take a wait: %s", c->id, err.msg);
	}
	fd_close(fd);
}

int engine_container_wait(struct engine *e, const char *ref, const char *condition, const struct engine_client *client,
			  struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	_cleanup_buf_ struct buf extra = BUF_INIT;
	enum wait_condition parsed;
	int fd, r = condition_parse(condition, &parsed, err);

	if (r >= 0)
		r = registry_find(e, ref, &c, err);
	if (r < 0)
		return r;
	r = client->hijack(client->arg, true, false, &fd, &extra);
	if (r < 0)
		return err_sys_kind(err, ERR_CANCELLED, r, "wait for container %s", c->id);
	wait_give(c, fd, parsed);
	return 0;
}

/* ---- resize ---- */

int engine_container_resize(struct engine *e, const char *ref, uint32_t rows, uint32_t cols, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	char json[96], height[16], width[16];
	struct event_attribute attributes[] = {{"height", height}, {"width", width}};
	bool running;
	int r = registry_find(e, ref, &c, err);

	if (r < 0)
		return r;
	engine_lock(e);
	running = c->state == CONTAINER_RUNNING;
	engine_unlock(e);
	if (!running)
		return err_set(err, ERR_CONFLICT, "container %s is not running", c->id);
	if (c->config->tty) {
		snprintf(json, sizeof(json), "{\"type\":\"resize\",\"rows\":%u,\"cols\":%u}", rows & 0xffff, cols & 0xffff);
		r = shim_request(c, json, NULL, 0, -EBADF, REQUEST_MS, err);
		if (r < 0)
			return r;
	}
	snprintf(height, sizeof(height), "%u", rows);
	snprintf(width, sizeof(width), "%u", cols);
	events_container(c, "resize", attributes, ARRAY_SIZE(attributes));
	return 0;
}
