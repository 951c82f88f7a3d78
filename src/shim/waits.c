/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients whose `POST /containers/X/wait` hangs here, its head already sent. The body is one chunk with Docker's bytes; after
 * it the connection is closed (the head said so). A client that leaves is forgotten at once.
 */
#include "shim/shim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

static const char *const conditions[] = {"not-running", "next-exit", "removed"};
enum condition { NOT_RUNNING, NEXT_EXIT, REMOVED };

struct shim_wait {
	struct shim_wait *next;
	struct shim *shim;
	struct loop_source source;
	enum condition condition;
};

static void free_wait(struct shim_wait *w)
{
	for (struct shim_wait **at = &w->shim->waits; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			break;
		}
	}
	loop_remove(&w->shim->loop, &w->source);
	fd_close(w->source.fd);
	free(w);
}

static void client_left(struct loop_source *source, uint32_t events)
{
	struct shim_wait *w = container_of(source, struct shim_wait, source);
	struct shim *s = w->shim;

	free_wait(w);
	shim_leave_if_done(s);
}

/* The chunked body for the exit there was. Small enough for any socket that only carried a head so far. */
static void answer(const struct shim *s, int fd)
{
	_cleanup_buf_ struct buf body = BUF_INIT, chunk = BUF_INIT;
	struct json_writer w = {.out = &body, .escape_html = true};
	char dropped[512];
	ssize_t n;

	json_begin_object(&w);
	json_member_int(&w, "StatusCode", s->values.exit_code);
	if (s->values.error[0]) {
		json_key(&w, "Error");
		json_begin_object(&w);
		json_member_string(&w, "Message", s->values.error);
		json_end_object(&w);
	}
	json_end_object(&w);
	buf_addf(&chunk, "%zx\r\n%s\n\r\n0\r\n\r\n", body.len + 1, body.data);
	if (body.failed || chunk.failed)
		return;
	n = send(fd, chunk.data, chunk.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return;
	shutdown(fd, SHUT_WR);
	/* Unread bytes would turn the close into a reset, which could overtake the answer. */
	do
		n = recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT);
	while (n > 0);
}

int shim_wait_add(struct shim *s, const char *condition, int fd, struct err *err)
{
	bool over = s->status == SHIM_EXITED;
	struct shim_wait *w;
	size_t i = 0;
	int r;

	while (condition && i < ARRAY_SIZE(conditions) && strcmp(condition, conditions[i]) != 0)
		i++;
	if (i == ARRAY_SIZE(conditions) || (over && i == NEXT_EXIT) || (over && i == REMOVED && !s->removed_deadline.set)) {
		fd_close(fd);
		if (i == ARRAY_SIZE(conditions))
			return err_set(err, ERR_INVALID, "invalid condition: \"%s\"", condition);
		return err_set(err, ERR_CONFLICT, "container %s has exited", s->start.id);
	}
	if (i == NOT_RUNNING && (over || s->status == SHIM_CREATED)) {
		answer(s, fd);
		fd_close(fd);
		return 0;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		fd_close(fd);
		return err_sys(err, ENOMEM, "wait for the container");
	}
	*w = (struct shim_wait){.shim = s, .source = {.fd = fd, .ready = client_left}, .condition = (enum condition)i};
	w->next = s->waits;
	s->waits = w;
	r = loop_watch(&s->loop, &w->source, 0);
	if (r < 0) {
		free_wait(w);
		return err_sys(err, r, "wait for the container");
	}
	return 0;
}

void shim_waits_answer(struct shim *s, bool all)
{
	struct shim_wait *next;

	for (struct shim_wait *w = s->waits; w; w = next) {
		next = w->next;
		if (!all && w->condition == REMOVED)
			continue;
		answer(s, w->source.fd);
		free_wait(w);
	}
}

bool shim_waits_left(const struct shim *s)
{
	return s->waits;
}

void shim_waits_take(struct shim *s, struct shim_reply *reply)
{
	struct json_writer w = {.out = reply->json, .need_comma = true};
	bool any = s->status == SHIM_CREATED;
	struct shim_wait *next;
	bool more = false;

	json_key(&w, "conditions");
	json_begin_array(&w);
	for (struct shim_wait *wait = s->waits; wait; wait = next) {
		next = wait->next;
		if (!any && wait->condition != REMOVED)
			continue;
		if (reply->n_fds == SHIM_PACKET_FDS) {
			more = true;
			break;
		}
		json_string(&w, conditions[wait->condition]);
		loop_remove(&s->loop, &wait->source);
		reply->fds[reply->n_fds++] = TAKE_FD(wait->source.fd);
		free_wait(wait);
	}
	json_end_array(&w);
	json_member_int(&w, "n", (int64_t)reply->n_fds);
	json_member_bool(&w, "more", more);
	shim_leave_if_done(s);
}

void shim_waits_close(struct shim *s)
{
	while (s->waits)
		free_wait(s->waits);
}
