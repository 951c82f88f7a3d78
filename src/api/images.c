/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images. load and import read the request's body while they write progress: the answer begins with the first line of
 * it, and an error before that is an ordinary answer (to load it is a line under 200 in any case, as in Docker).
 */
#include <string.h>

#include "api/api.h"
#include "api/compat.h"
#include "base/array.h"
#include "base/log.h"
#include "codec/json.h"
#include "engine/engine.h"

void api_image_list(struct http_request *req, void *context)
{
	static const char *const unsupported[] = {"shared-size", "manifests", NULL};
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};
	int r = api_refuse_query(req, unsupported, &err);

	if (r >= 0)
		r = engine_image_list(context, http_query_bool(req, "all", false), http_query(req, "filters"), &json, &err);
	if (r >= 0)
		r = api_compat_image_list(&json, http_api_version(req), &err);
	api_reply_result(req, r, 200, &json, &err);
}

void api_image_inspect(struct http_request *req, void *context)
{
	static const char *const unsupported[] = {"manifests", "platform", NULL};
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};
	int r = api_refuse_query(req, unsupported, &err);

	if (r >= 0)
		r = engine_image_inspect(context, http_param(req, "name"), &json, &err);
	if (r >= 0)
		r = api_compat_image_inspect(&json, http_api_version(req), &err);
	api_reply_result(req, r, 200, &json, &err);
}

void api_image_remove(struct http_request *req, void *context)
{
	static const char *const unsupported[] = {"platforms", NULL};
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};
	int r = api_refuse_query(req, unsupported, &err);

	if (r >= 0)
		r = engine_image_remove(context, http_param(req, "name"), http_query_bool(req, "force", false),
					http_query_bool(req, "noprune", false), &json, &err);
	api_reply_result(req, r, 200, &json, &err);
}

/* ---- a body in, lines of progress out ---- */

struct transfer {
	struct http_request *req;
	struct http_stream *stream; /* NULL: the answer hasn't begun */
};

static ssize_t read_body(void *arg, void *bytes, size_t len)
{
	const struct transfer *t = arg;

	return http_body_read(t->req, bytes, len);
}

static void send_line(struct transfer *t, const char *json, size_t len)
{
	_cleanup_buf_ struct buf line = BUF_INIT;

	if (!t->stream)
		t->stream = http_stream_begin_early(t->req, 200, "application/json");
	buf_add(&line, json, len);
	buf_adds(&line, "\r\n");
	/* A client that left is noticed where its body is read. */
	if (http_stream_write(t->stream, line.data, line.len) < 0)
		log_debug("progress that nobody reads any more");
}

static void progress(void *arg, const char *json)
{
	send_line(arg, json, strlen(json));
}

static void send_error(struct transfer *t, const struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct json_writer w = {.out = &json, .escape_html = true};

	json_begin_object(&w);
	json_key(&w, "errorDetail");
	json_begin_object(&w);
	json_member_string(&w, "message", err->msg);
	json_end_object(&w);
	json_member_string(&w, "error", err->msg);
	json_end_object(&w);
	send_line(t, json.data, json.len);
}

static void end_transfer(struct transfer *t, int r, const struct err *err)
{
	if (r < 0)
		send_error(t, err);
	if (!t->stream)
		t->stream = http_stream_begin_early(t->req, 200, "application/json");
	http_stream_end(t->stream, true);
}

void api_image_load(struct http_request *req, void *context)
{
	static const char *const unsupported[] = {"platform", NULL};
	struct transfer t = {.req = req};
	struct err err = {0};
	int r = api_refuse_query(req, unsupported, &err);

	if (r < 0) {
		http_reply_error(req, &err);
		return;
	}
	r = engine_image_load(context, read_body, &t, http_query_bool(req, "quiet", false), progress, &t, &err);
	end_transfer(&t, r, &err);
}

static void import_image(struct http_request *req, struct engine *engine)
{
	_cleanup_strv_ char **changes = NULL;
	struct transfer t = {.req = req};
	struct err err = {0};
	const char *change;
	int r;

	for (size_t i = 0; (change = http_query_nth(req, "changes", i)); i++)
		strv_add(&changes, change);
	r = engine_image_import(engine, read_body, &t, http_query(req, "repo"), http_query(req, "tag"),
				http_query(req, "message"), changes, http_query(req, "platform"), progress, &t, &err);
	if (r < 0 && !t.stream)
		http_reply_error(req, &err);
	else
		end_transfer(&t, r, &err);
}

void api_image_create(struct http_request *req, void *context)
{
	const char *image = http_query(req, "fromImage"), *source = http_query(req, "fromSrc");
	struct err err = {0};

	if (image && *image)
		err_set(&err, ERR_NOT_IMPLEMENTED,
			"pulling images from registries is not supported yet; load or import an archive of %s instead", image);
	else if (!source || !*source)
		err_set(&err, ERR_SYSTEM, "fromImage or fromSrc must say where the image comes from");
	else if (strcmp(source, "-") != 0)
		err_set(&err, ERR_NOT_IMPLEMENTED,
			"importing from an address is not supported yet; send the archive (fromSrc=-)");
	if (err.kind)
		http_reply_error(req, &err);
	else
		import_image(req, context);
}
