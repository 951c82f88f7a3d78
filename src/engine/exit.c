/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a run and the end of a container. Before anybody is told of an exit, what the container held of the world's
 * names is free: its address, and with --rm its own name. What takes long (mounts, cgroup, links) goes afterwards.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "engine/endpoints.h"
#include "engine/events.h"
#include "engine/lifecycle.h"
#include "engine/shim_link.h"
#include "storage/storage.h"

void lifecycle_answer_wait(int fd, int exit_code)
{
	char body[64], text[128];
	int len = snprintf(body, sizeof(body), "{\"StatusCode\":%d}\n", exit_code);

	snprintf(text, sizeof(text), "%x\r\n%s\r\n0\r\n\r\n", (unsigned int)len, body);
	if (fd_write_all(fd, text, strlen(text)) < 0)
		log_debug("a client that waited has left");
	fd_close(fd);
}

static void apply_exit(struct container *c, const struct shim_state *state)
{
	container_move(c, CONTAINER_EXITED);
	c->pid = 0;
	c->exit_code = state->exit_code;
	c->oom_killed = state->oom_killed;
	container_set_error(c, state->error ? state->error : "");
	if (!state->finished_at || timefmt_parse(state->finished_at, &c->finished) < 0)
		clock_gettime(CLOCK_REALTIME, &c->finished);
	if (c->host->auto_remove)
		registry_name_release(c->engine, c);
}

void lifecycle_exited(struct container *c, const struct shim_state *state)
{
	char code[16], duration[32];
	struct event_attribute attributes[] = {{"execDuration", duration}, {"exitCode", code}};
	bool had_endpoint, stop_asked;

	engine_lock(c->engine);
	apply_exit(c, state);
	had_endpoint = c->endpoint != NULL || strcmp(network_mode_name(c->host->network_mode), "bridge") != 0;
	stop_asked = c->stop_asked;
	snprintf(code, sizeof(code), "%d", c->exit_code);
	snprintf(duration, sizeof(duration), "%lld", (long long)MAX(c->finished.tv_sec - c->started.tv_sec, (time_t)0));
	engine_unlock(c->engine);

	endpoints_end(c);
	if (had_endpoint)
		events_network(c, "disconnect");
	if (stop_asked)
		events_container(c, "stop", NULL, 0);
	events_container(c, "die", attributes, ARRAY_SIZE(attributes));
	state_container_update(c);
	if (shim_send(c, "exited_ok") < 0)
		log_debug("container %.12s: its shim is gone already", c->id);
	logs_wake(c->engine, c->id);
}

bool lifecycle_wait_stopped(struct container *c, bool settled, int64_t deadline_ms)
{
	bool there = true;

	engine_lock(c->engine);
	while (there && (c->state == CONTAINER_RUNNING || (settled && !c->settled && c->state != CONTAINER_REMOVED)))
		there = engine_wait_changed(c->engine, deadline_ms);
	engine_unlock(c->engine);
	return there;
}

/* ---- removal ---- */

/* True when this call is the one that removes it. */
static bool removal_begin(struct container *c)
{
	bool mine;

	engine_lock(c->engine);
	mine = c->state == CONTAINER_CREATED || c->state == CONTAINER_EXITED || c->state == CONTAINER_DEAD;
	if (mine)
		container_move(c, CONTAINER_REMOVING);
	engine_unlock(c->engine);
	return mine;
}

static void removal_end(struct container *c)
{
	struct parked_wait *waits, *next;

	engine_lock(c->engine);
	waits = TAKE(c->waits);
	container_move(c, CONTAINER_REMOVED);
	engine_unlock(c->engine);
	events_container(c, "destroy", NULL, 0);
	for (; waits; waits = next) {
		next = waits->next;
		lifecycle_answer_wait(waits->fd, c->exit_code);
		free(waits);
	}
	logs_wake(c->engine, c->id);
}

int lifecycle_remove(struct container *c, struct err *err)
{
	int r;

	if (!removal_begin(c))
		return 0;
	container_ref(c);
	r = storage_container_remove(c->engine->storage, c->id, err);
	if (r >= 0)
		r = state_container_delete(c, err);
	if (r < 0) {
		engine_lock(c->engine);
		container_move(c, CONTAINER_DEAD);
		engine_unlock(c->engine);
	} else {
		registry_remove(c->engine, c);
		removal_end(c);
	}
	container_unref(c);
	return r;
}
