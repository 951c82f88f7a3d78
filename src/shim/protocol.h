/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daemon and shim say to each other. This header is the contract between a daemon and shims that may be years older
 * or newer: members are added, never given another meaning; an unknown member is ignored, an unknown request is answered
 * by an error of kind "not implemented".
 *
 * Transport: SOCK_SEQPACKET unix sockets. A packet is
 *     struct shim_header { magic, json_len, raw_len }, little-endian u32 each; json_len bytes of JSON; raw_len raw bytes
 * at most SHIM_PACKET_MAX in all, with at most SHIM_PACKET_FDS descriptors. What could be larger travels as a sealed memfd.
 *
 * A shim is spawned (posix_spawn) as `lighter-shim ID` with
 *     fd 3  sealed memfd: the start document, JSON (struct shim_start)
 *     fd 4  SEQPACKET socket, its first connection to the daemon
 *     fd 5  its run directory  EXEC_ROOT/shims/ID/  (holds `s`, its listening socket; `exit.json`, the exit record)
 *     fd 6  the container's directory  DATA_ROOT/containers/ID/  (upper/, work/, the log)
 *     fd 7  DATA_ROOT/layers
 * and moves itself out of the daemon's session and process group. It listens on fd 5's `s` (bound as
 * /proc/self/fd/5/s), writes `pid` (its own "PID STARTTIME\n"), and answers requests on every connection. A request has
 * "seq"; the reply repeats it. Any number of connections; each request stands alone; a connection that sent `subscribe`
 * also receives events. Requests wait for nothing but the kernel: only `start` and `exec_start` may take long.
 *
 * Requests (JSON {"type": ..., "seq": N, ...}); replies {"type":"ok",...} or {"type":"error","kind":"not found","sys":2,
 * "message":...}:
 *     hello      {min, max}                     -> {version, pid}         versions it speaks; the highest common one
 *     start      {}                             -> {pid, started_at}      create and start the container's process
 *     state      {}                             -> struct shim_state
 *     attach     struct shim_attach, fd 0: client; raw: bytes the client sent behind its request -> {}
 *     wait       {condition}, fd 0: client      -> {}    "not-running", "next-exit", "removed"
 *     take_waits {}                             -> {n, conditions, more}, fds: the "removed" clients, now the daemon's to
 *                                                  answer (before a start, or after a failed one: all waits); `more`: ask again
 *     signal     {signo, all}                   -> {}
 *     resize     {rows, cols, exec_id}          -> {}    exec_id absent: the container's own terminal
 *     exec_start {exec_id, process, tty, stdin...} struct shim_exec, fd 0: client (none when detached) -> {pid}
 *     exec_state {exec_id}                      -> {running, pid, exit_code}
 *     pause, resume {}                          -> {}
 *     subscribe  {}                             -> struct shim_state, then events
 *     exited_ok  {}                             -> {}    the daemon has seen the exit and freed names and ports
 *     quit       {}                             -> {}    before start only: leave without a trace
 * Events ({"type":"event","event":...}): exit {exit_code, finished_at, oom_killed, error}; oom {};
 * exec_exit {exec_id, exit_code}; gone {} (teardown done: mounts, cgroup, network namespace released; the shim exits after it).
 *
 * Attach and wait packets that arrive before start are parked and take effect with it. On exit: the record is written
 * (temporary name, rename), the `exit` event sent, then exited_ok awaited (at most 2 s, not at all without a subscriber),
 * then streams end and waits are answered, then teardown, `gone`. Waits for "removed" are kept for take_waits and answered
 * by the shim itself 10 s after the exit if no daemon came; until then the shim stays.
 */
#ifndef LIGHTER_SHIM_PROTOCOL_H
#define LIGHTER_SHIM_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#define SHIM_MAGIC 0x3152544cu /* "LTR1" */
#define SHIM_PROTOCOL_MIN 1
#define SHIM_PROTOCOL_MAX 1
#define SHIM_PACKET_MAX (160 * 1024)
#define SHIM_PACKET_FDS 8 /* descriptors one packet carries at most */

enum { SHIM_FD_START = 3, SHIM_FD_SOCKET = 4, SHIM_FD_RUN = 5, SHIM_FD_CONTAINER = 6, SHIM_FD_LAYERS = 7 };

