/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the engine as a whole: is it there, which version, what does it hold. */
#include <string.h>

#include "api/api.h"
#include "api/compat.h"
#include "engine/engine.h"

void api_ping(struct http_request *req, void *context)
{
	bool head = strcmp(http_method(req), "HEAD") == 0;

	/* 1: the classic builder. 2 would make clients start BuildKit sessions. */
	http_reply_header(req, "Builder-Version", "1");
	http_reply_header(req, "Cache-Control", "no-cache, no-store, must-revalidate");
	http_reply_header(req, "Pragma", "no-cache");
	http_reply_header(req, "Swarm", "inactive");
	http_reply(req, 200, "text/plain; charset=utf-8", "OK", head ? 0 : 2);
}

void api_version(struct http_request *req, void *context)
{
	_cleanup_buf_ struct buf json = BUF_INIT;

	engine_version_json(context, &json);
	api_reply_json(req, 200, &json);
}

void api_info(struct http_request *req, void *context)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct err err = {0};
	int r = engine_info_json(context, &json, &err);

	if (r >= 0)
		r = api_compat_info(&json, http_api_version(req), &err);
	api_reply_result(req, r, 200, &json, &err);
}
