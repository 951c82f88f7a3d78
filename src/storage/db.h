/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.db: SQLite in WAL mode, one writer thread that batches what waits. Objects live in memory; the database is what
 * they are rebuilt from: reads happen at start only. Writes are durable (synchronous=FULL: the call returns when the
 * commit is on disk) or not (a second connection with NORMAL: for what a reboot erases anyway).
 */
#ifndef LIGHTER_STORAGE_DB_H
#define LIGHTER_STORAGE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct sqlite3_stmt;

#define DB_MAJOR 1

/* Opens or makes state.db below the data root. A database of a future major is refused by name; a corrupt one is ERR_SYSTEM. */
int db_open(int data_root_fd, struct db **ret, struct err *err) _must_check_;
void db_close(struct db *db);

/* Runs schema statements ("CREATE TABLE IF NOT EXISTS ...", additive "ALTER TABLE") of a module. At start only. */
int db_schema(struct db *db, const char *sql, struct err *err) _must_check_;

/* A bound value. */
struct db_value {
	enum { DB_NULL, DB_INT, DB_TEXT, DB_BLOB } type;
	int64_t number;
	const void *bytes;
	size_t len;
};
#define DB_VALUE_INT(n) ((struct db_value){.type = DB_INT, .number = (n)})
#define DB_VALUE_TEXT(s) ((struct db_value){.type = (s) ? DB_TEXT : DB_NULL, .bytes = (s)})

struct db_statement {
	const char *sql; /* static text */
	struct db_value values[10];
	size_t n_values;
};

/* Executes the statements as one transaction; durable: returns when it is on disk. All or nothing. Any thread. */
int db_write(struct db *db, const struct db_statement *statements, size_t n, bool durable, struct err *err) _must_check_;

/*
 * Calls `row` for each row (columns by sqlite3_column_*). A non-zero result of `row` stops and is returned. At start. `row`
 * may call db_write, and must not call db_read.
 */
int db_read(struct db *db, const char *sql, const struct db_value *values, size_t n_values,
	    int (*row)(void *arg, struct sqlite3_stmt *stmt, struct err *err), void *arg, struct err *err) _must_check_;

#endif
