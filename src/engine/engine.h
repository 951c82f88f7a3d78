/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers, images and events as objects, and what may be done to them. The API is a thin shell over this header; it
 * decides nothing itself. Thread-safe. Functions marked [blocks] belong on a worker; the others answer from memory.
 *
 * A container is named by full id, name (with or without a leading '/') or a unique prefix of its id: `ref`. Errors:
 * ERR_NOT_FOUND "No such container: REF", ERR_INVALID for an ambiguous prefix ("multiple IDs found with provided prefix: REF").
 */
#ifndef LIGHTER_ENGINE_ENGINE_H
#define LIGHTER_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

struct engine;
struct container_create_request; /* codec/api_docs.h: ContainerConfig + HostConfig + NetworkingConfig */

struct engine_config {
	const char *instance; /* default "default" */
	const char *data_root;
	const char *exec_root;
	const char *bridge;    /* NULL: "lighter0"; "none": no bridge */
	const char *bip;       /* NULL: chosen */
	const char *shim_path; /* lighter-shim; NULL: beside this program, then libexec */
	char *const *labels;
	bool debug;
};

/* Locks both roots, opens state.db, finds live shims, settles what exited meanwhile, removes dead --rm containers. [blocks] */
int engine_open(const struct engine_config *config, struct engine **ret, struct err *err) _must_check_;
/* Running containers go on. */
void engine_close(struct engine *e);

/* ---- containers ---- */
int engine_container_create(struct engine *e, const char *name, const char *platform,
			    const struct container_create_request *req, struct buf *ret_json,
			    struct err *err) _must_check_;                                   /* [blocks] {"Id","Warnings"} */
int engine_container_start(struct engine *e, const char *ref, struct err *err) _must_check_; /* [blocks] */
/* timeout_s -1: wait for ever, INT_MIN: the container's own; signal NULL: its own. */
int engine_container_stop(struct engine *e, const char *ref, const char *signal, int timeout_s,
			  struct err *err) _must_check_;                                                        /* [blocks] */
int engine_container_kill(struct engine *e, const char *ref, const char *signal, struct err *err) _must_check_; /* [blocks] */
int engine_container_remove(struct engine *e, const char *ref, bool force, bool volumes, bool link,
			    struct err *err) _must_check_; /* [blocks] */
int engine_container_resize(struct engine *e, const char *ref, uint32_t rows, uint32_t cols,
			    struct err *err) _must_check_; /* [blocks] */
int engine_container_inspect(struct engine *e, const char *ref, bool size, struct buf *ret_json, struct err *err) _must_check_;
struct engine_list_options {
	bool all, size;
	int limit;           /* -1: none */
	const char *filters; /* JSON as given, or NULL */
};
int engine_container_list(struct engine *e, const struct engine_list_options *o, struct buf *ret_json,
			  struct err *err) _must_check_;

/*
 * Connections that move to the container's shim. The engine first checks everything that can be wrong, then calls
 * `hijack` once to get the connection (after which errors only close it), then passes it on, or parks it until start. With
 * `hijack` the request ends: what the caller's strings point to may be gone when it returns.
 */
struct engine_client {
	int (*hijack)(void *arg, bool chunked, bool tty, int *ret_fd, struct buf *extra);
	void *arg;
};
struct engine_attach_options {
	bool stdin_, stdout_, stderr_, stream, logs;
	const char *detach_keys;
};
int engine_container_attach(struct engine *e, const char *ref, const struct engine_attach_options *o,
			    const struct engine_client *client, struct err *err) _must_check_; /* [blocks] */
/* condition: "not-running" (default, NULL or ""), "next-exit", "removed". Answers the head at once. */
int engine_container_wait(struct engine *e, const char *ref, const char *condition, const struct engine_client *client,
			  struct err *err) _must_check_; /* [blocks] */

/* ---- logs: the daemon reads the file itself ---- */
struct engine_log_options {
	bool stdout_, stderr_, follow, timestamps;
	bool details;              /* the log's attributes and a space in front of each record's text */
	int64_t tail;              /* -1: all */
	const char *since, *until; /* Docker's forms, or NULL */
};
struct engine_logs;
/* *ret_tty: whether bytes go out raw (multiplexed frames are made by logs_next otherwise). [blocks] */
int engine_logs_open(struct engine *e, const char *ref, const struct engine_log_options *o, struct engine_logs **ret,
		     bool *ret_tty, struct err *err) _must_check_;
/*
 * Appends up to about 64 KB of framed output. 1: there may be more now; 0: end of what is there (follow: `wake` will be
 * called when more comes or the container has ended); -ENODATA: the end. [blocks on disk only]
 */
int engine_logs_next(struct engine_logs *l, struct buf *out, struct err *err) _must_check_;
void engine_logs_set_wake(struct engine_logs *l, void (*wake)(void *arg), void *arg);
void engine_logs_close(struct engine_logs *l);

/* ---- images ---- */
int engine_image_list(struct engine *e, bool all, const char *filters, struct buf *ret_json, struct err *err) _must_check_;
int engine_image_inspect(struct engine *e, const char *ref, struct buf *ret_json, struct err *err) _must_check_;
int engine_image_remove(struct engine *e, const char *ref, bool force, bool no_prune, struct buf *ret_json,
			struct err *err) _must_check_; /* [blocks] */
typedef ssize_t (*engine_read)(void *arg, void *bytes, size_t len);
typedef void (*engine_progress)(void *arg, const char *json);
int engine_image_load(struct engine *e, engine_read read, void *read_arg, bool quiet, engine_progress progress,
		      void *progress_arg, struct err *err) _must_check_; /* [blocks] */
int engine_image_import(struct engine *e, engine_read read, void *read_arg, const char *repo, const char *tag,
			const char *message, char *const *changes, const char *platform, engine_progress progress,
			void *progress_arg, struct err *err) _must_check_; /* [blocks] */

/* ---- engine ---- */
void engine_version_json(struct engine *e, struct buf *ret_json);
int engine_info_json(struct engine *e, struct buf *ret_json, struct err *err) _must_check_;

/* ---- events ---- */
struct engine_events;
/* `filters` JSON or NULL; since/until Docker's forms or NULL. */
int engine_events_open(struct engine *e, const char *filters, const char *since, const char *until, struct engine_events **ret,
		       struct err *err) _must_check_;
/* Appends what there is (JSON objects, a line each), never blocks. 1 some, 0 none now (`wake` will tell), -ENODATA the end. */
int engine_events_next(struct engine_events *ev, struct buf *out);
void engine_events_set_wake(struct engine_events *ev, void (*wake)(void *arg), void *arg);
void engine_events_close(struct engine_events *ev);

#endif
