/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to the daemon: the one the shim was born with, and those that come to its socket. A connection whose other
 * side does not read is closed rather than buffered for: the daemon asks for the state when it comes again.
 */
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"

#define PACKETS_AT_ONCE 16

struct shim_connection {
	struct shim_connection *next;
	struct shim *shim;
	struct loop_source source;
	bool subscribed;
};

static void close_connection(struct shim_connection *c)
{
	struct shim *s = c->shim;

	for (struct shim_connection **at = &s->connections; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			break;
		}
	}
	loop_remove(&s->loop, &c->source);
	close(c->source.fd);
	free(c);
	if (!shim_has_subscriber(s))
		shim_exit_acknowledged(s);
	shim_leave_if_done(s);
}

bool shim_has_subscriber(const struct shim *s)
{
	for (const struct shim_connection *c = s->connections; c; c = c->next)
		if (c->subscribed)
			return true;
	return false;
}

void shim_send_event(struct shim *s, const struct buf *json)
{
	struct shim_connection *next;

	for (struct shim_connection *c = s->connections; c; c = next) {
		next = c->next;
		if (!c->subscribed || json->failed)
			continue;
		if (shim_packet_send(c->source.fd, json->data, json->len, NULL, 0, NULL, 0) < 0)
			shutdown(c->source.fd, SHUT_RDWR); /* closed when the loop comes to it */
	}
}

/* Answers one packet. 0 or -errno: the connection is of no use. */
static int serve(struct shim_connection *c, struct shim_packet *packet)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct json_writer w = {.out = &json};
	int fds[SHIM_PACKET_FDS], r;
	struct shim_reply reply = {.json = &json, .fds = fds};
	struct err err = {0};

	json_begin_object(&w);
	json_member_string(&w, "type", "ok");
	json_member_int(&w, "seq", packet->seq);
	r = shim_request(c->shim, packet, &reply, &err);
	buf_addc(&json, '}');
	if (r < 0 || json.failed) {
		if (r >= 0)
			err_sys(&err, ENOMEM, "answer the request");
		buf_reset(&json);
		shim_error_write(&json, packet->seq, &err);
	}
	c->subscribed = c->subscribed || (r >= 0 && reply.subscribe);
	r = json.failed ? -ENOMEM : shim_packet_send(c->source.fd, json.data, json.len, NULL, 0, reply.fds, reply.n_fds);
	for (size_t i = 0; i < reply.n_fds; i++)
		close(fds[i]);
	if (reply.quit)
		c->shim->loop.stop = true;
	return r;
}

static void connection_ready(struct loop_source *source, uint32_t events)
{
	struct shim_connection *c = container_of(source, struct shim_connection, source);

	for (int i = 0; i < PACKETS_AT_ONCE && !c->shim->loop.stop; i++) {
		struct shim_packet packet = {0};
		int r = shim_packet_recv(source->fd, &packet, NULL);

		if (r == -EAGAIN)
			return;
		if (r == 1) {
			r = serve(c, &packet);
			shim_packet_done(&packet);
		} else if (r == 0) {
			r = -ECONNRESET;
		}
		if (r < 0) {
			close_connection(c);
			return;
		}
	}
}

/* Takes the fd. */
static int add_connection(struct shim *s, int fd)
{
	struct shim_connection *c = calloc(1, sizeof(*c));
	int r = c ? fd_set_nonblocking(fd, true) : -ENOMEM;

	if (r == 0) {
		*c = (struct shim_connection){.shim = s, .source = {.fd = fd, .ready = connection_ready}};
		r = loop_watch(&s->loop, &c->source, EPOLLIN);
	}
	if (r < 0) {
		fd_close(fd);
		free(c);
		return r;
	}
	c->next = s->connections;
	s->connections = c;
	loop_timer_clear(&s->loop, &s->orphan_deadline);
	return 0;
}

static void listener_ready(struct loop_source *source, uint32_t events)
{
	struct shim *s = container_of(source, struct shim, listener);
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 && add_connection(s, fd) < 0)
		return; /* closed: the daemon tries again */
}

/* The socket, made under its own name: whatever stands there belongs to a shim that is gone or going. */
static int make_listener(struct shim *s)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int r;

	if (fd < 0)
		return -errno;
	if (unlinkat(s->run_dir, SHIM_SOCKET_NAME, 0) < 0 && errno != ENOENT)
		return -errno;
	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/" SHIM_SOCKET_NAME, s->run_dir);
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return r;
	if (listen(fd, 64) < 0 || fstatat(s->run_dir, SHIM_SOCKET_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	s->socket_inode = st.st_ino;
	s->listener = (struct loop_source){.fd = fd, .ready = listener_ready};
	r = loop_watch(&s->loop, &s->listener, EPOLLIN);
	if (r == 0)
		fd = -EBADF;
	else
		s->listener.fd = -EBADF;
	return r;
}

/* "PID STARTTIME\n": the start time, field 22 of /proc/self/stat, tells a later process of the same pid apart. */
static int write_pid(const struct shim *s)
{
	_cleanup_buf_ struct buf stat = BUF_INIT;
	unsigned long long start_time = 0;
	char text[64];
	const char *at;
	int r = file_read_at(AT_FDCWD, "/proc/self/stat", 4096, &stat), len;

	if (r < 0)
		return r;
	at = strrchr(stat.data, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, " %llu", &start_time) != 1)
		return -EBADMSG;
	len = snprintf(text, sizeof(text), "%d %llu\n", getpid(), start_time);
	return file_write_atomic_at(s->run_dir, "pid", text, (size_t)len, 0600, 0);
}

int shim_control_open(struct shim *s, int first_fd, struct err *err)
{
	int r = add_connection(s, first_fd);

	if (r < 0)
		return err_sys(err, r, "use the daemon's connection");
	r = make_listener(s);
	if (r < 0)
		return err_sys(err, r, "listen in the run directory");
	r = write_pid(s);
	return r < 0 ? err_sys(err, r, "write the pid file") : 0;
}

void shim_control_close(struct shim *s)
{
	struct stat st;

	loop_remove(&s->loop, &s->listener);
	fd_close(TAKE_FD(s->listener.fd));
	/* The next shim of this container may have put its own there. */
	if (fstatat(s->run_dir, SHIM_SOCKET_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == s->socket_inode) {
		unlinkat(s->run_dir, SHIM_SOCKET_NAME, 0);
		unlinkat(s->run_dir, "pid", 0);
	}
	while (s->connections) {
		struct shim_connection *c = s->connections;

		s->connections = c->next;
		loop_remove(&s->loop, &c->source);
		close(c->source.fd);
		free(c);
	}
}
