/* SPDX-License-Identifier: Apache-2.0 */
#include "network/ipam.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "../unit.h"

static struct subnet subnet(const char *text)
{
	struct subnet s;

	assert_true(subnet_parse(text, &s));
	return s;
}

static struct in_addr addr(const char *text)
{
	return (struct in_addr){inet_addr(text)};
}

static void assert_next(struct ipam *p, const char *wanted)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr a;

	assert_int_equal(ipam_allocate(p, &a, NULL), 0);
	assert_string_equal(inet_ntop(AF_INET, &a, text, sizeof(text)), wanted);
}

/* The order was seen at Docker 28.5: .2 .3 .4, .2 released, then .2 and .5; .4 and .2 released, then .2 and .4. */
static void test_lowest_free_first(void **state)
{
	_cleanup_(ipam_freep) struct ipam *p = NULL;

	assert_int_equal(ipam_new(subnet("172.17.0.0/16"), &p, NULL), 0);
	assert_int_equal(ipam_reserve(p, addr("172.17.0.1"), NULL), 0);
	assert_next(p, "172.17.0.2");
	assert_next(p, "172.17.0.3");
	assert_next(p, "172.17.0.4");
	ipam_release(p, addr("172.17.0.2"));
	assert_next(p, "172.17.0.2");
	assert_next(p, "172.17.0.5");
	ipam_release(p, addr("172.17.0.4"));
	ipam_release(p, addr("172.17.0.2"));
	ipam_release(p, addr("172.17.0.2"));
	assert_next(p, "172.17.0.2");
	assert_next(p, "172.17.0.4");
	assert_int_equal(ipam_used(p), 5);
}

static void test_exhaustion_and_gaps(void **state)
{
	static const char *const sizes[] = {"10.0.0.0/30", "10.0.0.0/26", "10.0.0.128/25", "10.0.0.0/20"};
	struct in_addr a;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_(ipam_freep) struct ipam *p = NULL;
		struct subnet s = subnet(sizes[i]);
		uint32_t hosts = (1u << (32 - s.prefix_len)) - 2, first = ntohl(s.address.s_addr) + 1;

		assert_int_equal(ipam_new(s, &p, NULL), 0);
		for (uint32_t n = 0; n < hosts; n++) {
			assert_int_equal(ipam_allocate(p, &a, NULL), 0);
			assert_int_equal(ntohl(a.s_addr), first + n);
		}
		assert_int_equal(ipam_allocate(p, &a, &err), -EAGAIN);
		assert_int_equal(err.kind, ERR_UNAVAILABLE);
		assert_string_equal(err.msg, "no available IPv4 addresses on this network's address pools");
		ipam_release(p, (struct in_addr){htonl(first + hosts - 1)});
		ipam_release(p, (struct in_addr){htonl(first + hosts / 2)});
		assert_int_equal(ipam_allocate(p, &a, NULL), 0);
		assert_int_equal(ntohl(a.s_addr), first + hosts / 2);
		assert_int_equal(ipam_used(p), hosts - (hosts / 2 == hosts - 1 ? 0 : 1));
	}
}

static void test_reserve(void **state)
{
	_cleanup_(ipam_freep) struct ipam *p = NULL;
	struct err err;

	assert_int_equal(ipam_new(subnet("10.0.0.0/8"), &p, NULL), 0);
	assert_int_equal(ipam_reserve(p, addr("10.0.0.1"), &err), 0);
	assert_int_equal(ipam_reserve(p, addr("10.255.255.254"), &err), 0);
	assert_int_equal(ipam_reserve(p, addr("10.0.0.1"), &err), -EBUSY);
	assert_string_equal(err.msg, "Address already in use: 10.0.0.1");
	assert_int_equal(ipam_reserve(p, addr("10.0.0.0"), &err), -EINVAL);
	assert_int_equal(ipam_reserve(p, addr("10.255.255.255"), &err), -EINVAL);
	assert_int_equal(ipam_reserve(p, addr("11.0.0.1"), &err), -EINVAL);
	ipam_release(p, addr("11.0.0.1"));
	ipam_release(p, addr("10.0.0.0"));
	assert_int_equal(ipam_used(p), 2);
	assert_next(p, "10.0.0.2");
}

static void test_bad_subnets(void **state)
{
	static const char *const bad[] = {"",           "1.2.3.4",    "1.2.3.4/",    "1.2.3.4/33",         "1.2.3/8",
					  "/8",         "1.2.3.4/-1", "1.2.3.4/08",  "1.2.3.4/8x",         "01.2.3.4/8",
					  "1.2.3.4/ 8", "::1/64",     "1.2.3.4/8/8", "1.2.3.4.5.6.7.8.9/8"};
	struct ipam *p = NULL;
	struct subnet s;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (subnet_parse(bad[i], &s))
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(ipam_new(subnet("10.0.0.0/31"), &p, NULL), -EINVAL);
	assert_int_equal(ipam_new(subnet("10.0.0.0/7"), &p, NULL), -EINVAL);
	assert_int_equal(ipam_new(subnet("10.0.0.1/24"), &p, NULL), -EINVAL);
	assert_null(p);
}

static void test_overlaps(void **state)
{
	assert_true(subnet_overlaps(subnet("10.0.0.0/8"), subnet("10.1.0.0/16")));
	assert_true(subnet_overlaps(subnet("10.1.0.0/16"), subnet("10.0.0.0/8")));
	assert_true(subnet_overlaps(subnet("10.1.0.1/32"), subnet("10.1.0.0/16")));
	assert_true(subnet_overlaps(subnet("0.0.0.0/0"), subnet("10.1.0.0/16")));
	assert_false(subnet_overlaps(subnet("10.0.0.0/16"), subnet("10.1.0.0/16")));
	assert_false(subnet_overlaps(subnet("192.168.16.0/20"), subnet("192.168.0.0/20")));
	assert_true(subnet_contains(subnet("192.168.16.0/20"), addr("192.168.31.255")));
	assert_false(subnet_contains(subnet("192.168.16.0/20"), addr("192.168.32.0")));
	assert_int_equal(subnet_of(subnet("172.17.0.1/16")).address.s_addr, inet_addr("172.17.0.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lowest_free_first), cmocka_unit_test(test_exhaustion_and_gaps),
					   cmocka_unit_test(test_reserve), cmocka_unit_test(test_bad_subnets),
					   cmocka_unit_test(test_overlaps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
