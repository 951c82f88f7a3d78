/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing an engine: its two roots, locked; its parts, in the order in which they need each other. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random_id.h"
#include "base/timefmt.h"
#include "engine/container.h"
#include "engine/events.h"
#include "engine/images.h"
#include "engine/lifecycle.h"
#include "engine/logs.h"
#include "engine/monitor.h"
#include "engine/remains.h"
#include "network/network.h"
#include "storage/db.h"
#include "storage/storage.h"

#include <linux/magic.h>
#include <sqlite3.h>

#ifndef LIGHTER_LIBEXECDIR
#define LIGHTER_LIBEXECDIR "/usr/local/libexec/lighter"
#endif

#define LOCK_TRIES 50
#define LOCK_RETRY_NS 20000000

void engine_lock(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
}

void engine_unlock(struct engine *e)
{
	pthread_mutex_unlock(&e->lock);
}

bool engine_wait_changed(struct engine *e, int64_t deadline_ms)
{
	struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};

	if (deadline_ms == INT64_MAX)
		return pthread_cond_wait(&e->changed, &e->lock) == 0;
	return pthread_cond_timedwait(&e->changed, &e->lock, &until) == 0;
}

/* ---- roots ---- */

/* A predecessor that was killed, or a shim it was just starting, may hold the lock for some moments more. */
static int root_lock(int fd)
{
	const struct timespec moment = {.tv_nsec = LOCK_RETRY_NS};

	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK || tries == LOCK_TRIES)
			return -errno;
		nanosleep(&moment, NULL);
	}
	return 0;
}

/* Opens (and makes) a root and takes its lock; the lock lasts as long as the descriptor. */
static int root_open(const char *path, const char *what, struct err *err)
{
	int r;
	_cleanup_close_ int fd = file_open_dir_at(AT_FDCWD, path, true, 0710);

	if (fd == -ENOENT) {
		r = file_mkdir_p_at(AT_FDCWD, path, 0711);
		if (r < 0)
			return err_sys(err, r, "make the %s %s", what, path);
		fd = file_open_dir_at(AT_FDCWD, path, true, 0710);
	}
	if (fd < 0)
		return err_sys(err, fd, "open the %s %s", what, path);
	r = root_lock(fd);
	if (r == -EWOULDBLOCK)
		return err_set(err, ERR_CONFLICT, "another daemon is running on the %s %s", what, path);
	if (r < 0)
		return err_sys(err, r, "lock the %s %s", what, path);
	if (fchmod(fd, 0710) < 0)
		return err_sys(err, errno, "set the mode of the %s %s", what, path);
	return TAKE_FD(fd);
}

static int roots_open(struct engine *e, struct err *err)
{
	e->data_fd = root_open(e->data_root, "data root", err);
	if (e->data_fd < 0)
		return e->data_fd;
	e->exec_fd = root_open(e->exec_root, "exec root", err);
	if (e->exec_fd < 0)
		return e->exec_fd;
	e->shims_fd = file_open_dir_at(e->exec_fd, "shims", true, 0700);
	if (e->shims_fd < 0)
		return err_sys(err, e->shims_fd, "make %s/shims", e->exec_root);
	return 0;
}

/* ---- what there is to know once ---- */

static char *shim_find(const char *given)
{
	char self[PATH_MAX];
	ssize_t len;

	if (given)
		return xstrdup(given);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len > 0) {
		char *beside;

		self[len] = '\0';
		*strrchr(self, '/') = '\0';
		beside = xasprintf("%s/lighter-shim", self);
		if (access(beside, X_OK) == 0)
			return beside;
		free(beside);
	}
	return xstrdup(LIGHTER_LIBEXECDIR "/lighter-shim");
}

