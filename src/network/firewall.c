/* SPDX-License-Identifier: Apache-2.0 */
/* The table of firewall.h. Replaced as a whole: no state of it is ours to keep, and a half-changed table never exists. */
#include "network/firewall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/fd.h"
#include "linux/nft.h"

#define TABLE_PREFIX "lighter-"
#define GUARD_CHAIN "guard"
#define SRCNAT_PRIORITY 100
#define FILTER_PRIORITY 0
#define DUMP_TRIES 10

struct guards {
	const char *own;
	bool in_own, in_other;
};

static bool is_lighters(const char *table)
{
	return strncmp(table, TABLE_PREFIX, strlen(TABLE_PREFIX)) == 0;
}

static int take_guard(const struct nft_chain_info *chain, void *arg)
{
	struct guards *g = arg;

	if (chain->family != NFPROTO_INET || strcmp(chain->name, GUARD_CHAIN) != 0 || !is_lighters(chain->table))
		return 0;
	if (strcmp(chain->table, g->own) == 0)
		g->in_own = true;
	else
		g->in_other = true;
	return 0;
}

static int read_failed(int r, struct err *err)
{
	if (r == -EPERM)
		return err_sys_kind(err, ERR_FORBIDDEN, r, "read the nf_tables rules (CAP_NET_ADMIN is needed)");
	return err_sys(err, r, "read the nf_tables rules");
}

static int find_guards(struct firewall *fw, struct guards *g, struct err *err)
{
	int r = -EINTR;

	g->own = fw->table;
	/* Seeing a chain twice is harmless, so nothing is forgotten between tries. */
	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++)
		r = nft_chain_each(fw->fd, take_guard, g);
	return r < 0 ? read_failed(r, err) : 0;
}

int firewall_open(struct firewall *fw, const char *instance, struct err *err)
{
	struct guards g = {0};
	int r;

	if (snprintf(fw->table, sizeof(fw->table), TABLE_PREFIX "%s", instance) >= (int)sizeof(fw->table))
		return err_set(err, ERR_INVALID, "the instance's name is too long: %s", instance);
	fw->fd = nl_open(NETLINK_NETFILTER, 0);
	if (fw->fd < 0)
		return err_sys(err, fw->fd, "open nf_tables");
	r = find_guards(fw, &g, err);
	fw->guard = g.in_own || g.in_other;
	return r;
}

int firewall_other_guard(struct firewall *fw, bool *ret, struct err *err)
{
	struct guards g = {0};
	int r = find_guards(fw, &g, err);

	*ret = g.in_other;
	return r;
}

static void put_masquerade(struct nl_buf *b, const char *table, const struct bridge *bridge)
{
	struct subnet subnet = subnet_of(bridge->address);
	struct nft_rule r;

	nft_chain_add_base(b, table, "postrouting", "nat", NF_INET_POST_ROUTING, SRCNAT_PRIORITY);
	r = nft_rule_begin(b, table, "postrouting");
	nft_match_ifname(&r, NFT_META_OIFNAME, true, bridge->name);
	nft_match_source(&r, subnet.address, subnet.prefix_len);
	nft_masquerade(&r);
	nft_rule_end(&r);
}

static void put_forward(struct nl_buf *b, const char *table, const struct bridge *bridge)
{
	struct nft_rule r;

	nft_chain_add_base(b, table, "forward", "filter", NF_INET_FORWARD, FILTER_PRIORITY);
	r = nft_rule_begin(b, table, "forward");
	nft_match_ifname(&r, NFT_META_OIFNAME, false, bridge->name);
	nft_match_established(&r);
	nft_verdict(&r, NF_ACCEPT);
	nft_rule_end(&r);

	r = nft_rule_begin(b, table, "forward");
	nft_match_ifname(&r, NFT_META_OIFNAME, false, bridge->name);
	nft_match_dnat(&r);
	nft_verdict(&r, NF_ACCEPT);
	nft_rule_end(&r);

	r = nft_rule_begin(b, table, "forward");
	nft_match_ifname(&r, NFT_META_IIFNAME, true, bridge->name);
	nft_match_ifname(&r, NFT_META_OIFNAME, false, bridge->name);
	nft_verdict(&r, NF_DROP);
	nft_rule_end(&r);
}

