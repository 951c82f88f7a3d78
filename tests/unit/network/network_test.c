/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge network for real, in a network namespace of the test's own, with containers, an outside host and a second
 * foreign network as further namespaces. ip(8) and nft(8) are the witnesses.
 */
#include "network/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../linux/netns_fixture.h"
#include "../unit.h"
#include "linux/sandbox_net.h"

#define CONTAINER_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define CONTAINER_2 "2222222222222222222222222222222222222222222222222222222222222222"
#define FORWARD "/proc/sys/net/ipv4/ip_forward"

static struct network *open_network(const struct network_config *config)
{
	struct network *net = NULL;
	struct err err = {0};

	if (network_open(config, &net, &err) < 0)
		fail_msg("network_open: %s", err.msg);
	return net;
}

static void close_network(struct network *net)
{
	struct err err = {0};

	if (network_remove(net, &err) < 0)
		fail_msg("network_remove: %s", err.msg);
	network_close(net);
}

static void assert_prints(const char *command, const char *wanted)
{
	char *text = fixture_output(command);

	assert_string_equal(text, wanted);
	free(text);
}

static int setup(void **state)
{
	fixture_write(FORWARD, "0");
	free(fixture_output("ip link set lo up"));
	return 0;
}

static int teardown(void **state)
{
	assert_prints("nft list ruleset; ip -o link | grep -v ' lo:' | grep -E 'veth|lt[0-9]|lighter|br[0-9]' || true", "");
	assert_prints("cat " FORWARD, "0\n");
	return 0;
}

static void test_open_and_remove(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0"};
	struct network *net = open_network(&config);
	struct network_info info;
	char *text;

	network_inspect(net, &info);
	assert_string_equal(info.bridge, "lt0");
	assert_int_equal(info.subnet.address.s_addr, inet_addr("172.17.0.0"));
	assert_int_equal(info.subnet.prefix_len, 16);
	assert_int_equal(info.gateway.s_addr, inet_addr("172.17.0.1"));
	assert_int_equal(info.mtu, 1500);
	assert_prints("cat " FORWARD, "1\n");
	text = fixture_output("ip -o -4 addr show lt0");
	assert_non_null(strstr(text, "inet 172.17.0.1/16 brd 172.17.255.255 scope global lt0"));
	free(text);
	text = fixture_output("nft list table inet lighter-t | sed -e '/^table/d' -e '/^\\tflags/,+1d'");
	assert_string_equal(text, "\tchain forward {\n"
				  "\t\ttype filter hook forward priority filter; policy accept;\n"
				  "\t\toifname \"lt0\" ct state established,related accept\n"
				  "\t\toifname \"lt0\" ct status dnat accept\n"
				  "\t\tiifname != \"lt0\" oifname \"lt0\" drop\n"
				  "\t}\n\n"
				  "\tchain postrouting {\n"
				  "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
				  "\t\toifname != \"lt0\" ip saddr 172.17.0.0/16 masquerade\n"
				  "\t}\n\n"
				  "\tchain guard {\n"
				  "\t\ttype filter hook forward priority filter; policy accept;\n"
				  "\t\tiifgroup != 19540 oifgroup != 19540 drop\n"
				  "\t}\n"
				  "}\n");
	free(text);
	close_network(net);
}

/* Waits, by the kernel's own events, until only `n` endpoints are held. */
static void wait_endpoints(struct network *net, size_t n)
{
	struct pollfd p = {.fd = network_event_fd(net), .events = POLLIN};
	struct network_info info;

	for (;;) {
		network_dispatch(net);
		network_inspect(net, &info);
		if (info.endpoints == n)
			return;
		assert_int_equal(poll(&p, 1, 30000), 1);
	}
}

