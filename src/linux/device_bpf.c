/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the device policy's program. Registers: r2 the type, r3 the access asked for, r4 major, r5 minor, loaded once
 * from the context (struct bpf_cgroup_dev_ctx); then one block per rule, the last rule first, each ending in "return
 * allow" and skipped when something doesn't match; at the end "return 0". An access is granted by a rule only when it
 * covers all that is asked for, and denied when it touches any of it.
 */
#include "linux/device_bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INSNS_MAX 4096 /* what kernels before 5.2 took from anybody */
#define RULE_INSNS_MAX 16

enum { R_RESULT = BPF_REG_0, R_CTX = BPF_REG_1, R_TYPE, R_ACCESS, R_MAJOR, R_MINOR, R_SCRATCH };

static void add(struct device_bpf *p, struct bpf_insn insn)
{
	p->insns[p->len++] = insn;
}

static struct bpf_insn load_word(int dst, int offset)
{
	return (struct bpf_insn){
		.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = dst & 15, .src_reg = R_CTX, .off = (short)offset};
}

static struct bpf_insn alu_imm(int op, int dst, int imm)
{
	return (struct bpf_insn){.code = (unsigned char)(BPF_ALU | op | BPF_K), .dst_reg = dst & 15, .imm = imm};
}

static struct bpf_insn move(int dst, int src)
{
	return (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = dst & 15, .src_reg = src & 15};
}

/* A jump out of the rule's block; where to is filled in when the block is complete. */
static struct bpf_insn jump_unless_equal(int dst, int imm)
{
	return (struct bpf_insn){.code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = dst & 15, .imm = imm};
}

static int access_bits(const char *access)
{
	int bits = 0;

	if (!access || !*access)
		access = "rwm";
	for (; *access; access++)
		bits |= *access == 'r' ? BPF_DEVCG_ACC_READ : *access == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
	return bits;
}

static void add_return(struct device_bpf *p, int value)
{
	add(p, alu_imm(BPF_MOV, R_RESULT, value));
	add(p, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

static void add_rule(struct device_bpf *p, const struct oci_device_rule *rule)
{
	size_t start = p->len;
	char type = rule->type && *rule->type ? *rule->type : 'a';
	int bits = access_bits(rule->access);

	if (type == 'p')
		return; /* fifos are no devices */
	if (type != 'a')
		add(p, jump_unless_equal(R_TYPE, type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
	if (bits != (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)) {
		add(p, move(R_SCRATCH, R_ACCESS));
		if (rule->allow) { /* anything beyond the rule's bits: not this rule */
			add(p, alu_imm(BPF_AND, R_SCRATCH, ~bits));
			add(p, jump_unless_equal(R_SCRATCH, 0));
		} else { /* none of the rule's bits: not this rule */
			add(p, alu_imm(BPF_AND, R_SCRATCH, bits));
			add(p, (struct bpf_insn){.code = BPF_JMP32 | BPF_JEQ | BPF_K, .dst_reg = R_SCRATCH, .imm = 0});
		}
	}
	if (rule->major && *rule->major >= 0)
		add(p, jump_unless_equal(R_MAJOR, (int)*rule->major));
	if (rule->minor && *rule->minor >= 0)
		add(p, jump_unless_equal(R_MINOR, (int)*rule->minor));
	add_return(p, rule->allow);
	for (size_t i = start; i < p->len; i++) {
		unsigned char op = p->insns[i].code;

		if (BPF_CLASS(op) == BPF_JMP32)
			p->insns[i].off = (short)(p->len - i - 1);
	}
}

static bool matches_all(const struct oci_device_rule *r)
{
	return (!r->type || !*r->type || *r->type == 'a') && (!r->major || *r->major < 0) && (!r->minor || *r->minor < 0) &&
	       access_bits(r->access) == (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD);
}

int device_bpf_build(struct device_bpf *p, const struct oci_device_rules *rules, const struct oci_device_rules *last)
{
	const struct oci_device_rules *lists[] = {last, rules};
	size_t most = (rules->len + last->len) * RULE_INSNS_MAX + 16;

	if (most > INSNS_MAX)
		return -E2BIG;
	p->insns = calloc(most, sizeof(*p->insns));
	if (!p->insns)
		return -ENOMEM;
	p->cap = most;
	add(p, load_word(R_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type)));
	add(p, move(R_ACCESS, R_TYPE));
	add(p, alu_imm(BPF_AND, R_TYPE, 0xffff));
	add(p, alu_imm(BPF_RSH, R_ACCESS, 16));
	add(p, load_word(R_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major)));
	add(p, load_word(R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor)));
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = lists[l]->len; i-- > 0;) {
			add_rule(p, &lists[l]->items[i]);
			if (matches_all(&lists[l]->items[i]))
				return 0; /* what came before can't matter, and the verifier refuses dead code */
		}
	add_return(p, 0);
	return 0;
}

void device_bpf_done(struct device_bpf *p)
{
	free(p->insns);
	p->insns = NULL;
}
