/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of the HTTP server: accepts, waits, keeps deadlines, runs what other threads post. What happens to one
 * connection is http_conn.c's; see http_internal.h for who may touch what.
 */
#include "api/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/http_internal.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timefmt.h"

#define WORKERS_MAX 256
#define ACCEPT_BATCH 64
#define ACCEPT_PAUSE_MS 100
#define STOP_DEADLINE_MS 10000

static _Thread_local const struct http_server *loop_of_thread;

bool http_on_loop(const struct http_server *s)
{
	return loop_of_thread == s;
}

void http_wake(struct http_server *s)
{
	const uint64_t one = 1;

	/* It fails only when the counter is full, and then the loop is awake. */
	if (write(s->event_fd, &one, sizeof(one)) < 0)
		return;
}

int http_server_new(const struct http_route *routes, size_t n_routes, void *context, struct http_server **ret, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct http_server *s = xcalloc(1, sizeof(*s));

	s->routes = routes;
	s->n_routes = n_routes;
	s->context = context;
	s->posts_end = &s->posts;
	s->head_deadline_ms = HTTP_HEAD_DEADLINE_MS;
	s->body_deadline_ms = HTTP_BODY_DEADLINE_MS;
	pthread_mutex_init(&s->lock, NULL);
	s->pool = worker_pool_new(WORKERS_MAX);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->event_fd < 0 || s->epoll_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->event_fd, &event) < 0) {
		int r = err_sys(err, errno, "make the server's event queue");

		http_server_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

int http_server_listen(struct http_server *s, int listen_fd, struct err *err)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct http_listener *l;
	int r;

	if (getsockname(listen_fd, (struct sockaddr *)&address, &len) < 0) {
		r = err_sys(err, errno, "listen on descriptor %d", listen_fd);
		fd_close(listen_fd);
		return r;
	}
	r = fd_set_nonblocking(listen_fd, true);
	if (r < 0) {
		fd_close(listen_fd);
		return err_sys(err, r, "listen on descriptor %d", listen_fd);
	}
	l = xcalloc(1, sizeof(*l));
	l->fd = listen_fd;
	l->is_unix = address.ss_family == AF_UNIX;
	l->next = s->listeners;
	s->listeners = l;
	return 0;
}

/* ---- deadlines ---- */

static void sweep_at(struct http_server *s, int64_t at_ms)
{
	if (s->next_sweep_ms == 0 || at_ms < s->next_sweep_ms)
		s->next_sweep_ms = at_ms;
}

void http_conn_set_deadline(struct http_conn *c, int64_t after_ms)
{
	c->deadline_ms = after_ms > 0 ? timefmt_monotonic_ms() + after_ms : 0;
	if (c->deadline_ms > 0)
		sweep_at(c->server, c->deadline_ms);
}

/* A deadline that was moved is seen here at the earliest time it was ever set to, and waits on. */
static void sweep(struct http_server *s)
{
	int64_t now = timefmt_monotonic_ms();

	if (s->next_sweep_ms == 0 || now < s->next_sweep_ms)
		return;
	s->next_sweep_ms = 0;
	for (struct http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (c->deadline_ms == 0)
			continue;
		if (c->deadline_ms > now) {
			sweep_at(s, c->deadline_ms);
			continue;
		}
		c->deadline_ms = 0;
		c->eof = true;
		pthread_mutex_lock(&c->lock);
		http_conn_set_gone(c);
		pthread_mutex_unlock(&c->lock);
		http_conn_advance(c);
	}
}

static int wait_ms(const struct http_server *s)
{
	int64_t ms;

	if (!s->accepting)
		return ACCEPT_PAUSE_MS;
	if (s->next_sweep_ms == 0)
		return -1;
	ms = s->next_sweep_ms - timefmt_monotonic_ms();
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms + 1;
}

/* ---- accepting ---- */

static void set_accepting(struct http_server *s, bool on)
{
	for (struct http_listener *l = s->listeners; l && on != s->accepting; l = l->next) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = l};

		if (epoll_ctl(s->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, l->fd, &event) < 0)
			log_error("can't watch a listening socket: %s", strerror(errno));
	}
	s->accepting = on;
}

static void accept_some(struct http_server *s, const struct http_listener *l)
{
	const int on = 1;

	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
				log_warn("can't accept a connection for now: %s", strerror(errno));
				set_accepting(s, false);
			}
			return;
		}
		if (!l->is_unix && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
			log_debug("no TCP_NODELAY on a connection: %s", strerror(errno));
		http_conn_new(s, fd, l->is_unix);
	}
}

