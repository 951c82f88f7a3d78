/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of a container's /etc/resolv.conf, /etc/hosts and /etc/hostname, byte for byte as Docker 28 writes them for a
 * container that is on the default bridge, on no network, or on the host's. Nothing is written here, and nothing but the
 * host's own resolv.conf and hosts is read.
 */
#ifndef LIGHTER_NETWORK_FILES_H
#define LIGHTER_NETWORK_FILES_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Most bytes of a host's resolv.conf or hosts that are read. */
#define FILES_HOST_MAX (1024 * 1024)

struct resolv_request {
	const char *host_path; /* where host_text is from; shown in a comment */
	const char *host_text; /* the host's resolv.conf; NULL: "" */
	char *const *servers;  /* --dns; NULL or empty: the host's */
	char *const *search;   /* --dns-search; "." alone stands for none at all */
	char *const *options;  /* --dns-option */
	bool host_network;     /* the host's resolver can be reached at a loopback address, and by IPv6 */
};

/*
 * Appends resolv.conf to `out`. Of the host's name servers those that the container can't reach (loopback; IPv6) are left
 * out, and Google's take their place when none is left; those of the request stay. ERR_INVALID when one of the request
 * isn't an address; -ENOMEM when `out` failed.
 */
int files_resolv_conf(const struct resolv_request *request, struct buf *out, struct err *err) _must_check_;

/*
 * Reads the host's resolv.conf: /etc/resolv.conf, or the file with the real servers when systemd-resolved's stub is the only
 * one there and the container isn't on the host's network. A missing file is an empty one. *ret_path is static.
 */
int files_read_host_resolv_conf(bool host_network, struct buf *ret_text, const char **ret_path, struct err *err) _must_check_;

struct hosts_request {
	char *const *extra;     /* --add-host: "name:address" or "name=address"; host-gateway is replaced already */
	const char *hostname;   /* "web" or "web.example.org" */
	const char *domainname; /* "" or NULL: none */
	struct in_addr address; /* the container's; 0 when it has none: then it has no line */
	bool no_ipv6;           /* IPv6 is switched off in the container (net.ipv6.conf.all.disable_ipv6=1) */
};

/* Appends /etc/hosts to `out`. ERR_INVALID for an extra host without a name or without a numeric address. */
int files_hosts(const struct hosts_request *request, struct buf *out, struct err *err) _must_check_;

/* On the host's network without extra hosts: the host's own file. A missing file is an empty one. */
int files_read_host_hosts(struct buf *ret_text, struct err *err) _must_check_;

/* Appends /etc/hostname: the name (without its domain name) and a newline. */
void files_hostname(const char *hostname, struct buf *out);

#endif
