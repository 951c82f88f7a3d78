/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of the floor program: one bridge, and per container one veth pair, by raw rtnetlink with one message per
 * thing. The peer is created inside the child's namespace (IFLA_NET_NS_PID within VETH_INFO_PEER): moving a link there
 * costs thirty times as much. The pair is deleted by the kernel with the child's namespace.
 */
#include "floor.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GATEWAY 0x010011acU /* 172.17.0.1 in network order on a little-endian machine */
#define ADDRESS 0x020011acU

struct message {
	struct nlmsghdr head;
	char body[1024];
};

static void *put(struct message *m, const void *data, size_t size)
{
	char *at = (char *)m + NLMSG_ALIGN(m->head.nlmsg_len);

	if (data)
		memcpy(at, data, size);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + (uint32_t)NLMSG_ALIGN(size);
	return at;
}

static struct rtattr *attribute(struct message *m, unsigned short type, const void *data, size_t size)
{
	struct rtattr head = {.rta_len = (unsigned short)(sizeof(head) + size), .rta_type = type};
	struct rtattr *at = put(m, &head, sizeof(head));

	if (size)
		put(m, data, size);
	return at;
}

static void nest_end(struct message *m, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((char *)m + m->head.nlmsg_len - (char *)nest);
}

static struct message message_new(uint16_t type, uint16_t flags, const void *family, size_t size)
{
	struct message m = {.head = {.nlmsg_len = NLMSG_HDRLEN,
				     .nlmsg_type = type,
				     .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)}};

	put(&m, family, size);
	return m;
}

static void talk(int nl, struct message *m, const char *what)
{
	char answer[4096];
	const struct nlmsghdr *head = (const struct nlmsghdr *)answer;
	const struct nlmsgerr *error = NLMSG_DATA(head);

	if (send(nl, m, m->head.nlmsg_len, 0) < 0 || recv(nl, answer, sizeof(answer), 0) < 0)
		floor_die(what);
	if (head->nlmsg_type == NLMSG_ERROR && error->error) {
		errno = -error->error;
		floor_die(what);
	}
}

int floor_net_open(void)
{
	int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (nl < 0)
		floor_die("netlink socket");
	return nl;
}

static void link_up(int nl, int index)
{
	struct ifinfomsg info = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct message m = message_new(RTM_NEWLINK, 0, &info, sizeof(info));

	talk(nl, &m, "link up");
}

static void address_add(int nl, int index, uint32_t address)
{
	struct ifaddrmsg info = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = (unsigned int)index};
	struct message m = message_new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));

	attribute(&m, IFA_LOCAL, &address, sizeof(address));
	attribute(&m, IFA_ADDRESS, &address, sizeof(address));
	talk(nl, &m, "address");
}

static void default_route(int nl, uint32_t gateway)
{
	struct rtmsg info = {.rtm_family = AF_INET,
			     .rtm_table = RT_TABLE_MAIN,
			     .rtm_protocol = RTPROT_BOOT,
			     .rtm_scope = RT_SCOPE_UNIVERSE,
			     .rtm_type = RTN_UNICAST};
	struct message m = message_new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));

	attribute(&m, RTA_GATEWAY, &gateway, sizeof(gateway));
	talk(nl, &m, "default route");
}

int floor_net_bridge(int nl)
{
	struct ifinfomsg info = {0};
	struct message m = message_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	struct rtattr *nest;
	int index;

	attribute(&m, IFLA_IFNAME, "floor0", 7);
	nest = attribute(&m, IFLA_LINKINFO, NULL, 0);
	attribute(&m, IFLA_INFO_KIND, "bridge", 7);
	nest_end(&m, nest);
	talk(nl, &m, "bridge");
	index = (int)if_nametoindex("floor0");
	address_add(nl, index, GATEWAY);
	link_up(nl, index);
	return index;
}

void floor_net_veth(int nl, int bridge, pid_t child)
{
	static unsigned int counter;
	struct ifinfomsg info = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct message m = message_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	struct ifinfomsg peer = {0};
	uint32_t master = (uint32_t)bridge, pid = (uint32_t)child;
	struct rtattr *link, *data, *inner;
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "floor%u", ++counter);
	attribute(&m, IFLA_IFNAME, name, strlen(name) + 1);
	attribute(&m, IFLA_MASTER, &master, sizeof(master));
	link = attribute(&m, IFLA_LINKINFO, NULL, 0);
	attribute(&m, IFLA_INFO_KIND, "veth", 5);
	data = attribute(&m, IFLA_INFO_DATA, NULL, 0);
	inner = attribute(&m, VETH_INFO_PEER, NULL, 0);
	put(&m, &peer, sizeof(peer));
	attribute(&m, IFLA_IFNAME, "eth0", 5);
	attribute(&m, IFLA_NET_NS_PID, &pid, sizeof(pid));
	nest_end(&m, inner);
	nest_end(&m, data);
	nest_end(&m, link);
	talk(nl, &m, "veth");
}

void floor_net_loopback(void)
{
	int nl = floor_net_open();

	link_up(nl, 1);
	close(nl);
}

void floor_net_configure(void)
{
	int nl = floor_net_open(), index = (int)if_nametoindex("eth0");

	if (!index)
		floor_die("eth0");
	link_up(nl, 1);
	address_add(nl, index, ADDRESS);
	link_up(nl, index);
	default_route(nl, GATEWAY);
	close(nl);
}
