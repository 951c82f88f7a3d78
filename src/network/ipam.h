/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of one IPv4 subnet: which are taken. Allocation gives the lowest free one, as Docker does (seen: after
 * .2 .3 .4 and the release of .2, the next is .2). The network's own address and the broadcast address are never given.
 *
 * A bitmap that grows with the highest address in use, so a large subnet costs nothing by itself. It lives in memory
 * only: after a restart it is filled again by ipam_reserve() with what running containers hold. Not locked: its owner's
 * lock guards it. Allocation failures abort (daemon).
 */
#ifndef LIGHTER_NETWORK_IPAM_H
#define LIGHTER_NETWORK_IPAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ipam;

/* An IPv4 prefix; host bits may be set (an interface's address) where it says so, else they are 0. */
struct subnet {
	struct in_addr address;
	unsigned prefix_len;
};

/* "172.17.0.1/16". False for anything else, as "1.2.3.4" or "01.2.3.4/8". Host bits are kept. */
bool subnet_parse(const char *text, struct subnet *ret) _must_check_;
/* The same with its host bits cleared. */
struct subnet subnet_of(struct subnet any);
bool subnet_contains(struct subnet subnet, struct in_addr address);
/* Whether they share an address. */
bool subnet_overlaps(struct subnet a, struct subnet b);

/* ERR_INVALID when the prefix is not 8 to 30 bits long or has host bits set. */
int ipam_new(struct subnet subnet, struct ipam **ret, struct err *err) _must_check_;
void ipam_free(struct ipam *ipam);
DEFINE_CLEANUP(struct ipam *, ipam_free)

/* The lowest free address; ERR_UNAVAILABLE when all are taken. */
int ipam_allocate(struct ipam *ipam, struct in_addr *ret, struct err *err) _must_check_;

/* A certain address: ERR_INVALID outside the subnet or when it is its first or last, ERR_CONFLICT when it is taken. */
int ipam_reserve(struct ipam *ipam, struct in_addr address, struct err *err) _must_check_;

/* Gives it back; what isn't taken stays so. */
void ipam_release(struct ipam *ipam, struct in_addr address);

/* How many are taken. */
size_t ipam_used(const struct ipam *ipam);

#endif
