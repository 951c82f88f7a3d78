/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink messages as bytes, and what an exchange reports when one of many fails. */
#include "linux/nl.h"

#include <errno.h>
#include <string.h>

#include "../unit.h"
#include "linux/nft.h"
#include "linux/rtnl.h"
#include "netns_fixture.h"

static void test_bytes(void **state)
{
	static const uint8_t wanted[] = {
		36,  0,   0,   0,   16,  0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, /* length, type, flags, sequence, port */
		'h', 'd', 'r', 0,                                         /* the family's header, padded */
		6,   0,   3,   0,   'a', 0, 0, 0,                         /* a string with its NUL, padded */
		8,   0,   4,   128, 4,   0, 9, 0,                         /* an empty attribute in a nest */
	};
	uint8_t room[64] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	size_t nest;

	nl_msg_begin(&b, 16, 4, "hdr", 3);
	nl_attr_put_str(&b, 3, "a");
	nest = nl_nest_begin(&b, 4);
	nl_attr_put(&b, 9, NULL, 0);
	nl_nest_end(&b, nest);
	assert_false(b.failed);
	assert_int_equal(b.len, sizeof(wanted));
	assert_memory_equal(room, wanted, sizeof(wanted));
}

/* At every size too small the buffer fails, stays failed, and nothing is written behind it. */
static void test_overflow_is_sticky(void **state)
{
	for (size_t cap = 0; cap < 400; cap += 4) {
		uint8_t room[512] NL_ALIGNED;
		struct nl_buf b = {.data = room, .cap = cap};
		struct nft_rule r;

		memset(room, 0xee, sizeof(room));
		nft_begin(&b);
		r = nft_rule_begin(&b, "table", "chain");
		nft_match_ifname(&r, NFT_META_IIFNAME, false, "interface-name0");
		nft_match_source(&r, (struct in_addr){0}, 8);
		nft_rule_end(&r);
		nft_end(&b);
		for (size_t i = cap; i < sizeof(room); i++)
			assert_int_equal(room[i], 0xee);
		assert_true(b.failed);
		assert_int_equal(nl_exchange(-EBADF, &b, NULL, NULL, NULL), -EMSGSIZE);
	}
}

static void test_long_attributes_fail(void **state)
{
	static uint8_t room[1 << 18] NL_ALIGNED, value[UINT16_MAX];
	struct nl_buf b = NL_BUF(room), c = NL_BUF(room);
	size_t nest;

	nl_msg_begin(&b, 16, 0, NULL, 0);
	nl_attr_put(&b, 1, value, sizeof(value) - NLA_HDRLEN);
	assert_false(b.failed);
	nl_attr_put(&b, 1, value, sizeof(value) - NLA_HDRLEN + 1);
	assert_true(b.failed);
	nl_msg_begin(&c, 16, 0, NULL, 0);
	nest = nl_nest_begin(&c, 1);
	nl_attr_put(&c, 1, value, 40000);
	nl_attr_put(&c, 1, value, 40000);
	nl_nest_end(&c, nest);
	assert_true(c.failed);
}

static void test_hostile_attributes(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
	} bad[] = {
		{{3, 0, 1, 0}, 4},                          /* shorter than its own header */
		{{0, 0, 1, 0}, 4},                          /* of no length */
		{{12, 0, 1, 0, 1, 1, 1, 1}, 8},             /* longer than the message */
		{{5, 0, 2, 0, 9, 0, 0, 0}, 5},              /* another type, its padding missing */
		{{8, 0, 2, 0, 1, 1, 1, 1, 9, 0, 1, 0}, 12}, /* the second one is cut */
		{{8, 0, 1}, 3},
	};
	static const uint8_t unterminated[] NL_ALIGNED = {8, 0, 1, 0, 'a', 'b', 'c', 'd'};
	char text[8];
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t bytes[12] NL_ALIGNED;

		memcpy(bytes, bad[i].bytes, sizeof(bytes));
		assert_null(nl_attr_find(bytes, bad[i].len, 1));
	}
	nl_attr_str(nl_attr_find(unterminated, sizeof(unterminated), 1), text, sizeof(text));
	assert_string_equal(text, "");
	assert_false(nl_attr_bytes(nl_attr_find(unterminated, sizeof(unterminated), 1), &number, 2));
	assert_true(nl_attr_bytes(nl_attr_find(unterminated, sizeof(unterminated), 1), &number, 4));
	assert_int_equal(nl_attr_u32(NULL), 0);
	assert_null(nl_attr_nested(NULL, 1));
}

