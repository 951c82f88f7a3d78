/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink messages: what a bridge network needs, IPv4. See rtnetlink(7) and linux/rtnetlink.h. */
#include "linux/rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define DUMP_TRIES 10

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool mac_parse(const char *text, uint8_t ret[MAC_LEN])
{
	uint8_t mac[MAC_LEN];

	if (strlen(text) != MAC_TEXT_SIZE - 1)
		return false;
	for (int i = 0; i < MAC_LEN; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i > 0 && (text[3 * i - 1] != text[2] || !strchr(":-", text[2]))))
			return false;
		mac[i] = (uint8_t)(high * 16 + low);
	}
	memcpy(ret, mac, MAC_LEN);
	return true;
}

bool mac_is_unicast(const uint8_t mac[MAC_LEN])
{
	static const uint8_t zero[MAC_LEN];

	return (mac[0] & 1) == 0 && memcmp(mac, zero, MAC_LEN) != 0;
}

void mac_format(const uint8_t mac[MAC_LEN], char ret[MAC_TEXT_SIZE])
{
	snprintf(ret, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void rtnl_bridge_add(struct nl_buf *b, const char *name, const uint8_t mac[MAC_LEN], uint32_t mtu, uint32_t group)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
	size_t info;

	nl_msg_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	nl_attr_put_str(b, IFLA_IFNAME, name);
	nl_attr_put(b, IFLA_ADDRESS, mac, MAC_LEN);
	nl_attr_put_u32(b, IFLA_GROUP, group);
	if (mtu > 0)
		nl_attr_put_u32(b, IFLA_MTU, mtu);
	info = nl_nest_begin(b, IFLA_LINKINFO);
	nl_attr_put_str(b, IFLA_INFO_KIND, "bridge");
	nl_nest_end(b, info);
}

void rtnl_veth_add(struct nl_buf *b, const struct veth_spec *spec)
{
	const struct ifinfomsg host = {.ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	const struct ifinfomsg peer = {.ifi_family = AF_UNSPEC};
	size_t info, data, nest;

	nl_msg_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &host, sizeof(host));
	nl_attr_put_str(b, IFLA_IFNAME, spec->host_name);
	if (spec->mtu > 0)
		nl_attr_put_u32(b, IFLA_MTU, spec->mtu);
	if (spec->master > 0)
		nl_attr_put_u32(b, IFLA_MASTER, (uint32_t)spec->master);
	info = nl_nest_begin(b, IFLA_LINKINFO);
	nl_attr_put_str(b, IFLA_INFO_KIND, "veth");
	data = nl_nest_begin(b, IFLA_INFO_DATA);
	nest = nl_nest_begin(b, VETH_INFO_PEER);
	nl_put_raw(b, &peer, sizeof(peer));
	nl_attr_put_str(b, IFLA_IFNAME, spec->peer_name);
	nl_attr_put(b, IFLA_ADDRESS, spec->peer_mac, MAC_LEN);
	if (spec->mtu > 0)
		nl_attr_put_u32(b, IFLA_MTU, spec->mtu);
	nl_attr_put_u32(b, IFLA_NET_NS_FD, (uint32_t)spec->peer_netns_fd);
	nl_nest_end(b, nest);
	nl_nest_end(b, data);
	nl_nest_end(b, info);
}

void rtnl_link_change(struct nl_buf *b, int ifindex, const struct link_change *change)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC,
				       .ifi_index = ifindex,
				       .ifi_flags = change->up ? IFF_UP : 0,
				       .ifi_change = change->up ? IFF_UP : 0};

	nl_msg_begin(b, RTM_NEWLINK, 0, &link, sizeof(link));
	if (change->mac)
		nl_attr_put(b, IFLA_ADDRESS, change->mac, MAC_LEN);
	if (change->mtu > 0)
		nl_attr_put_u32(b, IFLA_MTU, change->mtu);
	/* With an index IFLA_GROUP is what is set, not what is selected. */
	if (change->group > 0)
		nl_attr_put_u32(b, IFLA_GROUP, change->group);
}

void rtnl_link_delete(struct nl_buf *b, int ifindex)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};

	nl_msg_begin(b, RTM_DELLINK, 0, &link, sizeof(link));
}