/* What the shim does with an endpoint. */
static int connect_container(const struct endpoint *e)
{
	struct net_setup s = {.address = e->address, .prefix_len = e->prefix_len, .gateway = e->gateway, .mtu = e->mtu};
	int netns = fixture_new_netns();
	struct err err = {0};

	memcpy(s.host_if, e->host_if, IFNAMSIZ);
	memcpy(s.bridge_if, e->bridge_if, IFNAMSIZ);
	memcpy(s.container_if, "eth0", 5);
	memcpy(s.mac, e->mac, MAC_LEN);
	if (sandbox_net_setup(&s, netns, &err) < 0)
		fail_msg("sandbox_net_setup: %s", err.msg);
	return netns;
}

static int tcp_socket(void *arg)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int udp_socket(void *arg)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int configure_peer(void *arg)
{
	const char *address = arg;
	char command[160];

	snprintf(command, sizeof(command),
		 "ip link set lo up && ip addr add %s.2/24 dev up0 && ip link set up0 up && ip route add default via %s.1",
		 address, address);
	free(fixture_output(command));
	return 0;
}

/* Another host, PREFIX.2, behind the link `name` with PREFIX.1. */
static int new_host(const char *name, const char *prefix)
{
	const struct veth_spec spec = {
		.host_name = name, .peer_name = "up0", .peer_netns_fd = fixture_new_netns(), .peer_mac = {2, 0, 0, 0, 0, 9}};
	uint8_t room[512] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	int fd = nl_open(NETLINK_ROUTE, 0);
	char command[160];

	rtnl_veth_add(&b, &spec);
	assert_int_equal(nl_exchange(fd, &b, NULL, NULL, NULL), 0);
	close(fd);
	snprintf(command, sizeof(command), "ip addr add %s.1/24 dev %s", prefix, name);
	free(fixture_output(command));
	assert_int_equal(netns_call(spec.peer_netns_fd, configure_peer, (void *)prefix), 0);
	return spec.peer_netns_fd;
}

static struct sockaddr_in at(const char *address, uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
}

static void deadline(int fd)
{
	const struct timeval t = {.tv_sec = 20};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

/* A TCP connection from one namespace to another; who it seems to come from. */
static struct in_addr connect_across(int from, int to, const char *address)
{
	struct sockaddr_in server = at(address, 4000), seen = {0};
	int listener = netns_call(to, tcp_socket, NULL), client = netns_call(from, tcp_socket, NULL), accepted;
	socklen_t len = sizeof(seen);

	deadline(listener);
	deadline(client);
	assert_int_equal(bind(listener, (struct sockaddr *)&server, sizeof(server)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&server, sizeof(server)), 0);
	accepted = accept(listener, (struct sockaddr *)&seen, &len);
	assert_true(accepted >= 0);
	close(accepted);
	close(client);
	close(listener);
	return seen.sin_addr;
}

/* Sends a datagram to a socket that must not get it; packets here travel before send returns. */
static void assert_unreachable(int from, int to, const char *address)
{
	struct sockaddr_in server = at(address, 5000);
	int receiver = netns_call(to, udp_socket, NULL), sender = netns_call(from, udp_socket, NULL);
	char byte = 'x';

	assert_int_equal(bind(receiver, (struct sockaddr *)&server, sizeof(server)), 0);
	assert_int_equal(sendto(sender, &byte, 1, 0, (struct sockaddr *)&server, sizeof(server)), 1);
	/* A fence: what the receiver's own namespace sends it later comes behind. */
	close(sender);
	sender = netns_call(to, udp_socket, NULL);
	byte = 'f';
	assert_int_equal(sendto(sender, &byte, 1, 0, (struct sockaddr *)&server, sizeof(server)), 1);
	deadline(receiver);
	assert_int_equal(recv(receiver, &byte, 1, 0), 1);
	assert_int_equal(byte, 'f');
	close(sender);
	close(receiver);
}

static void test_traffic(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0"};
	struct network *net = open_network(&config);
	int outside = new_host("lt-up", "10.99.0"), lan = new_host("lt-lan", "10.98.0");
	struct endpoint a, b;
	int in_a, in_b;

	assert_int_equal(network_endpoint_allocate(net, CONTAINER_1, NULL, &a, NULL), 0);
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_2, (const uint8_t[]){2, 0x42, 0xac, 0x11, 0, 0x99}, &b, NULL),
			 0);
	assert_int_equal(a.address.s_addr, inet_addr("172.17.0.2"));
	assert_int_equal(b.address.s_addr, inet_addr("172.17.0.3"));
	assert_int_equal(a.mac[0] & 3, 2);
	assert_int_equal(b.mac[5], 0x99);
	in_a = connect_container(&a);
	in_b = connect_container(&b);

	assert_int_equal(connect_across(in_a, in_b, "172.17.0.3").s_addr, a.address.s_addr);
	assert_int_equal(connect_across(in_a, outside, "10.99.0.2").s_addr, inet_addr("10.99.0.1"));
	assert_unreachable(outside, in_a, "172.17.0.2");
	assert_unreachable(outside, lan, "10.98.0.2");

	network_endpoint_release(net, a.id);
	network_endpoint_release(net, b.id);
	assert_int_equal(network_endpoint_get(net, a.id, &a, NULL), -ENOENT);
	wait_endpoints(net, 2); /* their links are there */
	close(in_a);
	close(in_b);
	close(outside);
	close(lan);
	wait_endpoints(net, 0);
	assert_prints("ip neigh show dev lt0 nud permanent", "");
	close_network(net);
}

