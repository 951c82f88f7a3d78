/* SPDX-License-Identifier: Apache-2.0 */
/* The device policy's program, run by a small interpreter of the instructions it uses. */
#include <errno.h>
#include <string.h>

#include "../unit.h"
#include "linux/device_bpf.h"

#define READ BPF_DEVCG_ACC_READ
#define WRITE BPF_DEVCG_ACC_WRITE
#define MKNOD BPF_DEVCG_ACC_MKNOD
#define CHAR BPF_DEVCG_DEV_CHAR
#define BLOCK BPF_DEVCG_DEV_BLOCK

static uint32_t alu(unsigned char op, uint32_t dst, uint32_t src)
{
	switch (BPF_OP(op)) {
	case BPF_MOV:
		return src;
	case BPF_AND:
		return dst & src;
	case BPF_RSH:
		return dst >> src;
	default:
		fail_msg("instruction %#x", op);
		return 0;
	}
}

static int run(const struct device_bpf *p, int type, int access, uint32_t major, uint32_t minor)
{
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type = (uint32_t)access << 16 | (uint32_t)type, .major = major, .minor = minor};
	uint32_t reg[11] = {0};

	for (size_t pc = 0; pc < p->len; pc++) {
		const struct bpf_insn *i = &p->insns[pc];
		uint32_t src = BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint32_t)i->imm;

		switch (BPF_CLASS(i->code)) {
		case BPF_LDX:
			memcpy(&reg[i->dst_reg], (char *)&ctx + i->off, 4);
			break;
		case BPF_ALU:
			reg[i->dst_reg] = alu(i->code, reg[i->dst_reg], src);
			break;
		case BPF_JMP32:
			if ((BPF_OP(i->code) == BPF_JNE) == (reg[i->dst_reg] != src))
				pc += (size_t)i->off;
			break;
		default:
			assert_int_equal(i->code, BPF_JMP | BPF_EXIT);
			return (int)reg[0];
		}
	}
	fail_msg("the program ends without an exit");
	return -1;
}

static int64_t n1 = 1, n3 = 3, n8 = 8, n0 = 0, any = -1;

static void test_last_rule_decides(void **state)
{
	struct oci_device_rule list[] = {{false, NULL, NULL, NULL, (char *)"rwm"},
					 {true, (char *)"c", &n1, &n3, (char *)"rwm"},
					 {true, (char *)"b", &n8, &any, (char *)"r"},
					 {false, (char *)"b", &n8, &n0, (char *)"r"}};
	struct oci_device_rule more[] = {{true, (char *)"c", &any, &any, (char *)"m"}};
	struct oci_device_rules rules = {list, ARRAY_SIZE(list)}, last = {more, ARRAY_SIZE(more)};
	struct device_bpf p = DEVICE_BPF_INIT;

	assert_int_equal(device_bpf_build(&p, &rules, &last), 0);
	assert_int_equal(run(&p, CHAR, READ | WRITE, 1, 3), 1);
	assert_int_equal(run(&p, CHAR, READ, 1, 5), 0);
	assert_int_equal(run(&p, BLOCK, READ, 1, 3), 0);
	assert_int_equal(run(&p, BLOCK, READ, 8, 1), 1);
	assert_int_equal(run(&p, BLOCK, READ | WRITE, 8, 1), 0);
	assert_int_equal(run(&p, BLOCK, READ, 8, 0), 0);
	assert_int_equal(run(&p, CHAR, MKNOD, 99, 99), 1);
	assert_int_equal(run(&p, CHAR, MKNOD | READ, 99, 99), 0);
	assert_int_equal(run(&p, BLOCK, MKNOD, 99, 99), 0);
	device_bpf_done(&p);
}

static void test_nothing_is_allowed_by_default(void **state)
{
	struct oci_device_rules none = {NULL, 0};
	struct device_bpf p = DEVICE_BPF_INIT;

	assert_int_equal(device_bpf_build(&p, &none, &none), 0);
	assert_int_equal(run(&p, CHAR, READ, 1, 3), 0);
	device_bpf_done(&p);
}

static void test_a_rule_for_all_ends_the_program(void **state)
{
	struct oci_device_rule list[] = {{false, (char *)"c", &n1, &n3, NULL}, {true, (char *)"a", &any, &any, (char *)"rwm"}};
	struct oci_device_rules rules = {list, ARRAY_SIZE(list)}, none = {NULL, 0};
	struct device_bpf p = DEVICE_BPF_INIT;

	assert_int_equal(device_bpf_build(&p, &rules, &none), 0);
	assert_int_equal(run(&p, CHAR, READ | WRITE | MKNOD, 1, 3), 1);
	assert_true(p.len < 10);
	device_bpf_done(&p);
}

static void test_too_many_rules(void **state)
{
	struct oci_device_rules rules = {NULL, 100000}, none = {NULL, 0};
	struct device_bpf p = DEVICE_BPF_INIT;

	assert_int_equal(device_bpf_build(&p, &rules, &none), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_rule_decides), cmocka_unit_test(test_nothing_is_allowed_by_default),
		cmocka_unit_test(test_a_rule_for_all_ends_the_program), cmocka_unit_test(test_too_many_rules)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
