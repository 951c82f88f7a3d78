/* SPDX-License-Identifier: Apache-2.0 */
/* A bridge and containers' links in a network namespace of the test's own; ip(8) is the witness. */
#include "linux/sandbox_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../unit.h"
#include "netns_fixture.h"

static const uint8_t bridge_mac[MAC_LEN] = {0x0a, 0, 0, 0, 0, 1};

static int exchange(struct nl_buf *b)
{
	int fd = nl_open(NETLINK_ROUTE, 0);
	int r = nl_exchange(fd, b, NULL, NULL, NULL);

	close(fd);
	return r;
}

static int setup_bridge(void **state)
{
	uint8_t room[1024] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room), c = NL_BUF(room);
	const struct link_change up = {.up = true};
	struct link_info link;
	int fd = nl_open(NETLINK_ROUTE, 0);

	rtnl_bridge_add(&b, "br0", bridge_mac, 1400, 7);
	assert_int_equal(exchange(&b), 0);
	assert_int_equal(rtnl_link_get(fd, "br0", &link), 0);
	assert_string_equal(link.kind, "bridge");
	assert_int_equal(link.mtu, 1400);
	assert_int_equal(link.group, 7);
	assert_memory_equal(link.mac, bridge_mac, MAC_LEN);
	rtnl_link_change(&c, link.ifindex, &up);
	rtnl_link_change(&c, LOOPBACK_IFINDEX, &up);
	rtnl_addr_add(&c, link.ifindex, (struct in_addr){inet_addr("10.9.0.1")}, 16);
	assert_int_equal(exchange(&c), 0);
	close(fd);
	return 0;
}

static int teardown_bridge(void **state)
{
	int fd = nl_open(NETLINK_ROUTE, 0);
	int r = rtnl_link_remove(fd, "br0");
	char *links;

	assert_int_equal(r, 0);
	links = fixture_output("ip -o link | grep -v ' lo:' | grep -E 'veth|br0|eth0' || true");
	assert_string_equal(links, "");
	free(links);
	close(fd);
	return 0;
}

static struct net_setup plain(const char *host_if, const char *address)
{
	const struct net_setup_text text = {.host_if = host_if,
					    .bridge_if = "br0",
					    .address = address,
					    .prefix_len = 16,
					    .gateway = "10.9.0.1",
					    .mac = "aa:bb:cc:dd:ee:01",
					    .mtu = 1400};
	struct net_setup setup;
	struct err err;

	assert_int_equal(net_setup_parse(&text, &setup, &err), 0);
	return setup;
}

static int inside(void *arg)
{
	char **texts = arg;

	texts[0] = fixture_output("ip -o addr");
	texts[1] = fixture_output("ip route");
	texts[2] = fixture_output("ip neigh");
	texts[3] = fixture_output("cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6 /proc/sys/net/ipv6/conf/lo/disable_ipv6");
	return 0;
}

static void test_container_link(void **state)
{
	struct net_setup setup = plain("veth0", "10.9.0.2");
	int netns = fixture_new_netns();
	char *texts[4], *host;
	struct err err = {0};

	assert_int_equal(sandbox_net_setup(&setup, netns, &err), 0);
	assert_int_equal(netns_call(netns, inside, texts), 0);
	assert_non_null(strstr(texts[0], "eth0    inet 10.9.0.2/16 brd 10.9.255.255 scope global eth0"));
	assert_non_null(strstr(texts[0], "lo    inet 127.0.0.1/8"));
	assert_null(strstr(texts[0], "eth0    inet6"));
	assert_non_null(strstr(texts[1], "default via 10.9.0.1 dev eth0"));
	assert_string_equal(texts[2], "10.9.0.1 dev eth0 lladdr 0a:00:00:00:00:01 PERMANENT \n");
	assert_string_equal(texts[3], "1\n0\n");
	for (size_t i = 0; i < 4; i++)
		free(texts[i]);
	host = fixture_output("ip -d link show veth0; ip neigh show dev br0");
	assert_non_null(strstr(host, "mtu 1400"));
	assert_non_null(strstr(host, "master br0 state UP"));
	assert_non_null(strstr(host, "10.9.0.2 lladdr aa:bb:cc:dd:ee:01 PERMANENT"));
	free(host);
	close(netns);
}

