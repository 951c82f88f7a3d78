/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SQLite connection to state.db with its prepared statements, for db.c alone. Used by one thread at a time. The
 * only place that turns SQLite's result codes into errors.
 */
#ifndef LIGHTER_STORAGE_DB_CONNECTION_H
#define LIGHTER_STORAGE_DB_CONNECTION_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/map.h"
#include "storage/db.h"

struct db_connection {
	sqlite3 *handle;
	struct map *statements; /* text -> sqlite3_stmt */
};

/* Opens the existing file `path`; `synchronous` is "FULL", "NORMAL". */
int db_connection_open(struct db_connection *c, const char *path, const char *synchronous, struct err *err) _must_check_;
void db_connection_done(struct db_connection *c);

/* Fills `err` from the connection's last failure. "<doing> state.db: <reason>". Returns the negative errno. */
int db_connection_error(struct db_connection *c, int rc, const char *doing, struct err *err);

/* The statement, reset and with its values bound; the connection's own. */
int db_connection_prepare(struct db_connection *c, const char *sql, const struct db_value *values, size_t n_values,
			  sqlite3_stmt **ret, struct err *err) _must_check_;

/* Runs a statement whose rows nobody wants. */
int db_connection_run(struct db_connection *c, const char *sql, const struct db_value *values, size_t n_values,
		      struct err *err) _must_check_;

/* Runs several statements; an added column that is there already is no error. */
int db_connection_run_schema(struct db_connection *c, const char *sql, struct err *err) _must_check_;

#endif
