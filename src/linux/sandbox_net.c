/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's link. The peer is created inside the container's namespace, in the message that makes the pair: moving a
 * link between namespaces waits for RCU grace periods (25 ms against 1). Everything that one namespace is asked for goes
 * in one send, and one receive says whether all of it worked. Container and gateway know each other by permanent
 * neighbour entries: no ARP before the first packet, and no entry in the kernel-wide table that is limited to 1,024.
 */
#include "linux/sandbox_net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/netns.h"

struct work {
	const struct net_setup *setup;
	int netns_fd;
	int host_fd; /* rtnetlink in the bridge's namespace */
	struct link_info bridge;
	bool made; /* the pair exists; the neighbour entry may without it: messages behind a failed one are executed */
	struct err *err;
};

static int fail(struct err *err, const char *const *steps, int r, const struct nl_failure *f)
{
	const char *step = f->index >= 0 ? steps[f->index] : "talk to the kernel";

	if (f->text[0] != '\0')
		return err_sys(err, r, "%s: %s", step, f->text);
	return err_sys(err, r, "%s", step);
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	(void)rtnl_link_parse(msg, arg);
	return 0;
}

/* Makes the pair; yields the container end's index. */
static int make_pair(struct work *w, int *ret_ifindex)
{
	static const char *const steps[] = {"create network link", "enter the container's hardware address",
					    "read network link"};
	const struct net_setup *s = w->setup;
	struct veth_spec veth = {.host_name = s->host_if,
				 .master = w->bridge.ifindex,
				 .peer_name = s->container_if,
				 .peer_netns_fd = w->netns_fd,
				 .mtu = s->mtu};
	uint8_t room[1024] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	struct link_info link = {0};
	struct nl_failure f;
	int r;

	memcpy(veth.peer_mac, s->mac, MAC_LEN);
	rtnl_veth_add(&b, &veth);
	rtnl_neigh_set(&b, w->bridge.ifindex, s->address, s->mac);
	rtnl_link_query(&b, s->host_if, 0);
	r = nl_exchange(w->host_fd, &b, take_link, &link, &f);
	w->made = r == 0 || f.index > 0;
	if (r == -EEXIST && f.index == 0)
		return err_sys_kind(w->err, ERR_CONFLICT, r, "create network link %s", s->host_if);
	if (r < 0)
		return fail(w->err, steps, r, &f);
	*ret_ifindex = link.peer_ifindex;
	return link.peer_ifindex > 0 ? 0 : err_sys(w->err, EBADMSG, "read network link %s", s->host_if);
}

/* A kernel without IPv6 has nothing to disable. */
static int disable_ipv6(struct work *w)
{
	char path[64 + IFNAMSIZ];
	_cleanup_close_ int fd = -EBADF;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", w->setup->container_if);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(w->err, errno, "open %s", path);
	return write(fd, "1", 1) == 1 ? 0 : err_sys(w->err, errno, "write %s", path);
}

static const uint8_t *gateway_mac(const struct work *w)
{
	static const uint8_t none[MAC_LEN];

	return memcmp(w->setup->gateway_mac, none, MAC_LEN) == 0 ? w->bridge.mac : w->setup->gateway_mac;
}

static int configure(struct work *w, int ifindex)
{
	static const char *const steps[] = {"bring lo up", "bring the container's link up", "add the container's address",
					    "add the default route", "enter the gateway's hardware address"};
	const struct link_change up = {.up = true};
	const struct net_setup *s = w->setup;
	_cleanup_close_ int fd = nl_open(NETLINK_ROUTE, 0);
	uint8_t room[1024] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	struct nl_failure f;
	int r;

	if (fd < 0)
		return err_sys(w->err, fd, "open netlink in the container's namespace");
	rtnl_link_change(&b, LOOPBACK_IFINDEX, &up);
	if (ifindex > 0) {
		rtnl_link_change(&b, ifindex, &up);
		rtnl_addr_add(&b, ifindex, s->address, s->prefix_len);
	}
	if (ifindex > 0 && s->gateway.s_addr != 0) {
		rtnl_route_add_default(&b, ifindex, s->gateway);
		rtnl_neigh_set(&b, ifindex, s->gateway, gateway_mac(w));
	}
	r = nl_exchange(fd, &b, NULL, NULL, &f);
	return r < 0 ? fail(w->err, steps, r, &f) : 0;
}

/* Runs inside the container's namespace; the host's socket keeps working on the host's. */
static int setup_inside(void *arg)
{
	struct work *w = arg;
	int ifindex = 0, r;

	if (w->setup->host_if[0] != '\0') {
		r = make_pair(w, &ifindex);
		if (r < 0)
			return r;
		r = disable_ipv6(w);
		if (r < 0)
			return r;
	}
	return configure(w, ifindex);
}

/* Failing here means that it is not there (yet), or goes with the namespace at the latest. */
static void undo(const struct work *w)
{
	uint8_t room[256] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	int r;

	rtnl_neigh_delete(&b, w->bridge.ifindex, w->setup->address);
	r = nl_exchange(w->host_fd, &b, NULL, NULL, NULL);
	if (w->made)
		r = rtnl_link_remove(w->host_fd, w->setup->host_if);
	(void)r;
}

static int find_bridge(struct work *w, struct err *err)
{
	const char *name = w->setup->bridge_if;
	int r;

	w->host_fd = nl_open(NETLINK_ROUTE, 0);
	if (w->host_fd < 0)
		return err_sys(err, w->host_fd, "open netlink");
	r = rtnl_link_get(w->host_fd, name, &w->bridge);
	if (r < 0)
		return err_sys(err, r, "find bridge %s", name);
	if (strcmp(w->bridge.kind, "bridge") != 0)
		return err_set(err, ERR_INVALID, "network link %s is not a bridge", name);
	return 0;
}

int sandbox_net_setup(const struct net_setup *setup, int netns_fd, struct err *err)
{
	struct err inner = {0};
	struct work w = {.setup = setup, .netns_fd = netns_fd, .host_fd = -EBADF, .err = &inner};
	int r = setup->host_if[0] != '\0' ? find_bridge(&w, &inner) : 0;

	if (r == 0)
		r = netns_call(netns_fd, setup_inside, &w);
	if (r < 0 && inner.kind == ERR_NONE)
		err_sys(&inner, r, "enter the container's network namespace");
	if (r < 0 && w.bridge.ifindex > 0)
		undo(&w);
	if (r < 0 && err)
		*err = inner;
	fd_close(w.host_fd);
	return r;
}