/* The address of a bridge endpoint, as linux/sandbox_net takes it. All strings are numeric addresses. */
struct shim_net {
	char *mode;      /* "none", "host", "bridge" */
	char *bridge;    /* host bridge's name */
	char *host_if;   /* name of the veth end that stays on the host */
	char *address;   /* "172.17.0.2" */
	uint32_t prefix; /* 16 */
	char *gateway;
	char *gateway_mac; /* for the permanent neighbour entry; may be NULL */
	char *mac;
	uint32_t mtu;
};

struct shim_log {
	char *driver;      /* "json-file" or "none" for now */
	char *path;        /* file name in the container's directory */
	uint64_t max_size; /* bytes before it is rotated; 0: never */
	uint32_t max_file; /* files kept, at least 1 */
};

struct shim_start {
	int32_t version;
	char *id;
	char *instance;
	char *spec;       /* the OCI config.json, as text (JSON_TEXT) */
	char **lower;     /* overlay layers, topmost first, names below fd 7; NULL: spec's own root */
	char *runtime_id; /* name in cgroup and logs */
	bool tty;
	bool open_stdin;
	bool stdin_once;
	uint32_t rows, cols;
	char *detach_keys; /* "" or NULL: ctrl-p,ctrl-q */
	struct shim_log *log;
	struct shim_net *net;
	bool auto_remove; /* the daemon removes it after exit; the shim itself doesn't */
	uint32_t stop_deadline_ms;
	char *seccomp_cache; /* absolute path of the compiled filters' directory, or NULL */
};
extern const struct json_shape shim_start_shape;

struct shim_attach {
	bool stdin_, stdout_, stderr_;
	bool stream; /* false with logs: only what was */
	bool logs;   /* replay the log first */
	bool raw;    /* no frames although there is no terminal (never set by Docker's routes) */
	char *detach_keys;
};
extern const struct json_shape shim_attach_shape;

struct shim_exec {
	char *exec_id;
	char *process; /* OCI process object, as text */
	bool tty;
	bool stdin_, stdout_, stderr_;
	uint32_t rows, cols;
	char *detach_keys;
};
extern const struct json_shape shim_exec_shape;

struct shim_state {
	char *status; /* "created", "running", "paused", "exited" */
	int32_t pid;
	char *started_at; /* RFC 3339 nano */
	int32_t exit_code;
	char *finished_at;
	bool oom_killed;
	char *error;
	uint64_t log_dropped; /* log records that could not be written */
};
extern const struct json_shape shim_state_shape;

/* exit.json is a struct shim_state, made before start with its space reserved (status "running"), rewritten at exit. */
#define SHIM_EXIT_RECORD "exit.json"
#define SHIM_SOCKET_NAME "s"

/* ---- packets (protocol.c serves both sides) ---- */

struct shim_packet {
	struct json_object *json; /* the whole object; json_free() */
	const char *type;         /* borrowed from json */
	int64_t seq;
	char *raw; /* malloc'ed, NULL when raw_len is 0 */
	size_t raw_len;
	int fds[SHIM_PACKET_FDS];
	size_t n_fds;
};

/* Closes what is left of the packet's fds and frees the rest. */
void shim_packet_done(struct shim_packet *p);

/* Sends one packet; `json` is the whole object. 0 or -errno; -EAGAIN on a full non-blocking socket (nothing was sent). */
int shim_packet_send(int sock, const char *json, size_t json_len, const void *raw, size_t raw_len, const int *fds,
		     size_t n_fds) _must_check_;

/* Receives one; 1, 0 at the end, or -errno (-EBADMSG: not this protocol). */
int shim_packet_recv(int sock, struct shim_packet *ret, struct err *err) _must_check_;

/* The object of an "error" reply to `seq`, from a filled err; and back. */
void shim_error_write(struct buf *out, int64_t seq, const struct err *err);

/* Fills `err` from the packet when it is an error reply: its negative errno; 0 for any other packet. */
int shim_error_read(const struct shim_packet *p, struct err *err) _must_check_;

/* ---- the daemon's side (client.c; blocking, from a worker thread, with a deadline) ---- */

/* Connects to RUN_DIR/s by the directory's fd. The socket or -errno (-ECONNREFUSED: no shim lives there). */
int shim_connect(int run_dir_fd, int timeout_ms) _must_check_;

/*
 * One request and its reply, events in between handed to nobody (use a connection of its own). `json` holds the request's
 * members without "seq". An error reply becomes `err`. `ret` may be NULL.
 */
int shim_call(int sock, const char *json, size_t json_len, const void *raw, size_t raw_len, const int *fds, size_t n_fds,
	      int timeout_ms, struct shim_packet *ret, struct err *err) _must_check_;

#endif
