/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <string.h>

#include "../unit.h"
#include "runtime/sysctl.h"

static int check(const char *name, uint64_t flags, struct err *err)
{
	struct json_string_pair pair = {(char *)name, (char *)"1"};
	struct json_string_map map = {&pair, 1};

	return sysctl_check(&map, flags, err);
}

static void test_only_namespaced_ones(void **state)
{
	struct err err = {0};

	assert_int_equal(check("net.ipv4.ip_forward", CLONE_NEWNET, &err), 0);
	assert_int_equal(check("net/ipv4/conf/eth0.1/forwarding", CLONE_NEWNET, &err), 0);
	assert_int_equal(check("kernel.shmmax", CLONE_NEWIPC, &err), 0);
	assert_int_equal(check("fs.mqueue.msg_max", CLONE_NEWIPC, &err), 0);
	assert_true(check("net.ipv4.ip_forward", CLONE_NEWIPC, &err) < 0);
	assert_string_equal(err.msg, "sysctl \"net.ipv4.ip_forward\" is not allowed in the hosts network namespace");
	assert_true(check("kernel.core_pattern", CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, &err) < 0);
	assert_string_equal(err.msg, "sysctl \"kernel.core_pattern\" is not in a separate kernel namespace");
	assert_true(check("/net/x", CLONE_NEWNET, &err) < 0);
	assert_true(check("", CLONE_NEWNET, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_only_namespaced_ones)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
