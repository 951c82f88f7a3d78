/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's event loop; see loop.h. */
#include "shim/loop.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/timefmt.h"

int loop_init(struct loop *l)
{
	*l = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	return l->epoll_fd < 0 ? -errno : 0;
}

void loop_done(struct loop *l)
{
	fd_close(TAKE_FD(l->epoll_fd));
}

int loop_watch(struct loop *l, struct loop_source *source, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = source};

	if (source->added && source->events == events)
		return 0;
	if (epoll_ctl(l->epoll_fd, source->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, source->fd, &e) < 0)
		return -errno;
	source->added = true;
	source->events = events;
	return 0;
}

void loop_remove(struct loop *l, struct loop_source *source)
{
	if (!source->added)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->added = false;
	for (int i = 0; i < l->n_batch; i++)
		if (l->batch[i].data.ptr == source)
			l->batch[i].data.ptr = NULL;
}

void loop_timer_clear(struct loop *l, struct loop_timer *timer)
{
	if (!timer->set)
		return;
	for (struct loop_timer **at = &l->timers; *at; at = &(*at)->next) {
		if (*at == timer) {
			*at = timer->next;
			break;
		}
	}
	timer->set = false;
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t after_ms)
{
	struct loop_timer **at = &l->timers;

	loop_timer_clear(l, timer);
	timer->at_ms = timefmt_monotonic_ms() + after_ms;
	while (*at && (*at)->at_ms <= timer->at_ms)
		at = &(*at)->next;
	timer->next = *at;
	timer->set = true;
	*at = timer;
}

static int next_timeout(const struct loop *l)
{
	int64_t left;

	if (!l->timers)
		return -1;
	left = l->timers->at_ms - timefmt_monotonic_ms();
	return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

static void fire_timers(struct loop *l)
{
	while (l->timers && l->timers->at_ms <= timefmt_monotonic_ms()) {
		struct loop_timer *timer = l->timers;

		loop_timer_clear(l, timer);
		timer->fire(timer);
	}
}

int loop_run(struct loop *l)
{
	while (!l->stop) {
		int n = epoll_wait(l->epoll_fd, l->batch, LOOP_BATCH, next_timeout(l));

		if (n < 0 && errno != EINTR)
			return -errno;
		l->n_batch = n < 0 ? 0 : n;
		for (int i = 0; i < l->n_batch; i++) {
			struct loop_source *source = l->batch[i].data.ptr;

			if (source)
				source->ready(source, l->batch[i].events);
		}
		l->n_batch = 0;
		fire_timers(l);
	}
	return 0;
}
