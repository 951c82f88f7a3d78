/* SPDX-License-Identifier: Apache-2.0 */
/* Signals, stop, kill and remove, as the API asks for them. None of the waits here holds the container's operation. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/timefmt.h"
#include "engine/events.h"
#include "engine/lifecycle.h"
#include "engine/shim_link.h"
#include "engine/signals.h"

#define REQUEST_MS 10000
#define KILL_MS 30000
#define SETTLE_MS 30000
#define DEFAULT_STOP_S 10

static bool is_running(struct container *c)
{
	bool running;

	engine_lock(c->engine);
	running = c->state == CONTAINER_RUNNING;
	engine_unlock(c->engine);
	return running;
}

static int not_running(const struct container *c, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "container %s is not running", c->id);
}

int lifecycle_signal(struct container *c, int signo, struct err *err)
{
	char json[64], number[8];
	struct event_attribute attribute = {"signal", number};
	int r;

	if (!is_running(c))
		return not_running(c, err);
	snprintf(json, sizeof(json), "{\"type\":\"signal\",\"signo\":%d}", signo);
	r = shim_request(c, json, NULL, 0, -EBADF, REQUEST_MS, err);
	if (r < 0)
		return is_running(c) ? r : not_running(c, err);
	snprintf(number, sizeof(number), "%d", signo);
	events_container(c, "kill", &attribute, 1);
	return 0;
}

int lifecycle_kill(struct container *c, struct err *err)
{
	struct err failed;
	int r;

	if (!is_running(c))
		return not_running(c, err);
	r = lifecycle_signal(c, SIGKILL, &failed);
	/* a conflict: it has ended by itself, and what is left is to hear of it */
	if (r < 0 && failed.kind != ERR_CONFLICT) {
		if (err)
			*err = failed;
		return r;
	}
	if (!lifecycle_wait_stopped(c, false, timefmt_monotonic_ms() + KILL_MS))
		return err_set(err, ERR_DEADLINE, "container %s did not end within %d s of SIGKILL", c->id, KILL_MS / 1000);
	return 0;
}

int engine_container_kill(struct engine *e, const char *ref, const char *signal, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	int signo = SIGKILL;
	int r = signal && *signal ? signal_parse(signal, &signo, err) : 0;

	if (r >= 0)
		r = registry_find(e, ref, &c, err);
	if (r >= 0)
		r = signo == SIGKILL ? lifecycle_kill(c, err) : lifecycle_signal(c, signo, err);
	return r < 0 ? err_wrap(err, "cannot kill container: %s", ref) : 0;
}

/* ---- stop ---- */

static int stop_signal(const struct container *c, const char *signal, int *ret, struct err *err)
{
	*ret = SIGTERM;
	if (signal && *signal)
		return signal_parse(signal, ret, err);
	return *c->config->stop_signal ? signal_parse(c->config->stop_signal, ret, err) : 0;
}

static void stop_mark(struct container *c, bool asked)
{
	engine_lock(c->engine);
	if (c->state == CONTAINER_RUNNING)
		c->stop_asked = asked;
	engine_unlock(c->engine);
}

static int stop_running(struct container *c, int signo, int timeout_s, struct err *err)
{
	int64_t deadline = timeout_s < 0 ? INT64_MAX : timefmt_monotonic_ms() + (int64_t)timeout_s * 1000;
	int r;

	stop_mark(c, true);
	r = lifecycle_signal(c, signo, err);
	if (r < 0 && !is_running(c))
		return 0;
	if (r >= 0 && lifecycle_wait_stopped(c, false, deadline))
		return 0;
	if (r >= 0)
		r = lifecycle_kill(c, err);
	if (r < 0 && !is_running(c))
		return 0;
	if (r < 0)
		stop_mark(c, false);
	return r;
}

int engine_container_stop(struct engine *e, const char *ref, const char *signal, int timeout_s, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	int signo, r = registry_find(e, ref, &c, err);

	if (r < 0)
		return r;
	if (!is_running(c))
		return err_set(err, ERR_NOT_MODIFIED, "container %s is not running", ref);
	if (timeout_s == INT_MIN)
		timeout_s = c->config->stop_timeout ? (int)*c->config->stop_timeout : DEFAULT_STOP_S;
	r = stop_signal(c, signal, &signo, err);
	if (r < 0 && err)
		err->kind = ERR_SYSTEM; /* Docker's 500 for a bad signal here */
	if (r >= 0)
		r = stop_running(c, signo, timeout_s, err);
	return r < 0 ? err_wrap(err, "cannot stop container: %s", ref) : 0;
}

/* ---- remove ---- */

static int remove_begun(struct container *c, const char *ref, struct err *err)
{
	enum container_state state;

	engine_lock(c->engine);
	state = c->state;
	engine_unlock(c->engine);
	if (state == CONTAINER_REMOVED)
		return 0;
	if (state == CONTAINER_REMOVING)
		return err_set(err, ERR_CONFLICT, "removal of container %s is already in progress", ref);
	if (state == CONTAINER_RUNNING)
		return err_set(err, ERR_CONFLICT,
			       "cannot remove container \"%s\": container is running: stop the container before removing or "
			       "force remove",
			       ref);
	if (!lifecycle_wait_stopped(c, true, timefmt_monotonic_ms() + SETTLE_MS))
		return err_set(err, ERR_DEADLINE, "container %s: what is left of its last run did not go away in %d s", ref,
			       SETTLE_MS / 1000);
	return lifecycle_remove(c, err);
}

int engine_container_remove(struct engine *e, const char *ref, bool force, bool volumes, bool link, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	struct err ignored;
	int r = registry_find(e, ref, &c, err);

	(void)volumes; /* anonymous volumes: there are none yet */
	if (r < 0)
		return r;
	if (link)
		return err_set(err, ERR_NOT_IMPLEMENTED, "links between containers are not supported yet");
	if (force && is_running(c)) {
		r = lifecycle_kill(c, err);
		if (r < 0 && is_running(c))
			return r;
	}
	r = container_begin(c, &ignored);
	if (r < 0) {
		if (ignored.kind == ERR_NOT_FOUND) /* --rm was faster */
			return 0;
		if (err)
			*err = ignored;
		return r;
	}
	r = remove_begun(c, ref, err);
	container_end(c);
	return r;
}
