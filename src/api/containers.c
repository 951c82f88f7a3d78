/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as documents, and what is done to them; their streams are in container_streams.c and container_logs.c. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "codec/api_docs.h"
#include "engine/engine.h"

static const char *id(const struct http_request *req)
{
	return http_param(req, "id");
}

static int read_create_body(struct http_request *req, struct container_create_request *ret, struct err *err)
{
	size_t len;
	const char *body = http_body(req, &len);
	int r = api_check_json_type(req, err);

	if (r < 0)
		return r;
	if (len == 0)
		return err_set(err, ERR_INVALID, "invalid JSON: got EOF while reading request body");
	r = container_create_request_decode(body, len, http_arena(req), ret, err);
	if (r < 0)
		return r;
	if (!ret->has_config)
		return err_set(err, ERR_INVALID, "config cannot be empty in order to create a container");
	return 0;
}

void api_container_create(struct http_request *req, void *context)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct container_create_request doc;
	struct err err = {0};
	int r = read_create_body(req, &doc, &err);

	if (r >= 0)
		r = engine_container_create(context, http_query(req, "name"), http_query(req, "platform"), &doc, &json, &err);
	api_reply_result(req, r, 201, &json, &err);
}

void api_container_list(struct http_request *req, void *context)
{
	struct engine_list_options o = {
		.all = http_query_bool(req, "all", false),
		.size = http_query_bool(req, "size", false),
		.filters = http_query(req, "filters"),
	};
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};
	int r = api_query_int(req, "limit", -1, &o.limit, &err);

	if (r >= 0)
		r = engine_container_list(context, &o, &json, &err);
	api_reply_result(req, r, 200, &json, &err);
}

void api_container_inspect(struct http_request *req, void *context)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};
	int r = engine_container_inspect(context, id(req), http_query_bool(req, "size", false), &json, &err);

	api_reply_result(req, r, 200, &json, &err);
}

/* Old clients sent a HostConfig here. "null" and "{}" are let through, as Docker does up to seven bytes. */
static int refuse_start_body(const struct http_request *req, struct err *err)
{
	const char *coding = http_header(req, "Transfer-Encoding");
	size_t len;

	http_body(req, &len);
	if (len <= 7 && !coding)
		return 0;
	return err_set(err, ERR_INVALID,
		       "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24");
}

void api_container_start(struct http_request *req, void *context)
{
	static const char *const unsupported[] = {"checkpoint", "checkpoint-dir", NULL};
	struct err err = {0};
	int r = refuse_start_body(req, &err);

	if (r >= 0)
		r = api_refuse_query(req, unsupported, &err);
	/* Docker 28 does not look at detachKeys here, not even at its form (seen) */
	if (r >= 0)
		r = engine_container_start(context, id(req), &err);
	api_reply_done(req, r, &err);
}

/* "" is as good as absent. */
static const char *signal_of(const struct http_request *req)
{
	const char *signal = http_query(req, "signal");

	return signal && *signal ? signal : NULL;
}

void api_container_stop(struct http_request *req, void *context)
{
	struct err err = {0};
	int timeout_s, r;

	r = api_query_int(req, "t", INT_MIN, &timeout_s, &err);
	if (r >= 0 && timeout_s < 0 && timeout_s != INT_MIN)
		timeout_s = -1;
	if (r >= 0)
		r = engine_container_stop(context, id(req), signal_of(req), timeout_s, &err);
	api_reply_done(req, r, &err);
}

void api_container_kill(struct http_request *req, void *context)
{
	const char *signal = signal_of(req);
	struct err err = {0};
	int r = engine_container_kill(context, id(req), signal ? signal : "SIGKILL", &err);

	api_reply_done(req, r, &err);
}

void api_container_remove(struct http_request *req, void *context)
{
	struct err err = {0};
	int r = engine_container_remove(context, id(req), http_query_bool(req, "force", false),
					http_query_bool(req, "v", false), http_query_bool(req, "link", false), &err);

	api_reply_done(req, r, &err);
}

/* Docker cuts to the 16 bits that a terminal's size has, but refuses what isn't 32. */
static int query_size(const struct http_request *req, const char *name, const char *what, uint32_t *ret, struct err *err)
{
	const char *text = http_query(req, name);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	unsigned long n;

	if (!text)
		text = "";
	if (digits == 0 || text[digits])
		return err_set(err, ERR_INVALID, "invalid resize %s \"%s\": %s", what, text,
			       text[0] == '-' && strspn(text + 1, "0123456789") == strlen(text + 1) && text[1]
				       ? "value out of range"
				       : "invalid syntax");
	n = strtoul(text, NULL, 10);
	if (digits > 10 || n > UINT32_MAX)
		return err_set(err, ERR_INVALID, "invalid resize %s \"%s\": value out of range", what, text);
	*ret = (uint32_t)n & 0xffff;
	return 0;
}

void api_container_resize(struct http_request *req, void *context)
{
	uint32_t rows = 0, cols = 0;
	struct err err = {0};
	int r = query_size(req, "h", "height", &rows, &err);

	if (r >= 0)
		r = query_size(req, "w", "width", &cols, &err);
	if (r >= 0)
		r = engine_container_resize(context, id(req), rows, cols, &err);
	if (r < 0)
		http_reply_error(req, &err);
	else
		http_reply(req, 200, "", NULL, 0);
}
