/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Covers: src/shim/protocol.c src/shim/protocol_table.c
 * Any bytes as one packet, as a shim or daemon receives them; what parses is decoded by every document's table.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct shim_packet *p)
{
	static const struct json_shape *const shapes[] = {&shim_start_shape, &shim_attach_shape, &shim_exec_shape,
							  &shim_state_shape};
	char out[512];

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		_cleanup_arena_ struct arena *a = arena_new(1 << 20);
		struct err err;

		if (!a || shapes[i]->size > sizeof(out))
			abort();
		if (json_decode(p->json, shapes[i], 0, a, out, &err) < 0 && err.msg[0] == '\0')
			abort();
	}
}

/* Sent again with a descriptor, it arrives the same; so does an error made of its type. */
static void send_again(const int pair[2], const struct shim_packet *p)
{
	_cleanup_buf_ struct buf json = BUF_INIT, error = BUF_INIT;
	struct json_writer w = {.out = &json};
	struct shim_packet again = {0};
	struct err err, told;

	json_begin_object(&w);
	json_member_string(&w, "type", p->type);
	json_member_int(&w, "seq", p->seq);
	json_end_object(&w);
	if (shim_packet_send(pair[0], json.data, json.len, p->raw, p->raw_len, &pair[0], 1) < 0)
		return; /* escapes made it too large */
	if (shim_packet_recv(pair[1], &again, &err) != 1 || again.n_fds != 1 || again.seq != p->seq ||
	    again.raw_len != p->raw_len)
		abort();
	if (p->raw_len && memcmp(again.raw, p->raw, p->raw_len) != 0)
		abort();
	shim_packet_done(&again);
	err_set(&err, ERR_CONFLICT, "%s", p->type);
	shim_error_write(&error, p->seq, &err);
	if (shim_packet_send(pair[0], error.data, error.len, NULL, 0, NULL, 0) < 0 ||
	    shim_packet_recv(pair[1], &again, &err) != 1)
		abort();
	if (shim_error_read(&again, &told) != -EBUSY || told.kind != ERR_CONFLICT)
		abort();
	shim_packet_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shim_packet p = {0};
	struct err err = {0};
	int pair[2], r;

	if (size == 0 || size > SHIM_PACKET_MAX)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	if (send(pair[0], data, size, MSG_NOSIGNAL) != (ssize_t)size)
		abort();
	r = shim_packet_recv(pair[1], &p, &err);
	if (r == 1) {
		if (!p.type || p.raw_len > size)
			abort();
		decode(&p);
		if (shim_error_read(&p, &err) < 0 && err.sys <= 0)
			abort();
		send_again(pair, &p);
		shim_packet_done(&p);
	} else if (r != -EBADMSG || err.msg[0] == '\0') {
		abort();
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}
