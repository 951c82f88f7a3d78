/* SPDX-License-Identifier: Apache-2.0 */
/* The bridge device and the choice of its subnet. For network.c, which holds the lock and the sockets. */
#ifndef LIGHTER_NETWORK_BRIDGE_H
#define LIGHTER_NETWORK_BRIDGE_H

#include "base/err.h"
#include "linux/rtnl.h"
#include "network/ipam.h"

/*
 * The device group of every bridge of every Lighter on this kernel, so that one's rules recognise another's bridges
 * without knowing their names.
 */
#define BRIDGE_LINK_GROUP 0x4c54u

struct bridge {
	char name[IFNAMSIZ];
	int ifindex;
	uint8_t mac[MAC_LEN];
	uint32_t mtu;
	struct subnet address; /* its own, the gateway; host bits set */
	bool made;             /* by this call, not found */
};

/*
 * Makes or adopts it, up, with an address and a hardware address that stays. `fd`: rtnetlink. `bip` with prefix_len 0: the
 * one it has, or one of a free subnet. `mtu` 0: the one it has; the default route's for a new one. Errors as network_open().
 */
int bridge_open(int fd, const char *name, struct subnet bip, uint32_t mtu, struct bridge *ret, struct err *err) _must_check_;

/* Missing is no error. */
int bridge_remove(int fd, const struct bridge *bridge, struct err *err) _must_check_;

#endif
