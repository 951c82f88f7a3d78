/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink sockets: many requests in one send, answers matched by sequence number. Every batch numbers its messages from 1,
 * so a socket serves one exchange at a time (its owner's lock sees to that), and before each exchange leftovers of an
 * earlier one that was given up are thrown away.
 */
#include "linux/nl.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_SIZE 32768
#define ANSWER_DEADLINE_MS 10000

int nl_open(int protocol, uint32_t groups)
{
	struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = groups};
	const int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	/* Shorter and better explained errors; older kernels do without. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return fd;
}

/* One datagram from the kernel; what another process sent us is ignored. Bytes, or -errno. */
static ssize_t receive(int fd, void *room, size_t size, int timeout_ms)
{
	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {.iov_base = room, .iov_len = size};
		struct msghdr msg = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && timeout_ms > 0) {
			struct pollfd p = {.fd = fd, .events = POLLIN};
			int ready = poll(&p, 1, timeout_ms);

			if (ready == 0)
				return -ETIMEDOUT;
			if (ready < 0 && errno != EINTR)
				return -errno;
			continue;
		}
		if (n < 0)
			return -errno;
		if (from.nl_pid != 0)
			continue;
		return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
	}
}

static void discard_leftovers(int fd)
{
	char byte[1];

	while (recv(fd, byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == EINTR || errno == ENOBUFS)
		;
}

static int send_all(int fd, const struct nl_buf *b)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	if (b->failed)
		return -EMSGSIZE;
	if (b->count == 0)
		return -EINVAL;
	do
		n = sendto(fd, b->data, b->len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == b->len ? 0 : -EIO;
}

/* Reads an NLMSG_ERROR: 0 for an acknowledgement, else the negative errno, with the explanation. */
static int read_error(const struct nlmsghdr *msg, char *ret_text, size_t size)
{
	const struct nlmsgerr *e = NLMSG_DATA(msg);
	size_t skip = sizeof(*e);

	ret_text[0] = '\0';
	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(*e))
		return -EBADMSG;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > sizeof(e->msg))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len - sizeof(e->msg));
	if (e->error != 0 && (msg->nlmsg_flags & NLM_F_ACK_TLVS))
		nl_attr_str(nl_msg_attr(msg, skip, NLMSGERR_ATTR_MSG), ret_text, size);
	return e->error;
}

struct exchange {
	uint32_t last; /* the answer to this one is the last */
	bool batch;    /* of nf_tables: all or nothing */
	bool finished;
	int result;
	struct nl_failure first;
	nl_reply_fn reply;
	void *arg;
};

static void take_result(struct exchange *x, const struct nlmsghdr *msg)
{
	struct nl_failure f = {.index = (int)msg->nlmsg_seq - 1};
	int r = read_error(msg, f.text, sizeof(f.text));

	f.error = -r;
	if (r < 0 && x->result == 0) {
		x->result = r;
		x->first = f;
	}
	/* An error at a batch's opening message is the only answer to the whole. */
	if (msg->nlmsg_seq == x->last || (x->batch && r < 0 && msg->nlmsg_seq == 1))
		x->finished = true;
}

static void take_answer(struct exchange *x, const struct nlmsghdr *msg)
{
	int r;

	if (msg->nlmsg_type == NLMSG_ERROR) {
		take_result(x, msg);
		return;
	}
	if (msg->nlmsg_type < NLMSG_MIN_TYPE || !x->reply || x->result < 0)
		return;
	r = x->reply(msg, x->arg);
	if (r < 0) {
		x->result = r;
		x->first = (struct nl_failure){.index = (int)msg->nlmsg_seq - 1, .error = -r};
	}
}

static struct nlmsghdr *header_at(const struct nl_buf *b, size_t at)
{
	return (struct nlmsghdr *)(void *)(b->data + at);
}

/*
 * Asks for an acknowledgement of the last message that gets one: in an nf_tables batch the one before BATCH_END, which
 * kernels before 6.10 don't answer. Returns its sequence number.
 */
static uint32_t ask_acknowledgement(struct nl_buf *b)
{
	uint32_t wanted = b->transaction ? b->count - 1 : b->count;
	size_t at = 0;

	for (uint32_t i = 1; i < wanted; i++)
		at += NLMSG_ALIGN(header_at(b, at)->nlmsg_len);
	header_at(b, at)->nlmsg_flags |= NLM_F_ACK;
	return wanted;
}

static int read_answers(int fd, struct exchange *x)
{
	uint8_t room[RECEIVE_SIZE] NL_ALIGNED;

	while (!x->finished) {
		ssize_t n = receive(fd, room, sizeof(room), ANSWER_DEADLINE_MS);

		if (n < 0)
			return (int)n;
		for (struct nlmsghdr *m = (void *)room; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n))
			take_answer(x, m);
	}
	return 0;
}

int nl_exchange(int fd, struct nl_buf *b, nl_reply_fn reply, void *arg, struct nl_failure *ret_failure)
{
	struct exchange x = {.reply = reply, .arg = arg, .first.index = -1};
	int r = b->failed ? -EMSGSIZE : b->count == 0 ? -EINVAL : 0;

	if (r == 0) {
		x.batch = b->transaction;
		x.last = ask_acknowledgement(b);
		r = send_all(fd, b);
	}
	if (r == 0)
		r = read_answers(fd, &x);
	if (r < 0)
		x.first = (struct nl_failure){.index = -1, .error = -r};
	else
		r = x.result;
	if (r < 0)
		discard_leftovers(fd);
	if (ret_failure)
		*ret_failure = x.first;
	return r;
}

/* One datagram of a dump. 1 at the dump's end, 0 when more comes, or -errno. */
static int take_dump_part(struct nlmsghdr *m, ssize_t n, nl_reply_fn reply, void *arg, bool *interrupted)
{
	char text[1];

	for (; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
		int r;

		*interrupted |= (m->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR)
			return read_error(m, text, sizeof(text)) < 0 ? read_error(m, text, sizeof(text)) : 1;
		r = m->nlmsg_type < NLMSG_MIN_TYPE ? 0 : reply(m, arg);
		if (r < 0)
			return r;
	}
	return 0;
}

int nl_dump(int fd, struct nl_buf *b, nl_reply_fn reply, void *arg)
{
	uint8_t room[RECEIVE_SIZE] NL_ALIGNED;
	bool interrupted = false;
	int r;

	if (b->failed || b->count != 1)
		return b->failed ? -EMSGSIZE : -EINVAL;
	header_at(b, 0)->nlmsg_flags |= NLM_F_DUMP;
	r = send_all(fd, b);
	while (r == 0) {
		ssize_t n = receive(fd, room, sizeof(room), ANSWER_DEADLINE_MS);

		r = n < 0 ? (int)n : take_dump_part((void *)room, n, reply, arg, &interrupted);
	}
	if (r < 0)
		discard_leftovers(fd);
	return r < 0 ? r : interrupted ? -EINTR : 0;
}

int nl_drain(int fd, nl_reply_fn reply, void *arg)
{
	uint8_t room[RECEIVE_SIZE] NL_ALIGNED;

	for (;;) {
		ssize_t n = receive(fd, room, sizeof(room), 0);

		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		for (struct nlmsghdr *m = (void *)room; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
			int r = m->nlmsg_type < NLMSG_MIN_TYPE ? 0 : reply(m, arg);

			if (r < 0)
				return r;
		}
	}
}
