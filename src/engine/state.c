/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers as rows of state.db. A row's `document` is written once, at create, and holds what never changes; `state`
 * is what the last move left. Memory is the read model: rows are read when the engine opens, and then only written.
 */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "engine/container.h"
#include "storage/db.h"

struct document {
	char *created;
	char *path;
	char **args;
	char *image_id, *image_name, *platform, *chain;
	char **lower;
	struct container_config *config;
	struct host_config *host;
};
static const struct json_field document_fields[] = {
	JSON_FIELD("created", struct document, created, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("path", struct document, path, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("args", struct document, args, JSON_STRINGS),
	JSON_FIELD("image_id", struct document, image_id, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("image_name", struct document, image_name, JSON_STRING),
	JSON_FIELD("platform", struct document, platform, JSON_STRING),
	JSON_FIELD("chain", struct document, chain, JSON_STRING),
	JSON_FIELD("lower", struct document, lower, JSON_STRINGS),
	JSON_FIELD("config", struct document, config, JSON_OBJECT, .flags = JSON_REQUIRED, .shape = &container_config_shape),
	JSON_FIELD("host", struct document, host, JSON_OBJECT, .flags = JSON_REQUIRED, .shape = &host_config_shape),
};
static const struct json_shape document_shape = JSON_SHAPE("container", struct document, document_fields);

struct state {
	char *status; /* "created", "running", "exited", "dead" */
	int32_t exit_code;
	bool oom_killed, started_once;
	char *error, *started, *finished;
};
static const struct json_field state_fields[] = {
	JSON_FIELD("status", struct state, status, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("exit_code", struct state, exit_code, JSON_INT32),
	JSON_FIELD("oom_killed", struct state, oom_killed, JSON_BOOL, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("started_once", struct state, started_once, JSON_BOOL, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("error", struct state, error, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("started", struct state, started, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("finished", struct state, finished, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape state_shape = JSON_SHAPE("state", struct state, state_fields);

int state_schema(struct engine *e, struct err *err)
{
	return db_schema(
		e->db,
		"CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
		"CREATE TABLE IF NOT EXISTS containers (id TEXT PRIMARY KEY, name TEXT NOT NULL, image_id TEXT NOT NULL,"
		" auto_remove INTEGER NOT NULL, document TEXT NOT NULL, state TEXT NOT NULL);"
		"CREATE TABLE IF NOT EXISTS images (id TEXT PRIMARY KEY, document TEXT NOT NULL);"
		"CREATE TABLE IF NOT EXISTS tags (name TEXT PRIMARY KEY, image_id TEXT NOT NULL, updated TEXT NOT NULL);",
		err);
}

static void document_write(const struct container *c, struct buf *out)
{
	char created[TIMEFMT_MAX];
	struct json_writer w = {.out = out};
	struct document d = {.created = created,
			     .path = c->path,
			     .args = c->args,
			     .image_id = c->image_id,
			     .image_name = c->image_name,
			     .platform = c->platform,
			     .chain = c->chain,
			     .lower = c->lower,
			     .config = c->config,
			     .host = c->host};

	timefmt_rfc3339nano(&c->created, created);
	json_encode(&w, &document_shape, &d);
}

static void state_write(const struct container *c, struct buf *out)
{
	char started[TIMEFMT_MAX], finished[TIMEFMT_MAX];
	struct json_writer w = {.out = out};
	struct state s = {.exit_code = c->exit_code,
			  .oom_killed = c->oom_killed,
			  .started_once = c->started_once,
			  .error = c->error,
			  .started = started,
			  .finished = finished};
	enum container_state visible = container_visible_state(c);

	timefmt_rfc3339nano(&c->started, started);
	timefmt_rfc3339nano(&c->finished, finished);
	s.status = (char *)container_state_name(visible == CONTAINER_REMOVING ? CONTAINER_DEAD : visible);
	json_encode(&w, &state_shape, &s);
}

int state_container_write(struct container *c, struct err *err)
{
	_cleanup_buf_ struct buf document = BUF_INIT, state = BUF_INIT;
	struct db_statement statement = {
		.sql = "INSERT INTO containers (id, name, image_id, auto_remove, document, state) VALUES (?, ?, ?, ?, ?, ?)",
		.n_values = 6,
	};

	document_write(c, &document);
	engine_lock(c->engine);
	state_write(c, &state);
	engine_unlock(c->engine);
	statement.values[0] = DB_VALUE_TEXT(c->id);
	statement.values[1] = DB_VALUE_TEXT(c->name);
	statement.values[2] = DB_VALUE_TEXT(c->image_id);
	statement.values[3] = DB_VALUE_INT(c->host->auto_remove);
	statement.values[4] = DB_VALUE_TEXT(document.data);
	statement.values[5] = DB_VALUE_TEXT(state.data);
	return db_write(c->engine->db, &statement, 1, !c->host->auto_remove, err);
}

void state_container_update(struct container *c)
{
	_cleanup_buf_ struct buf state = BUF_INIT;
	struct db_statement statement = {.sql = "UPDATE containers SET state = ? WHERE id = ?", .n_values = 2};
	struct err err;

	engine_lock(c->engine);
	state_write(c, &state);
	engine_unlock(c->engine);
	statement.values[0] = DB_VALUE_TEXT(state.data);
	statement.values[1] = DB_VALUE_TEXT(c->id);
	if (db_write(c->engine->db, &statement, 1, false, &err) < 0)
		log_error("container %.12s: its state was not recorded: %s", c->id, err.msg);
}

int state_container_delete(struct container *c, struct err *err)
{
	struct db_statement statement = {
		.sql = "DELETE FROM containers WHERE id = ?", .values = {DB_VALUE_TEXT(c->id)}, .n_values = 1};

	return db_write(c->engine->db, &statement, 1, !c->host->auto_remove, err);
}

/* ---- loading ---- */

struct loading {
	struct engine *e;
	struct ptr_array *running;
};

static int document_apply(struct container *c, const char *text, struct err *err)
{
	struct document d;
	int r = json_decode_text(text, strlen(text), &document_shape, 0, c->arena, &d, err);

	if (r < 0)
		return r;
	api_doc_settle(&container_config_shape, d.config);
	api_doc_settle(&host_config_shape, d.host);
	c->path = d.path;
	c->args = d.args;
	c->image_id = d.image_id;
	c->image_name = d.image_name ? d.image_name : d.image_id;
	c->platform = d.platform ? d.platform : arena_strdup(c->arena, "linux");
	c->chain = d.chain;
	c->lower = d.lower;
	c->config = d.config;
	c->host = d.host;
	if (timefmt_parse(d.created, &c->created) < 0)
		return err_set(err, ERR_SYSTEM, "its time of creation is no time: %s", d.created);
	return 0;
}

/* True in *ret_running when it ran when the row was written. */
static int state_apply(struct container *c, const char *text, bool *ret_running, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct state s;
	int r = json_decode_text(text, strlen(text), &state_shape, 0, a, &s, err);

	if (r < 0)
		return r;
	c->exit_code = s.exit_code;
	c->oom_killed = s.oom_killed;
	c->started_once = s.started_once;
	container_set_error(c, s.error ? s.error : "");
	if ((s.started && timefmt_parse(s.started, &c->started) < 0) ||
	    (s.finished && timefmt_parse(s.finished, &c->finished) < 0))
		return err_set(err, ERR_SYSTEM, "one of its times is no time");
	*ret_running = strcmp(s.status, "running") == 0;
	if (strcmp(s.status, "created") != 0)
		c->state = strcmp(s.status, "dead") == 0 ? CONTAINER_DEAD : CONTAINER_EXITED;
	return 0;
}

/* A row that can't be read costs that container only: it is told in the log and left as it is. */
static int load_row(void *arg, struct sqlite3_stmt *stmt, struct err *err)
{
	struct loading *loading = arg;
	const char *id = (const char *)sqlite3_column_text(stmt, 0);
	const char *name = (const char *)sqlite3_column_text(stmt, 1);
	const char *document = (const char *)sqlite3_column_text(stmt, 2);
	const char *state = (const char *)sqlite3_column_text(stmt, 3);
	struct container *c;
	struct err reason = {0};
	bool running = false;

	(void)err;
	if (!id || strlen(id) != 64 || !name || !document || !state) {
		log_error("a container's row is damaged and is passed over");
		return 0;
	}
	c = container_new(loading->e, id);
	if (document_apply(c, document, &reason) < 0 || state_apply(c, state, &running, &reason) < 0 ||
	    registry_name_reserve(loading->e, name, c, &reason) < 0) {
		log_error("container %.12s is passed over, its row is damaged: %s", id, reason.msg);
		container_unref(c);
		return 0;
	}
	registry_add(loading->e, c);
	if (running)
		ptr_array_add(loading->running, c);
	return 0;
}

int state_containers_load(struct engine *e, struct ptr_array *ret_running, struct err *err)
{
	struct loading loading = {.e = e, .running = ret_running};

	return db_read(e->db, "SELECT id, name, document, state FROM containers ORDER BY rowid", NULL, 0, load_row, &loading,
		       err);
}
