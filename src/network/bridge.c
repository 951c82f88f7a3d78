/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge device. Subnets are chosen by looking at the routes; two engines that choose at the same moment see each
 * other when they look again after adding the address, and the one with the younger device gives way.
 */
#include "network/bridge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random_id.h"

#define MTU_USUAL 1500
#define MTU_MIN 68
#define CANDIDATES (15 + 16)

struct routes {
	struct {
		struct subnet subnet;
		int ifindex;
	} * items;
	size_t len, cap;
	int default_ifindex; /* 0: no default route */
	uint32_t default_metric;
};

static void forget_routes(void *arg)
{
	struct routes *routes = arg;

	routes->len = 0;
	routes->default_ifindex = 0;
}

static int take_route(const struct route_info *route, void *arg)
{
	struct routes *routes = arg;

	if (route->prefix_len == 0) {
		if (routes->default_ifindex == 0 || route->metric < routes->default_metric) {
			routes->default_ifindex = route->ifindex;
			routes->default_metric = route->metric;
		}
		return 0;
	}
	if (routes->len == routes->cap) {
		size_t cap = routes->cap > 0 ? 2 * routes->cap : 16;
		void *items = reallocarray(routes->items, cap, sizeof(*routes->items));

		if (!items)
			return -ENOMEM;
		routes->items = items;
		routes->cap = cap;
	}
	routes->items[routes->len].subnet = (struct subnet){route->destination, route->prefix_len};
	routes->items[routes->len++].ifindex = route->ifindex;
	return 0;
}

static void routes_done(struct routes *routes)
{
	free(routes->items);
}

static int read_routes(int fd, struct routes *routes, struct err *err)
{
	int r = rtnl_route_each(fd, forget_routes, take_route, routes);

	return r < 0 ? err_sys(err, r, "read the routing table") : 0;
}

/* The link of a route that shares addresses with the subnet and isn't the bridge's own; 0 when there is none. */
static int overlapping(const struct routes *routes, struct subnet subnet, int own_ifindex)
{
	for (size_t i = 0; i < routes->len; i++)
		if (routes->items[i].ifindex != own_ifindex && subnet_overlaps(routes->items[i].subnet, subnet_of(subnet)))
			return routes->items[i].ifindex;
	return 0;
}

/* Docker's default pools, in Docker's order; the gateway is the first host. */
static struct subnet candidate(unsigned n)
{
	struct subnet s = {.prefix_len = n < 15 ? 16 : 20};

	s.address.s_addr = htonl(n < 15 ? 0xac110001u + (n << 16) : 0xc0a80001u + ((n - 15) << 12));
	return s;
}

static int exchange(int fd, struct nl_buf *b, struct err *err, const char *what, const char *name)
{
	struct nl_failure f;
	int r = nl_exchange(fd, b, NULL, NULL, &f);

	if (r == -EPERM)
		return err_sys_kind(err, ERR_FORBIDDEN, r, "%s %s (CAP_NET_ADMIN is needed)", what, name);
	if (r < 0 && f.text[0] != '\0')
		return err_sys(err, r, "%s %s: %s", what, name, f.text);
	return r < 0 ? err_sys(err, r, "%s %s", what, name) : 0;
}

static int make(int fd, const char *name, uint32_t mtu, struct err *err)
{
	uint8_t room[256] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	uint8_t mac[MAC_LEN];

	random_bytes(mac, sizeof(mac));
	mac[0] = (uint8_t)((mac[0] & ~1u) | 2);
	rtnl_bridge_add(&b, name, mac, mtu, BRIDGE_LINK_GROUP);
	return exchange(fd, &b, err, "create bridge", name);
}

/* Up, in our group, and with its present hardware address nailed down: containers know it by permanent entries. */
static int prepare(int fd, const struct link_info *link, uint32_t mtu, struct err *err)
{
	const struct link_change change = {
		.up = true, .mac = link->mac, .mtu = mtu != link->mtu ? mtu : 0, .group = BRIDGE_LINK_GROUP};
	uint8_t room[256] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);

	rtnl_link_change(&b, link->ifindex, &change);
	return exchange(fd, &b, err, "set up bridge", link->name);
}

static int add_address(int fd, const struct bridge *bridge, struct subnet address, struct err *err)
{
	uint8_t room[256] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);

	rtnl_addr_add(&b, bridge->ifindex, address.address, address.prefix_len);
	return exchange(fd, &b, err, "add an address to bridge", bridge->name);
}

static int delete_address(int fd, const struct bridge *bridge, struct subnet address, struct err *err)
{
	uint8_t room[256] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);

	rtnl_addr_delete(&b, bridge->ifindex, address.address, address.prefix_len);
	return exchange(fd, &b, err, "remove an address from bridge", bridge->name);
}

struct own_address {
	int ifindex;
	struct subnet wanted; /* prefix_len 0: any */
	struct subnet first;
	bool found;
};

static void forget_address(void *arg)
{
	struct own_address *own = arg;

	own->first.prefix_len = 0;
	own->found = false;
}

