/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoder. Numbers in attributes are big-endian; what is compared in registers is in the form in which the kernel
 * loads it: interface names as 16 bytes, marks and states in host order, packet fields as on the wire. The expressions are
 * those that nft(8) itself would send, so that it can print our rules.
 */
#include "linux/nft.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <stddef.h>
#include <string.h>

#define TYPE(message) ((NFNL_SUBSYS_NFTABLES << 8) | (message))

/* ct state, as a set of bits: NF_CT_STATE_BIT() of the kernel. */
#define STATE_BIT(info) (1u << ((info) % IP_CT_IS_REPLY + 1))

static void begin(struct nl_buf *b, uint16_t message, uint16_t flags)
{
	const struct nfgenmsg header = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};

	nl_msg_begin(b, TYPE(message), flags, &header, sizeof(header));
}

static void mark(struct nl_buf *b, uint16_t type)
{
	const struct nfgenmsg header = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};

	nl_msg_begin(b, type, 0, &header, sizeof(header));
}

void nft_begin(struct nl_buf *b)
{
	mark(b, NFNL_MSG_BATCH_BEGIN);
	b->transaction = true;
}

void nft_end(struct nl_buf *b)
{
	mark(b, NFNL_MSG_BATCH_END);
}

void nft_table_add(struct nl_buf *b, const char *table, uint32_t flags)
{
	begin(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	nl_attr_put_str(b, NFTA_TABLE_NAME, table);
	nl_attr_put_be32(b, NFTA_TABLE_FLAGS, flags);
}

void nft_table_delete(struct nl_buf *b, const char *table)
{
	begin(b, NFT_MSG_DELTABLE, 0);
	nl_attr_put_str(b, NFTA_TABLE_NAME, table);
}

void nft_chain_add(struct nl_buf *b, const char *table, const char *chain)
{
	begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	nl_attr_put_str(b, NFTA_CHAIN_TABLE, table);
	nl_attr_put_str(b, NFTA_CHAIN_NAME, chain);
}

void nft_chain_add_base(struct nl_buf *b, const char *table, const char *chain, const char *type, uint32_t hook,
			int32_t priority)
{
	size_t nest;

	nft_chain_add(b, table, chain);
	nest = nl_nest_begin(b, NFTA_CHAIN_HOOK);
	nl_attr_put_be32(b, NFTA_HOOK_HOOKNUM, hook);
	nl_attr_put_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	nl_nest_end(b, nest);
	nl_attr_put_be32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	nl_attr_put_str(b, NFTA_CHAIN_TYPE, type);
}

struct nft_rule nft_rule_begin(struct nl_buf *b, const char *table, const char *chain)
{
	struct nft_rule r = {.b = b};

	begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nl_attr_put_str(b, NFTA_RULE_TABLE, table);
	nl_attr_put_str(b, NFTA_RULE_CHAIN, chain);
	r.expressions = nl_nest_begin(b, NFTA_RULE_EXPRESSIONS);
	return r;
}

void nft_rule_end(struct nft_rule *r)
{
	nl_nest_end(r->b, r->expressions);
}

struct expression {
	size_t element;
	size_t data;
};

static struct expression expression_begin(struct nft_rule *r, const char *name)
{
	struct expression e = {.element = nl_nest_begin(r->b, NFTA_LIST_ELEM)};

	nl_attr_put_str(r->b, NFTA_EXPR_NAME, name);
	e.data = nl_nest_begin(r->b, NFTA_EXPR_DATA);
	return e;
}

static void expression_end(struct nft_rule *r, struct expression e)
{
	nl_nest_end(r->b, e.data);
	nl_nest_end(r->b, e.element);
}

static void put_value(struct nl_buf *b, uint16_t type, const void *value, size_t len)
{
	size_t nest = nl_nest_begin(b, type);

	nl_attr_put(b, NFTA_DATA_VALUE, value, len);
	nl_nest_end(b, nest);
}

/* Loads something about the packet into register 1: "meta" or "ct" with its key. */
static void load(struct nft_rule *r, const char *name, uint16_t dreg_attr, uint16_t key_attr, uint32_t key)
{
	struct expression e = expression_begin(r, name);

	nl_attr_put_be32(r->b, key_attr, key);
	nl_attr_put_be32(r->b, dreg_attr, NFT_REG_1);
	expression_end(r, e);
}

static void compare(struct nft_rule *r, uint32_t op, const void *value, size_t len)
{
	struct expression e = expression_begin(r, "cmp");

	nl_attr_put_be32(r->b, NFTA_CMP_SREG, NFT_REG_1);
	nl_attr_put_be32(r->b, NFTA_CMP_OP, op);
	put_value(r->b, NFTA_CMP_DATA, value, len);
	expression_end(r, e);
}

/* Register 1 &= mask. */
static void mask_register(struct nft_rule *r, uint32_t mask)
{
	const uint32_t zero = 0;
	struct expression e = expression_begin(r, "bitwise");

	nl_attr_put_be32(r->b, NFTA_BITWISE_SREG, NFT_REG_1);
	nl_attr_put_be32(r->b, NFTA_BITWISE_DREG, NFT_REG_1);
	nl_attr_put_be32(r->b, NFTA_BITWISE_LEN, sizeof(mask));
	put_value(r->b, NFTA_BITWISE_MASK, &mask, sizeof(mask));
	put_value(r->b, NFTA_BITWISE_XOR, &zero, sizeof(zero));
	expression_end(r, e);
}

void nft_match_ifname(struct nft_rule *r, uint32_t key, bool differs, const char *name)
{
	char padded[IFNAMSIZ] = "";

	memcpy(padded, name, strnlen(name, IFNAMSIZ - 1));
	load(r, "meta", NFTA_META_DREG, NFTA_META_KEY, key);
	compare(r, differs ? NFT_CMP_NEQ : NFT_CMP_EQ, padded, sizeof(padded));
}

void nft_match_ifgroup(struct nft_rule *r, uint32_t key, bool differs, uint32_t group)
{
	load(r, "meta", NFTA_META_DREG, NFTA_META_KEY, key);
	compare(r, differs ? NFT_CMP_NEQ : NFT_CMP_EQ, &group, sizeof(group));
}

void nft_match_source(struct nft_rule *r, struct in_addr network, unsigned prefix_len)
{
	const uint8_t ipv4 = NFPROTO_IPV4;
	const uint32_t mask = prefix_len == 0 ? 0 : htonl(UINT32_MAX << (32 - prefix_len));
	const uint32_t wanted = network.s_addr & mask;
	struct expression e;

	load(r, "meta", NFTA_META_DREG, NFTA_META_KEY, NFT_META_NFPROTO);
	compare(r, NFT_CMP_EQ, &ipv4, sizeof(ipv4));
	e = expression_begin(r, "payload");
	nl_attr_put_be32(r->b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	nl_attr_put_be32(r->b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nl_attr_put_be32(r->b, NFTA_PAYLOAD_OFFSET, offsetof(struct iphdr, saddr));
	nl_attr_put_be32(r->b, NFTA_PAYLOAD_LEN, sizeof(wanted));
	expression_end(r, e);
	mask_register(r, mask);
	compare(r, NFT_CMP_EQ, &wanted, sizeof(wanted));
}

static void match_ct_bits(struct nft_rule *r, uint32_t key, uint32_t bits)
{
	const uint32_t zero = 0;

	load(r, "ct", NFTA_CT_DREG, NFTA_CT_KEY, key);
	mask_register(r, bits);
	compare(r, NFT_CMP_NEQ, &zero, sizeof(zero));
}

void nft_match_established(struct nft_rule *r)
{
	match_ct_bits(r, NFT_CT_STATE, STATE_BIT(IP_CT_ESTABLISHED) | STATE_BIT(IP_CT_RELATED));
}

void nft_match_dnat(struct nft_rule *r)
{
	match_ct_bits(r, NFT_CT_STATUS, IPS_DST_NAT);
}

void nft_verdict(struct nft_rule *r, int32_t verdict)
{
	struct expression e = expression_begin(r, "immediate");
	size_t data, inner;

	nl_attr_put_be32(r->b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nl_nest_begin(r->b, NFTA_IMMEDIATE_DATA);
	inner = nl_nest_begin(r->b, NFTA_DATA_VERDICT);
	nl_attr_put_be32(r->b, NFTA_VERDICT_CODE, (uint32_t)verdict);
	nl_nest_end(r->b, inner);
	nl_nest_end(r->b, data);
	expression_end(r, e);
}

void nft_masquerade(struct nft_rule *r)
{
	expression_end(r, expression_begin(r, "masq"));
}

struct each {
	nft_chain_fn fn;
	void *arg;
};

static int take_chain(const struct nlmsghdr *msg, void *arg)
{
	const struct nfgenmsg *header = NLMSG_DATA(msg);
	const struct each *e = arg;
	const struct nlattr *hook, *policy;
	struct nft_chain_info info = {0};

	if (msg->nlmsg_type != TYPE(NFT_MSG_NEWCHAIN) || msg->nlmsg_len < NLMSG_LENGTH(sizeof(*header)))
		return 0;
	hook = nl_msg_attr(msg, sizeof(*header), NFTA_CHAIN_HOOK);
	policy = nl_msg_attr(msg, sizeof(*header), NFTA_CHAIN_POLICY);
	info.family = header->nfgen_family;
	info.base = hook != NULL;
	info.hook = nl_attr_be32(nl_attr_nested(hook, NFTA_HOOK_HOOKNUM));
	info.drops = policy && nl_attr_be32(policy) == NF_DROP;
	nl_attr_str(nl_msg_attr(msg, sizeof(*header), NFTA_CHAIN_TABLE), info.table, sizeof(info.table));
	nl_attr_str(nl_msg_attr(msg, sizeof(*header), NFTA_CHAIN_NAME), info.name, sizeof(info.name));
	return e->fn(&info, e->arg);
}

int nft_chain_each(int fd, nft_chain_fn each, void *arg)
{
	const struct nfgenmsg header = {.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0};
	uint8_t room[64] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);

	nl_msg_begin(&b, TYPE(NFT_MSG_GETCHAIN), 0, &header, sizeof(header));
	return nl_dump(fd, &b, take_chain, &(struct each){.fn = each, .arg = arg});
}