static void test_guard_only_when_needed(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0"}, other = {.instance = "u", .bridge = "lt1"};
	int outside = new_host("lt-up", "10.99.0"), lan = new_host("lt-lan", "10.98.0");
	struct network *net, *second;

	fixture_write(FORWARD, "1");
	net = open_network(&config);
	assert_prints("nft list chains | grep guard || true", "");
	assert_int_equal(connect_across(outside, lan, "10.98.0.2").s_addr, inet_addr("10.99.0.2"));
	close_network(net);
	assert_prints("cat " FORWARD, "1\n");
	fixture_write(FORWARD, "0");

	/* A second engine inherits the guard, gets another subnet, and takes forwarding away only with the last. */
	net = open_network(&config);
	second = open_network(&other);
	assert_prints("nft list chains | grep -c guard", "2\n");
	assert_prints("ip -o -4 addr show lt1 | grep -o 172.18.0.1/16", "172.18.0.1/16\n");
	close_network(net);
	assert_prints("cat " FORWARD, "1\n");
	close_network(second);
	close(outside);
	close(lan);
	free(fixture_output("ip link del lt-up 2>/dev/null; ip link del lt-lan 2>/dev/null; true"));
}

static void test_restart(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0"};
	struct network *net = open_network(&config);
	struct endpoint a, b, again;
	struct network_info before, after;
	struct err err;
	int in_a, in_b;

	network_inspect(net, &before);
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_1, NULL, &a, NULL), 0);
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_1, NULL, &b, &err), -EBUSY);
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_2, NULL, &b, NULL), 0);
	in_a = connect_container(&a);
	in_b = connect_container(&b); /* the record of this one is lost */
	network_close(net);

	net = open_network(&config);
	network_inspect(net, &after);
	assert_int_equal(after.subnet.address.s_addr, before.subnet.address.s_addr);
	assert_memory_equal(after.bridge_mac, before.bridge_mac, MAC_LEN);
	assert_prints("nft list chains | grep -c guard", "1\n");
	assert_int_equal(network_endpoint_adopt(net, &a, NULL), 0);
	assert_string_equal(a.network_id, after.id);
	assert_int_equal(network_endpoint_adopt(net, &a, &err), -EBUSY);
	assert_int_equal(network_sweep(net, NULL), 1);
	assert_int_equal(network_sweep(net, NULL), 0);
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_2, NULL, &again, NULL), 0);
	assert_int_equal(again.address.s_addr, inet_addr("172.17.0.3"));
	assert_int_equal(network_remove(net, &err), -EBUSY);
	assert_string_equal(err.msg, "network has active endpoints");
	network_endpoint_release(net, again.id); /* never had a link: free at once */
	network_endpoint_release(net, a.id);
	network_endpoint_release(net, "unknown");
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_1, NULL, &again, NULL), 0);
	assert_int_equal(again.address.s_addr, inet_addr("172.17.0.3"));
	network_endpoint_release(net, again.id);
	close(in_a);
	close(in_b);
	wait_endpoints(net, 0);
	close_network(net);
}

