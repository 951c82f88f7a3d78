/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts and /etc/hostname, as Docker 28 writes them. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "network/files.h"

static bool is_address(const char *text)
{
	struct in6_addr any;

	return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

/* "name:address" or "name=address", the address in brackets or not. */
static int add_extra(const char *extra, struct buf *out, struct err *err)
{
	size_t name_len = strcspn(extra, "=");
	_cleanup_free_ char *address = NULL;
	size_t len;

	if (extra[name_len] == '\0')
		name_len = strcspn(extra, ":");
	if (name_len == 0 || extra[name_len] == '\0' || strcspn(extra, " \t\n") < name_len)
		return err_set(err, ERR_INVALID, "invalid extra host: %s", extra);
	address = xstrdup(extra + name_len + 1);
	len = strlen(address);
	if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
		address[len - 1] = '\0';
		memmove(address, address + 1, len - 1);
	}
	if (!is_address(address))
		return err_set(err, ERR_INVALID, "invalid IP address in extra host: %s", extra);
	buf_addf(out, "%s\t%.*s\n", address, (int)name_len, extra);
	return 0;
}

static void add_own(const struct hosts_request *q, struct buf *out)
{
	char address[INET_ADDRSTRLEN];
	_cleanup_free_ char *name = q->domainname && q->domainname[0] != '\0' ? xasprintf("%s.%s", q->hostname, q->domainname)
									      : xstrdup(q->hostname);
	size_t first = strcspn(name, ".");

	inet_ntop(AF_INET, &q->address, address, sizeof(address));
	buf_addf(out, "%s\t%s", address, name);
	if (name[first] != '\0')
		buf_addf(out, " %.*s", (int)first, name);
	buf_addc(out, '\n');
}

int files_hosts(const struct hosts_request *q, struct buf *out, struct err *err)
{
	buf_adds(out, "127.0.0.1\tlocalhost\n");
	if (!q->no_ipv6)
		buf_adds(out, "::1\tlocalhost ip6-localhost ip6-loopback\n"
			      "fe00::\tip6-localnet\n"
			      "ff00::\tip6-mcastprefix\n"
			      "ff02::1\tip6-allnodes\n"
			      "ff02::2\tip6-allrouters\n");
	for (size_t i = 0; q->extra && q->extra[i]; i++) {
		int r = add_extra(q->extra[i], out, err);

		if (r < 0)
			return r;
	}
	if (q->address.s_addr != 0 && q->hostname)
		add_own(q, out);
	return out->failed ? err_sys(err, ENOMEM, "make the hosts file") : 0;
}

void files_hostname(const char *hostname, struct buf *out)
{
	buf_addf(out, "%s\n", hostname);
}
