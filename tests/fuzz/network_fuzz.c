/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What networks read from outside: a resolv.conf (made again from what was made of it, it must say the same), an extra
 * host, a subnet, a MAC address, and netlink attributes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "linux/nl.h"
#include "linux/rtnl.h"
#include "network/files.h"
#include "network/ipam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make(const char *host, char *const *list, bool host_network, struct buf *out)
{
	const struct resolv_request q = {.host_path = "/etc/resolv.conf",
					 .host_text = host,
					 .search = list,
					 .options = list,
					 .host_network = host_network};

	if (files_resolv_conf(&q, out, NULL) < 0)
		abort();
}

/* The part before the comments at the end. */
static size_t body_len(const struct buf *b)
{
	const char *end = strstr(b->data, "\n# Based on host file: '/etc/resolv.conf'");

	if (!end)
		abort();
	return (size_t)(end - b->data);
}

static void resolv_conf(const char *text, bool host_network)
{
	_cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT, listed = BUF_INIT;

	make(text, NULL, host_network, &first);
	make(first.data, NULL, host_network, &second);
	/* One carriage return goes from the end of each line, as in Docker, so a text with several changes again. */
	if (!strchr(text, '\r') &&
	    (body_len(&first) != body_len(&second) || memcmp(first.data, second.data, body_len(&first)) != 0))
		abort();
	make("", (char *const[]){(char *)(uintptr_t)text, NULL}, host_network, &listed);
}

static void hosts(const char *text)
{
	const struct hosts_request q = {.extra = (char *const[]){(char *)(uintptr_t)text, NULL}, .hostname = "h"};
	_cleanup_buf_ struct buf out = BUF_INIT;

	(void)!files_hosts(&q, &out, NULL);
}

static void small_ones(const char *text)
{
	uint8_t mac[MAC_LEN], again[MAC_LEN];
	char shown[MAC_TEXT_SIZE];
	struct subnet s;

	if (mac_parse(text, mac)) {
		mac_format(mac, shown);
		if (!mac_parse(shown, again) || memcmp(mac, again, MAC_LEN) != 0)
			abort();
	}
	if (subnet_parse(text, &s) && !subnet_overlaps(s, subnet_of(s)))
		abort();
}

static void attributes(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	const struct nlattr *attr;
	char text[16];

	if (!copy)
		abort();
	memcpy(copy, data, size);
	attr = nl_attr_find(copy, size, 1);
	nl_attr_str(attr, text, sizeof(text));
	nl_attr_str(nl_attr_nested(attr, 2), text, sizeof(text));
	(void)nl_attr_u32(nl_attr_nested(attr, 3));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);

	if (!text)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	resolv_conf(text, (size & 1) != 0);
	hosts(text);
	small_ones(text);
	attributes(data, size);
	free(text);
	return 0;
}
