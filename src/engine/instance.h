/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's own inside: what all files of this directory share, and nobody else sees. One mutex guards the registry
 * and the read model (every field marked [lock]); it is never held while anything blocks. `changed` is broadcast when a
 * container's state or its operation changed. See docs/locking.md.
 */
#ifndef LIGHTER_ENGINE_INSTANCE_H
#define LIGHTER_ENGINE_INSTANCE_H

#include <pthread.h>

#include "base/array.h"
#include "base/map.h"
#include "engine/engine.h"

struct db;
struct storage;
struct network;
struct images;
struct events;
struct monitor;
struct followers;

#define ENGINE_VERSION "28.5.2+lighter." LIGHTER_VERSION
#define ENGINE_API_VERSION "1.51"
#define ENGINE_API_MIN_VERSION "1.24"

struct engine {
	char *instance, *data_root, *exec_root, *shim_path;
	char **labels;
	char *id; /* random, kept in the data root */
	char *seccomp_cache;
	char host_name[256];
	bool debug;
	bool cgroup_v2;
	int cpus;
	uint64_t memory_bytes;

	int data_fd;  /* data root, locked */
	int exec_fd;  /* exec root, locked */
	int shims_fd; /* exec_root/shims */

	struct db *db;
	struct storage *storage;
	struct network *network;       /* NULL with --bridge none */
	char none_id[65], host_id[65]; /* ids of the networks without links */
	struct images *images;
	struct events *events;
	struct monitor *monitor;
	struct followers *followers; /* logs.c */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC */
	struct map *by_id;      /* [lock] id -> struct container, each holding a reference */
	struct map *by_name;    /* [lock] name -> struct container; the name of a create under way is reserved here too */
};

void engine_lock(struct engine *e);
void engine_unlock(struct engine *e);

/* Waits for `changed` with the lock held, until the monotonic deadline. False when it has passed. */
bool engine_wait_changed(struct engine *e, int64_t deadline_ms) _must_check_;

/* The id of "bridge", "none" or "host"; "" for any other. `ret` has 65 bytes. */
void engine_network_id(struct engine *e, const char *name, char ret[65]);

/* The network mode's own name for the plain case: "bridge" for "", "default" and "bridge". */
const char *network_mode_name(const char *mode);

#endif
