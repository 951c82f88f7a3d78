/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.db; see db.h. Callers put a request (which lives on their stack) into a queue and sleep; the writer thread takes
 * whatever waits and runs it as one transaction, each request in a savepoint of its own, so that one request's failure
 * leaves its neighbours alone. A batch with a durable request is committed by the FULL connection, which makes everything
 * before it durable too (one log, written in order); any other by the NORMAL one. Only the writer thread uses the two.
 */
#include "storage/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "storage/db_connection.h"

struct request {
	const struct db_statement *statements;
	size_t n;
	const char *schema; /* instead of statements */
	bool durable;
	bool done;
	int r;
	struct err err;
	struct request *next;
};

struct db {
	struct db_connection full, normal; /* the writer thread's */
	struct db_connection reader;       /* guarded by read_lock */
	pthread_mutex_t read_lock;

	pthread_mutex_t lock; /* guards what follows; never held during a call of SQLite's */
	pthread_cond_t work, finished;
	struct request *first, **last;
	bool stop;
	bool running;
	pthread_t writer;
};

/* ---- the writer thread ---- */

static int run_request(struct db_connection *c, struct request *q)
{
	int r;

	if (q->schema)
		return db_connection_run_schema(c, q->schema, &q->err);
	r = db_connection_run(c, "SAVEPOINT request", NULL, 0, &q->err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < q->n; i++)
		r = db_connection_run(c, q->statements[i].sql, q->statements[i].values, q->statements[i].n_values, &q->err);
	/* A full disk makes SQLite take the whole transaction back by itself; then there is no savepoint left. */
	if (r < 0 && !sqlite3_get_autocommit(c->handle)) {
		int undo = db_connection_run(c, "ROLLBACK TO request", NULL, 0, NULL);

		if (undo < 0)
			return r;
	}
	if (sqlite3_get_autocommit(c->handle))
		return r;
	if (db_connection_run(c, "RELEASE request", NULL, 0, r < 0 ? NULL : &q->err) < 0 && r == 0)
		r = q->err.sys ? -q->err.sys : -EIO;
	return r;
}

static void fail_all(struct request *batch, const struct err *err)
{
	for (struct request *q = batch; q; q = q->next)
		if (q->r == 0) {
			q->r = err->sys ? -err->sys : -EIO;
			q->err = *err;
		}
}

static void run_batch(struct db_connection *c, struct request *batch)
{
	struct err err = {0};
	int r = db_connection_run(c, "BEGIN IMMEDIATE", NULL, 0, &err);

	if (r < 0) {
		fail_all(batch, &err);
		return;
	}
	for (struct request *q = batch; q; q = q->next) {
		q->r = run_request(c, q);
		if (sqlite3_get_autocommit(c->handle)) {
			fail_all(batch, &q->err);
			return;
		}
	}
	r = db_connection_run(c, "COMMIT", NULL, 0, &err);
	if (r == 0)
		return;
	fail_all(batch, &err);
	if (!sqlite3_get_autocommit(c->handle) && db_connection_run(c, "ROLLBACK", NULL, 0, &err) < 0)
		return; /* the next BEGIN will say so */
}

static void *writer_main(void *arg)
{
	struct db *db = arg;

	pthread_mutex_lock(&db->lock);
	for (;;) {
		struct request *batch, *next;
		bool durable = false;

		while (!db->first && !db->stop)
			pthread_cond_wait(&db->work, &db->lock);
		batch = db->first;
		if (!batch)
			break;
		db->first = NULL;
		db->last = &db->first;
		pthread_mutex_unlock(&db->lock);

		for (struct request *q = batch; q; q = q->next)
			durable = durable || q->durable;
		run_batch(durable ? &db->full : &db->normal, batch);

		pthread_mutex_lock(&db->lock);
		for (struct request *q = batch; q; q = next) {
			next = q->next; /* q is gone once its owner sees `done` */
			q->done = true;
		}
		pthread_cond_broadcast(&db->finished);
	}
	pthread_mutex_unlock(&db->lock);
	return NULL;
}

static int submit(struct db *db, struct request *q, struct err *err)
{
	pthread_mutex_lock(&db->lock);
	*db->last = q;
	db->last = &q->next;
	pthread_cond_signal(&db->work);
	while (!q->done)
		pthread_cond_wait(&db->finished, &db->lock);
	pthread_mutex_unlock(&db->lock);
	if (q->r < 0 && err)
		*err = q->err;
	return q->r;
}

