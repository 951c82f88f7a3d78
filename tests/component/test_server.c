/* SPDX-License-Identifier: Apache-2.0 */
#include "test_server.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "api/http_internal.h"
#include "api/listen.h"
#include "base/log.h"

static void *stop_at_end_of_input(void *server)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	http_server_stop(server);
	return NULL;
}

static int serve(struct http_server *s, const char *path, struct err *err)
{
	pthread_t watcher;
	int r = listen_unix(path, NULL, err);

	/* So that a test needn't wait half a minute for a slow head to be cut. */
	s->head_deadline_ms = 300;
	s->body_deadline_ms = 300;
	if (r >= 0)
		r = http_server_listen(s, r, err);
	if (r < 0 || pthread_create(&watcher, NULL, stop_at_end_of_input, s) != 0)
		return r;
	puts("ready");
	fflush(stdout);
	r = http_server_run(s, err);
	pthread_join(watcher, NULL);
	if (!http_server_is_idle(s))
		return err_set(err, ERR_SYSTEM, "a handler is still at work");
	return r;
}

int test_server_run(const struct http_route *routes, size_t n_routes, void *context, const char *path)
{
	struct http_server *s;
	struct err err = {0};
	int r;

	log_setup("test_server", LOG_WARN_LEVEL, LOG_TEXT);
	buf_abort_on_failure(true);
	r = http_server_new(routes, n_routes, context, &s, &err);
	if (r >= 0)
		r = serve(s, path, &err);
	if (r < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	http_server_free(s);
	return 0;
}