static int take_address(const struct addr_info *addr, void *arg)
{
	struct own_address *own = arg;

	if (addr->ifindex != own->ifindex)
		return 0;
	if (own->first.prefix_len == 0)
		own->first = (struct subnet){addr->address, addr->prefix_len};
	own->found |= addr->address.s_addr == own->wanted.address.s_addr && addr->prefix_len == own->wanted.prefix_len;
	return 0;
}

static int choose_address(int fd, struct bridge *bridge, struct routes *routes, struct err *err)
{
	for (unsigned n = 0; n < CANDIDATES; n++) {
		struct subnet address = candidate(n);
		int rival, r;

		if (overlapping(routes, address, bridge->ifindex))
			continue;
		r = add_address(fd, bridge, address, err);
		if (r == 0)
			r = read_routes(fd, routes, err);
		if (r < 0)
			return r;
		rival = overlapping(routes, address, bridge->ifindex);
		if (rival == 0 || rival > bridge->ifindex) {
			bridge->address = address;
			return 0;
		}
		r = delete_address(fd, bridge, address, err);
		if (r < 0)
			return r;
	}
	return err_set(err, ERR_UNAVAILABLE,
		       "could not find an available, non-overlapping IPv4 address pool among the "
		       "defaults to assign to bridge %s",
		       bridge->name);
}

static int give_address(int fd, struct bridge *bridge, struct subnet bip, struct routes *routes, struct err *err)
{
	struct own_address own = {.ifindex = bridge->ifindex, .wanted = bip};
	char text[INET_ADDRSTRLEN];
	int r = rtnl_addr_each(fd, forget_address, take_address, &own);

	if (r < 0)
		return err_sys(err, r, "read the addresses of bridge %s", bridge->name);
	if (own.first.prefix_len > 0 && (bip.prefix_len == 0 || own.found)) {
		bridge->address = own.found ? bip : own.first;
		return 0;
	}
	inet_ntop(AF_INET, own.first.prefix_len > 0 ? &own.first.address : &bip.address, text, sizeof(text));
	if (own.first.prefix_len > 0)
		return err_set(err, ERR_CONFLICT, "bridge %s has another address: %s/%u", bridge->name, text,
			       own.first.prefix_len);
	if (bip.prefix_len == 0)
		return choose_address(fd, bridge, routes, err);
	if (overlapping(routes, bip, bridge->ifindex))
		return err_set(err, ERR_CONFLICT, "the bridge's subnet overlaps an existing route: %s/%u", text,
			       bip.prefix_len);
	bridge->address = bip;
	return add_address(fd, bridge, bip, err);
}

static uint32_t default_route_mtu(int fd, const struct routes *routes)
{
	struct link_info link;

	if (routes->default_ifindex == 0 || rtnl_link_get_index(fd, routes->default_ifindex, &link) < 0)
		return MTU_USUAL;
	return MAX(link.mtu, (uint32_t)MTU_MIN);
}

/* Finds the link, or makes it. */
static int find_or_make(int fd, const char *name, uint32_t mtu, const struct routes *routes, struct link_info *ret_link,
			bool *ret_made, struct err *err)
{
	int r = rtnl_link_get(fd, name, ret_link);

	*ret_made = r == -ENODEV;
	if (r == -ENODEV) {
		r = make(fd, name, mtu > 0 ? mtu : default_route_mtu(fd, routes), err);
		if (r < 0)
			return r;
		r = rtnl_link_get(fd, name, ret_link);
	}
	if (r < 0)
		return err_sys(err, r, "find bridge %s", name);
	if (strcmp(ret_link->kind, "bridge") != 0)
		return err_set(err, ERR_CONFLICT, "network link %s exists and is not a bridge", name);
	return 0;
}

int bridge_open(int fd, const char *name, struct subnet bip, uint32_t mtu, struct bridge *ret, struct err *err)
{
	_cleanup_(routes_done) struct routes routes = {0};
	struct bridge bridge = {.ifindex = 0};
	struct link_info link;
	int r;

	if (name[0] == '\0' || strlen(name) >= IFNAMSIZ || strpbrk(name, "/: \t\n"))
		return err_set(err, ERR_INVALID, "invalid bridge name: %s", name);
	if (mtu != 0 && mtu < MTU_MIN)
		return err_set(err, ERR_INVALID, "invalid MTU: %u is less than %d", mtu, MTU_MIN);
	r = read_routes(fd, &routes, err);
	if (r == 0)
		r = find_or_make(fd, name, mtu, &routes, &link, &bridge.made, err);
	if (r < 0)
		return r;
	memcpy(bridge.name, link.name, IFNAMSIZ);
	memcpy(bridge.mac, link.mac, MAC_LEN);
	bridge.ifindex = link.ifindex;
	bridge.mtu = mtu > 0 ? mtu : link.mtu;
	r = prepare(fd, &link, bridge.mtu, err);
	if (r == 0)
		r = give_address(fd, &bridge, bip, &routes, err);
	if (r < 0 && bridge.made)
		(void)!bridge_remove(fd, &bridge, NULL);
	if (r == 0)
		*ret = bridge;
	return r;
}

int bridge_remove(int fd, const struct bridge *bridge, struct err *err)
{
	int r = rtnl_link_remove(fd, bridge->name);

	return r < 0 && r != -ENODEV ? err_sys(err, r, "remove bridge %s", bridge->name) : 0;
}
