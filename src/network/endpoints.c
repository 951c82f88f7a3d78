/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints: which container holds which address. An address is free again only when its link is gone: the kernel says so
 * (RTM_DELLINK) on a socket that is drained before every allocation, so nobody needs to wait for it. When messages were
 * lost, the links of all released endpoints are looked up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "network/network_internal.h"

#define LINK_PREFIX "veth"
#define LINK_DIGITS (IFNAMSIZ - 1 - (sizeof(LINK_PREFIX) - 1))

/* Its address is free: nobody has the link any more. */
static void vanish(struct network *net, struct held *held)
{
	uint8_t room[128] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);

	rtnl_neigh_delete(&b, net->bridge.ifindex, held->endpoint.address);
	/* -ENOENT: the shim never came to enter it. Any other failure leaves an entry that the next holder replaces. */
	(void)!nl_exchange(net->route_fd, &b, NULL, NULL, NULL);
	ipam_release(net->ipam, held->endpoint.address);
	(void)map_remove(net->by_link, held->endpoint.host_if);
	free(held);
}

static bool link_is_gone(struct network *net, const struct held *held)
{
	struct link_info link;

	return rtnl_link_get(net->route_fd, held->endpoint.host_if, &link) == -ENODEV;
}

static int take_event(const struct nlmsghdr *msg, void *arg)
{
	struct network *net = arg;
	struct link_info link;
	struct held *held;

	if (msg->nlmsg_type != RTM_DELLINK || !rtnl_link_parse(msg, &link))
		return 0;
	held = map_get(net->by_link, link.name);
	if (held && held->released)
		vanish(net, held);
	return 0;
}

static void look_at_all(struct network *net)
{
	void *value;

	for (size_t pos = 0; map_next(net->by_link, &pos, NULL, &value);) {
		struct held *held = value;

		if (held->released && link_is_gone(net, held))
			vanish(net, held);
	}
}

static void drain(struct network *net)
{
	int r = nl_drain(net->watch_fd, take_event, net);

	while (r == -ENOBUFS) {
		look_at_all(net);
		r = nl_drain(net->watch_fd, take_event, net);
	}
}

void network_dispatch(struct network *net)
{
	pthread_mutex_lock(&net->lock);
	drain(net);
	pthread_mutex_unlock(&net->lock);
}

static void name_link(struct endpoint *e)
{
	snprintf(e->host_if, sizeof(e->host_if), LINK_PREFIX "%.*s", (int)LINK_DIGITS, e->id);
}

/* "vethXXXXXXXXXXX": a name that this file gave. */
static bool is_our_link(const char *name)
{
	const char *digits = name + strlen(LINK_PREFIX);

	return strncmp(name, LINK_PREFIX, strlen(LINK_PREFIX)) == 0 && strlen(digits) == LINK_DIGITS &&
	       strspn(digits, "0123456789abcdef") == LINK_DIGITS;
}

static void random_mac(uint8_t ret[MAC_LEN])
{
	random_bytes(ret, MAC_LEN);
	ret[0] = (uint8_t)((ret[0] & ~1u) | 2); /* unicast, locally administered */
}

static void fill_from_network(const struct network *net, struct endpoint *e)
{
	memcpy(e->network_id, net->id, sizeof(e->network_id));
	memcpy(e->bridge_if, net->bridge.name, sizeof(e->bridge_if));
	memcpy(e->gateway_mac, net->bridge.mac, MAC_LEN);
	e->prefix_len = net->bridge.address.prefix_len;
	e->gateway = net->bridge.address.address;
	e->mtu = net->bridge.mtu;
}

static void enter(struct network *net, const struct endpoint *e)
{
	struct held *held = xcalloc(1, sizeof(*held));

	held->endpoint = *e;
	(void)map_set(net->by_link, e->host_if, held);
	(void)map_set(net->by_id, e->id, held);
	(void)map_set(net->by_container, e->container_id, held);
}

static int check_container(const struct network *net, const char *container_id, struct err *err)
{
	if (strlen(container_id) != RANDOM_ID_LEN)
		return err_set(err, ERR_INVALID, "invalid container id: %s", container_id);
	if (map_get(net->by_container, container_id))
		return err_set(err, ERR_CONFLICT, "container %.12s has an endpoint already", container_id);
	if (map_len(net->by_link) >= NETWORK_PORTS_MAX)
		return err_set(err, ERR_UNAVAILABLE, "bridge %s is full: it has %d ports", net->bridge.name, NETWORK_PORTS_MAX);
	return 0;
}

