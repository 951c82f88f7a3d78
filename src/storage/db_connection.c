/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection with its prepared statements; see db_connection.h. */
#include "storage/db_connection.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* What another connection's checkpoint may take on a slow disk. */
#define BUSY_TIMEOUT_MS 30000

static const struct {
	int rc;
	enum err_kind kind;
	int sys;
} codes[] = {
	{SQLITE_FULL, ERR_SYSTEM, ENOSPC},     {SQLITE_READONLY, ERR_SYSTEM, EROFS},  {SQLITE_PERM, ERR_SYSTEM, EACCES},
	{SQLITE_CORRUPT, ERR_SYSTEM, EUCLEAN}, {SQLITE_NOTADB, ERR_SYSTEM, EUCLEAN},  {SQLITE_CONSTRAINT, ERR_CONFLICT, EEXIST},
	{SQLITE_NOMEM, ERR_SYSTEM, ENOMEM},    {SQLITE_TOOBIG, ERR_TOO_LARGE, EFBIG}, {SQLITE_CANTOPEN, ERR_SYSTEM, EIO},
};

int db_connection_error(struct db_connection *c, int rc, const char *doing, struct err *err)
{
	const char *why = c->handle ? sqlite3_errmsg(c->handle) : sqlite3_errstr(rc);
	enum err_kind kind = ERR_SYSTEM;
	int sys = EIO;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].rc == (rc & 0xff)) {
			kind = codes[i].kind;
			sys = codes[i].sys;
		}
	if (sys == EUCLEAN)
		err_set(err, kind, "%s state.db: it is damaged (%s); move it away or restore a copy", doing, why);
	else
		err_set(err, kind, "%s state.db: %s", doing, why);
	if (err)
		err->sys = sys;
	return -sys;
}

int db_connection_open(struct db_connection *c, const char *path, const char *synchronous, struct err *err)
{
	char pragmas[160];
	int rc =
		sqlite3_open_v2(path, &c->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (rc != SQLITE_OK)
		return db_connection_error(c, rc, "open", err);
	sqlite3_extended_result_codes(c->handle, 1);
	sqlite3_busy_timeout(c->handle, BUSY_TIMEOUT_MS);
	sqlite3_snprintf(sizeof(pragmas), pragmas, "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA cache_size=-512;",
			 synchronous);
	rc = sqlite3_exec(c->handle, pragmas, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return db_connection_error(c, rc, "open", err);
	c->statements = map_new();
	return 0;
}

void db_connection_done(struct db_connection *c)
{
	void *stmt;

	for (size_t pos = 0; c->statements && map_next(c->statements, &pos, NULL, &stmt);)
		sqlite3_finalize(stmt);
	map_free(c->statements);
	c->statements = NULL;
	sqlite3_close(c->handle);
	c->handle = NULL;
}

static int bind_value(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
	size_t len = v->len;

	switch (v->type) {
	case DB_INT:
		return sqlite3_bind_int64(stmt, at, v->number);
	case DB_TEXT:
		if (len == 0)
			len = strlen(v->bytes);
		return sqlite3_bind_text64(stmt, at, v->bytes, len, SQLITE_STATIC, SQLITE_UTF8);
	case DB_BLOB:
		return sqlite3_bind_blob64(stmt, at, v->bytes ? v->bytes : "", len, SQLITE_STATIC);
	case DB_NULL:
		break;
	}
	return sqlite3_bind_null(stmt, at);
}

int db_connection_prepare(struct db_connection *c, const char *sql, const struct db_value *values, size_t n_values,
			  sqlite3_stmt **ret, struct err *err)
{
	sqlite3_stmt *stmt = map_get(c->statements, sql);
	int rc;

	if (!stmt) {
		rc = sqlite3_prepare_v3(c->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
		if (rc != SQLITE_OK)
			return db_connection_error(c, rc, "use", err);
		map_set(c->statements, sql, stmt);
	}
	for (size_t i = 0; i < n_values; i++) {
		rc = bind_value(stmt, (int)i + 1, &values[i]);
		if (rc != SQLITE_OK)
			return db_connection_error(c, rc, "use", err);
	}
	*ret = stmt;
	return 0;
}

int db_connection_run(struct db_connection *c, const char *sql, const struct db_value *values, size_t n_values, struct err *err)
{
	sqlite3_stmt *stmt;
	int r = db_connection_prepare(c, sql, values, n_values, &stmt, err);
	int rc;

	if (r < 0)
		return r;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		;
	if (rc != SQLITE_DONE)
		r = db_connection_error(c, rc, "write", err);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return r;
}

int db_connection_run_schema(struct db_connection *c, const char *sql, struct err *err)
{
	while (*sql) {
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v2(c->handle, sql, -1, &stmt, &sql);

		if (rc == SQLITE_ERROR && strstr(sqlite3_errmsg(c->handle), "duplicate column name"))
			continue;
		if (rc != SQLITE_OK)
			return db_connection_error(c, rc, "set up", err);
		while (stmt && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
			;
		sqlite3_finalize(stmt);
		if (rc != SQLITE_DONE && rc != SQLITE_OK)
			return db_connection_error(c, rc, "set up", err);
	}
	return 0;
}
