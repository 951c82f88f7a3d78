/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the Engine API: negotiation and plain calls over one kept-alive connection; see client.h. */
#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "client/client_internal.h"
#include "codec/url.h"

int client_new(const char *host, struct client **ret, struct err *err)
{
	struct client *c;

	if (strncmp(host, "unix://", 7) != 0 && strncmp(host, "tcp://", 6) != 0)
		return err_set(err, ERR_INVALID, "unable to parse docker host `%s`: it must begin with unix:// or tcp://",
			       host);
	c = xcalloc(1, sizeof(*c));
	c->host = xstrdup(host);
	*ret = c;
	return 0;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	connection_free(c->idle);
	free(c->host);
	free(c);
}

const char *client_host(const struct client *c)
{
	return c->host;
}

const char *client_version(const struct client *c)
{
	return c->prefix[0] ? c->prefix + 2 : CLIENT_API_MAX;
}

void client_escape(struct buf *out, const char *text)
{
	url_encode(out, text, false);
}

void client_reply_done(struct client_reply *r)
{
	buf_done(&r->body);
}

/* The whole answer to a request that was sent. */
static int receive(struct connection *connection, const char *method, struct client_reply *ret, struct err *err)
{
	int r = connection_read_head(connection, method, err);

	if (r == 0)
		r = connection_read_body(connection, &ret->body, err);
	if (r < 0)
		return r;
	ret->status = connection->head.status;
	return 0;
}

/* Sends and reads the whole answer on the kept connection, or on a new one when that was closed meanwhile. */
static int exchange(struct client *c, const char *method, const char *path, const char *body, struct client_reply *ret,
		    struct err *err)
{
	_cleanup_(connection_freep) struct connection *connection = TAKE(c->idle);
	const char *api;
	int r;

	if (connection && !connection_usable(connection)) {
		connection_free(connection);
		connection = NULL;
	}
	if (!connection)
		connection = connection_new(c->host, err);
	if (!connection)
		return err ? -err->sys : -ECONNREFUSED;
	r = connection_send(connection, method, c->prefix, path, body, "", err);
	if (r == 0)
		r = receive(connection, method, ret, err);
	if (r < 0)
		return r;
	api = http1_header_get(&connection->head, "Api-Version");
	if (api)
		snprintf(c->server_api, sizeof(c->server_api), "%s", api);
	if (ret->status >= 400)
		r = connection_error(connection, ret->body.data, ret->body.len, err);
	if (connection->head.keep_alive)
		c->idle = TAKE(connection);
	return r;
}

/* "1.51" as 151; 0 for what isn't one. */
static int version_number(const char *text)
{
	int major, minor, len = 0;

	if (sscanf(text, "%d.%d%n", &major, &minor, &len) != 2 || text[len] || major != 1 || minor < 0 || minor > 99)
		return 0;
	return major * 100 + minor;
}

int client_negotiate(struct client *c, struct err *err)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	const char *wanted = getenv("DOCKER_API_VERSION");
	int r, version;

	if (c->prefix[0])
		return 0;
	if (wanted && *wanted) {
		snprintf(c->prefix, sizeof(c->prefix), "/v%.6s", wanted);
		return 0;
	}
	r = exchange(c, "HEAD", "/_ping", NULL, &reply, err);
	if (r < 0)
		return r;
	version = version_number(c->server_api);
	if (version == 0 || version > version_number(CLIENT_API_MAX))
		version = version_number(CLIENT_API_MAX);
	snprintf(c->prefix, sizeof(c->prefix), "/v%d.%d", version / 100, version % 100);
	return 0;
}

int client_call(struct client *c, const char *method, const char *path, const char *body, struct client_reply *ret,
		struct err *err)
{
	int r = client_negotiate(c, err);

	return r < 0 ? r : exchange(c, method, path, body, ret, err);
}

struct client_pending {
	struct connection *connection;
	const char *method;
};

int client_begin(struct client *c, const char *method, const char *path, struct client_pending **ret, struct err *err)
{
	_cleanup_(connection_freep) struct connection *connection = NULL;
	int r = client_negotiate(c, err);

	if (r < 0)
		return r;
	connection = connection_new(c->host, err);
	if (!connection)
		return err ? -err->sys : -ECONNREFUSED;
	r = connection_send(connection, method, c->prefix, path, NULL, "", err);
	if (r < 0)
		return r;
	*ret = xcalloc(1, sizeof(**ret));
	**ret = (struct client_pending){.connection = TAKE(connection), .method = method};
	return 0;
}

int client_finish(struct client_pending *p, struct client_reply *ret, struct err *err)
{
	_cleanup_(connection_freep) struct connection *connection = p->connection;
	int r = receive(connection, p->method, ret, err);

	free(p);
	if (r == 0 && ret->status >= 400)
		r = connection_error(connection, ret->body.data, ret->body.len, err);
	return r;
}