static void test_subnets(void **state)
{
	struct network_config config = {.instance = "t", .bridge = "lt0"};
	struct network_info info;
	struct network *net;
	struct err err;

	free(fixture_output("ip link add br7 type bridge && ip link set br7 up && ip link set br7 mtu 1400 &&"
			    "ip addr add 10.7.0.1/24 dev br7 && ip route add 172.16.0.0/14 dev br7 && "
			    "ip route add default via 10.7.0.2"));
	net = open_network(&config);
	network_inspect(net, &info);
	assert_int_equal(info.subnet.address.s_addr, inet_addr("172.20.0.0"));
	assert_int_equal(info.mtu, 1400);
	close_network(net);

	assert_true(subnet_parse("10.7.0.9/28", &config.bip));
	assert_int_equal(network_open(&config, &net, &err), -EBUSY);
	assert_string_equal(err.msg, "the bridge's subnet overlaps an existing route: 10.7.0.9/28");
	assert_true(subnet_parse("10.8.0.9/28", &config.bip));
	config.mtu = 1300;
	net = open_network(&config);
	network_inspect(net, &info);
	assert_int_equal(info.gateway.s_addr, inet_addr("10.8.0.9"));
	assert_int_equal(info.mtu, 1300);
	network_close(net);
	assert_true(subnet_parse("10.9.0.9/28", &config.bip));
	assert_int_equal(network_open(&config, &net, &err), -EBUSY);
	assert_string_equal(err.msg, "bridge lt0 has another address: 10.8.0.9/28");
	config.bip.prefix_len = 0;
	close_network(open_network(&config));

	free(fixture_output("ip route add 172.16.0.0/12 dev br7; ip route add 192.168.0.0/16 dev br7"));
	assert_int_equal(network_open(&config, &net, &err), -EAGAIN);
	assert_non_null(strstr(err.msg, "could not find an available, non-overlapping IPv4 address pool"));
	free(fixture_output("ip link del br7"));
}

static void test_refusals(void **state)
{
	struct network_config config = {.instance = "t", .bridge = "lo"};
	struct network *net = NULL;
	struct err err;

	assert_int_equal(network_open(&config, &net, &err), -EBUSY);
	assert_string_equal(err.msg, "network link lo exists and is not a bridge");
	config.bridge = "a-name-of-16-chr";
	assert_int_equal(network_open(&config, &net, &err), -EINVAL);
	config.bridge = "lt0";
	config.mtu = 10;
	assert_int_equal(network_open(&config, &net, &err), -EINVAL);
	config.mtu = 0;
	assert_true(subnet_parse("10.8.0.0/28", &config.bip));
	assert_int_equal(network_open(&config, &net, &err), -EINVAL);
	assert_true(subnet_parse("10.8.0.1/31", &config.bip));
	assert_int_equal(network_open(&config, &net, &err), -EINVAL);
	assert_null(net);
}

static void test_bad_endpoints(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0", .bip = {{0}, 0}};
	struct network *net = open_network(&config);
	struct endpoint e = {.prefix_len = 0};
	struct err err;

	assert_int_equal(network_endpoint_allocate(net, "short", NULL, &e, &err), -EINVAL);
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_1, (const uint8_t[]){3, 0, 0, 0, 0, 1}, &e, &err), -EINVAL);
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_1, NULL, &e, NULL), 0);
	network_endpoint_release(net, e.id);
	e.address.s_addr = inet_addr("10.0.0.1");
	assert_int_equal(network_endpoint_adopt(net, &e, &err), -EINVAL);
	close_network(net);
}

