/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nf_tables, encoded by hand: transactions of tables, chains and rules, sent by nl_exchange() on a NETLINK_NETFILTER
 * socket. A transaction happens as a whole or not at all, so a table is replaced by deleting and making it anew in one:
 * no packet ever meets half of it.
 *
 *     nft_begin(&b);
 *     nft_table_add(&b, "mine", 0);
 *     nft_chain_add_base(&b, "mine", "forward", "filter", NF_INET_FORWARD, 0);
 *     struct nft_rule r = nft_rule_begin(&b, "mine", "forward");
 *     nft_match_ifname(&r, NFT_META_IIFNAME, false, "br0");
 *     nft_verdict(&r, NF_DROP);
 *     nft_rule_end(&r);
 *     nft_end(&b);
 *
 * All tables are of the family inet. Statements of a rule stand in the order in which they are called.
 */
#ifndef LIGHTER_LINUX_NFT_H
#define LIGHTER_LINUX_NFT_H

#include <netinet/in.h> /* first: the kernel's headers then leave out what it has defined */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "linux/nl.h"

/* Longest name of a table or chain, with its NUL, that we use (the kernel's own limit is larger). */
#define NFT_NAME_SIZE 128

/* Linux 6.9: a table with both flags belongs to the socket that made it, and stays, ownerless, when that is closed. */
#define NFT_TABLE_OWNER 0x2u
#define NFT_TABLE_PERSIST 0x4u

/* A transaction. nft_end() must be its last message. */
void nft_begin(struct nl_buf *b);
void nft_end(struct nl_buf *b);

/* Makes the table unless it is there. */
void nft_table_add(struct nl_buf *b, const char *table, uint32_t flags);
/* Removes it with all it holds; the transaction fails with -ENOENT when there is none (add it first: then there is). */
void nft_table_delete(struct nl_buf *b, const char *table);

/*
 * A chain on a hook. `type`: "filter" or "nat"; `hook`: NF_INET_*; the policy is accept, since ours must never decide about
 * packets that are none of our business.
 */
void nft_chain_add_base(struct nl_buf *b, const char *table, const char *chain, const char *type, uint32_t hook,
			int32_t priority);
/* A chain that is only jumped to, or that holds nothing and is a mark. */
void nft_chain_add(struct nl_buf *b, const char *table, const char *chain);

struct nft_rule {
	struct nl_buf *b;
	size_t expressions;
};
struct nft_rule nft_rule_begin(struct nl_buf *b, const char *table, const char *chain);
void nft_rule_end(struct nft_rule *r);

/* The interface's name is (`differs`: is not) `name`. `key`: NFT_META_IIFNAME or NFT_META_OIFNAME. */
void nft_match_ifname(struct nft_rule *r, uint32_t key, bool differs, const char *name);
/* The interface's group is (is not) `group`. `key`: NFT_META_IIFGROUP or NFT_META_OIFGROUP. */
void nft_match_ifgroup(struct nft_rule *r, uint32_t key, bool differs, uint32_t group);
/* An IPv4 packet whose source lies within the subnet. */
void nft_match_source(struct nft_rule *r, struct in_addr network, unsigned prefix_len);
/* A packet of an established connection, or related to one. */
void nft_match_established(struct nft_rule *r);
/* A packet whose connection was directed here by destination NAT: a published port. */
void nft_match_dnat(struct nft_rule *r);

/* NF_ACCEPT or NF_DROP. */
void nft_verdict(struct nft_rule *r, int32_t verdict);
void nft_masquerade(struct nft_rule *r);

struct nft_chain_info {
	uint8_t family; /* NFPROTO_* */
	bool base;      /* has a hook; the next two say which */
	uint32_t hook;
	bool drops; /* its policy is drop */
	char table[NFT_NAME_SIZE];
	char name[NFT_NAME_SIZE];
};

/* Calls `each` for every chain of every family in the socket's namespace; may repeat or miss some when -EINTR is returned. */
typedef int (*nft_chain_fn)(const struct nft_chain_info *chain, void *arg);
int nft_chain_each(int fd, nft_chain_fn each, void *arg) _must_check_;

#endif