void rtnl_link_query(struct nl_buf *b, const char *name, int ifindex)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};

	nl_msg_begin(b, RTM_GETLINK, 0, &link, sizeof(link));
	if (name)
		nl_attr_put_str(b, IFLA_IFNAME, name);
	nl_attr_put_u32(b, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

static void put_addr(struct nl_buf *b, uint16_t type, uint16_t flags, int ifindex, struct in_addr address, unsigned len)
{
	const struct ifaddrmsg addr = {.ifa_family = AF_INET, .ifa_prefixlen = (uint8_t)len, .ifa_index = (uint32_t)ifindex};
	const in_addr_t host_bits = len >= 32 ? 0 : htonl(UINT32_MAX >> len);
	const struct in_addr broadcast = {.s_addr = address.s_addr | host_bits};

	nl_msg_begin(b, type, flags, &addr, sizeof(addr));
	nl_attr_put(b, IFA_LOCAL, &address, sizeof(address));
	nl_attr_put(b, IFA_ADDRESS, &address, sizeof(address));
	if (len < 31)
		nl_attr_put(b, IFA_BROADCAST, &broadcast, sizeof(broadcast));
}

void rtnl_addr_add(struct nl_buf *b, int ifindex, struct in_addr address, unsigned prefix_len)
{
	put_addr(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ifindex, address, prefix_len);
}

void rtnl_addr_delete(struct nl_buf *b, int ifindex, struct in_addr address, unsigned prefix_len)
{
	put_addr(b, RTM_DELADDR, 0, ifindex, address, prefix_len);
}

void rtnl_route_add_default(struct nl_buf *b, int ifindex, struct in_addr gateway)
{
	const struct rtmsg route = {.rtm_family = AF_INET,
				    .rtm_table = RT_TABLE_MAIN,
				    .rtm_protocol = RTPROT_BOOT,
				    .rtm_scope = RT_SCOPE_UNIVERSE,
				    .rtm_type = RTN_UNICAST};

	nl_msg_begin(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
	nl_attr_put(b, RTA_GATEWAY, &gateway, sizeof(gateway));
	nl_attr_put_u32(b, RTA_OIF, (uint32_t)ifindex);
}

void rtnl_neigh_set(struct nl_buf *b, int ifindex, struct in_addr address, const uint8_t mac[MAC_LEN])
{
	const struct ndmsg neigh = {.ndm_family = AF_INET, .ndm_ifindex = ifindex, .ndm_state = NUD_PERMANENT};

	nl_msg_begin(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &neigh, sizeof(neigh));
	nl_attr_put(b, NDA_DST, &address, sizeof(address));
	nl_attr_put(b, NDA_LLADDR, mac, MAC_LEN);
}

void rtnl_neigh_delete(struct nl_buf *b, int ifindex, struct in_addr address)
{
	const struct ndmsg neigh = {.ndm_family = AF_INET, .ndm_ifindex = ifindex};

	nl_msg_begin(b, RTM_DELNEIGH, 0, &neigh, sizeof(neigh));
	nl_attr_put(b, NDA_DST, &address, sizeof(address));
}

bool rtnl_link_parse(const struct nlmsghdr *msg, struct link_info *ret)
{
	const struct ifinfomsg *link = NLMSG_DATA(msg);
	struct link_info info = {0};

	if ((msg->nlmsg_type != RTM_NEWLINK && msg->nlmsg_type != RTM_DELLINK) ||
	    msg->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) || link->ifi_family != AF_UNSPEC)
		return false;
	info.ifindex = link->ifi_index;
	info.up = (link->ifi_flags & IFF_UP) != 0;
	info.peer_ifindex = (int)nl_attr_u32(nl_msg_attr(msg, sizeof(*link), IFLA_LINK));
	info.master = (int)nl_attr_u32(nl_msg_attr(msg, sizeof(*link), IFLA_MASTER));
	info.mtu = nl_attr_u32(nl_msg_attr(msg, sizeof(*link), IFLA_MTU));
	info.group = nl_attr_u32(nl_msg_attr(msg, sizeof(*link), IFLA_GROUP));
	nl_attr_bytes(nl_msg_attr(msg, sizeof(*link), IFLA_ADDRESS), info.mac, MAC_LEN);
	nl_attr_str(nl_msg_attr(msg, sizeof(*link), IFLA_IFNAME), info.name, sizeof(info.name));
	nl_attr_str(nl_attr_nested(nl_msg_attr(msg, sizeof(*link), IFLA_LINKINFO), IFLA_INFO_KIND), info.kind,
		    sizeof(info.kind));
	*ret = info;
	return true;
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	(void)rtnl_link_parse(msg, arg);
	return 0;
}

static int get_link(int fd, const char *name, int ifindex, struct link_info *ret)
{
	uint8_t room[256] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	struct link_info info = {0};
	int r;

	rtnl_link_query(&b, name, ifindex);
	r = nl_exchange(fd, &b, take_link, &info, NULL);
	if (r < 0)
		return r;
	if (info.ifindex == 0)
		return -EBADMSG;
	*ret = info;
	return 0;
}

int rtnl_link_get(int fd, const char *name, struct link_info *ret)
{
	return strlen(name) >= IFNAMSIZ ? -ENODEV : get_link(fd, name, 0, ret);
}

int rtnl_link_get_index(int fd, int ifindex, struct link_info *ret)
{
	return ifindex <= 0 ? -ENODEV : get_link(fd, NULL, ifindex, ret);
}

int rtnl_link_remove(int fd, const char *name)
{
	uint8_t room[256] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	struct link_info link;
	int r = rtnl_link_get(fd, name, &link);

	if (r < 0)
		return r;
	rtnl_link_delete(&b, link.ifindex);
	return nl_exchange(fd, &b, NULL, NULL, NULL);
}

struct each {
	rtnl_link_fn link;
	rtnl_addr_fn addr;
	rtnl_route_fn route;
	void *arg;
};

static int take_each_link(const struct nlmsghdr *msg, void *arg)
{
	const struct each *e = arg;
	struct link_info info;

	return rtnl_link_parse(msg, &info) ? e->link(&info, e->arg) : 0;
}

static int take_addr(const struct nlmsghdr *msg, void *arg)
{
	const struct ifaddrmsg *addr = NLMSG_DATA(msg);
	const struct each *e = arg;
	struct addr_info info = {0};

	if (msg->nlmsg_type != RTM_NEWADDR || msg->nlmsg_len < NLMSG_LENGTH(sizeof(*addr)) || addr->ifa_family != AF_INET)
		return 0;
	info.ifindex = (int)addr->ifa_index;
	info.prefix_len = addr->ifa_prefixlen;
	nl_attr_bytes(nl_msg_attr(msg, sizeof(*addr), IFA_LOCAL), &info.address, sizeof(info.address));
	return e->addr(&info, e->arg);
}

static int take_route(const struct nlmsghdr *msg, void *arg)
{
	const struct rtmsg *route = NLMSG_DATA(msg);
	const struct each *e = arg;
	struct route_info info = {0};

	if (msg->nlmsg_type != RTM_NEWROUTE || msg->nlmsg_len < NLMSG_LENGTH(sizeof(*route)) || route->rtm_family != AF_INET ||
	    route->rtm_type != RTN_UNICAST || (route->rtm_flags & RTM_F_CLONED))
		return 0;
	info.table = nl_attr_u32(nl_msg_attr(msg, sizeof(*route), RTA_TABLE));
	if (info.table == RT_TABLE_LOCAL)
		return 0;
	info.prefix_len = route->rtm_dst_len;
	nl_attr_bytes(nl_msg_attr(msg, sizeof(*route), RTA_DST), &info.destination, sizeof(info.destination));
	info.ifindex = (int)nl_attr_u32(nl_msg_attr(msg, sizeof(*route), RTA_OIF));
	info.metric = nl_attr_u32(nl_msg_attr(msg, sizeof(*route), RTA_PRIORITY));
	return e->route(&info, e->arg);
}

static int dump_stable(int fd, uint16_t type, nl_reply_fn take, rtnl_restart_fn restart, struct each *e)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
	const struct ifaddrmsg addr = {.ifa_family = AF_INET};
	const struct rtmsg route = {.rtm_family = AF_INET};
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		uint8_t room[64] NL_ALIGNED;
		struct nl_buf b = NL_BUF(room);

		if (type == RTM_GETLINK)
			nl_msg_begin(&b, type, 0, &link, sizeof(link));
		else if (type == RTM_GETADDR)
			nl_msg_begin(&b, type, 0, &addr, sizeof(addr));
		else
			nl_msg_begin(&b, type, 0, &route, sizeof(route));
		if (restart)
			restart(e->arg);
		r = nl_dump(fd, &b, take, e);
	}
	return r;
}

int rtnl_link_each(int fd, rtnl_restart_fn restart, rtnl_link_fn each, void *arg)
{
	return dump_stable(fd, RTM_GETLINK, take_each_link, restart, &(struct each){.link = each, .arg = arg});
}

int rtnl_addr_each(int fd, rtnl_restart_fn restart, rtnl_addr_fn each, void *arg)
{
	return dump_stable(fd, RTM_GETADDR, take_addr, restart, &(struct each){.addr = each, .arg = arg});
}

int rtnl_route_each(int fd, rtnl_restart_fn restart, rtnl_route_fn each, void *arg)
{
	return dump_stable(fd, RTM_GETROUTE, take_route, restart, &(struct each){.route = each, .arg = arg});
}
