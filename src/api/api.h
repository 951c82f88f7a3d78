/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the API share: handlers by resource, and how they read and answer. Private to api/. */
#ifndef LIGHTER_API_API_H
#define LIGHTER_API_API_H

#include "api/http_server.h"
#include "base/buf.h"
#include "base/err.h"

/* ---- reply.c ---- */

/* The document with the newline that Docker puts behind it. */
void api_reply_json(struct http_request *req, int status, struct buf *json);

/* 204. */
void api_reply_empty(struct http_request *req);

/* The end of a handler that answers 204 or an error: `r` and `err` as its engine call left them. */
void api_reply_done(struct http_request *req, int r, const struct err *err);

/* The end of a handler that answers `status` with a document, or an error. */
void api_reply_result(struct http_request *req, int r, int status, struct buf *json, const struct err *err);

/* ERR_INVALID unless the Content-Type is application/json, in Docker's words. */
int api_check_json_type(const struct http_request *req, struct err *err) _must_check_;

/* A whole number of the query; `absent` when it isn't given or empty. Docker's 500 for what is none. */
int api_query_int(const struct http_request *req, const char *name, int absent, int *ret, struct err *err) _must_check_;

/* ERR_NOT_IMPLEMENTED when the query asks for what isn't there yet ("true" or any value but Docker's words for false). */
int api_refuse_query(const struct http_request *req, const char *const *names, struct err *err) _must_check_;

/* ---- the handlers; `context` is the struct engine ---- */
void api_ping(struct http_request *req, void *context);
void api_version(struct http_request *req, void *context);
void api_info(struct http_request *req, void *context);
void api_events(struct http_request *req, void *context);

void api_container_create(struct http_request *req, void *context);
void api_container_list(struct http_request *req, void *context);
void api_container_inspect(struct http_request *req, void *context);
void api_container_start(struct http_request *req, void *context);
void api_container_stop(struct http_request *req, void *context);
void api_container_kill(struct http_request *req, void *context);
void api_container_remove(struct http_request *req, void *context);
void api_container_resize(struct http_request *req, void *context);
void api_container_attach(struct http_request *req, void *context);
void api_container_wait(struct http_request *req, void *context);
void api_container_logs(struct http_request *req, void *context);

void api_image_list(struct http_request *req, void *context);
void api_image_inspect(struct http_request *req, void *context);
void api_image_remove(struct http_request *req, void *context);
void api_image_load(struct http_request *req, void *context);
void api_image_create(struct http_request *req, void *context);

/* A route of the specification that is not there yet: 501 with a sentence that names the feature. */
void api_not_implemented(struct http_request *req, void *context);

#endif
