/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of protocol.h, for both sides. A packet is one SEQPACKET message, so it arrives whole or not at all; its size
 * is asked for before it is read, so that an idle shim holds no buffer of the largest size.
 */
#include "shim/protocol.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "codec/json_c.h"

struct shim_header {
	uint32_t magic;
	uint32_t json_len;
	uint32_t raw_len;
};

void shim_packet_done(struct shim_packet *p)
{
	for (size_t i = 0; i < p->n_fds; i++)
		fd_close(p->fds[i]);
	json_free(p->json);
	free(p->raw);
	*p = (struct shim_packet){0};
}

static void attach_fds(struct msghdr *msg, const int *fds, size_t n)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
}

int shim_packet_send(int sock, const char *json, size_t json_len, const void *raw, size_t raw_len, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * SHIM_PACKET_FDS)];
	} control = {0};
	struct shim_header header = {htole32(SHIM_MAGIC), htole32((uint32_t)json_len), htole32((uint32_t)raw_len)};
	struct iovec iov[] = {{&header, sizeof(header)}, {(void *)json, json_len}, {(void *)raw, raw_len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov)};
	ssize_t sent;

	if (json_len > SHIM_PACKET_MAX || raw_len > SHIM_PACKET_MAX || sizeof(header) + json_len + raw_len > SHIM_PACKET_MAX)
		return -EMSGSIZE;
	if (n_fds > SHIM_PACKET_FDS)
		return -E2BIG;
	if (n_fds > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		attach_fds(&msg, fds, n_fds);
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Size of the packet that is next, waiting for it on a blocking socket; 0 at the end, or -errno. */
static ssize_t next_size(int sock)
{
	char none;
	ssize_t n;

	do
		n = recv(sock, &none, 0, MSG_PEEK | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int parse(const char *bytes, size_t len, struct shim_packet *p, struct err *err)
{
	struct shim_header header;
	struct json_object *member;
	size_t json_len, raw_len;
	int r;

	if (len < sizeof(header))
		return err_sys_kind(err, ERR_INVALID, EBADMSG, "a packet of %zu bytes has no header", len);
	memcpy(&header, bytes, sizeof(header));
	json_len = le32toh(header.json_len);
	raw_len = le32toh(header.raw_len);
	if (le32toh(header.magic) != SHIM_MAGIC)
		return err_sys_kind(err, ERR_INVALID, EBADMSG, "the packet is not of the shim's protocol");
	if (json_len > len || raw_len > len || sizeof(header) + json_len + raw_len != len)
		return err_sys_kind(err, ERR_INVALID, EBADMSG, "the packet's lengths do not fit its size");
	r = json_parse(bytes + sizeof(header), json_len, &p->json, err);
	if (r < 0)
		return r == -ENOMEM ? r : err_sys_kind(err, ERR_INVALID, EBADMSG, "the packet's document is not JSON");
	if (!json_object_is_type(p->json, json_type_object) || !json_object_object_get_ex(p->json, "type", &member) ||
	    !json_object_is_type(member, json_type_string))
		return err_sys_kind(err, ERR_INVALID, EBADMSG, "the packet has no type");
	p->type = json_object_get_string(member);
	if (json_object_object_get_ex(p->json, "seq", &member))
		p->seq = json_object_get_int64(member);
	if (raw_len > 0) {
		p->raw = try_alloc(raw_len, SHIM_PACKET_MAX);
		if (!p->raw)
			return err_sys(err, ENOMEM, "receive a packet");
		memcpy(p->raw, bytes + sizeof(header) + json_len, raw_len);
		p->raw_len = raw_len;
	}
	return 0;
}

int shim_packet_recv(int sock, struct shim_packet *ret, struct err *err)
{
	struct shim_packet p = {0};
	ssize_t size = next_size(sock), n;
	_cleanup_free_ char *bytes = NULL;
	int r;

	if (size < 0)
		return err_sys(err, (int)size, "receive a packet");
	if (size == 0)
		return 0;
	/* One that is too large is read into one byte, which takes it off the queue. */
	bytes = try_alloc(size > SHIM_PACKET_MAX ? 1 : (size_t)size, SHIM_PACKET_MAX);
	if (!bytes)
		return err_sys(err, ENOMEM, "receive a packet");
	n = fd_recv(sock, bytes, size > SHIM_PACKET_MAX ? 1 : (size_t)size, p.fds, SHIM_PACKET_FDS, &p.n_fds);
	if (n < 0)
		return err_sys(err, n == -EMSGSIZE ? EBADMSG : (int)n, "receive a packet");
	r = parse(bytes, (size_t)n, &p, err);
	if (r < 0) {
		shim_packet_done(&p);
		return r;
	}
	*ret = p;
	return 1;
}

/* ---- errors ---- */

void shim_error_write(struct buf *out, int64_t seq, const struct err *err)
{
	struct json_writer w = {.out = out};

	json_begin_object(&w);
	json_member_string(&w, "type", "error");
	json_member_int(&w, "seq", seq);
	json_member_string(&w, "kind", err_kind_name(err->kind));
	json_member_int(&w, "sys", err->sys);
	json_member_string(&w, "message", err->msg);
	json_end_object(&w);
}

static enum err_kind kind_of(const char *name)
{
	for (int k = ERR_NONE + 1; k <= ERR_COMMAND_MISSING; k++)
		if (name && strcmp(err_kind_name((enum err_kind)k), name) == 0)
			return (enum err_kind)k;
	return ERR_SYSTEM;
}

static const char *string_member(const struct shim_packet *p, const char *name)
{
	struct json_object *member;

	return json_object_object_get_ex(p->json, name, &member) ? json_object_get_string(member) : NULL;
}

int shim_error_read(const struct shim_packet *p, struct err *err)
{
	const char *message;
	struct json_object *member;
	enum err_kind kind;
	int sys = 0;

	if (strcmp(p->type, "error") != 0)
		return 0;
	kind = kind_of(string_member(p, "kind"));
	message = string_member(p, "message");
	if (json_object_object_get_ex(p->json, "sys", &member))
		sys = json_object_get_int(member);
	if (sys <= 0 || sys > 4095)
		sys = -err_kind_errno(kind);
	err_set(err, kind, "%s", message ? message : "the shim gave no reason");
	if (err)
		err->sys = sys;
	return -sys;
}
