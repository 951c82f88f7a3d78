/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink messages as bytes: building them in a fixed buffer and finding attributes in what came from the kernel. */
#include <arpa/inet.h>
#include <string.h>

#include "linux/nl.h"

/* Room for `len` bytes and their padding, zeroed; NULL when there is none. */
static uint8_t *extend(struct nl_buf *b, size_t len)
{
	size_t padded = NLMSG_ALIGN(len);
	uint8_t *at = b->data + b->len;

	if (b->failed || len > b->cap || padded > b->cap - b->len) {
		b->failed = true;
		return NULL;
	}
	memset(at, 0, padded);
	b->len += padded;
	return at;
}

static void grow_message(struct nl_buf *b)
{
	((struct nlmsghdr *)(void *)(b->data + b->msg))->nlmsg_len = (uint32_t)(b->len - b->msg);
}

void nl_msg_begin(struct nl_buf *b, uint16_t type, uint16_t flags, const void *header, size_t header_len)
{
	size_t at = b->len;
	struct nlmsghdr *msg = (void *)extend(b, sizeof(*msg));

	if (!msg)
		return;
	b->msg = at;
	b->count++;
	*msg = (struct nlmsghdr){
		.nlmsg_len = sizeof(*msg), .nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST, .nlmsg_seq = b->count};
	nl_put_raw(b, header, header_len);
}

void nl_put_raw(struct nl_buf *b, const void *bytes, size_t len)
{
	uint8_t *at = extend(b, len);

	if (!at)
		return;
	if (len > 0)
		memcpy(at, bytes, len);
	grow_message(b);
}

void nl_attr_put(struct nl_buf *b, uint16_t type, const void *value, size_t len)
{
	struct nlattr *attr;

	if (len > UINT16_MAX - NLA_HDRLEN) {
		b->failed = true;
		return;
	}
	attr = (void *)extend(b, NLA_HDRLEN + len);
	if (!attr)
		return;
	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	if (len > 0)
		memcpy((uint8_t *)attr + NLA_HDRLEN, value, len);
	grow_message(b);
}

void nl_attr_put_u8(struct nl_buf *b, uint16_t type, uint8_t value)
{
	nl_attr_put(b, type, &value, sizeof(value));
}

void nl_attr_put_u32(struct nl_buf *b, uint16_t type, uint32_t value)
{
	nl_attr_put(b, type, &value, sizeof(value));
}

void nl_attr_put_be32(struct nl_buf *b, uint16_t type, uint32_t value)
{
	nl_attr_put_u32(b, type, htonl(value));
}

void nl_attr_put_str(struct nl_buf *b, uint16_t type, const char *value)
{
	nl_attr_put(b, type, value, strlen(value) + 1);
}

size_t nl_nest_begin(struct nl_buf *b, uint16_t type)
{
	size_t at = b->len;

	nl_attr_put(b, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void nl_nest_end(struct nl_buf *b, size_t nest)
{
	if (b->failed)
		return;
	if (b->len - nest > UINT16_MAX) {
		b->failed = true;
		return;
	}
	((struct nlattr *)(void *)(b->data + nest))->nla_len = (uint16_t)(b->len - nest);
}

static size_t payload_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static const void *payload(const struct nlattr *attr)
{
	return (const uint8_t *)attr + NLA_HDRLEN;
}

const struct nlattr *nl_attr_find(const void *attrs, size_t len, uint16_t type)
{
	const uint8_t *at = attrs;

	while (len >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;
		size_t step = NLA_ALIGN(attr->nla_len);

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			return NULL;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		if (step >= len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}

const struct nlattr *nl_msg_attr(const struct nlmsghdr *msg, size_t header_len, uint16_t type)
{
	size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(header_len);

	if (msg->nlmsg_len < skip)
		return NULL;
	return nl_attr_find((const uint8_t *)msg + skip, msg->nlmsg_len - skip, type);
}

const struct nlattr *nl_attr_nested(const struct nlattr *nest, uint16_t type)
{
	return nest ? nl_attr_find(payload(nest), payload_len(nest), type) : NULL;
}

bool nl_attr_bytes(const struct nlattr *attr, void *ret, size_t len)
{
	if (!attr || payload_len(attr) != len) {
		memset(ret, 0, len);
		return false;
	}
	memcpy(ret, payload(attr), len);
	return true;
}

uint32_t nl_attr_u32(const struct nlattr *attr)
{
	uint32_t value;

	nl_attr_bytes(attr, &value, sizeof(value));
	return value;
}

uint32_t nl_attr_be32(const struct nlattr *attr)
{
	return ntohl(nl_attr_u32(attr));
}

void nl_attr_str(const struct nlattr *attr, char *ret, size_t size)
{
	ret[0] = '\0';
	if (!attr || payload_len(attr) > size || !memchr(payload(attr), '\0', payload_len(attr)))
		return;
	memcpy(ret, payload(attr), payload_len(attr));
}
