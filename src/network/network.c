/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and removing the default bridge network. Forwarding is turned on last, when the table that guards it stands, and
 * off first.
 */
#include "network/network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/nl.h"
#include "network/network_internal.h"

#define DEFAULT_BRIDGE "lighter0"
#define FORWARD_FILE "/proc/sys/net/ipv4/ip_forward"
#define LINK_EVENTS 1 /* RTMGRP_LINK */

static int forwarding_is_on(bool *ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = file_read_at(AT_FDCWD, FORWARD_FILE, 16, &text);

	if (r < 0)
		return err_sys(err, r, "read " FORWARD_FILE);
	*ret = text.data[0] == '1';
	return 0;
}

static int set_forwarding(bool on, struct err *err)
{
	int r = file_write_value_at(AT_FDCWD, FORWARD_FILE, on ? "1" : "0");

	return r < 0 ? err_sys(err, r, "write " FORWARD_FILE) : 0;
}

/* The table, then forwarding. */
static int open_gates(struct network *net, const struct network_config *c, struct err *err)
{
	bool on = true;
	int r = c->no_forward ? 0 : forwarding_is_on(&on, err);

	if (r == 0 && !c->no_firewall) {
		r = firewall_open(&net->firewall, c->instance, err);
		net->firewall.guard |= !on;
		if (r == 0)
			r = firewall_install(&net->firewall, &net->bridge, net->masquerade, err);
	}
	if (r == 0 && !on) {
		net->unguarded = c->no_firewall;
		r = set_forwarding(true, err);
	}
	return r;
}

static int open_sockets(struct network *net, struct err *err)
{
	net->route_fd = nl_open(NETLINK_ROUTE, 0);
	if (net->route_fd < 0)
		return err_sys(err, net->route_fd, "open netlink");
	net->watch_fd = nl_open(NETLINK_ROUTE, LINK_EVENTS);
	return net->watch_fd < 0 ? err_sys(err, net->watch_fd, "watch network links") : 0;
}

static struct network *network_new(const struct network_config *c)
{
	struct network *net = xcalloc(1, sizeof(*net));

	pthread_mutex_init(&net->lock, NULL);
	net->firewall = (struct firewall)FIREWALL_INIT;
	net->route_fd = net->watch_fd = -EBADF;
	net->masquerade = !c->no_masquerade && !c->no_firewall;
	net->by_link = map_new();
	net->by_id = map_new();
	net->by_container = map_new();
	if (c->id)
		memcpy(net->id, c->id, RANDOM_ID_LEN);
	else
		random_id(net->id);
	return net;
}

int network_open(const struct network_config *c, struct network **ret, struct err *err)
{
	_cleanup_(network_closep) struct network *net = NULL;
	int r;

	if (c->id && strlen(c->id) != RANDOM_ID_LEN)
		return err_set(err, ERR_INVALID, "invalid network id: %s", c->id);
	if (c->bip.prefix_len > 0 && subnet_of(c->bip).address.s_addr == c->bip.address.s_addr)
		return err_set(err, ERR_INVALID, "invalid bridge address: it is the subnet's own");
	net = network_new(c);
	r = open_sockets(net, err);
	if (r == 0)
		r = bridge_open(net->route_fd, c->bridge ? c->bridge : DEFAULT_BRIDGE, c->bip, c->mtu, &net->bridge, err);
	if (r < 0)
		return r;
	r = ipam_new(subnet_of(net->bridge.address), &net->ipam, err);
	if (r == 0)
		r = ipam_reserve(net->ipam, net->bridge.address.address, err);
	if (r == 0)
		r = open_gates(net, c, err);
	if (r < 0 && net->bridge.made) {
		if (net->firewall.fd >= 0)
			(void)!firewall_remove(&net->firewall, NULL);
		(void)!bridge_remove(net->route_fd, &net->bridge, NULL);
	}
	if (r == 0)
		*ret = TAKE(net);
	return r;
}

void network_close(struct network *net)
{
	if (!net)
		return;
	network_endpoints_free(net);
	map_free(net->by_id);
	map_free(net->by_container);
	map_free(net->by_link);
	ipam_free(net->ipam);
	firewall_done(&net->firewall);
	fd_close(net->route_fd);
	fd_close(net->watch_fd);
	pthread_mutex_destroy(&net->lock);
	free(net);
}

/* The guard goes with our table; if nobody else has one, forwarding must not outlive it. */
static int close_gates(struct network *net, struct err *err)
{
	bool other = false;
	int r = 0;

	if (net->firewall.fd < 0)
		return net->unguarded ? set_forwarding(false, err) : 0;
	if (net->firewall.guard)
		r = firewall_other_guard(&net->firewall, &other, err);
	if (r == 0 && net->firewall.guard && !other)
		r = set_forwarding(false, err);
	return r == 0 ? firewall_remove(&net->firewall, err) : r;
}

int network_remove(struct network *net, struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&net->lock);
	if (map_len(net->by_id) > 0)
		r = err_set(err, ERR_CONFLICT, "network has active endpoints");
	if (r == 0)
		r = close_gates(net, err);
	if (r == 0)
		r = bridge_remove(net->route_fd, &net->bridge, err);
	pthread_mutex_unlock(&net->lock);
	return r;
}

void network_inspect(struct network *net, struct network_info *ret)
{
	struct network_info info = {.masquerade = net->masquerade};

	pthread_mutex_lock(&net->lock);
	memcpy(info.id, net->id, sizeof(info.id));
	memcpy(info.bridge, net->bridge.name, sizeof(info.bridge));
	memcpy(info.bridge_mac, net->bridge.mac, MAC_LEN);
	info.subnet = subnet_of(net->bridge.address);
	info.gateway = net->bridge.address.address;
	info.mtu = net->bridge.mtu;
	info.endpoints = map_len(net->by_link);
	pthread_mutex_unlock(&net->lock);
	*ret = info;
}

int network_warnings(struct network *net, char ***ret, struct err *err)
{
	char **list = NULL;
	int r = 0;

	pthread_mutex_lock(&net->lock);
	if (net->unguarded)
		strv_add(&list, "WARNING: IPv4 forwarding was turned on without firewall rules: this host now routes between "
				"all its networks");
	if (net->firewall.fd >= 0)
		r = firewall_warnings(&net->firewall, &list, err);
	pthread_mutex_unlock(&net->lock);
	if (r < 0)
		strv_free(TAKE(list));
	else
		*ret = list;
	return r;
}

int network_event_fd(struct network *net)
{
	return net->watch_fd;
}
