/* SPDX-License-Identifier: Apache-2.0 */
/* struct network, shared by network.c and endpoints.c. */
#ifndef LIGHTER_NETWORK_NETWORK_INTERNAL_H
#define LIGHTER_NETWORK_NETWORK_INTERNAL_H

#include <pthread.h>

#include "base/map.h"
#include "network/firewall.h"
#include "network/network.h"

struct network {
	pthread_mutex_t lock; /* guards everything below, the sockets too */
	char id[RANDOM_ID_LEN + 1];
	struct bridge bridge;
	struct firewall firewall; /* fd -EBADF: none wanted */
	bool masquerade;
	bool unguarded; /* ip_forward was turned on, and no table guards it */
	int route_fd;   /* requests */
	int watch_fd;   /* hears of links */
	struct ipam *ipam;
	struct map *by_link;      /* host_if -> struct held, until the link is gone; owns them */
	struct map *by_id;        /* endpoint id -> struct held, until released */
	struct map *by_container; /* container id -> struct held, until released */
};

/* An address that is taken. */
struct held {
	struct endpoint endpoint;
	bool released;
};

void network_endpoints_free(struct network *net);

#endif
