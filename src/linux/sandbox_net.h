/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connects a container's network namespace to a bridge, for the shim: eth0 with its address, default route and
 * neighbours, and lo. Made for speed: one netlink send in the host's namespace, one in the container's.
 */
#ifndef LIGHTER_LINUX_SANDBOX_NET_H
#define LIGHTER_LINUX_SANDBOX_NET_H

#include <net/if.h>
#include <netinet/in.h>

#include "base/err.h"
#include "linux/rtnl.h"

/* An all-zero one asks for lo only (`--network none`). */
struct net_setup {
	char host_if[IFNAMSIZ];   /* the host's end; "" for a namespace without a link */
	char bridge_if[IFNAMSIZ]; /* what it becomes a port of */
	char container_if[IFNAMSIZ];
	uint8_t mac[MAC_LEN];         /* of the container's end */
	uint8_t gateway_mac[MAC_LEN]; /* zero: the bridge's own */
	uint32_t mtu;                 /* 0: the kernel's default */
	struct in_addr address;
	unsigned prefix_len;
	struct in_addr gateway; /* 0: no default route */
};

/* The same as text, as it travels in the shim's start message. Borrowed; NULL where a member has no value. */
struct net_setup_text {
	const char *host_if, *bridge_if, *container_if; /* container_if NULL: "eth0" */
	const char *address, *gateway;
	const char *mac, *gateway_mac;
	uint32_t prefix_len, mtu;
};

/* Checks every member; ERR_INVALID names the first that is wrong. */
int net_setup_parse(const struct net_setup_text *text, struct net_setup *ret, struct err *err) _must_check_;

/*
 * Sets the namespace up. The caller is single-threaded, in the bridge's network namespace, with CAP_SYS_ADMIN and
 * CAP_NET_ADMIN over both; it is back there afterwards. IPv6 is disabled on eth0 (not on lo), as Docker does for networks
 * without it. On failure nothing of it remains on the host.
 *
 * Errors: the kernel's, with the step that failed in the message; ERR_CONFLICT when the host's link name is taken. After
 * -ENOTRECOVERABLE the process is in the wrong namespace and must exit.
 */
int sandbox_net_setup(const struct net_setup *setup, int netns_fd, struct err *err) _must_check_;

#endif
