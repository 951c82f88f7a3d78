/* SPDX-License-Identifier: Apache-2.0 */
/* A container's link as text (the shim's start message) and as what the kernel takes. */
#include <arpa/inet.h>
#include <string.h>

#include "linux/sandbox_net.h"

/* The kernel's own rule for a link's name (dev_valid_name). */
static int parse_name(const char *what, const char *text, char ret[IFNAMSIZ], struct err *err)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len >= IFNAMSIZ || strpbrk(text, "/: \t\n") || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return err_set(err, ERR_INVALID, "invalid %s: %s", what, text ? text : "(none)");
	memcpy(ret, text, len + 1);
	return 0;
}

static int parse_address(const char *what, const char *text, struct in_addr *ret, struct err *err)
{
	if (!text || inet_pton(AF_INET, text, ret) != 1)
		return err_set(err, ERR_INVALID, "invalid %s: %s", what, text ? text : "(none)");
	return 0;
}

static int parse_mac(const char *what, const char *text, uint8_t ret[MAC_LEN], struct err *err)
{
	if (!text || !mac_parse(text, ret) || !mac_is_unicast(ret))
		return err_set(err, ERR_INVALID, "invalid %s: %s", what, text ? text : "(none)");
	return 0;
}

int net_setup_parse(const struct net_setup_text *t, struct net_setup *ret, struct err *err)
{
	struct net_setup s = {.prefix_len = t->prefix_len, .mtu = t->mtu};
	int r = parse_name("link name", t->host_if, s.host_if, err);

	if (r == 0)
		r = parse_name("bridge name", t->bridge_if, s.bridge_if, err);
	if (r == 0)
		r = parse_name("interface name", t->container_if ? t->container_if : "eth0", s.container_if, err);
	if (r == 0)
		r = parse_address("address", t->address, &s.address, err);
	if (r == 0 && t->gateway)
		r = parse_address("gateway", t->gateway, &s.gateway, err);
	if (r == 0)
		r = parse_mac("MAC address", t->mac, s.mac, err);
	if (r == 0 && t->gateway_mac)
		r = parse_mac("gateway's MAC address", t->gateway_mac, s.gateway_mac, err);
	if (r == 0 && (t->prefix_len < 1 || t->prefix_len > 32))
		r = err_set(err, ERR_INVALID, "invalid prefix length: %u", t->prefix_len);
	if (r == 0)
		*ret = s;
	return r;
}
