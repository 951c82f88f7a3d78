/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lighter-runtime remembers of a container between its commands: a directory ROOT/ID with
 *     state.json    pid, start time, bundle, ... (this struct)
 *     config.json   the spec it was created from
 *     start         the socket its first process waits on; there until it was started
 * The truth about "running" is the kernel's: a pid counts only with the start time that belongs to it.
 */
#ifndef LIGHTER_RUNTIME_CLI_STATE_H
#define LIGHTER_RUNTIME_CLI_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/runtime.h"

#define STATE_FILE "state.json"
#define STATE_CONFIG "config.json"
#define STATE_SOCKET "start"

struct state {
	char *id;
	char *bundle;  /* absolute */
	char *rootfs;  /* absolute */
	char *created; /* RFC 3339 nano */
	char *owner;
	char *cgroup_path;
	int32_t pid;
	uint64_t start_time; /* of the pid, in clock ticks since boot */
	/* not stored: */
	int dir_fd;
};

enum state_status { STATUS_STOPPED, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED };

/* "invalid container ID format" unless it is made of letters, digits, "_+-." and isn't "." or "..". */
int state_check_id(const char *id, struct err *err) _must_check_;

/* Makes ROOT/ID: an fd, or ERR_CONFLICT. */
int state_make_dir(int root_fd, const char *id, struct err *err) _must_check_;
int state_save(const struct state *s, struct err *err) _must_check_;

/* ERR_NOT_FOUND: "container does not exist". Strings live in the arena; the dir_fd is the caller's (state_done). */
int state_load(int root_fd, const char *id, struct arena *a, struct state *ret, struct err *err) _must_check_;
void state_done(struct state *s);

/* The spec the container was created from. */
int state_load_spec(const struct state *s, struct arena *a, struct oci_spec **ret, struct err *err) _must_check_;

/* Removes ROOT/ID and all in it. */
int state_remove(int root_fd, const char *id, struct err *err) _must_check_;

/* Ticks since boot at which the process began; 0 when it is gone or a zombie. */
uint64_t state_start_time(pid_t pid);

enum state_status state_status(const struct state *s);
const char *state_status_name(enum state_status status);

/*
 * The container as the library knows it: its first process (ERR_CONFLICT when stopped, unless `may_be_stopped`: then
 * without pidfd) and its cgroup, where it still has one. runtime_process_done() releases.
 */
int state_open_process(const struct state *s, bool may_be_stopped, struct runtime_process *ret, struct err *err) _must_check_;

#endif