static void machine_look(struct engine *e)
{
	struct statfs fs;
	struct sysinfo info;

	e->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (sysinfo(&info) == 0)
		e->memory_bytes = (uint64_t)info.totalram * info.mem_unit;
	if (gethostname(e->host_name, sizeof(e->host_name) - 1) < 0)
		snprintf(e->host_name, sizeof(e->host_name), "localhost");
	e->cgroup_v2 = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int meta_row(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	const char *text = (const char *)sqlite3_column_text(stmt, 0);

	(void)err;
	*(char **)arg = xstrdup(text ? text : "");
	return 0;
}

/* A value that is made up once and kept. malloc'ed. */
static int meta_value(struct engine *e, const char *key, const char *fresh, char **ret, struct err *err)
{
	struct db_value value = DB_VALUE_TEXT(key);
	struct db_statement insert = {.sql = "INSERT INTO meta (key, value) VALUES (?, ?)",
				      .values = {DB_VALUE_TEXT(key), DB_VALUE_TEXT(fresh)},
				      .n_values = 2};
	int r;

	*ret = NULL;
	r = db_read(e->db, "SELECT value FROM meta WHERE key = ?", &value, 1, meta_row, ret, err);
	if (r < 0 || *ret)
		return r;
	*ret = xstrdup(fresh);
	return db_write(e->db, &insert, 1, true, err);
}

static void uuid(char ret[37])
{
	unsigned char b[16];

	random_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static int network_id_value(struct engine *e, const char *key, char ret[65], struct err *err)
{
	_cleanup_free_ char *value = NULL;
	char fresh[RANDOM_ID_LEN + 1];
	int r;

	random_id(fresh);
	r = meta_value(e, key, fresh, &value, err);
	if (r >= 0)
		snprintf(ret, 65, "%s", value);
	return r;
}

/* ---- parts ---- */

static int state_open(struct engine *e, struct err *err)
{
	char fresh[37];
	int r = db_open(e->data_fd, &e->db, err);

	if (r >= 0)
		r = state_schema(e, err);
	if (r >= 0)
		r = storage_open(e->data_fd, e->db, &e->storage, err);
	if (r < 0)
		return r;
	uuid(fresh);
	r = meta_value(e, "engine-id", fresh, &e->id, err);
	if (r >= 0)
		r = network_id_value(e, "network-none", e->none_id, err);
	if (r >= 0)
		r = network_id_value(e, "network-host", e->host_id, err);
	if (r >= 0)
		r = images_open(e, err);
	return r;
}

static int bridge_open(struct engine *e, const struct engine_config *config, struct err *err)
{
	char id[65];
	struct network_config nc = {.instance = e->instance, .id = id, .bridge = config->bridge};
	int r;

	if (config->bridge && strcmp(config->bridge, "none") == 0)
		return 0;
	if (config->bip && !subnet_parse(config->bip, &nc.bip))
		return err_set(err, ERR_INVALID, "the bridge's address is no IPv4 address with a prefix length: %s",
			       config->bip);
	r = network_id_value(e, "network-bridge", id, err);
	if (r >= 0)
		r = network_open(&nc, &e->network, err);
	return r;
}

static int seccomp_cache_make(struct engine *e, struct err *err)
{
	int r = file_mkdir_p_at(e->exec_fd, "seccomp", 0700);

	if (r < 0)
		return err_sys(err, r, "make %s/seccomp", e->exec_root);
	e->seccomp_cache = xasprintf("%s/seccomp", e->exec_root);
	return 0;
}

static int containers_open(struct engine *e, struct err *err)
{
	struct ptr_array were_running = {0};
	int r = state_containers_load(e, &were_running, err);

	if (r >= 0)
		r = reconnect_all(e, &were_running, err);
	ptr_array_done(&were_running);
	return r;
}

static struct engine *engine_new(const struct engine_config *config)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	pthread_condattr_t monotonic;

	e->instance = xstrdup(config->instance ? config->instance : "default");
	e->data_root = xstrdup(config->data_root);
	e->exec_root = xstrdup(config->exec_root);
	e->shim_path = shim_find(config->shim_path);
	e->labels = strv_copy(config->labels);
	e->debug = config->debug;
	e->data_fd = e->exec_fd = e->shims_fd = -EBADF;
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&e->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	e->by_id = map_new();
	e->by_name = map_new();
	e->events = events_new();
	machine_look(e);
	return e;
}

int engine_open(const struct engine_config *config, struct engine **ret, struct err *err)
{
	struct engine *e = engine_new(config);
	int r = roots_open(e, err);

	if (r >= 0)
		r = seccomp_cache_make(e, err);
	if (r >= 0)
		r = state_open(e, err);
	if (r >= 0)
		r = bridge_open(e, config, err);
	if (r >= 0)
		r = monitor_start(e, &e->monitor, err);
	if (r >= 0)
		r = logs_open(e, err);
	if (r >= 0)
		r = containers_open(e, err);
	if (r < 0) {
		engine_close(e);
		return r;
	}
	*ret = e;
	return 0;
}

void engine_close(struct engine *e)
{
	void *value;

	if (!e)
		return;
	monitor_stop(e->monitor);
	for (size_t pos = 0; map_next(e->by_id, &pos, NULL, &value);)
		container_unref(value);
	logs_close(e);
	remains_remove_parent(e);
	network_close(e->network);
	images_close(e);
	storage_close(e->storage);
	db_close(e->db);
	events_free(e->events);
	map_free(e->by_id);
	map_free(e->by_name);
	pthread_cond_destroy(&e->changed);
	pthread_mutex_destroy(&e->lock);
	fd_close(e->shims_fd);
	fd_close(e->exec_fd);
	fd_close(e->data_fd);
	strv_free(e->labels);
	free(e->instance);
	free(e->data_root);
	free(e->exec_root);
	free(e->shim_path);
	free(e->seccomp_cache);
	free(e->id);
	free(e);
}