static void test_macs(void **state)
{
	static const char *const bad[] = {"",
					  "zz",
					  "02:42:ac:11:00",
					  "02:42:ac:11:00:0",
					  "02:42:ac:11:00:zz",
					  "02-42:ac:11:00:99",
					  "02.42.ac.11.00.99",
					  "02:42:ac:11:00:999"};
	uint8_t mac[MAC_LEN];
	char text[MAC_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(mac_parse(bad[i], mac));
	assert_true(mac_parse("02-42-AC-11-00-99", mac));
	mac_format(mac, text);
	assert_string_equal(text, "02:42:ac:11:00:99");
	assert_true(mac_is_unicast(mac));
	assert_false(mac_is_unicast((const uint8_t[MAC_LEN]){3}));
	assert_false(mac_is_unicast((const uint8_t[MAC_LEN]){0}));
}

static void test_which_one_failed(void **state)
{
	const struct link_change up = {.up = true};
	uint8_t room[1024] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room), again = NL_BUF(room);
	struct nl_failure f;
	struct link_info link;
	int fd = nl_open(NETLINK_ROUTE, 0);

	rtnl_link_change(&b, LOOPBACK_IFINDEX, &up);
	rtnl_link_delete(&b, 4711);
	rtnl_neigh_delete(&b, 4711, (struct in_addr){1});
	rtnl_link_change(&b, LOOPBACK_IFINDEX, &up);
	assert_int_equal(nl_exchange(fd, &b, NULL, NULL, &f), -ENODEV);
	assert_int_equal(f.index, 1);
	assert_int_equal(f.error, ENODEV);
	assert_int_equal(rtnl_link_get(fd, "lo", &link), 0); /* nothing of the failure is left on the socket */
	assert_true(link.up);
	assert_int_equal(rtnl_link_get_index(fd, LOOPBACK_IFINDEX, &link), 0);
	assert_string_equal(link.name, "lo");
	rtnl_link_change(&again, LOOPBACK_IFINDEX, &up);
	assert_int_equal(nl_exchange(fd, &again, NULL, NULL, &f), 0);
	assert_int_equal(f.index, -1);
	close(fd);
}

/* A transaction whose last message fails leaves nothing of the ones before. */
static void test_transaction_is_whole(void **state)
{
	uint8_t room[2048] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	struct nl_failure f;
	int fd = nl_open(NETLINK_NETFILTER, 0);
	char *rules;

	nft_begin(&b);
	nft_table_add(&b, "t", 0);
	nft_chain_add(&b, "t", "c");
	nft_table_delete(&b, "missing");
	nft_end(&b);
	assert_int_equal(nl_exchange(fd, &b, NULL, NULL, &f), -ENOENT);
	assert_int_equal(f.index, 3);
	rules = fixture_output("nft list ruleset");
	assert_string_equal(rules, "");
	free(rules);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes),
					   cmocka_unit_test(test_overflow_is_sticky),
					   cmocka_unit_test(test_long_attributes_fail),
					   cmocka_unit_test(test_hostile_attributes),
					   cmocka_unit_test(test_macs),
					   cmocka_unit_test(test_which_one_failed),
					   cmocka_unit_test(test_transaction_is_whole)};

	fixture_own_network();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
