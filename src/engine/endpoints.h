/* SPDX-License-Identifier: Apache-2.0 */
/* A container's place in its network, from start to exit: address and link, its three files, the record that outlives us. */
#ifndef LIGHTER_ENGINE_ENDPOINTS_H
#define LIGHTER_ENGINE_ENDPOINTS_H

#include "base/arena.h"
#include "engine/container.h"
#include "shim/protocol.h"

/*
 * Sets a place aside for a container about to start, writes its record below the run directory (so that the next daemon
 * can adopt it) and its files into the container's directory. Fills `ret_net` for the shim; strings in the arena.
 */
int endpoints_begin(struct container *c, int run_dir_fd, int container_dir_fd, struct arena *a, struct shim_net *ret_net,
		    struct err *err) _must_check_;

/* Gives the place back. No error when there is none. */
void endpoints_end(struct container *c);

/* Enters what a container that went on without us holds, from its record. */
int endpoints_adopt(struct container *c, int run_dir_fd, struct err *err) _must_check_;

/* Checks at create what of the network wishes isn't supported yet: 501 with a sentence. */
int endpoints_check(const struct container_create_request *req, const struct host_config *host, struct err *err) _must_check_;

#endif