int db_write(struct db *db, const struct db_statement *statements, size_t n, bool durable, struct err *err)
{
	struct request q = {.statements = statements, .n = n, .durable = durable};

	return submit(db, &q, err);
}

int db_schema(struct db *db, const char *sql, struct err *err)
{
	struct request q = {.schema = sql, .durable = true};

	return submit(db, &q, err);
}

/* ---- reading ---- */

int db_read(struct db *db, const char *sql, const struct db_value *values, size_t n_values,
	    int (*row)(void *arg, struct sqlite3_stmt *stmt, struct err *err), void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int r, rc;

	pthread_mutex_lock(&db->read_lock);
	r = db_connection_prepare(&db->reader, sql, values, n_values, &stmt, err);
	if (r == 0) {
		while (r == 0 && (rc = sqlite3_step(stmt)) != SQLITE_DONE)
			r = rc == SQLITE_ROW ? row(arg, stmt, err) : db_connection_error(&db->reader, rc, "read", err);
		sqlite3_reset(stmt);
		sqlite3_clear_bindings(stmt);
	}
	pthread_mutex_unlock(&db->read_lock);
	return r;
}

/* ---- opening ---- */

/* Readable by root alone from its first byte: SQLite gives its -wal and -shm the mode of the database. */
static int make_file(int data_root_fd, struct err *err)
{
	_cleanup_close_ int fd = openat(data_root_fd, "state.db", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, errno, "open state.db");
	return 0;
}

static int read_number(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	*(int64_t *)arg = sqlite3_column_int64(stmt, 0);
	return 0;
}

static int check_major(struct db *db, struct err *err)
{
	char sql[64];
	int64_t major = 0;
	int r = db_read(db, "PRAGMA user_version", NULL, 0, read_number, &major, err);

	if (r < 0)
		return r;
	if (major > DB_MAJOR)
		return err_set(err, ERR_SYSTEM,
			       "open state.db: it was written by a later Lighter (format %lld, this one knows %d)",
			       (long long)major, DB_MAJOR);
	if (major == DB_MAJOR)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", DB_MAJOR);
	return db_connection_run_schema(&db->full, sql, err);
}

static int open_connections(struct db *db, int data_root_fd, struct err *err)
{
	char path[64];
	int r = make_file(data_root_fd, err);

	if (r < 0)
		return r;
	/* SQLite resolves the link to the true path when it opens, so the fd may be closed later. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/state.db", data_root_fd);
	r = db_connection_open(&db->full, path, "FULL", err);
	if (r == 0)
		r = db_connection_open(&db->normal, path, "NORMAL", err);
	if (r == 0)
		r = db_connection_open(&db->reader, path, "NORMAL", err);
	return r < 0 ? r : check_major(db, err);
}

int db_open(int data_root_fd, struct db **ret, struct err *err)
{
	struct db *db = xcalloc(1, sizeof(*db));
	int r;

	pthread_mutex_init(&db->lock, NULL);
	pthread_mutex_init(&db->read_lock, NULL);
	pthread_cond_init(&db->work, NULL);
	pthread_cond_init(&db->finished, NULL);
	db->last = &db->first;
	r = open_connections(db, data_root_fd, err);
	if (r == 0) {
		r = pthread_create(&db->writer, NULL, writer_main, db);
		db->running = r == 0;
		if (r > 0)
			r = err_sys(err, r, "start the thread that writes state.db");
	}
	if (r < 0) {
		db_close(db);
		return r;
	}
	*ret = db;
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	if (db->running) {
		pthread_mutex_lock(&db->lock);
		db->stop = true;
		pthread_cond_signal(&db->work);
		pthread_mutex_unlock(&db->lock);
		pthread_join(db->writer, NULL);
	}
	db_connection_done(&db->reader);
	db_connection_done(&db->normal);
	db_connection_done(&db->full);
	pthread_cond_destroy(&db->finished);
	pthread_cond_destroy(&db->work);
	pthread_mutex_destroy(&db->read_lock);
	pthread_mutex_destroy(&db->lock);
	free(db);
}
