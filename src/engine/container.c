/* SPDX-License-Identifier: Apache-2.0 */
/* The container object: counting, its states and the one operation at a time. See container.h. */
#include "engine/container.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timefmt.h"

#define OPERATION_DEADLINE_MS 60000

static const struct {
	const char *name;
	unsigned int to; /* bits of the states it may go to */
} states[] = {
#define TO(s) (1u << (s))
	[CONTAINER_CREATED] = {"created", TO(CONTAINER_STARTING) | TO(CONTAINER_REMOVING)},
	[CONTAINER_STARTING] = {"created", TO(CONTAINER_RUNNING) | TO(CONTAINER_CREATED) | TO(CONTAINER_EXITED)},
	[CONTAINER_RUNNING] = {"running", TO(CONTAINER_EXITED)},
	[CONTAINER_EXITED] = {"exited", TO(CONTAINER_STARTING) | TO(CONTAINER_REMOVING) | TO(CONTAINER_RUNNING)},
	[CONTAINER_REMOVING] = {"removing", TO(CONTAINER_REMOVED) | TO(CONTAINER_DEAD)},
	[CONTAINER_DEAD] = {"dead", TO(CONTAINER_REMOVING)},
	[CONTAINER_REMOVED] = {"removed", 0},
#undef TO
};

const char *container_state_name(enum container_state s)
{
	return states[s].name;
}

enum container_state container_visible_state(const struct container *c)
{
	return c->state == CONTAINER_STARTING ? c->before : c->state;
}

void container_move(struct container *c, enum container_state to)
{
	assert(states[c->state].to & (1u << to));
	log_debug("container %.12s: %s -> %s", c->id, c->state == CONTAINER_STARTING ? "starting" : states[c->state].name,
		  to == CONTAINER_STARTING ? "starting" : states[to].name);
	if (to == CONTAINER_STARTING)
		c->before = c->state;
	c->state = to;
	pthread_cond_broadcast(&c->engine->changed);
}

struct container *container_new(struct engine *e, const char *id)
{
	struct container *c = xcalloc(1, sizeof(*c));

	c->engine = e;
	c->arena = arena_new(0);
	if (!c->arena)
		abort();
	snprintf(c->id, sizeof(c->id), "%s", id);
	c->refs = 1;
	c->settled = true;
	c->error = xstrdup("");
	c->shim_sock = -EBADF;
	c->shim_pidfd = -EBADF;
	return c;
}

static void attach_free(struct parked_attach *a)
{
	fd_close(a->fd);
	free(a->detach_keys);
	buf_done(&a->extra);
	free(a);
}

/* Without waiting: whether the client has closed its end. */
static bool has_left(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

void container_forget_left(struct container *c)
{
	for (struct parked_attach **a = &c->attaches; *a;) {
		struct parked_attach *this = *a;

		if (has_left(this->fd)) {
			*a = this->next;
			attach_free(this);
		} else {
			a = &this->next;
		}
	}
	for (struct parked_wait **w = &c->waits; *w;) {
		struct parked_wait *this = *w;

		if (has_left(this->fd)) {
			*w = this->next;
			fd_close(this->fd);
			free(this);
		} else {
			w = &this->next;
		}
	}
}

static void parked_free(struct container *c)
{
	struct parked_attach *next_attach;
	struct parked_wait *next_wait;

	for (struct parked_attach *a = c->attaches; a; a = next_attach) {
		next_attach = a->next;
		attach_free(a);
	}
	for (struct parked_wait *w = c->waits; w; w = next_wait) {
		next_wait = w->next;
		fd_close(w->fd);
		free(w);
	}
}

static void container_free(struct container *c)
{
	parked_free(c);
	fd_close(c->shim_sock);
	fd_close(c->shim_pidfd);
	free(c->name);
	free(c->error);
	free(c->endpoint);
	arena_free(c->arena);
	free(c);
}

struct container *container_ref(struct container *c)
{
	engine_lock(c->engine);
	c->refs++;
	engine_unlock(c->engine);
	return c;
}

void container_unref(struct container *c)
{
	bool last;

	engine_lock(c->engine);
	last = --c->refs == 0;
	engine_unlock(c->engine);
	if (last)
		container_free(c);
}

int container_begin(struct container *c, struct err *err)
{
	struct engine *e = c->engine;
	int64_t deadline = timefmt_monotonic_ms() + OPERATION_DEADLINE_MS;
	int r = 0;

	engine_lock(e);
	while (c->busy && c->state != CONTAINER_REMOVED)
		if (!engine_wait_changed(e, deadline))
			break;
	if (c->state == CONTAINER_REMOVED)
		r = err_set(err, ERR_NOT_FOUND, "No such container: %s", c->id);
	else if (c->busy)
		r = err_set(err, ERR_DEADLINE, "container %s: another operation has been under way for %d s", c->id,
			    OPERATION_DEADLINE_MS / 1000);
	else
		c->busy = true;
	engine_unlock(e);
	return r;
}

void container_end(struct container *c)
{
	engine_lock(c->engine);
	c->busy = false;
	pthread_cond_broadcast(&c->engine->changed);
	engine_unlock(c->engine);
}

void container_set_error(struct container *c, const char *message)
{
	free(c->error);
	c->error = xstrdup(message);
}
