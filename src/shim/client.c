/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's side of protocol.h: connect, one request and its reply, both with a deadline. For worker threads. */
#include "shim/protocol.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/timefmt.h"

int shim_connect(int run_dir_fd, int timeout_ms)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000L};
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (fd < 0)
		return -errno;
	/* Through the directory's fd: an exec root's path may be longer than a socket address. */
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/" SHIM_SOCKET_NAME, run_dir_fd);
	/* A full backlog makes connect wait, for as long as a send may. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return TAKE_FD(fd);
}

/* 1 when `events` are there, 0 when the deadline passed, or -errno. */
static int wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline_ms - timefmt_monotonic_ms();
		int r = poll(&p, 1, left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left);

		if (r > 0)
			return 1;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0 && timefmt_monotonic_ms() >= deadline_ms)
			return 0;
	}
}

static int send_request(int sock, const struct buf *json, const void *raw, size_t raw_len, const int *fds, size_t n_fds,
			int64_t deadline_ms, struct err *err)
{
	for (;;) {
		int r = wait_for(sock, POLLOUT, deadline_ms);

		if (r == 0)
			return err_set(err, ERR_DEADLINE, "the shim takes no request");
		if (r > 0)
			r = shim_packet_send(sock, json->data, json->len, raw, raw_len, fds, n_fds);
		if (r >= 0)
			return 0;
		if (r != -EAGAIN)
			return err_sys(err, r, "send a request to the shim");
	}
}

static int receive_reply(int sock, int64_t seq, int64_t deadline_ms, struct shim_packet *ret, struct err *err)
{
	for (;;) {
		int r = wait_for(sock, POLLIN, deadline_ms);

		if (r == 0)
			return err_set(err, ERR_DEADLINE, "the shim did not answer in time");
		if (r < 0)
			return err_sys(err, r, "wait for the shim's answer");
		r = shim_packet_recv(sock, ret, err);
		if (r == -EAGAIN)
			continue;
		if (r < 0)
			return r;
		if (r == 0)
			return err_sys_kind(err, ERR_UNAVAILABLE, ECONNRESET, "the shim closed the connection");
		if (ret->seq == seq && strcmp(ret->type, "event") != 0)
			return 0;
		shim_packet_done(ret); /* an event, or the answer to a request somebody gave up on */
	}
}

int shim_call(int sock, const char *json, size_t json_len, const void *raw, size_t raw_len, const int *fds, size_t n_fds,
	      int timeout_ms, struct shim_packet *ret, struct err *err)
{
	static _Atomic int64_t last_seq;
	int64_t seq = atomic_fetch_add(&last_seq, 1) + 1, deadline_ms = timefmt_monotonic_ms() + timeout_ms;
	struct shim_packet reply = {0};
	_cleanup_buf_ struct buf request = BUF_INIT;
	int r;

	if (json_len < 2 || json[json_len - 1] != '}')
		return err_set(err, ERR_INVALID, "a request is a JSON object");
	buf_add(&request, json, json_len - 1);
	buf_addf(&request, "%s\"seq\":%lld}", json_len == 2 ? "" : ",", (long long)seq);
	if (request.failed)
		return err_sys(err, ENOMEM, "send a request to the shim");
	r = send_request(sock, &request, raw, raw_len, fds, n_fds, deadline_ms, err);
	if (r == 0)
		r = receive_reply(sock, seq, deadline_ms, &reply, err);
	if (r == 0)
		r = shim_error_read(&reply, err);
	if (r == 0 && ret) {
		*ret = reply;
		return 0;
	}
	shim_packet_done(&reply);
	return r;
}
