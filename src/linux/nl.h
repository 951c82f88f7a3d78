/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink: building messages, sending many of them in one call, reading the answers. What the messages say is in
 * rtnl.h and nft.h.
 *
 * Messages are built one behind the other in memory of the caller's (usually the stack); nothing here allocates. Failure
 * is sticky: what doesn't fit sets `failed`, and nl_exchange() then refuses with -EMSGSIZE, so that builders need no
 * checks of their own. No libmnl: what is used of it would be these hundred lines, without the bounds checks, and its
 * shared object is one more to load in the shim.
 */
#ifndef LIGHTER_LINUX_NL_H
#define LIGHTER_LINUX_NL_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct nl_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t msg;       /* offset of the message being built */
	uint32_t count;   /* messages begun; the n-th (from 0) has sequence number n + 1 */
	bool transaction; /* set by nft_begin(): all or nothing, and its last message is never answered */
	bool failed;
};

/* Memory for messages, e.g. `uint8_t room[4096] NL_ALIGNED; struct nl_buf b = NL_BUF(room);`. */
#define NL_ALIGNED __attribute__((aligned(NLMSG_ALIGNTO)))
#define NL_BUF(array)                                 \
	{                                             \
		.data = (array), .cap = sizeof(array) \
	}

/* Begins a message: type, NLM_F_* flags (NLM_F_REQUEST is added) and the family's fixed header. */
void nl_msg_begin(struct nl_buf *b, uint16_t type, uint16_t flags, const void *header, size_t header_len);

/* Adds an attribute to the message begun last. put_str includes the NUL. */
void nl_attr_put(struct nl_buf *b, uint16_t type, const void *value, size_t len);
void nl_attr_put_u8(struct nl_buf *b, uint16_t type, uint8_t value);
void nl_attr_put_u32(struct nl_buf *b, uint16_t type, uint32_t value);
void nl_attr_put_be32(struct nl_buf *b, uint16_t type, uint32_t value);
void nl_attr_put_str(struct nl_buf *b, uint16_t type, const char *value);

/* Opens a nested attribute and returns what nl_nest_end() wants. `nl_put_raw` adds bare bytes inside (a nested header). */
size_t nl_nest_begin(struct nl_buf *b, uint16_t type);
void nl_nest_end(struct nl_buf *b, size_t nest);
void nl_put_raw(struct nl_buf *b, const void *bytes, size_t len);

/* The attribute of that type among `len` bytes of attributes, or NULL. Tolerates any bytes. */
const struct nlattr *nl_attr_find(const void *attrs, size_t len, uint16_t type);
/* The same within a message, behind a fixed header of `header_len` bytes. */
const struct nlattr *nl_msg_attr(const struct nlmsghdr *msg, size_t header_len, uint16_t type);
/* The same within a nested attribute; NULL when `nest` is NULL. */
const struct nlattr *nl_attr_nested(const struct nlattr *nest, uint16_t type);
/* Payloads. A NULL or too short attribute yields 0; a string that is missing, unterminated or too long yields "". */
uint32_t nl_attr_u32(const struct nlattr *attr);
uint32_t nl_attr_be32(const struct nlattr *attr);
void nl_attr_str(const struct nlattr *attr, char *ret, size_t size);
/* Copies exactly `len` bytes; false (and zeroes) when the attribute is missing or of another size. */
bool nl_attr_bytes(const struct nlattr *attr, void *ret, size_t len);

/*
 * A socket in the calling thread's network namespace. It stays in that namespace wherever the thread goes later.
 * `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER. `groups`: bit mask of multicast groups, 0 for none (a socket that listens
 * should not be used for requests). The fd or -errno.
 */
int nl_open(int protocol, uint32_t groups) _must_check_;

/* Which message failed and what the kernel says about it. */
struct nl_failure {
	int index;     /* counted from 0; -1: the batch as a whole */
	int error;     /* positive errno */
	char text[96]; /* the kernel's explanation, or "" */
};

/* Called for each answer that is not an acknowledgement. A negative result ends the reading and becomes the result. */
typedef int (*nl_reply_fn)(const struct nlmsghdr *msg, void *arg);

/*
 * Sends all messages in one call and reads the answers. Only the last message asks for an acknowledgement (errors come
 * without asking), so success costs one send and one receive. Messages behind a failed one are executed all the same
 * (in an nf_tables batch: none is). 0, or the first failure's -errno with *ret_failure (may be NULL) filled; -EMSGSIZE when
 * the messages didn't fit their memory; -ENOBUFS when answers were lost. Never waits longer than 10 s for an answer
 * (-ETIMEDOUT); the kernel answers before send returns.
 */
int nl_exchange(int fd, struct nl_buf *b, nl_reply_fn reply, void *arg, struct nl_failure *ret_failure) _must_check_;

/*
 * Sends one dump request (NLM_F_DUMP is added) and calls `reply` for every message. -EINTR when the table changed while
 * it was read: what was seen may be inconsistent, start over.
 */
int nl_dump(int fd, struct nl_buf *b, nl_reply_fn reply, void *arg) _must_check_;

/*
 * Reads what has arrived on a listening socket, without waiting. 0 when nothing more is there, a negative result of
 * `reply`, or -ENOBUFS when messages were lost (look at the whole state again).
 */
int nl_drain(int fd, nl_reply_fn reply, void *arg) _must_check_;

#endif