/* Waits until the last namespace's death took the link with it. */
static void wait_link_gone(const char *name)
{
	int watch = nl_open(NETLINK_ROUTE, 1 /* RTMGRP_LINK */), fd = nl_open(NETLINK_ROUTE, 0);
	struct timeval deadline = {.tv_sec = 30};
	struct link_info link;
	char event[8192];

	setsockopt(watch, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	while (rtnl_link_get(fd, name, &link) != -ENODEV)
		assert_true(recv(watch, event, sizeof(event), 0) > 0);
	close(watch);
	close(fd);
}

static void test_name_taken(void **state)
{
	struct net_setup setup = plain("veth1", "10.9.0.3");
	int netns = fixture_new_netns(), other = fixture_new_netns();
	struct err err = {0};

	assert_int_equal(sandbox_net_setup(&setup, netns, &err), 0);
	assert_int_equal(sandbox_net_setup(&setup, other, &err), -EEXIST);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(err.msg, "create network link veth1: File exists");
	close(netns);
	close(other);
	wait_link_gone("veth1");
}

static void test_failures_leave_nothing(void **state)
{
	struct net_setup setup = plain("veth2", "10.9.0.4");
	int netns = fixture_new_netns();
	struct err err = {0};
	char *host;

	setup.gateway.s_addr = inet_addr("10.200.0.1"); /* not reachable by the address */
	assert_true(sandbox_net_setup(&setup, netns, &err) < 0);
	assert_non_null(strstr(err.msg, "add the default route"));
	setup = plain("veth2", "10.9.0.4");
	memcpy(setup.container_if, "lo", 3);
	assert_int_equal(sandbox_net_setup(&setup, netns, &err), -EEXIST);
	setup = plain("veth2", "10.9.0.4");
	memcpy(setup.bridge_if, "lo", 3);
	assert_true(sandbox_net_setup(&setup, netns, &err) < 0);
	assert_string_equal(err.msg, "network link lo is not a bridge");
	memcpy(setup.bridge_if, "no", 3);
	assert_int_equal(sandbox_net_setup(&setup, netns, &err), -ENODEV);
	assert_string_equal(err.msg, "find bridge no: No such device");
	host = fixture_output("ip -o link show | grep veth2; ip neigh | grep 10.9.0.4; true");
	assert_string_equal(host, "");
	free(host);
	close(netns);
}

static int lo_only(void *arg)
{
	char *text = fixture_output("ip -o addr show up");
	int r = strstr(text, "127.0.0.1/8") && !strstr(text, "eth0") ? 0 : -EIO;

	free(text);
	return r;
}

static void test_none_has_lo(void **state)
{
	const struct net_setup nothing = {0};
	int netns = fixture_new_netns();

	assert_int_equal(sandbox_net_setup(&nothing, netns, NULL), 0);
	assert_int_equal(netns_call(netns, lo_only, NULL), 0);
	close(netns);
}

static void test_bad_text(void **state)
{
	const struct net_setup_text good = {
		.host_if = "v", .bridge_if = "b", .address = "1.2.3.4", .prefix_len = 8, .mac = "02-00-00-00-00-0A"};
	struct net_setup_text t = good;
	struct net_setup s;
	struct err err;

	assert_int_equal(net_setup_parse(&t, &s, &err), 0);
	assert_string_equal(s.container_if, "eth0");
	t.host_if = "a-name-of-16-chr";
	assert_int_equal(net_setup_parse(&t, &s, &err), -EINVAL);
	t = good;
	t.bridge_if = "../x";
	assert_int_equal(net_setup_parse(&t, &s, &err), -EINVAL);
	t = good;
	t.address = "1.2.3";
	assert_int_equal(net_setup_parse(&t, &s, &err), -EINVAL);
	t = good;
	t.mac = "03:00:00:00:00:01";
	assert_int_equal(net_setup_parse(&t, &s, &err), -EINVAL);
	t = good;
	t.mac = "02:00-00:00:00:01";
	assert_int_equal(net_setup_parse(&t, &s, &err), -EINVAL);
	t = good;
	t.prefix_len = 33;
	assert_int_equal(net_setup_parse(&t, &s, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_container_link), cmocka_unit_test(test_name_taken),
					   cmocka_unit_test(test_failures_leave_nothing), cmocka_unit_test(test_none_has_lo),
					   cmocka_unit_test(test_bad_text)};

	fixture_own_network();
	return cmocka_run_group_tests(tests, setup_bridge, teardown_bridge);
}
