/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default bridge network as the daemon sees it: the bridge and its subnet, the instance's nf_tables table, and the
 * endpoints that containers hold. The links themselves are made by the shims (linux/sandbox_net.h) from what an endpoint
 * says; here nothing changes namespace, forks or blocks for longer than a netlink exchange.
 *
 * Life of an endpoint: allocate (an address, a MAC and a link name are set aside) -> the shim makes the link -> the
 * container's network namespace dies, and its link with it -> release. The address returns to the pool when the kernel has
 * taken the link away, which may be later than the release. After a restart of the daemon, endpoint_adopt() enters what
 * running containers hold.
 *
 * All functions may be called from any thread; one lock inside. In memory only: the engine's records keep endpoints.
 */
#ifndef LIGHTER_NETWORK_NETWORK_H
#define LIGHTER_NETWORK_NETWORK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/array.h"
#include "base/err.h"
#include "base/random_id.h"
#include "linux/rtnl.h"
#include "network/ipam.h"

/* A bridge has at most this many ports. */
#define NETWORK_PORTS_MAX 1023

struct network;

struct network_config {
	const char *instance; /* the engine's name; the table is called lighter-INSTANCE */
	const char *id;       /* the network's id from state.db; NULL: a new one */
	const char *bridge;   /* NULL: "lighter0" */
	struct subnet bip;    /* the bridge's address and prefix; prefix_len 0: chosen */
	uint32_t mtu;         /* 0: the default route's, or 1500 */
	bool no_masquerade;   /* --ip-masq=false */
	bool no_forward;      /* --ip-forward=false: net.ipv4.ip_forward is not turned on */
	bool no_firewall;     /* --iptables=false: no table at all, so no masquerading and no isolation either */
};

/*
 * Makes the bridge, or adopts the one of that name that is there (with its address, if it has one and `bip` isn't given;
 * endpoints on it stay connected), and replaces the instance's table in one transaction. Without `bip` and without an
 * address on the bridge, the subnet is the first of 172.17.0.0/16 ... 172.31.0.0/16, 192.168.0.0/20 ... 192.168.240.0/20
 * that overlaps no route. On failure a bridge that this call made is removed.
 *
 * Errors: ERR_FORBIDDEN without CAP_NET_ADMIN; ERR_CONFLICT when the name belongs to a link that is no bridge, when `bip`
 * contradicts the bridge's address or overlaps a route, or when the table belongs to a running program; ERR_UNAVAILABLE
 * when no subnet is free; ERR_INVALID for impossible values.
 */
int network_open(const struct network_config *config, struct network **ret, struct err *err) _must_check_;

/* Forgets it; bridge, table and containers' links stay. */
void network_close(struct network *net);
DEFINE_CLEANUP(struct network *, network_close)

/* Removes bridge and table, and turns ip_forward off again if this network's daemon had turned it on. Then network_close().
 * ERR_CONFLICT while endpoints are held. */
int network_remove(struct network *net, struct err *err) _must_check_;

/* What /networks and inspect say about it. */
struct network_info {
	char id[RANDOM_ID_LEN + 1];
	char bridge[IFNAMSIZ];
	uint8_t bridge_mac[MAC_LEN];
	struct subnet subnet;
	struct in_addr gateway;
	uint32_t mtu;
	bool masquerade;
	size_t endpoints; /* held, those on their way out included */
};
void network_inspect(struct network *net, struct network_info *ret);

/*
 * Other tables' chains that drop what is forwarded unless they accept it, and so cut containers off from the outside: one
 * sentence each, for the log and /info. The strings are the caller's (strv_free); NULL when all is well.
 */
int network_warnings(struct network *net, char ***ret, struct err *err) _must_check_;

/* One container's place in the network. Plain data. */
struct endpoint {
	char id[RANDOM_ID_LEN + 1];         /* EndpointID */
	char sandbox_id[RANDOM_ID_LEN + 1]; /* SandboxID; SandboxKey is "<exec root>/netns/" and its first 12 digits */
	char network_id[RANDOM_ID_LEN + 1]; /* NetworkID */
	char container_id[RANDOM_ID_LEN + 1];
	char host_if[IFNAMSIZ];
	char bridge_if[IFNAMSIZ];
	struct in_addr address; /* IPAddress */
	unsigned prefix_len;    /* IPPrefixLen */
	struct in_addr gateway; /* Gateway */
	uint8_t mac[MAC_LEN];   /* MacAddress */
	uint8_t gateway_mac[MAC_LEN];
	uint32_t mtu;
};

/*
 * Sets a place aside. `mac` NULL: a random one, as Docker 28 makes them (locally administered, not derived from the
 * address). ERR_INVALID for a group address; ERR_CONFLICT when the container has an endpoint already; ERR_UNAVAILABLE when
 * the subnet or the bridge's 1,023 ports are used up.
 */
int network_endpoint_allocate(struct network *net, const char *container_id, const uint8_t mac[MAC_LEN], struct endpoint *ret,
			      struct err *err) _must_check_;

/*
 * Enters an endpoint that a running container holds since before this daemon's start. The members id, container_id,
 * host_if, address and mac are needed; the rest is filled in. ERR_CONFLICT when address or id are taken, ERR_INVALID when the
 * address isn't of this network (its subnet was changed).
 */
int network_endpoint_adopt(struct network *net, struct endpoint *endpoint, struct err *err) _must_check_;

/* Gives a place back, once nobody will make its link any more. Unknown ids are no error. */
void network_endpoint_release(struct network *net, const char *endpoint_id);

/* ERR_NOT_FOUND. Endpoints that were released are not found. */
int network_endpoint_get(struct network *net, const char *endpoint_id, struct endpoint *ret, struct err *err) _must_check_;

/* The id of a network that has no links ("none", "host"), and of its sandboxes and endpoints, is only random: random_id(). */

/*
 * Links of the bridge that no endpoint claims (a shim died between making its link and its record): for the daemon's start,
 * after all adoptions. Removes them; their number or a negative errno.
 */
int network_sweep(struct network *net, struct err *err) _must_check_;

/*
 * A descriptor that becomes readable when links changed; the event loop then calls network_dispatch(), which returns
 * addresses of vanished links to the pool. Optional: allocate does the same by itself.
 */
int network_event_fd(struct network *net);
void network_dispatch(struct network *net);

#endif
