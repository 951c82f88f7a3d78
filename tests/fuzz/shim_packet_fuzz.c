/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Covers: src/shim/protocol.c src/shim/protocol_table.c
 * Any bytes as one packet, as a shim or daemon receives them; what parses is decoded by every document's table.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
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
		shim_packet_done(&p);
	} else if (r != -EBADMSG || err.msg[0] == '\0') {
		abort();
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}
