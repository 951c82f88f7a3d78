/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See monitor.h. A shim's life as seen from here: `exit` (the container has ended: told at once, exited_ok back), `gone`
 * (nothing of it is left: its "removed" waits are fetched), the end of the connection (the shim itself has ended: it is
 * reaped, and the container may be started again or, with --rm, is removed). A connection that ends without `exit` is a
 * shim that was killed, and its container with it.
 */
#include "engine/monitor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "codec/json_c.h"
#include "engine/events.h"
#include "engine/lifecycle.h"
#include "engine/remains.h"
#include "engine/shim_link.h"

#define BATCH 32
#define SHIM_END_MS 2000
#define KILLED_EXIT_CODE 137

struct monitor {
	struct engine *engine;
	pthread_t thread;
	int epoll_fd, wake_fd, inotify_fd;
	void (*inotify_ready)(struct engine *e, int fd);
	bool stop; /* written before wake_fd is, read after */

	pthread_mutex_t lock;     /* guards `watched`; nothing is called under it */
	struct ptr_array watched; /* containers, a reference each */
};

/* ---- the end of a shim ---- */

/* A shim whose connection has ended is ending; one that isn't is ended, so that nothing runs unseen. */
static void reap(struct container *c)
{
	struct pollfd p = {.fd = c->shim_pidfd, .events = POLLIN};
	siginfo_t info;

	if (c->shim_pidfd >= 0) {
		if (poll(&p, 1, SHIM_END_MS) == 0) {
			log_error("container %.12s: its shim closed the connection and did not end: it is killed", c->id);
			pidfd_send_signal(c->shim_pidfd, SIGKILL, NULL, 0);
		}
		while (waitid(P_PIDFD, (id_t)c->shim_pidfd, &info, WEXITED) < 0 && errno == EINTR)
			;
		fd_close(TAKE_FD(c->shim_pidfd));
	}
	c->shim_pid = 0;
}

static void settle(struct container *c)
{
	engine_lock(c->engine);
	c->settled = true;
	pthread_cond_broadcast(&c->engine->changed);
	engine_unlock(c->engine);
}

static void remove_automatically(struct container *c)
{
	struct err err;

	if (c->host->auto_remove && lifecycle_remove(c, &err) < 0)
		log_error("container %.12s was not removed: %s", c->id, err.msg);
}

static bool still_running(struct container *c)
{
	bool running;

	engine_lock(c->engine);
	running = c->state == CONTAINER_RUNNING;
	engine_unlock(c->engine);
	return running;
}

static void watched_add(struct monitor *m, struct container *c)
{
	pthread_mutex_lock(&m->lock);
	ptr_array_add(&m->watched, c);
	pthread_mutex_unlock(&m->lock);
}

static void watched_remove(struct monitor *m, const struct container *c)
{
	size_t i = 0;

	pthread_mutex_lock(&m->lock);
	while (i < m->watched.len && m->watched.items[i] != c)
		i++;
	if (i < m->watched.len)
		ptr_array_remove(&m->watched, i);
	pthread_mutex_unlock(&m->lock);
}

static void shim_ended(struct monitor *m, struct container *c)
{
	watched_remove(m, c);
	epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, c->shim_sock, NULL);
	if (still_running(c)) {
		struct shim_state killed = {.exit_code = KILLED_EXIT_CODE,
					    .error = (char *)"the container's shim was killed, and the container with it"};

		remains_clear(c);
		lifecycle_exited(c, &killed);
	}
	fd_close(TAKE_FD(c->shim_sock));
	reap(c);
	shim_run_dir_remove(c);
	settle(c);
	remove_automatically(c);
	container_unref(c);
}

/* ---- what a shim says ---- */

static void on_exit_event(struct container *c, const struct shim_packet *p)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct shim_state state;
	struct err err;

	if (!still_running(c))
		return;
	if (json_decode(p->json, &shim_state_shape, 0, a, &state, &err) < 0) {
		log_error("container %.12s: its shim's exit event can't be read: %s", c->id, err.msg);
		state = (struct shim_state){.exit_code = 255, .error = (char *)"the exit event could not be read"};
	}
	lifecycle_exited(c, &state);
}

static void on_gone(struct container *c)
{
	c->gone = true;
	if (shim_send(c, "take_waits") < 0)
		log_debug("container %.12s: its shim had nothing to give back", c->id);
}

static void on_event(struct container *c, const struct shim_packet *p)
{
	struct json_object *o;
	const char *name = json_object_object_get_ex(p->json, "event", &o) ? json_object_get_string(o) : "";

	if (strcmp(name, "exit") == 0)
		on_exit_event(c, p);
	else if (strcmp(name, "oom") == 0)
		events_container(c, "oom", NULL, 0);
	else if (strcmp(name, "gone") == 0)
		on_gone(c);
}