static void test_full(void **state)
{
	struct network_config config = {.instance = "t", .bridge = "lt0"};
	char id[RANDOM_ID_LEN + 1];
	struct endpoint e;
	struct network *net;
	struct err err;

	net = open_network(&config);
	for (int i = 0; i < NETWORK_PORTS_MAX; i++) {
		random_id(id);
		assert_int_equal(network_endpoint_allocate(net, id, NULL, &e, NULL), 0);
	}
	assert_int_equal(network_endpoint_allocate(net, CONTAINER_1, NULL, &e, &err), -EAGAIN);
	assert_string_equal(err.msg, "bridge lt0 is full: it has 1023 ports");
	network_close(net);
	net = open_network(&config);
	close_network(net);
}

static void test_warnings(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0"},
				    open = {.instance = "t", .bridge = "lt0", .no_firewall = true};
	struct network *net;
	char **warnings = NULL;

	net = open_network(&config);
	assert_int_equal(network_warnings(net, &warnings, NULL), 0);
	assert_null(warnings);
	free(fixture_output("nft 'add table ip foreign; add chain ip foreign FORWARD { type filter hook forward priority 0; "
			    "policy drop; }; add chain ip foreign INPUT { type filter hook input priority 0; policy drop; }'"));
	assert_int_equal(network_warnings(net, &warnings, NULL), 0);
	assert_int_equal(strv_len(warnings), 1);
	assert_non_null(strstr(warnings[0], "chain ip foreign FORWARD"));
	strv_free(warnings);
	free(fixture_output("nft delete table ip foreign"));
	close_network(net);

	net = open_network(&open);
	assert_prints("nft list ruleset", "");
	warnings = NULL;
	assert_int_equal(network_warnings(net, &warnings, NULL), 0);
	assert_non_null(strstr(warnings[0], "without firewall rules"));
	strv_free(warnings);
	close_network(net);
}

/* While the owner lives nobody else changes the table; when it is gone the table stays, and the next run takes it. */
static void test_owned_table(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0"};
	struct network *net = open_network(&config), *second = NULL;
	char *text = fixture_output("nft list table inet lighter-t");
	bool owned = strstr(text, "flags owner") != NULL;
	struct err err;

	free(text);
	if (owned) { /* Linux 6.9; what follows holds nowhere else */
		free(fixture_output("nft flush ruleset"));
		assert_int_equal(network_open(&config, &second, &err), -EBUSY);
		assert_string_equal(err.msg, "nf_tables table lighter-t belongs to a running program");
	}
	network_close(net);
	assert_prints("nft list chains | grep -c 'chain forward'", "1\n");
	close_network(open_network(&config));
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	return (int)syscall(SYS_capset, &header, none);
}

static void test_no_capability(void **state)
{
	const struct network_config config = {.instance = "t", .bridge = "lt0"};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct network *net;
		struct err err;
		bool right = drop_capabilities() == 0 && network_open(&config, &net, &err) < 0 && err.kind == ERR_FORBIDDEN &&
			     strcmp(err.msg, "create bridge lt0 (CAP_NET_ADMIN is needed): Operation not permitted") == 0;

		_exit(right ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_open_and_remove),
					   cmocka_unit_test(test_traffic),
					   cmocka_unit_test(test_guard_only_when_needed),
					   cmocka_unit_test(test_restart),
					   cmocka_unit_test(test_subnets),
					   cmocka_unit_test(test_refusals),
					   cmocka_unit_test(test_bad_endpoints),
					   cmocka_unit_test(test_full),
					   cmocka_unit_test(test_warnings),
					   cmocka_unit_test(test_owned_table),
					   cmocka_unit_test(test_no_capability)};

	fixture_own_network();
	return cmocka_run_group_tests(tests, setup, teardown);
}
