/* SPDX-License-Identifier: Apache-2.0 */
/* A bitmap over host numbers; bit 0 is the network's address. Words below `first_free` are full. */
#include "network/ipam.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define WORD_BITS 64u

struct ipam {
	struct subnet subnet;
	uint64_t *words;
	uint32_t n_words;    /* what is behind them is free */
	uint32_t hosts;      /* size of the subnet, both ends included */
	uint32_t first_free; /* no free bit in words before this one */
	size_t used;
};

static in_addr_t mask_of(unsigned prefix_len)
{
	return prefix_len == 0 ? 0 : htonl(UINT32_MAX << (32 - prefix_len));
}

bool subnet_parse(const char *text, struct subnet *ret)
{
	char address[INET_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : 0;
	struct subnet s = {0};

	if (len == 0 || len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, &s.address) != 1)
		return false;
	len = strspn(slash + 1, "0123456789");
	if (len == 0 || len > 2 || slash[1 + len] != '\0' || (len > 1 && slash[1] == '0'))
		return false;
	s.prefix_len = (unsigned)strtoul(slash + 1, NULL, 10);
	if (s.prefix_len > 32)
		return false;
	*ret = s;
	return true;
}

struct subnet subnet_of(struct subnet any)
{
	any.address.s_addr &= mask_of(any.prefix_len);
	return any;
}

bool subnet_contains(struct subnet subnet, struct in_addr address)
{
	return ((subnet.address.s_addr ^ address.s_addr) & mask_of(subnet.prefix_len)) == 0;
}

bool subnet_overlaps(struct subnet a, struct subnet b)
{
	return a.prefix_len < b.prefix_len ? subnet_contains(a, b.address) : subnet_contains(b, a.address);
}

static void set_bit(struct ipam *p, uint32_t host)
{
	uint32_t word = host / WORD_BITS;

	if (word >= p->n_words) {
		uint32_t n = MIN(MAX(word + 1, p->n_words * 2), (p->hosts + WORD_BITS - 1) / WORD_BITS);
		uint64_t *words = xcalloc(n, sizeof(*words));

		if (p->n_words > 0)
			memcpy(words, p->words, p->n_words * sizeof(*words));
		free(p->words);
		p->words = words;
		p->n_words = n;
	}
	p->words[word] |= UINT64_C(1) << host % WORD_BITS;
}

static bool get_bit(const struct ipam *p, uint32_t host)
{
	return host / WORD_BITS < p->n_words && (p->words[host / WORD_BITS] >> host % WORD_BITS & 1);
}

int ipam_new(struct subnet subnet, struct ipam **ret, struct err *err)
{
	struct ipam *p;

	if (subnet.prefix_len < 8 || subnet.prefix_len > 30)
		return err_set(err, ERR_INVALID, "invalid subnet: the prefix length is %u, not 8 to 30", subnet.prefix_len);
	if (subnet_of(subnet).address.s_addr != subnet.address.s_addr)
		return err_set(err, ERR_INVALID, "invalid subnet: it has host bits set");
	p = xcalloc(1, sizeof(*p));
	p->subnet = subnet;
	p->hosts = UINT32_C(1) << (32 - subnet.prefix_len);
	set_bit(p, 0);
	*ret = p;
	return 0;
}

void ipam_free(struct ipam *p)
{
	if (!p)
		return;
	free(p->words);
	free(p);
}

int ipam_allocate(struct ipam *p, struct in_addr *ret, struct err *err)
{
	uint32_t word = p->first_free, host;

	while (word < p->n_words && p->words[word] == UINT64_MAX)
		word++;
	p->first_free = word;
	host = word * WORD_BITS;
	if (word < p->n_words)
		host += (uint32_t)__builtin_ctzll(~p->words[word]);
	if (host >= p->hosts - 1)
		return err_set(err, ERR_UNAVAILABLE, "no available IPv4 addresses on this network's address pools");
	set_bit(p, host);
	p->used++;
	ret->s_addr = p->subnet.address.s_addr | htonl(host);
	return 0;
}

static bool host_number(const struct ipam *p, struct in_addr address, uint32_t *ret)
{
	*ret = ntohl(address.s_addr & ~mask_of(p->subnet.prefix_len));
	return subnet_contains(p->subnet, address) && *ret > 0 && *ret < p->hosts - 1;
}

int ipam_reserve(struct ipam *p, struct in_addr address, struct err *err)
{
	char text[INET_ADDRSTRLEN];
	uint32_t host;

	inet_ntop(AF_INET, &address, text, sizeof(text));
	if (!host_number(p, address, &host))
		return err_set(err, ERR_INVALID, "address %s is not one of the network's subnet", text);
	if (get_bit(p, host))
		return err_set(err, ERR_CONFLICT, "Address already in use: %s", text);
	set_bit(p, host);
	p->used++;
	return 0;
}

void ipam_release(struct ipam *p, struct in_addr address)
{
	uint32_t host;

	if (!host_number(p, address, &host) || !get_bit(p, host))
		return;
	p->words[host / WORD_BITS] &= ~(UINT64_C(1) << host % WORD_BITS);
	p->first_free = MIN(p->first_free, (uint32_t)(host / WORD_BITS));
	p->used--;
}

size_t ipam_used(const struct ipam *p)
{
	return p->used;
}