/* A reply. Only take_waits has one that matters. */
static void on_reply(struct container *c, struct shim_packet *p)
{
	struct json_object *n;

	if (!json_object_object_get_ex(p->json, "n", &n))
		return;
	if (shim_waits_returned(c, p) > 0) {
		if (shim_send(c, "take_waits") < 0)
			log_warn("container %.12s: waiting clients are left to its shim", c->id);
		return;
	}
	if (!c->gone || !c->host->auto_remove)
		return;
	shim_run_dir_remove(c); /* first, so that a daemon that ends now leaves no directory of an unknown container */
	remove_automatically(c);
}

/* One packet. False when the connection has ended. */
static bool shim_read(struct container *c)
{
	struct shim_packet p = {0};
	struct err err;
	int r = shim_packet_recv(c->shim_sock, &p, &err);

	if (r == -EAGAIN)
		return true;
	if (r < 0 && r != -ECONNRESET)
		log_error("container %.12s: its shim can't be heard: %s", c->id, err.msg);
	if (r <= 0)
		return false;
	if (strcmp(p.type, "event") == 0)
		on_event(c, &p);
	else
		on_reply(c, &p);
	shim_packet_done(&p);
	return true;
}

/* ---- the loop ---- */

static int timeout_ms(struct monitor *m)
{
	int64_t deadline = events_next_deadline(m->engine->events), left;

	if (deadline == INT64_MAX)
		return -1;
	left = deadline - timefmt_monotonic_ms();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void dispatch(struct monitor *m, void *what)
{
	uint64_t ignored;

	if (what == &m->wake_fd) {
		if (read(m->wake_fd, &ignored, sizeof(ignored)) < 0)
			log_debug("the monitor was woken for nothing");
	} else if (what == &m->inotify_fd) {
		m->inotify_ready(m->engine, m->inotify_fd);
	} else if (!shim_read(what)) {
		shim_ended(m, what);
	}
}

static void *loop(void *arg)
{
	struct monitor *m = arg;
	struct epoll_event events[BATCH];

	while (!__atomic_load_n(&m->stop, __ATOMIC_ACQUIRE)) {
		int n = epoll_wait(m->epoll_fd, events, BATCH, timeout_ms(m));

		for (int i = 0; i < n; i++)
			dispatch(m, events[i].data.ptr);
		events_deadline(m->engine->events);
	}
	return NULL;
}

static int watch(struct monitor *m, int fd, void *what, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return err_sys(err, errno, "watch a descriptor");
	return 0;
}

int monitor_start(struct engine *e, struct monitor **ret, struct err *err)
{
	struct monitor *m = xcalloc(1, sizeof(*m));
	int r;

	pthread_mutex_init(&m->lock, NULL);
	m->engine = e;
	m->inotify_fd = -EBADF;
	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->epoll_fd < 0 || m->wake_fd < 0)
		r = err_sys(err, errno, "make the monitor's descriptors");
	else
		r = watch(m, m->wake_fd, &m->wake_fd, err);
	if (r >= 0) {
		r = -pthread_create(&m->thread, NULL, loop, m);
		if (r < 0)
			err_sys(err, r, "start the monitor's thread");
	}
	if (r < 0) {
		fd_close(m->epoll_fd);
		fd_close(m->wake_fd);
		free(m);
		return r;
	}
	*ret = m;
	return 0;
}

void monitor_poke(struct monitor *m)
{
	uint64_t one = 1;

	if (write(m->wake_fd, &one, sizeof(one)) < 0)
		log_debug("the monitor is awake already");
}

void monitor_stop(struct monitor *m)
{
	if (!m)
		return;
	__atomic_store_n(&m->stop, true, __ATOMIC_RELEASE);
	monitor_poke(m);
	pthread_join(m->thread, NULL);
	/* containers that go on without this daemon */
	for (size_t i = 0; i < m->watched.len; i++)
		container_unref(m->watched.items[i]);
	ptr_array_done(&m->watched);
	pthread_mutex_destroy(&m->lock);
	fd_close(m->epoll_fd);
	fd_close(m->wake_fd);
	free(m);
}

int monitor_add(struct monitor *m, struct container *c, struct err *err)
{
	int r;

	container_ref(c);
	watched_add(m, c);
	r = watch(m, c->shim_sock, c, err);
	if (r < 0) {
		watched_remove(m, c);
		container_unref(c);
	}
	return r;
}

int monitor_watch_inotify(struct monitor *m, int fd, void (*ready)(struct engine *e, int fd), struct err *err)
{
	m->inotify_ready = ready;
	m->inotify_fd = fd;
	return watch(m, fd, &m->inotify_fd, err);
}