static void put_guard(struct nl_buf *b, const char *table)
{
	struct nft_rule r;

	nft_chain_add_base(b, table, GUARD_CHAIN, "filter", NF_INET_FORWARD, FILTER_PRIORITY);
	r = nft_rule_begin(b, table, GUARD_CHAIN);
	nft_match_ifgroup(&r, NFT_META_IIFGROUP, true, BRIDGE_LINK_GROUP);
	nft_match_ifgroup(&r, NFT_META_OIFGROUP, true, BRIDGE_LINK_GROUP);
	nft_verdict(&r, NF_DROP);
	nft_rule_end(&r);
}

static int install(struct firewall *fw, const struct bridge *bridge, bool masquerade, uint32_t flags, struct nl_failure *f)
{
	uint8_t room[8192] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);

	nft_begin(&b);
	nft_table_add(&b, fw->table, flags);
	nft_table_delete(&b, fw->table);
	nft_table_add(&b, fw->table, flags);
	put_forward(&b, fw->table, bridge);
	if (masquerade)
		put_masquerade(&b, fw->table, bridge);
	if (fw->guard)
		put_guard(&b, fw->table);
	nft_end(&b);
	return nl_exchange(fw->fd, &b, NULL, NULL, f);
}

int firewall_install(struct firewall *fw, const struct bridge *bridge, bool masquerade, struct err *err)
{
	struct nl_failure f;
	int r = install(fw, bridge, masquerade, NFT_TABLE_OWNER | NFT_TABLE_PERSIST, &f);

	fw->owned = r == 0;
	/* Before Linux 6.9, or for a table that was made without an owner. */
	if (r == -EOPNOTSUPP || r == -EINVAL)
		r = install(fw, bridge, masquerade, 0, &f);
	if (r == -EPERM && f.index <= 0)
		return err_sys_kind(err, ERR_FORBIDDEN, r, "install nf_tables table %s (CAP_NET_ADMIN is needed)", fw->table);
	if (r == -EPERM)
		return err_set(err, ERR_CONFLICT, "nf_tables table %s belongs to a running program", fw->table);
	return r < 0 ? err_sys(err, r, "install nf_tables table %s", fw->table) : 0;
}

int firewall_remove(struct firewall *fw, struct err *err)
{
	uint8_t room[1024] NL_ALIGNED;
	struct nl_buf b = NL_BUF(room);
	int r;

	nft_begin(&b);
	nft_table_delete(&b, fw->table);
	nft_end(&b);
	r = nl_exchange(fw->fd, &b, NULL, NULL, NULL);
	return r < 0 && r != -ENOENT ? err_sys(err, r, "remove nf_tables table %s", fw->table) : 0;
}

struct warnings {
	char **list;
};

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_INET ? "inet" : "ip";
}

static int take_dropping(const struct nft_chain_info *chain, void *arg)
{
	struct warnings *w = arg;
	char text[2 * NFT_NAME_SIZE + 160];

	if (!chain->base || chain->hook != NF_INET_FORWARD || !chain->drops || is_lighters(chain->table) ||
	    (chain->family != NFPROTO_INET && chain->family != NFPROTO_IPV4))
		return 0;
	snprintf(text, sizeof(text),
		 "WARNING: nf_tables chain %s %s %s drops what it doesn't accept: containers may not reach other networks",
		 family_name(chain->family), chain->table, chain->name);
	strv_add(&w->list, text);
	return 0;
}

int firewall_warnings(struct firewall *fw, char ***ret, struct err *err)
{
	struct warnings w = {0};
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		strv_free(TAKE(w.list));
		r = nft_chain_each(fw->fd, take_dropping, &w);
	}
	if (r < 0) {
		strv_free(w.list);
		return read_failed(r, err);
	}
	for (char **text = w.list; text && *text; text++)
		strv_add(ret, *text);
	strv_free(w.list);
	return 0;
}

void firewall_done(struct firewall *fw)
{
	fd_close(TAKE_FD(fw->fd));
}
