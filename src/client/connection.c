/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the engine: the address, the request's bytes, the answer's head and body; see connection.h. */
#include "client/connection.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "codec/json.h"
#include "codec/json_c.h"

#define RECEIVE_SIZE (64 * 1024)
#define BODY_MAX (256 * 1024 * 1024)

static int no_daemon(const char *host, struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE, "Cannot connect to the Lighter daemon at %s. Is it running?", host);
}

static int connect_unix(const char *host, struct err *err)
{
	const char *path = host + strlen("unix://");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, errno, "socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_INVALID, "the socket's path is longer than %zu bytes: %s", sizeof(address.sun_path) - 1,
			       path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return TAKE_FD(fd);
	if (errno == EACCES || errno == EPERM)
		return err_sys_kind(err, ERR_FORBIDDEN, errno,
				    "permission denied while trying to connect to the Lighter daemon socket at %s", host);
	return no_daemon(host, err);
}

static int connect_tcp(const char *host, struct err *err)
{
	const char *name = host + strlen("tcp://"), *colon = strrchr(name, ':');
	_cleanup_free_ char *node = xstrndup(name, colon ? (size_t)(colon - name) : strlen(name));
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	size_t len = strlen(node);
	char *plain = node;
	int fd = -1;

	if (len > 1 && node[0] == '[' && node[len - 1] == ']') {
		node[len - 1] = '\0';
		plain = node + 1;
	}
	if (getaddrinfo(*plain ? plain : "127.0.0.1", colon ? colon + 1 : "2375", &hints, &list) != 0)
		return no_daemon(host, err);
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			fd_close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd < 0 ? no_daemon(host, err) : fd;
}

struct connection *connection_new(const char *host, struct err *err)
{
	int fd = strncmp(host, "unix://", 7) == 0 ? connect_unix(host, err) : connect_tcp(host, err);
	struct connection *c;

	if (fd < 0)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	c->in = (struct buf)BUF_INIT;
	return c;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	fd_close(c->fd);
	buf_done(&c->in);
	arena_free(c->arena);
	free(c);
}

bool connection_usable(const struct connection *c)
{
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n < 0 && errno == EAGAIN && c->in.len == 0;
}

int connection_send(struct connection *c, const char *method, const char *version, const char *path, const char *body,
		    const char *extra, struct err *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r;

	buf_addf(&out, "%s %s%s HTTP/1.1\r\nHost: lighter\r\nUser-Agent: Lighter-Client/%s (linux)\r\n%s", method, version,
		 path, LIGHTER_VERSION, extra);
	if (body)
		buf_addf(&out, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
	else if (!strstr(extra, "Transfer-Encoding") && (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0))
		buf_adds(&out, "Content-Length: 0\r\n\r\n");
	else
		buf_adds(&out, "\r\n");
	r = fd_write_all(c->fd, out.data, out.len);
	return r < 0 ? err_sys(err, r, "send the request") : 0;
}

ssize_t connection_receive(struct connection *c, struct err *err)
{
	char *to = buf_reserve(&c->in, RECEIVE_SIZE);
	ssize_t n;

	do
		n = recv(c->fd, to, RECEIVE_SIZE, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n < 0)
		return err_sys(err, errno, "read from the daemon");
	buf_grew(&c->in, (size_t)n);
	return n;
}

int connection_take_head(struct connection *c, const char *method, struct err *err)
{
	struct http1_scan scan = {0};
	ssize_t len = http1_head_scan(&scan, c->in.data, c->in.len);
	int r;

	if (len < 0)
		return err_set(err, ERR_SYSTEM, "the daemon's answer has a head that is too long");
	if (len == 0)
		return 0;
	arena_free(c->arena);
	c->arena = arena_new(0);
	if (!c->arena)
		abort();
	r = http1_response_parse(c->in.data, (size_t)len, method, c->arena, &c->head, err);
	if (r < 0)
		return err_wrap(err, "the daemon's answer");
	buf_consume(&c->in, (size_t)len);
	if (c->head.status == 100)
		return connection_take_head(c, method, err);
	http1_body_init(&c->body, &c->head);
	return 1;
}

int connection_read_head(struct connection *c, const char *method, struct err *err)
{
	for (;;) {
		int r = connection_take_head(c, method, err);
		ssize_t n;

		if (r != 0)
			return r < 0 ? r : 0;
		n = connection_receive(c, err);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return err_set(err, ERR_UNAVAILABLE, "the daemon closed the connection without an answer");
	}
}

int connection_read_body(struct connection *c, struct buf *out, struct err *err)
{
	while (!http1_body_ended(&c->body)) {
		const char *data;
		size_t used, len;
		ssize_t n;
		int r = http1_body_next(&c->body, c->in.data, c->in.len, &used, &data, &len);

		if (r < 0)
			return err_sys(err, r, "read the daemon's answer");
		buf_add(out, data, len);
		buf_consume(&c->in, used);
		if (out->len > BODY_MAX)
			return err_set(err, ERR_TOO_LARGE, "the daemon's answer is larger than %d bytes", BODY_MAX);
		if (r > 0 || used > 0)
			continue;
		n = connection_receive(c, err);
		if (n < 0)
			return (int)n;
		if (n == 0 && c->body.kind == HTTP1_BODY_UNTIL_CLOSE)
			return 0;
		if (n == 0)
			return err_set(err, ERR_UNAVAILABLE, "the daemon closed the connection in the middle of its answer");
	}
	return 0;
}

static enum err_kind kind_of_status(int status)
{
	static const struct {
		int status;
		enum err_kind kind;
	} kinds[] = {{400, ERR_INVALID},  {401, ERR_UNAUTHORIZED}, {403, ERR_FORBIDDEN},       {404, ERR_NOT_FOUND},
		     {409, ERR_CONFLICT}, {413, ERR_TOO_LARGE},    {501, ERR_NOT_IMPLEMENTED}, {503, ERR_UNAVAILABLE}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].status == status)
			return kinds[i].kind;
	return ERR_SYSTEM;
}

int connection_error(const struct connection *c, const char *text, size_t len, struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	struct json_object *message;
	enum err_kind kind = kind_of_status(c->head.status);

	if (json_parse(text, len, &o, NULL) == 0 && json_object_object_get_ex(o, "message", &message) && message)
		return err_set(err, kind, "Error response from daemon: %s", json_object_get_string(message));
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len == 0)
		return err_set(err, kind, "Error response from daemon: status %d", c->head.status);
	return err_set(err, kind, "Error response from daemon: %.*s", (int)MIN(len, (size_t)400), text);
}
