/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's side of a shim's life: spawning one, talking to it, taking back what it holds for the daemon. */
#ifndef LIGHTER_ENGINE_SHIM_LINK_H
#define LIGHTER_ENGINE_SHIM_LINK_H

#include <sys/types.h>

#include "engine/container.h"
#include "shim/protocol.h"

/* Makes (empty) or opens the run directory EXEC_ROOT/shims/ID. The fd or a negative errno with err. */
int shim_run_dir_make(struct container *c, struct err *err) _must_check_;
int shim_run_dir_open(struct container *c) _must_check_; /* -errno */
void shim_run_dir_remove(struct container *c);

struct shim_process {
	pid_t pid;
	int pidfd;
	int sock; /* our end of its first connection */
};

/* Starts the shim program with its five descriptors (which stay the caller's). posix_spawn: nothing of ours runs in it. */
int shim_spawn(struct container *c, int start_fd, int run_fd, int container_fd, int layers_fd, struct shim_process *ret,
	       struct err *err) _must_check_;

/* Kills and reaps a shim that didn't get as far as a container. */
void shim_process_abort(struct shim_process *p);

/*
 * The first conversation, written in one go and then read: hello, subscribe, what was parked, start. On success the
 * container runs; `ret_pid` and `ret_started_at` (TIMEFMT_MAX bytes) say since when. An error is the shim's own.
 */
int shim_first_talk(struct container *c, int sock, pid_t *ret_pid, char *ret_started_at, struct err *err) _must_check_;

/* One request on a connection of its own. `json` is the whole object. `fd` -EBADF: none is passed. */
int shim_request(struct container *c, const char *json, const void *raw, size_t raw_len, int fd, int timeout_ms,
		 struct err *err) _must_check_;

/* Sends a request without waiting for its reply (the monitor sees it). -errno. */
int shim_send(struct container *c, const char *type) _must_check_;

/* The requests that pass a client on. `out` gets the JSON object. */
void shim_attach_request(struct buf *out, const struct engine_attach_options *o);
void shim_wait_request(struct buf *out, enum wait_condition condition);

/* Takes the parked clients of the container and hands them to the running shim; those it refuses are closed. */
void shim_pass_parked(struct container *c);

/* Puts the clients of a take_waits reply into the container's list. 1 when there are more to take. */
int shim_waits_returned(struct container *c, struct shim_packet *p);

/* Asks for all waits it holds, on this socket, and parks them again (after a failed start). */
void shim_take_waits(struct container *c, int sock);

#endif
