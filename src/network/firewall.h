/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instance's nf_tables table, for network.c:
 *
 *     table inet lighter-NAME {
 *         chain postrouting { type nat hook postrouting priority srcnat; policy accept;
 *             oifname != BRIDGE ip saddr SUBNET masquerade }
 *         chain forward { type filter hook forward priority filter; policy accept;
 *             oifname BRIDGE ct state established,related accept
 *             oifname BRIDGE ct status dnat accept
 *             iifname != BRIDGE oifname BRIDGE drop }
 *         chain guard { type filter hook forward priority filter; policy accept;
 *             iifgroup != LIGHTER oifgroup != LIGHTER drop } }
 *
 * Nothing from outside gets in unless it answers or was published: a host that knows a container's address may not route
 * to it. The guard is there only if Lighter turned ip_forward on: the host then doesn't become a router between links that
 * are nobody's business of ours.
 */
#ifndef LIGHTER_NETWORK_FIREWALL_H
#define LIGHTER_NETWORK_FIREWALL_H

#include "base/err.h"
#include "network/bridge.h"

struct firewall {
	int fd; /* nfnetlink; where the kernel lets tables be owned, this one is while the fd is open. -EBADF: none */
	char table[128];
	bool guard;
	bool owned;
};
#define FIREWALL_INIT        \
	{                    \
		.fd = -EBADF \
	}

/* Opens the socket and looks whether a guard is inherited (from a former run or another instance). */
int firewall_open(struct firewall *fw, const char *instance, struct err *err) _must_check_;
/* Puts the table in place of what there was, in one transaction. `fw->guard` says whether it has the guard. */
int firewall_install(struct firewall *fw, const struct bridge *bridge, bool masquerade, struct err *err) _must_check_;
/* Removes the table. Missing is no error. */
int firewall_remove(struct firewall *fw, struct err *err) _must_check_;
/* Whether another instance's table has a guard. */
int firewall_other_guard(struct firewall *fw, bool *ret, struct err *err) _must_check_;
/* Adds a sentence to *ret for each foreign chain that drops forwarded packets by its policy. */
int firewall_warnings(struct firewall *fw, char ***ret, struct err *err) _must_check_;
void firewall_done(struct firewall *fw);

#endif
