/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes that the specification has and Lighter doesn't yet. They answer 501 with a sentence that names the feature, so that
 * a person reads what is missing and a program does not take it for a missing object (404).
 */
#include <string.h>

#include "api/api.h"
#include "engine/engine.h"

/* By the path's beginning and its last part; the first row that fits. */
static const struct {
	const char *prefix, *suffix, *feature;
} features[] = {
	{"/containers/{id...}/top", "", "listing a container's processes"},
	{"/containers/{id...}/changes", "", "listing a container's changed files"},
	{"/containers/{id...}/export", "", "exporting a container"},
	{"/containers/{id...}/stats", "", "statistics of containers"},
	{"/containers/{id...}/restart", "", "restarting containers"},
	{"/containers/{id...}/update", "", "updating a container's resources"},
	{"/containers/{id...}/rename", "", "renaming containers"},
	{"/containers/{id...}/pause", "", "pausing containers"},
	{"/containers/{id...}/unpause", "", "pausing containers"},
	{"/containers/{id...}/attach/ws", "", "attaching over a websocket"},
	{"/containers/{id...}/archive", "", "copying files into and out of containers"},
	{"/containers/{id...}/checkpoints", "", "checkpoints of containers"},
	{"/containers/{id...}/exec", "", "running commands in a container (exec)"},
	{"/exec/", "", "running commands in a container (exec)"},
	{"/containers/prune", "", "pruning containers"},
	{"/commit", "", "making an image of a container (commit)"},
	{"/build", "", "building images"},
	{"/session", "", "BuildKit sessions"},
	{"/grpc", "", "BuildKit sessions"},
	{"/images/search", "", "searching registries"},
	{"/images/prune", "", "pruning images"},
	{"/images/", "/history", "the history of an image"},
	{"/images/", "/push", "pushing images to registries"},
	{"/images/", "/tag", "tagging images"},
	{"/images/", "/get", "saving images"},
	{"/auth", "", "signing in to registries"},
	{"/distribution/", "", "asking registries about images"},
	{"/system/df", "", "disk usage"},
	{"/volumes", "", "volumes"},
	{"/networks", "", "user-defined networks"},
	{"/plugins", "", "plugins"},
	{"/swarm", "", "swarm mode"},
	{"/nodes", "", "swarm mode"},
	{"/services", "", "swarm mode (services)"},
	{"/tasks", "", "swarm mode (tasks)"},
	{"/secrets", "", "swarm mode (secrets)"},
	{"/configs", "", "swarm mode (configs)"},
};

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len >= n && strcmp(text + len - n, suffix) == 0;
}

/* An object that isn't there is Docker's 404 whatever was asked of it. */
static int find_object(const struct http_request *req, const char *pattern, struct engine *engine, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT;

	if (strncmp(pattern, "/containers/{", 13) == 0)
		return engine_container_inspect(engine, http_param(req, "id"), false, &json, err);
	if (strncmp(pattern, "/images/{", 9) == 0)
		return engine_image_inspect(engine, http_param(req, "name"), &json, err);
	return 0;
}

void api_not_implemented(struct http_request *req, void *context)
{
	const char *pattern = http_request_route(req)->pattern, *feature = "this request";
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (strncmp(pattern, features[i].prefix, strlen(features[i].prefix)) == 0 &&
		    ends_with(pattern, features[i].suffix)) {
			feature = features[i].feature;
			break;
		}
	if (find_object(req, pattern, context, &err) >= 0)
		err_set(&err, ERR_NOT_IMPLEMENTED, "Lighter does not support %s yet", feature);
	http_reply_error(req, &err);
}
