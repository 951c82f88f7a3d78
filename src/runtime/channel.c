/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between the parent and the child between clone and exec; see channel.h. */
#include "runtime/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

struct packet {
	int message;
	struct err err; /* of FAILED */
};

int channel_open(int ret_ends[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends) < 0)
		return err_sys(err, errno, "make a socket pair");
	return 0;
}

static int send_packet(int fd, const struct packet *p, size_t len, int pass_fd)
{
	ssize_t n = fd_send(fd, p, len, &pass_fd, pass_fd >= 0);

	return n < 0 ? (int)n : 0;
}

int channel_send(int fd, enum channel_message message, int pass_fd)
{
	struct packet p = {.message = (int)message};

	return send_packet(fd, &p, sizeof(p.message), pass_fd);
}

int channel_send_failed(int fd, const struct err *failure)
{
	struct packet p = {.message = CHANNEL_FAILED, .err = *failure};

	return send_packet(fd, &p, sizeof(p), -EBADF);
}

int channel_recv(int fd, enum channel_message *ret, int *ret_fd, struct err *err)
{
	struct packet p = {0};
	int passed = -EBADF;
	size_t n_fds = 0;
	ssize_t n = fd_recv(fd, &p, sizeof(p), &passed, 1, &n_fds);

	if (n == -ECONNRESET)
		n = 0; /* the other end closed with a message of ours unread */
	if (n < 0)
		return err_sys(err, (int)n, "hear from the container's first process");
	if (n_fds && !ret_fd)
		fd_close(passed);
	if (ret_fd)
		*ret_fd = n_fds ? passed : -EBADF;
	if (n > 0 && p.message == CHANNEL_FAILED && (size_t)n == sizeof(p)) {
		if (err) {
			*err = p.err;
			err->msg[sizeof(err->msg) - 1] = '\0';
		}
		return p.err.sys > 0 ? -p.err.sys : -EIO;
	}
	*ret = n == 0 ? CHANNEL_END : (enum channel_message)p.message;
	return 0;
}

int channel_expect(int fd, enum channel_message message, int *ret_fd, struct err *err)
{
	enum channel_message got;
	int r;

	r = channel_recv(fd, &got, ret_fd, err);
	if (r < 0)
		return r;
	if (got != message)
		return err_set(err, ERR_SYSTEM,
			       got == CHANNEL_END ? "the container's first process ended before it was ready"
						  : "the container's first process is out of step");
	return 0;
}
