/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a restart of the daemon: what became of the containers that were left running? Their shims say, or the exit
 * records of shims that have ended, or, when there is neither (the exec root was emptied: a reboot), the row alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "engine/endpoints.h"
#include "engine/lifecycle.h"
#include "engine/monitor.h"
#include "engine/remains.h"
#include "engine/shim_link.h"
#include "network/network.h"

#define TALK_MS 5000
#define RECORD_MAX 65536
#define EXIT_REBOOT 255
#define EXIT_KILLED 137

/* It ran when the last daemon saw it: so that it can be told to have ended. Not a move of this daemon's. */
static void enter_running(struct container *c, const struct shim_state *state)
{
	engine_lock(c->engine);
	c->state = CONTAINER_RUNNING;
	c->started_once = true;
	c->settled = false;
	c->pid = state->pid;
	if (state->started_at && timefmt_parse(state->started_at, &c->started) < 0)
		log_warn("container %.12s: its shim's time of start is no time", c->id);
	c->finished = (struct timespec){0};
	engine_unlock(c->engine);
}

static void settle_dead(struct container *c)
{
	shim_run_dir_remove(c);
	engine_lock(c->engine);
	c->settled = true;
	engine_unlock(c->engine);
}

/* No shim: the record says how it ended, or that nobody was left to write that down. */
static void from_record(struct container *c, int run_fd)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct shim_state state = {0};
	struct err err = {0};
	int r = file_read_at(run_fd, SHIM_EXIT_RECORD, RECORD_MAX, &text);

	if (r >= 0)
		r = json_decode_text(text.data, text.len, &shim_state_shape, 0, a, &state, &err);
	remains_clear(c);
	if (r < 0 || !state.status || strcmp(state.status, "exited") != 0) {
		if (r < 0 || !state.started_at || !*state.started_at) { /* it never started */
			settle_dead(c);
			return;
		}
		state.exit_code = EXIT_KILLED;
		state.finished_at = NULL;
		state.error = (char *)"the container's shim was killed, and the container with it";
	}
	enter_running(c, &state);
	lifecycle_exited(c, &state);
	settle_dead(c);
}

static int subscribe(int sock, struct arena *a, struct shim_state *ret, struct err *err)
{
	static const char hello[] = "{\"type\":\"hello\",\"min\":1,\"max\":1}";
	static const char request[] = "{\"type\":\"subscribe\"}";
	struct shim_packet reply = {0};
	int r = shim_call(sock, hello, strlen(hello), NULL, 0, NULL, 0, TALK_MS, NULL, err);

	if (r >= 0)
		r = shim_call(sock, request, strlen(request), NULL, 0, NULL, 0, TALK_MS, &reply, err);
	if (r < 0)
		return r;
	r = json_decode(reply.json, &shim_state_shape, 0, a, ret, err);
	shim_packet_done(&reply);
	return r;
}

/* A shim that was never told to start: the start that wanted it is lost. */
static void dismiss(struct container *c, int sock)
{
	static const char quit[] = "{\"type\":\"quit\"}";
	struct err err;

	if (shim_call(sock, quit, strlen(quit), NULL, 0, NULL, 0, TALK_MS, NULL, &err) < 0)
		log_warn("container %.12s: its idle shim did not leave: %s", c->id, err.msg);
	fd_close(sock);
	settle_dead(c);
}

static int from_shim(struct container *c, int run_fd, int sock, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct shim_state state = {0};
	int r = subscribe(sock, a, &state, err);

	if (r >= 0)
		r = fd_set_nonblocking(sock, true);
	if (r < 0) {
		fd_close(sock);
		return r;
	}
	if (state.status && strcmp(state.status, "created") == 0) {
		dismiss(c, sock);
		return 0;
	}
	c->shim_sock = sock;
	enter_running(c, &state);
	if (endpoints_adopt(c, run_fd, err) < 0)
		log_error("container %.12s: its network is not ours any more: %s", c->id, err->msg);
	if (state.status && strcmp(state.status, "exited") == 0) {
		lifecycle_exited(c, &state);
		if (shim_send(c, "take_waits") < 0)
			log_debug("container %.12s: its shim has left already", c->id);
	}
	return monitor_add(c->engine->monitor, c, err);
}