int network_endpoint_allocate(struct network *net, const char *container_id, const uint8_t mac[MAC_LEN], struct endpoint *ret,
			      struct err *err)
{
	struct endpoint e = {.prefix_len = 0};
	int r;

	if (mac && !mac_is_unicast(mac))
		return err_set(err, ERR_INVALID, "invalid MAC address: it is a group's, or zero");
	pthread_mutex_lock(&net->lock);
	drain(net);
	r = check_container(net, container_id, err);
	if (r == 0)
		r = ipam_allocate(net->ipam, &e.address, err);
	if (r == 0) {
		do {
			random_id(e.id);
			name_link(&e);
		} while (map_get(net->by_link, e.host_if));
		random_id(e.sandbox_id);
		memcpy(e.container_id, container_id, sizeof(e.container_id));
		if (mac)
			memcpy(e.mac, mac, MAC_LEN);
		else
			random_mac(e.mac);
		fill_from_network(net, &e);
		enter(net, &e);
		*ret = e;
	}
	pthread_mutex_unlock(&net->lock);
	return r;
}

int network_endpoint_adopt(struct network *net, struct endpoint *endpoint, struct err *err)
{
	int r;

	if (strlen(endpoint->id) != RANDOM_ID_LEN || endpoint->host_if[0] == '\0')
		return err_set(err, ERR_INVALID, "invalid endpoint: %s", endpoint->id);
	pthread_mutex_lock(&net->lock);
	drain(net);
	r = check_container(net, endpoint->container_id, err);
	if (r == 0 && (map_get(net->by_id, endpoint->id) || map_get(net->by_link, endpoint->host_if)))
		r = err_set(err, ERR_CONFLICT, "endpoint %.12s exists already", endpoint->id);
	if (r == 0)
		r = ipam_reserve(net->ipam, endpoint->address, err);
	if (r == 0) {
		fill_from_network(net, endpoint);
		enter(net, endpoint);
	}
	pthread_mutex_unlock(&net->lock);
	return r;
}

void network_endpoint_release(struct network *net, const char *endpoint_id)
{
	struct held *held;

	pthread_mutex_lock(&net->lock);
	held = map_remove(net->by_id, endpoint_id);
	if (held) {
		(void)map_remove(net->by_container, held->endpoint.container_id);
		held->released = true;
		if (link_is_gone(net, held))
			vanish(net, held);
	}
	drain(net);
	pthread_mutex_unlock(&net->lock);
}

int network_endpoint_get(struct network *net, const char *endpoint_id, struct endpoint *ret, struct err *err)
{
	const struct held *held;

	pthread_mutex_lock(&net->lock);
	held = map_get(net->by_id, endpoint_id);
	if (held)
		*ret = held->endpoint;
	pthread_mutex_unlock(&net->lock);
	return held ? 0 : err_set(err, ERR_NOT_FOUND, "endpoint %.12s not found", endpoint_id);
}

struct sweep {
	struct network *net;
	char **names;
};

static void sweep_restart(void *arg)
{
	struct sweep *s = arg;

	strv_free(TAKE(s->names));
}

static int sweep_link(const struct link_info *link, void *arg)
{
	struct sweep *s = arg;

	if (link->master == s->net->bridge.ifindex && strcmp(link->kind, "veth") == 0 && is_our_link(link->name) &&
	    !map_get(s->net->by_link, link->name))
		strv_add(&s->names, link->name);
	return 0;
}

int network_sweep(struct network *net, struct err *err)
{
	struct sweep s = {.net = net};
	int r, removed = 0;

	pthread_mutex_lock(&net->lock);
	r = rtnl_link_each(net->route_fd, sweep_restart, sweep_link, &s);
	if (r < 0)
		err_sys(err, r, "read the links of bridge %s", net->bridge.name);
	for (char **name = s.names; r == 0 && name && *name; name++) {
		r = rtnl_link_remove(net->route_fd, *name);
		if (r == -ENODEV)
			r = 0; /* its namespace died meanwhile */
		else if (r < 0)
			err_sys(err, r, "remove network link %s", *name);
		else
			removed++;
	}
	pthread_mutex_unlock(&net->lock);
	strv_free(s.names);
	return r < 0 ? r : removed;
}

void network_endpoints_free(struct network *net)
{
	void *value;

	for (size_t pos = 0; map_next(net->by_link, &pos, NULL, &value);)
		free(value);
}