static const struct http_listener *listener_of(const struct http_server *s, const void *p)
{
	for (const struct http_listener *l = s->listeners; l; l = l->next)
		if (l == p)
			return l;
	return NULL;
}

/* ---- what other threads ask for ---- */

void http_server_post(struct http_server *s, void (*fn)(void *arg), void *arg)
{
	struct http_post *post = xcalloc(1, sizeof(*post));

	post->fn = fn;
	post->arg = arg;
	pthread_mutex_lock(&s->lock);
	*s->posts_end = post;
	s->posts_end = &post->next;
	pthread_mutex_unlock(&s->lock);
	if (!http_on_loop(s))
		http_wake(s);
}

void http_server_defer(struct http_server *s, void (*fn)(void *arg), void *arg)
{
	worker_pool_run(s->pool, fn, arg);
}

static struct http_conn *next_ready(struct http_server *s)
{
	struct http_conn *c;

	pthread_mutex_lock(&s->lock);
	c = s->ready;
	if (c) {
		s->ready = c->ready_next;
		c->ready = false;
	}
	pthread_mutex_unlock(&s->lock);
	return c;
}

static struct http_post *next_post(struct http_server *s)
{
	struct http_post *post;

	pthread_mutex_lock(&s->lock);
	post = s->posts;
	if (post) {
		s->posts = post->next;
		if (!s->posts)
			s->posts_end = &s->posts;
	}
	pthread_mutex_unlock(&s->lock);
	return post;
}

static void run_posted(struct http_server *s)
{
	struct http_conn *c;
	struct http_post *post;

	for (bool again = true; again;) {
		again = false;
		while ((post = next_post(s))) {
			post->fn(post->arg);
			free(post);
			again = true;
		}
		while ((c = next_ready(s))) {
			http_conn_advance(c);
			again = true;
		}
	}
}

/* ---- running ---- */

static void handle_event(struct http_server *s, const struct epoll_event *event)
{
	const struct http_listener *l = listener_of(s, event->data.ptr);
	uint64_t count;

	if (!event->data.ptr) {
		if (read(s->event_fd, &count, sizeof(count)) < 0)
			return;
	} else if (l) {
		accept_some(s, l);
	} else {
		http_conn_event(event->data.ptr, event->events);
	}
}

static int wait_once(struct http_server *s, struct err *err)
{
	struct epoll_event events[64];
	int n = epoll_wait(s->epoll_fd, events, ARRAY_SIZE(events), wait_ms(s));

	if (n < 0 && errno != EINTR)
		return err_sys(err, errno, "wait for connections");
	if (!s->accepting)
		set_accepting(s, true);
	for (int i = 0; i < n; i++)
		handle_event(s, &events[i]);
	run_posted(s);
	sweep(s);
	return 0;
}

/* Everybody is cut off; handlers find their clients gone and end. */
static void cut_all(struct http_server *s)
{
	for (struct http_conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		c->eof = true;
		pthread_mutex_lock(&c->lock);
		http_conn_set_gone(c);
		if (c->fd >= 0)
			shutdown(c->fd, SHUT_RDWR);
		pthread_mutex_unlock(&c->lock);
		http_conn_advance(c);
	}
}

static void wind_down(struct http_server *s)
{
	int64_t until = timefmt_monotonic_ms() + STOP_DEADLINE_MS;

	set_accepting(s, false);
	cut_all(s);
	while (!worker_pool_drain(s->pool, 20) && timefmt_monotonic_ms() < until)
		run_posted(s);
	run_posted(s);
}

int http_server_run(struct http_server *s, struct err *err)
{
	int r = 0;

	loop_of_thread = s;
	set_accepting(s, true);
	while (r >= 0 && !__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE))
		r = wait_once(s, err);
	wind_down(s);
	loop_of_thread = NULL;
	return r;
}

void http_server_stop(struct http_server *s)
{
	__atomic_store_n(&s->stop, true, __ATOMIC_RELEASE);
	http_wake(s);
}

bool http_server_is_idle(struct http_server *s)
{
	return !s->conns && worker_pool_drain(s->pool, 0);
}

void http_server_free(struct http_server *s)
{
	struct http_post *post;

	if (!s)
		return;
	worker_pool_free(s->pool);
	while ((post = next_post(s)))
		free(post);
	for (struct http_listener *l = s->listeners, *next; l; l = next) {
		next = l->next;
		fd_close(l->fd);
		free(l);
	}
	fd_close(s->epoll_fd);
	fd_close(s->event_fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
