/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink: links, addresses, routes and neighbours. The rtnl_* builders each add one message to a batch, which
 * nl_exchange() sends; the functions that take a socket ask the kernel and return 0 or -errno.
 */
#ifndef LIGHTER_LINUX_RTNL_H
#define LIGHTER_LINUX_RTNL_H

#include <net/if.h>
#include <netinet/in.h>

#include "linux/nl.h"

#define MAC_LEN 6

/* The loopback device's index, in every network namespace. */
#define LOOPBACK_IFINDEX 1

#define MAC_TEXT_SIZE 18

/*
 * "02:42:ac:11:00:02"; also with '-' between, and capital letters. False for anything else. Clients' MAC addresses need
 * mac_is_unicast() as well: the kernel refuses a group address, and zero, on a link.
 */
bool mac_parse(const char *text, uint8_t ret[MAC_LEN]) _must_check_;
bool mac_is_unicast(const uint8_t mac[MAC_LEN]);
/* Lower case, with colons. */
void mac_format(const uint8_t mac[MAC_LEN], char ret[MAC_TEXT_SIZE]);

struct link_info {
	int ifindex;
	int peer_ifindex; /* a veth's other end, counted in the namespace that it is in; else 0 */
	int master;       /* index of the bridge it is a port of; else 0 */
	uint32_t mtu;
	uint32_t group;
	bool up;
	uint8_t mac[MAC_LEN];
	char name[IFNAMSIZ];
	char kind[16]; /* "bridge", "veth", ...; "" for a device without */
};

/* A pair of connected devices: one end here, the other born in another network namespace. */
struct veth_spec {
	const char *host_name;
	int master; /* bridge to join, or 0 */
	const char *peer_name;
	int peer_netns_fd; /* borrowed */
	uint8_t peer_mac[MAC_LEN];
	uint32_t mtu; /* of both; 0: the kernel's default */
};

/* A new bridge, down. A bridge that is given its address keeps it: else it takes the lowest of its ports'. */
void rtnl_bridge_add(struct nl_buf *b, const char *name, const uint8_t mac[MAC_LEN], uint32_t mtu, uint32_t group);

/* The pair in one message, the host's end up and in its bridge. (The peer can't be up before it has an other end.) */
void rtnl_veth_add(struct nl_buf *b, const struct veth_spec *spec);

/* Sets flags and, where not 0 or NULL, the other properties of an existing link. */
struct link_change {
	bool up; /* false leaves it as it is */
	const uint8_t *mac;
	uint32_t mtu;
	uint32_t group;
};
void rtnl_link_change(struct nl_buf *b, int ifindex, const struct link_change *change);
void rtnl_link_delete(struct nl_buf *b, int ifindex);

/* Asks about one link, as part of a batch; rtnl_link_parse() reads the answer. `name` NULL: by index. */
void rtnl_link_query(struct nl_buf *b, const char *name, int ifindex);

/* An IPv4 address with its broadcast address. -EEXIST from the exchange when it is there already. */
void rtnl_addr_add(struct nl_buf *b, int ifindex, struct in_addr address, unsigned prefix_len);
void rtnl_addr_delete(struct nl_buf *b, int ifindex, struct in_addr address, unsigned prefix_len);
/* The default route by way of `gateway`, which must be reachable on the link. */
void rtnl_route_add_default(struct nl_buf *b, int ifindex, struct in_addr gateway);
/* A permanent neighbour entry (replaces one that is there): never asked for by ARP, not counted by the garbage collector. */
void rtnl_neigh_set(struct nl_buf *b, int ifindex, struct in_addr address, const uint8_t mac[MAC_LEN]);
void rtnl_neigh_delete(struct nl_buf *b, int ifindex, struct in_addr address);

/* Reads an RTM_NEWLINK or RTM_DELLINK message. False for other messages and for bridge ports' own (AF_BRIDGE) ones. */
bool rtnl_link_parse(const struct nlmsghdr *msg, struct link_info *ret);

/* -ENODEV when there is none of that name. */
int rtnl_link_get(int fd, const char *name, struct link_info *ret) _must_check_;
int rtnl_link_get_index(int fd, int ifindex, struct link_info *ret) _must_check_;
/* Removes a link by name; -ENODEV when there is none. Takes tens of milliseconds for a veth: never on a path that waits. */
int rtnl_link_remove(int fd, const char *name) _must_check_;

/* One IPv4 address of a link. */
struct addr_info {
	int ifindex;
	struct in_addr address;
	unsigned prefix_len;
};

/* One IPv4 unicast route of any table but `local`. */
struct route_info {
	struct in_addr destination; /* 0 with prefix_len 0: a default route */
	unsigned prefix_len;
	int ifindex;
	uint32_t metric;
	uint32_t table;
};

/*
 * Calls `each` for every link, IPv4 address or route; a negative result ends it. A table that changes meanwhile is read
 * again from the start: `restart` (may be NULL) is called before each reading.
 */
typedef int (*rtnl_link_fn)(const struct link_info *link, void *arg);
typedef int (*rtnl_addr_fn)(const struct addr_info *addr, void *arg);
typedef int (*rtnl_route_fn)(const struct route_info *route, void *arg);
typedef void (*rtnl_restart_fn)(void *arg);
int rtnl_link_each(int fd, rtnl_restart_fn restart, rtnl_link_fn each, void *arg) _must_check_;
int rtnl_addr_each(int fd, rtnl_restart_fn restart, rtnl_addr_fn each, void *arg) _must_check_;
int rtnl_route_each(int fd, rtnl_restart_fn restart, rtnl_route_fn each, void *arg) _must_check_;

#endif
