/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's own state, private to src/shim. One thread, one loop; everything hangs off struct shim.
 *
 * Life: created (clients may attach and wait) -> running <-> paused -> exiting (the rest is killed, pipes are drained, the
 * record written, the daemon told) -> exited (clients and waits get their end, the container is torn down) -> the loop stops.
 */
#ifndef LIGHTER_SHIM_SHIM_H
#define LIGHTER_SHIM_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/runtime.h"
#include "shim/loop.h"
#include "shim/protocol.h"
#include "shim/record.h"
#include "shim/process_io.h"

enum shim_status { SHIM_CREATED, SHIM_RUNNING, SHIM_PAUSED, SHIM_EXITING, SHIM_EXITED };

struct shim_connection;
struct shim_wait;
struct shim_exec_run;

struct shim {
	struct loop loop;
	int run_dir, container_dir, layers_dir;
	struct arena *arena; /* the start document and what it holds */
	struct shim_start start;
	struct err start_err; /* why the document can't be started; kind ERR_NONE: it can */
	struct oci_spec *spec;

	enum shim_status status;
	struct runtime_process process;
	int tty_slave; /* held so that the terminal doesn't hang up between two programs that have it open */
	struct shim_state_values {
		struct timespec started_at, finished_at;
		int exit_code;
		bool oom_killed;
		char error[ERR_MSG_SIZE];
	} values;
	struct record record;
	struct process_io io;
	struct shim_exec_run *execs;

	struct loop_source listener, signals;
	ino_t socket_inode; /* so that only our own is ever removed */
	struct shim_connection *connections;
	struct shim_wait *waits;
	struct loop_timer drain_deadline, ack_deadline, removed_deadline, orphan_deadline, teardown, trim;
	bool torn_down;
};

/* ---- start.c ---- */
/* Reads the start document from `fd` into s->start and s->spec; what is wrong with it goes to s->start_err. */
void shim_read_document(struct shim *s, int fd);
int shim_start_container(struct shim *s, struct err *err) _must_check_;
/* The container's name towards the runtime. */
const char *shim_runtime_id(const struct shim *s);

/* ---- exit.c ---- */
/* Reaps every child that has ended and acts on it. */
void shim_reap(struct shim *s);
/* The daemon has seen the exit, or nobody is there to see it. */
void shim_exit_acknowledged(struct shim *s);
/* Leaves when nothing holds the shim any more. */
void shim_leave_if_done(struct shim *s);
void shim_exit_init(struct shim *s);

/* ---- control.c ---- */
int shim_control_open(struct shim *s, int first_fd, struct err *err) _must_check_;
void shim_control_close(struct shim *s);
bool shim_has_subscriber(const struct shim *s);
/* To every connection that subscribed. `json` is a whole event object. */
void shim_send_event(struct shim *s, const struct buf *json);

/* ---- requests.c ---- */
struct shim_reply {
	struct buf *json; /* an object that is open: members are added */
	int *fds;         /* SHIM_PACKET_FDS of them; sent, then closed */
	size_t n_fds;
	bool subscribe;
	bool quit;
};
/* Carries out a request. What it takes over of packet->fds and raw it removes from the packet. */
int shim_request(struct shim *s, struct shim_packet *packet, struct shim_reply *reply, struct err *err) _must_check_;
/* The members of struct shim_state, into an object that is open. */
void shim_state_write(const struct shim *s, struct buf *json);

/* ---- waits.c ---- */
int shim_wait_add(struct shim *s, const char *condition, int fd, struct err *err) _must_check_;
/* Answers those for "not-running" and "next-exit"; with `all` those for "removed", too. */
void shim_waits_answer(struct shim *s, bool all);
bool shim_waits_left(const struct shim *s);
/* Hands at most SHIM_PACKET_FDS waits over to the daemon, and adds "n", "conditions", "more" to the reply. */
void shim_waits_take(struct shim *s, struct shim_reply *reply);
void shim_waits_close(struct shim *s);

/* ---- exec.c ---- */
int shim_exec_start(struct shim *s, struct shim_packet *packet, struct shim_reply *reply, struct err *err) _must_check_;
int shim_exec_describe(struct shim *s, const char *exec_id, struct shim_reply *reply, struct err *err) _must_check_;
int shim_exec_resize(struct shim *s, const char *exec_id, uint32_t rows, uint32_t cols, struct err *err) _must_check_;
/* A child ended: true when it was an exec's. */
bool shim_exec_ended(struct shim *s, pid_t pid, int exit_code);
/* The container is gone: nothing more will come from any exec. */
void shim_execs_end(struct shim *s);
bool shim_execs_busy(const struct shim *s);
void shim_execs_free(struct shim *s);

#endif
