/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"

#include "../unit.h"

struct fixture {
	char name[64];
	int dir;
	struct db *db;
};

static void open_db(struct fixture *f)
{
	struct err err = {0};

	if (db_open(f->dir, &f->db, &err) < 0)
		fail_msg("%s", err.msg);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err;

	strcpy(f->name, "/tmp/lighter-db-test-XXXXXX");
	if (!mkdtemp(f->name))
		return -1;
	f->dir = open(f->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	if (db_open(f->dir, &f->db, &err) < 0)
		return -1;
	return db_schema(f->db, "CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, n INTEGER) STRICT;", &err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int r;

	db_close(f->db);
	fd_close(f->dir);
	r = file_remove_tree_at(AT_FDCWD, f->name);
	free(f);
	return r;
}

static int put(struct db *db, const char *key, int64_t n, bool durable, struct err *err)
{
	struct db_statement st = {
		.sql = "INSERT INTO t VALUES (?, ?)", .values = {DB_VALUE_TEXT(key), DB_VALUE_INT(n)}, .n_values = 2};

	return db_write(db, &st, 1, durable, err);
}

static int take_number(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	*(int64_t *)arg = sqlite3_column_int64(stmt, 0);
	return 0;
}

static int64_t number(struct db *db, const char *sql)
{
	int64_t n = -1;
	struct err err = {0};

	if (db_read(db, sql, NULL, 0, take_number, &n, &err) < 0)
		fail_msg("%s", err.msg);
	return n;
}

static void test_rows_survive_reopening(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(put(f->db, "a", 1, true, NULL), 0);
	assert_int_equal(put(f->db, "b", 2, false, NULL), 0);
	assert_int_equal(put(f->db, "c", 4, true, NULL), 0);
	db_close(f->db);
	open_db(f);
	assert_int_equal(number(f->db, "SELECT sum(n) FROM t"), 7);
	assert_int_equal(fstatat(f->dir, "state.db", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fstatat(f->dir, "state.db-wal", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_a_write_is_all_or_nothing(void **state)
{
	struct fixture *f = *state;
	struct db_statement st[] = {
		{.sql = "INSERT INTO t VALUES (?, ?)", .values = {DB_VALUE_TEXT("x"), DB_VALUE_INT(1)}, .n_values = 2},
		{.sql = "INSERT INTO t VALUES (?, ?)", .values = {DB_VALUE_TEXT("x"), DB_VALUE_INT(2)}, .n_values = 2},
	};
	struct err err = {0};

	assert_int_equal(db_write(f->db, st, 2, true, &err), -EEXIST);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.msg, "state.db"));
	assert_int_equal(number(f->db, "SELECT count(*) FROM t"), 0);
	st[1].sql = "INSERT INTO nowhere VALUES (?, ?)";
	assert_true(db_write(f->db, st, 2, false, &err) < 0);
	assert_int_equal(number(f->db, "SELECT count(*) FROM t"), 0);
}

struct crowd {
	struct db *db;
	int id;
	int failed, refused;
};

static void *crowd_main(void *arg)
{
	struct crowd *c = arg;
	char key[32];

	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "%d-%d", c->id, i);
		c->failed += put(c->db, key, 1, i % 10 == 0, NULL) < 0;
		/* All of them want this one row, so all but one of 400 collide in the middle of a batch. */
		c->refused += put(c->db, "shared", 1000000, i % 7 == 0, NULL) < 0;
	}
	return NULL;
}

static void test_many_threads_write_and_read(void **state)
{
	struct fixture *f = *state;
	struct crowd crowd[8];
	pthread_t threads[8];
	int refused = 0;

	for (int i = 0; i < 8; i++) {
		crowd[i] = (struct crowd){.db = f->db, .id = i};
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_main, &crowd[i]), 0);
	}
	for (int i = 0; i < 20; i++)
		assert_true(number(f->db, "SELECT count(*) FROM t") >= 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowd[i].failed, 0);
		refused += crowd[i].refused;
	}
	assert_int_equal(refused, 399);
	assert_int_equal(number(f->db, "SELECT sum(n) FROM t"), 1000400);
}

static int write_inside(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	return put(arg, "inside", 5, true, err);
}

static int stop_early(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	++*(int *)arg;
	return 17;
}

static void test_row_callbacks(void **state)
{
	struct fixture *f = *state;
	struct db_value key = DB_VALUE_TEXT("a");
	int calls = 0;
	int64_t n = 0;

	assert_int_equal(put(f->db, "a", 1, false, NULL), 0);
	assert_int_equal(db_read(f->db, "SELECT k FROM t", NULL, 0, write_inside, f->db, NULL), 0);
	assert_int_equal(number(f->db, "SELECT n FROM t WHERE k = 'inside'"), 5);
	assert_int_equal(db_read(f->db, "SELECT k FROM t", NULL, 0, stop_early, &calls, NULL), 17);
	assert_int_equal(calls, 1);
	assert_int_equal(db_read(f->db, "SELECT n FROM t WHERE k = ?", &key, 1, take_number, &n, NULL), 0);
	assert_int_equal(n, 1);
}

static void test_schema_is_additive(void **state)
{
	struct fixture *f = *state;
	static const char sql[] = "CREATE TABLE IF NOT EXISTS t (k TEXT); ALTER TABLE t ADD COLUMN extra TEXT; "
				  "CREATE INDEX IF NOT EXISTS t_n ON t (n);";
	struct err err = {0};

	assert_int_equal(db_schema(f->db, sql, &err), 0);
	assert_int_equal(db_schema(f->db, sql, &err), 0);
	assert_int_equal(number(f->db, "SELECT count(*) FROM pragma_table_info('t')"), 3);
	assert_true(db_schema(f->db, "CREATE TABEL x (y)", &err) < 0);
	assert_non_null(strstr(err.msg, "syntax error"));
}

static void test_future_major_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(db_schema(f->db, "PRAGMA user_version=2", &err), 0);
	db_close(f->db);
	f->db = NULL;
	assert_true(db_open(f->dir, &f->db, &err) < 0);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_non_null(strstr(err.msg, "later Lighter (format 2"));
}

static void test_damage_is_named(void **state)
{
	struct fixture *f = *state;
	char rubbish[8192];
	struct err err = {0};

	db_close(f->db);
	f->db = NULL;
	memset(rubbish, 'x', sizeof(rubbish));
	assert_int_equal(unlinkat(f->dir, "state.db-wal", 0) < 0 ? errno != ENOENT : 0, 0);
	assert_int_equal(file_write_atomic_at(f->dir, "state.db", rubbish, sizeof(rubbish), 0600, 0), 0);
	assert_int_equal(db_open(f->dir, &f->db, &err), -EUCLEAN);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_non_null(strstr(err.msg, "state.db: it is damaged"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows_survive_reopening, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_write_is_all_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_threads_write_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_row_callbacks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_schema_is_additive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_future_major_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
