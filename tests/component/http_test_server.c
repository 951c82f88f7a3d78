/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API's HTTP server with handlers made for tests: http_server_test.py is its client. Ends when standard input does.
 * Usage: http_test_server SOCKET
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/http_server.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "test_server.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int closed_count, held_count, released; /* guarded by lock */

static void reply_text(struct http_request *req, const char *text)
{
	http_reply(req, 200, "text/plain", text, strlen(text));
}

static void count(int *counter)
{
	pthread_mutex_lock(&lock);
	(*counter)++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void wait_for(const int *counter, int at_least)
{
	pthread_mutex_lock(&lock);
	while (*counter < at_least)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void get_inline(struct http_request *req, void *context)
{
	reply_text(req, "inline");
}

static void get_param(struct http_request *req, void *context)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s|%s|%d", http_param(req, "name"), http_query(req, "q") ? http_query(req, "q") : "-",
		 http_api_version(req));
	reply_text(req, text.data);
}

static void post_echo(struct http_request *req, void *context)
{
	size_t len;
	const char *body = http_body(req, &len);

	http_reply(req, 200, "text/plain", body, len);
}

static void post_count(struct http_request *req, void *context)
{
	char bytes[10000], text[64];
	long long total = 0;
	ssize_t n;

	while ((n = http_body_read(req, bytes, sizeof(bytes))) > 0)
		total += n;
	snprintf(text, sizeof(text), "%lld %zd", total, n);
	reply_text(req, text);
}

static void post_unread(struct http_request *req, void *context)
{
	http_reply(req, 400, "text/plain", "unread", 6);
}

/* Answers while it reads. */
static void post_both(struct http_request *req, void *context)
{
	struct http_stream *s = http_stream_begin_early(req, 200, "text/plain");
	char bytes[1000];
	ssize_t n;

	while ((n = http_body_read(req, bytes, sizeof(bytes))) > 0)
		if (http_stream_write(s, bytes, (size_t)n) < 0)
			break;
	http_stream_end(s, n == 0);
}

static void get_stream(struct http_request *req, void *context)
{
	int n = atoi(http_query(req, "n")), size = atoi(http_query(req, "size")), r = 0;
	bool cut = http_query_bool(req, "cut", false);
	struct http_stream *s = http_stream_begin(req, 200, "text/plain");
	_cleanup_free_ char *bytes = xcalloc(1, (size_t)size + 1);

	memset(bytes, 'x', (size_t)size);
	for (int i = 0; i < n && r == 0; i++)
		r = http_stream_write(s, bytes, (size_t)size);
	if (r == -EPIPE)
		count(&closed_count);
	http_stream_end(s, !cut);
}

static void held_closed(void *arg)
{
	http_stream_end(arg, false);
	count(&closed_count);
}

static void get_hold(struct http_request *req, void *context)
{
	struct http_stream *s = http_stream_begin(req, 200, "text/plain");

	http_stream_on_close(s, held_closed, s);
	if (http_stream_write(s, "held", 4) < 0)
		log_debug("left at once");
}

static void get_closed(struct http_request *req, void *context)
{
	wait_for(&closed_count, atoi(http_query(req, "n")));
	reply_text(req, "closed");
}

/* Holds its client until /release. */
static void get_wait(struct http_request *req, void *context)
{
	count(&held_count);
	wait_for(&released, 1);
	reply_text(req, "waited");
}

static void get_release(struct http_request *req, void *context)
{
	wait_for(&held_count, atoi(http_query(req, "n")));
	count(&released);
	reply_text(req, "released");
}

static void get_gone(struct http_request *req, void *context)
{
	while (!http_client_gone(req))
		poll(NULL, 0, 1);
	count(&closed_count);
	reply_text(req, "nobody reads this");
}

/* Gives back what came behind the head, then every byte until the client has sent all. */
static void post_hijack(struct http_request *req, void *context)
{
	enum http_hijack_kind kind = http_query_bool(req, "chunked", false) ? HTTP_HIJACK_CHUNKED : HTTP_HIJACK_STREAM;
	_cleanup_buf_ struct buf extra = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	char bytes[4096];
	ssize_t n;

	if (http_hijack(req, kind, "application/vnd.docker.raw-stream", &fd, &extra) < 0)
		return;
	if (fd_set_nonblocking(fd, false) < 0 || fd_write_all(fd, extra.data, extra.len) < 0)
		return;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		if (fd_write_all(fd, bytes, (size_t)n) < 0)
			return;
}

static const struct http_route routes[] = {
	{"GET", "/inline", get_inline, HTTP_INLINE},
	{"HEAD", "/inline", get_inline, HTTP_INLINE},
	{"GET", "/param/{name}", get_param, HTTP_INLINE},
	{"GET", "/names/{name...}/json", get_param, 0},
	{"POST", "/echo", post_echo, 0},
	{"POST", "/count", post_count, HTTP_BODY_STREAM},
	{"POST", "/unread", post_unread, HTTP_BODY_STREAM},
	{"POST", "/both", post_both, HTTP_BODY_STREAM},
	{"GET", "/stream", get_stream, 0},
	{"GET", "/hold", get_hold, HTTP_INLINE},
	{"GET", "/closed", get_closed, 0},
	{"GET", "/wait", get_wait, 0},
	{"GET", "/release", get_release, 0},
	{"GET", "/gone", get_gone, 0},
	{"POST", "/hijack", post_hijack, HTTP_BODY_STREAM},
};

int main(int argc, char **argv)
{
	return argc == 2 ? test_server_run(routes, ARRAY_SIZE(routes), NULL, argv[1]) : 2;
}