/* A container whose row is gone. Without a shim that answers only its directory is left, and goes. */
static void unknown(struct engine *e, const char *id)
{
	_cleanup_close_ int run_fd = file_open_dir_at(e->shims_fd, id, false, 0), sock = -EBADF;
	int r;

	if (run_fd >= 0)
		sock = shim_connect(run_fd, TALK_MS);
	if (sock >= 0) {
		log_error("%s/shims/%s has a shim, but belongs to no container of this data root; it is left alone",
			  e->exec_root, id);
		return;
	}
	r = file_remove_tree_at(e->shims_fd, id);
	if (r < 0)
		log_error("%s/shims/%s can't be removed: %s", e->exec_root, id, strerror(-r));
}

static void one(struct engine *e, const char *id)
{
	_cleanup_container_ struct container *c = NULL;
	_cleanup_close_ int run_fd = -EBADF;
	struct err err = {0};
	int sock;

	if (registry_find(e, id, &c, &err) < 0 || strcmp(c->id, id) != 0) {
		unknown(e, id);
		return;
	}
	run_fd = shim_run_dir_open(c);
	if (run_fd < 0) {
		log_error("container %.12s: its run directory can't be opened: %s", id, strerror(-run_fd));
		return;
	}
	sock = shim_connect(run_fd, TALK_MS);
	if (sock < 0 || from_shim(c, run_fd, sock, &err) >= 0) {
		if (sock < 0)
			from_record(c, run_fd);
		return;
	}
	if (err.sys == ECONNRESET || err.sys == EPIPE) /* it was about to end, and has ended since */
		from_record(c, run_fd);
	else
		log_error("container %.12s: its shim can't be spoken to: %s", id, err.msg);
}

static void every_run_dir(struct engine *e, int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			one(e, entry->d_name);
	closedir(dir);
}

/* Rows that say "running" without a run directory: the machine went down under them. */
static void rebooted(struct container *c)
{
	struct shim_state state = {.exit_code = EXIT_REBOOT};
	bool known;

	engine_lock(c->engine);
	known = c->shim_sock >= 0 || c->state != CONTAINER_EXITED || c->finished.tv_sec != 0;
	if (!known)
		c->state = CONTAINER_RUNNING;
	engine_unlock(c->engine);
	if (known)
		return;
	remains_clear(c);
	lifecycle_exited(c, &state);
}

/* Containers with --rm that have ended and are settled. */
static void remove_leftovers(struct engine *e)
{
	struct ptr_array dead = {0};
	struct err err;
	void *value;

	engine_lock(e);
	for (size_t pos = 0; map_next(e->by_id, &pos, NULL, &value);) {
		struct container *c = value;

		if (c->host->auto_remove && c->settled && c->state == CONTAINER_EXITED) {
			c->refs++;
			ptr_array_add(&dead, c);
		}
	}
	engine_unlock(e);
	for (size_t i = 0; i < dead.len; i++) {
		struct container *c = dead.items[i];

		if (lifecycle_remove(c, &err) < 0)
			log_error("container %.12s was not removed: %s", c->id, err.msg);
		container_unref(c);
	}
	ptr_array_done(&dead);
}

int reconnect_all(struct engine *e, const struct ptr_array *were_running, struct err *err)
{
	int fd = file_open_dir_at(e->exec_fd, "shims", false, 0), r = 0;

	if (fd < 0)
		return err_sys(err, fd, "open %s/shims", e->exec_root);
	every_run_dir(e, fd);
	for (size_t i = 0; i < were_running->len; i++)
		rebooted(were_running->items[i]);
	remove_leftovers(e);
	if (e->network)
		r = network_sweep(e->network, err);
	return r < 0 ? r : 0;
}
