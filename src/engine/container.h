/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container as an object: what was asked for (immutable after create), what it is doing (a declared state machine),
 * and who waits for it. Counted: the registry holds one reference, every request under way another.
 *
 *     created -> starting -> running -> exited -> starting ...
 *                   |  back where it came from when the start failed
 *     created, exited, dead -> removing -> removed
 *     removing -> dead when the removal failed
 *
 * One operation at a time (container_begin/container_end) may move a container between the states; reading needs the
 * engine's lock only. The exit of a running container needs no operation: whoever sees it moves running -> exited.
 */
#ifndef LIGHTER_ENGINE_CONTAINER_H
#define LIGHTER_ENGINE_CONTAINER_H

#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "codec/api_docs.h"
#include "engine/instance.h"
#include "network/network.h"

enum container_state {
	CONTAINER_CREATED,
	CONTAINER_STARTING,
	CONTAINER_RUNNING,
	CONTAINER_EXITED,
	CONTAINER_REMOVING,
	CONTAINER_DEAD,
	CONTAINER_REMOVED,
};

/* A client that attached before start: handed to the shim with the start. */
struct parked_attach {
	struct parked_attach *next;
	int fd;
	struct engine_attach_options options;
	char *detach_keys;
	struct buf extra;
};

enum wait_condition { WAIT_NOT_RUNNING, WAIT_NEXT_EXIT, WAIT_REMOVED };
struct parked_wait {
	struct parked_wait *next;
	int fd;
	enum wait_condition condition;
};

struct container {
	struct engine *engine;
	struct arena *arena; /* owns config, host and every string below up to the blank line */
	char id[65];
	struct timespec created;
	char *path;
	char **args;
	char *image_id;   /* "sha256:..." */
	char *image_name; /* as the request had it */
	char *platform;
	struct container_config *config; /* merged with the image's */
	struct host_config *host;
	char *chain;  /* topmost layer's chain id; NULL for an image without layers */
	char **lower; /* names of its layers, topmost first */

	int refs;                          /* [lock] */
	char *name;                        /* [lock] without the slash; malloc'ed */
	enum container_state state;        /* [lock] */
	enum container_state before;       /* [lock] where a start came from */
	bool busy;                         /* [lock] an operation is under way */
	bool settled;                      /* [lock] the last run's mounts, cgroup and namespaces are gone */
	bool stop_asked;                   /* [lock] a stop is under way: `stop` precedes `die` in events */
	bool started_once;                 /* [lock] */
	pid_t pid;                         /* [lock] of its first process; 0 when not running */
	int exit_code;                     /* [lock] */
	bool oom_killed;                   /* [lock] */
	char *error;                       /* [lock] malloc'ed; "" when none */
	struct timespec started, finished; /* [lock] */
	struct endpoint *endpoint;         /* [lock] its place in the bridge while it runs; malloc'ed, else NULL */
	char sandbox_id[65];               /* [lock] "" when not running */
	struct parked_attach *attaches;    /* [lock] */
	struct parked_wait *waits;         /* [lock] */

	int shim_sock;  /* the monitor's: subscribed connection, -EBADF without */
	int shim_pidfd; /* the monitor's: -EBADF when the shim isn't our child */
	pid_t shim_pid;
	bool gone;         /* the monitor's: the shim said that nothing of the run is left */
	uint64_t next_seq; /* the monitor's: of requests on shim_sock */
};

/* A new one in state `created` with one reference and an arena; nothing else is set. */
struct container *container_new(struct engine *e, const char *id);
struct container *container_ref(struct container *c); /* takes the lock */
void container_unref(struct container *c);            /* takes the lock; frees with the last */
DEFINE_CLEANUP(struct container *, container_unref)
#define _cleanup_container_ _cleanup_(container_unrefp)

const char *container_state_name(enum container_state s); /* Docker's word for it */

/* What users are told: a container that starts is still what it was. With the lock. */
enum container_state container_visible_state(const struct container *c);

/* Moves it, with the lock held; a move that isn't declared is our own bug and asserts. One trace line. */
void container_move(struct container *c, enum container_state to);

/*
 * Begins an operation that may move it: waits for the one under way. ERR_DEADLINE after 60 s, ERR_NOT_FOUND when it was
 * removed meanwhile. container_end() wakes the next.
 */
int container_begin(struct container *c, struct err *err) _must_check_;
void container_end(struct container *c);
DEFINE_CLEANUP(struct container *, container_end)

/* Drops parked clients that have closed their end, before another is parked: their number stays bounded. With the lock. */
void container_forget_left(struct container *c);

void container_set_error(struct container *c, const char *message); /* with the lock */

/* ---- registry ---- */

/* By full id, name or unique prefix; the result is referenced. Takes the lock. */
int registry_find(struct engine *e, const char *ref, struct container **ret, struct err *err) _must_check_;
/* The same with the lock held; the result is borrowed. */
int registry_find_locked(struct engine *e, const char *ref, struct container **ret, struct err *err) _must_check_;
/* Makes it known by id (its reference goes over to the registry). Its name must be reserved. Takes the lock. */
void registry_add(struct engine *e, struct container *c);
/* Reserves `name` for `c`; ERR_CONFLICT in Docker's words. Takes the lock. */
int registry_name_reserve(struct engine *e, const char *name, struct container *c, struct err *err) _must_check_;
void registry_name_release(struct engine *e, struct container *c); /* with the lock; no error when it has none */
/* Takes it out and drops the registry's reference. Takes the lock. */
void registry_remove(struct engine *e, struct container *c);

/* ---- rows (state.c) ---- */

int state_schema(struct engine *e, struct err *err) _must_check_;
/* Everything that is immutable, and the state. Durable unless the container was made with --rm. */
int state_container_write(struct container *c, struct err *err) _must_check_;
/* The changing part only; what a reboot makes true anyway, so not durable. Logs a failure. */
void state_container_update(struct container *c);
int state_container_delete(struct container *c, struct err *err) _must_check_;
/* Reads all rows into the registry, as `created` or `exited` as stored; `ret_running` lists those that were running. */
int state_containers_load(struct engine *e, struct ptr_array *ret_running, struct err *err) _must_check_;

/* ---- names ---- */

/* A name nobody has yet ("adjective_surname", then with a digit). With the lock. malloc'ed. */
char *names_generate(struct engine *e);
/* ERR_INVALID in Docker's words. One leading slash is allowed. */
int names_check(const char *name, struct err *err) _must_check_;

#endif
