/* SPDX-License-Identifier: Apache-2.0 */
/* See endpoints.h. The plain case: bridge, none, host. */
#include "engine/endpoints.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/random_id.h"
#include "linux/rtnl.h"
#include "network/files.h"

#define RECORD "endpoint.json"
#define RECORD_MAX 8192

struct record {
	char *sandbox_id;
	char *endpoint_id, *host_if, *address, *mac; /* NULL without an endpoint */
};
static const struct json_field record_fields[] = {
	JSON_FIELD("sandbox_id", struct record, sandbox_id, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("endpoint_id", struct record, endpoint_id, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("host_if", struct record, host_if, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("address", struct record, address, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("mac", struct record, mac, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape record_shape = JSON_SHAPE("endpoint", struct record, record_fields);

const char *network_mode_name(const char *mode)
{
	return *mode == '\0' || strcmp(mode, "default") == 0 ? "bridge" : mode;
}

void engine_network_id(struct engine *e, const char *name, char ret[65])
{
	ret[0] = '\0';
	if (strcmp(name, "none") == 0)
		snprintf(ret, 65, "%s", e->none_id);
	if (strcmp(name, "host") == 0)
		snprintf(ret, 65, "%s", e->host_id);
	if (strcmp(name, "bridge") == 0 && e->network) {
		struct network_info info;

		network_inspect(e->network, &info);
		snprintf(ret, 65, "%s", info.id);
	}
}

/* ---- at create ---- */

static bool text_has_members(const char *json)
{
	return json && strcmp(json, "null") != 0 && strcmp(json, "{}") != 0 && strcmp(json, "[]") != 0;
}

static int endpoint_wishes_check(const struct endpoint_settings *s, const char *mode, struct err *err)
{
	if (strcmp(network_mode_name(s->key), mode) != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "networks other than bridge, none and host are not supported yet: %s",
			       s->key);
	if (s->aliases && s->aliases[0])
		return err_set(
			err, ERR_INVALID,
			"invalid config for network %s: invalid endpoint settings:\nnetwork-scoped alias is supported only for "
			"containers in user defined networks",
			s->key);
	if (s->links && s->links[0])
		return err_set(err, ERR_NOT_IMPLEMENTED, "links between containers are not supported yet");
	if (s->ipam_config && (*s->ipam_config->ipv4_address || *s->ipam_config->ipv6_address ||
			       (s->ipam_config->link_local_ips && s->ipam_config->link_local_ips[0])))
		return err_set(
			err, ERR_INVALID,
			"invalid config for network %s: invalid endpoint settings:\nuser specified IP address is supported on "
			"user defined networks only",
			s->key);
	if (s->driver_opts.len)
		return err_set(err, ERR_NOT_IMPLEMENTED, "driver options of a network endpoint are not supported yet");
	if (*s->mac_address)
		return err_set(err, ERR_NOT_IMPLEMENTED, "choosing a container's MAC address is not supported yet");
	if (s->gw_priority)
		return err_set(err, ERR_NOT_IMPLEMENTED, "the priority of a network's gateway is not supported yet");
	return 0;
}

int endpoints_check(const struct container_create_request *req, const struct host_config *host, struct err *err)
{
	const char *mode = network_mode_name(host->network_mode);
	const struct networking_config *n = req->networking_config;
	int r = 0;

	if (strncmp(mode, "container:", 10) == 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "sharing another container's network is not supported yet");
	if (strcmp(mode, "bridge") != 0 && strcmp(mode, "none") != 0 && strcmp(mode, "host") != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "networks other than bridge, none and host are not supported yet: %s",
			       mode);
	if (text_has_members(host->port_bindings) || host->publish_all_ports)
		return err_set(err, ERR_NOT_IMPLEMENTED, "publishing ports is not supported yet");
	if (host->links && host->links[0])
		return err_set(err, ERR_NOT_IMPLEMENTED, "links between containers are not supported yet");
	if (*req->config.mac_address)
		return err_set(err, ERR_NOT_IMPLEMENTED, "choosing a container's MAC address is not supported yet");
	for (size_t i = 0; n && i < n->endpoints_config.len && r >= 0; i++)
		r = endpoint_wishes_check(&n->endpoints_config.items[i], mode, err);
	return r;
}

/* ---- files ---- */

static int file_put(int dir_fd, const char *name, const struct buf *text, struct err *err)
{
	int r = file_write_atomic_at(dir_fd, name, text->data, text->len, 0644, 0);

	return r < 0 ? err_sys(err, r, "write the container's %s", name) : 0;
}

/* "name:host-gateway" names the bridge's gateway, whatever network the container has. In the arena. */
static char **extra_hosts(struct container *c, struct arena *a, struct err *err)
{
	char **all = arena_array(a, strv_len(c->host->extra_hosts) + 1, sizeof(*all)), gateway[INET_ADDRSTRLEN];
	struct network_info info;

	for (size_t i = 0; all && c->host->extra_hosts && c->host->extra_hosts[i]; i++) {
		char *entry = c->host->extra_hosts[i], *address = strpbrk(entry, ":=");

		all[i] = entry;
		if (!address || strcmp(address + 1, "host-gateway") != 0)
			continue;
		if (!c->engine->network) {
			err_set(err, ERR_INVALID, "unable to derive the IP value for host-gateway: there is no bridge");
			return NULL;
		}
		network_inspect(c->engine->network, &info);
		inet_ntop(AF_INET, &info.gateway, gateway, sizeof(gateway));
		all[i] = arena_printf(a, "%.*s:%s", (int)(address - entry), entry, gateway);
	}
	if (!all || arena_failed(a))
		err_set(err, ERR_SYSTEM, "out of memory for the container's hosts");
	return arena_failed(a) ? NULL : all;
}

static int hosts_put(struct container *c, bool host_network, int dir_fd, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct hosts_request request = {.hostname = c->config->hostname, .domainname = c->config->domainname};
	int r;

	request.extra = extra_hosts(c, a, err);
	if (!request.extra)
		return -EINVAL;
	if (c->endpoint)
		request.address = c->endpoint->address;
	if (host_network && !(c->host->extra_hosts && c->host->extra_hosts[0]))
		r = files_read_host_hosts(&text, err);
	else
		r = files_hosts(&request, &text, err);
	return r < 0 ? r : file_put(dir_fd, "hosts", &text, err);
}

static int resolv_put(struct container *c, bool host_network, int dir_fd, struct err *err)
{
	_cleanup_buf_ struct buf host_text = BUF_INIT, text = BUF_INIT;
	struct resolv_request request = {.servers = c->host->dns,
					 .search = c->host->dns_search,
					 .options = c->host->dns_options,
					 .host_network = host_network};
	int r = files_read_host_resolv_conf(host_network, &host_text, &request.host_path, err);

	if (r < 0)
		return r;
	request.host_text = host_text.data;
	r = files_resolv_conf(&request, &text, err);
	return r < 0 ? r : file_put(dir_fd, "resolv.conf", &text, err);
}

static int files_put(struct container *c, int dir_fd, struct err *err)
{
	_cleanup_buf_ struct buf name = BUF_INIT;
	bool host_network = strcmp(c->host->network_mode, "host") == 0;
	int r;

	files_hostname(c->config->hostname, &name);
	r = file_put(dir_fd, "hostname", &name, err);
	if (r >= 0)
		r = hosts_put(c, host_network, dir_fd, err);
	if (r >= 0)
		r = resolv_put(c, host_network, dir_fd, err);
	return r;
}

/* ---- start and exit ---- */

static int record_put(struct container *c, const struct shim_net *net, int run_dir_fd, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct json_writer w = {.out = &text};
	struct record record = {.sandbox_id = c->sandbox_id};
	int r;

	if (c->endpoint) {
		record.endpoint_id = c->endpoint->id;
		record.host_if = net->host_if;
		record.address = net->address;
		record.mac = net->mac;
	}
	json_encode(&w, &record_shape, &record);
	r = file_write_atomic_at(run_dir_fd, RECORD, text.data, text.len, 0600, 0);
	return r < 0 ? err_sys(err, r, "record the network of container %s", c->id) : 0;
}

static void net_fill(const struct endpoint *ep, struct arena *a, struct shim_net *net)
{
	char text[INET_ADDRSTRLEN], mac[MAC_TEXT_SIZE];

	net->bridge = arena_strdup(a, ep->bridge_if);
	net->host_if = arena_strdup(a, ep->host_if);
	net->address = arena_strdup(a, inet_ntop(AF_INET, &ep->address, text, sizeof(text)));
	net->prefix = ep->prefix_len;
	net->gateway = arena_strdup(a, inet_ntop(AF_INET, &ep->gateway, text, sizeof(text)));
	mac_format(ep->gateway_mac, mac);
	net->gateway_mac = arena_strdup(a, mac);
	mac_format(ep->mac, mac);
	net->mac = arena_strdup(a, mac);
	net->mtu = ep->mtu;
}

static void endpoint_set(struct container *c, const struct endpoint *ep, const char *sandbox_id)
{
	engine_lock(c->engine);
	if (ep) {
		c->endpoint = xcalloc(1, sizeof(*c->endpoint));
		*c->endpoint = *ep;
	}
	snprintf(c->sandbox_id, sizeof(c->sandbox_id), "%s", sandbox_id);
	engine_unlock(c->engine);
}

int endpoints_begin(struct container *c, int run_dir_fd, int container_dir_fd, struct arena *a, struct shim_net *ret_net,
		    struct err *err)
{
	const char *mode = network_mode_name(c->host->network_mode);
	struct shim_net net = {.mode = arena_strdup(a, c->config->network_disabled ? "none" : mode)};
	struct endpoint ep;
	char sandbox_id[RANDOM_ID_LEN + 1];
	int r;

	if (strcmp(net.mode, "bridge") == 0) {
		if (!c->engine->network)
			return err_set(err, ERR_NOT_FOUND, "failed to set up container networking: network bridge not found");
		r = network_endpoint_allocate(c->engine->network, c->id, NULL, &ep, err);
		if (r < 0)
			return err_wrap(err, "failed to set up container networking");
		endpoint_set(c, &ep, ep.sandbox_id);
		net_fill(&ep, a, &net);
	} else {
		random_id(sandbox_id);
		endpoint_set(c, NULL, sandbox_id);
	}
	r = record_put(c, &net, run_dir_fd, err);
	if (r >= 0)
		r = files_put(c, container_dir_fd, err);
	if (r < 0) {
		endpoints_end(c);
		return r;
	}
	*ret_net = net;
	return 0;
}

void endpoints_end(struct container *c)
{
	struct endpoint *ep;

	engine_lock(c->engine);
	ep = TAKE(c->endpoint);
	c->sandbox_id[0] = '\0';
	engine_unlock(c->engine);
	if (ep && c->engine->network)
		network_endpoint_release(c->engine->network, ep->id);
	free(ep);
}

int endpoints_adopt(struct container *c, int run_dir_fd, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct record record;
	struct endpoint ep = {0};
	int r = file_read_at(run_dir_fd, RECORD, RECORD_MAX, &text);

	if (r < 0)
		return err_sys(err, r, "read the network record of container %s", c->id);
	r = json_decode_text(text.data, text.len, &record_shape, 0, a, &record, err);
	if (r < 0)
		return r;
	if (!record.endpoint_id) {
		endpoint_set(c, NULL, record.sandbox_id);
		return 0;
	}
	if (!c->engine->network)
		return err_set(err, ERR_NOT_FOUND, "container %s is on a bridge that this daemon doesn't have", c->id);
	snprintf(ep.id, sizeof(ep.id), "%s", record.endpoint_id);
	snprintf(ep.sandbox_id, sizeof(ep.sandbox_id), "%s", record.sandbox_id);
	snprintf(ep.container_id, sizeof(ep.container_id), "%s", c->id);
	snprintf(ep.host_if, sizeof(ep.host_if), "%s", record.host_if ? record.host_if : "");
	if (!record.address || inet_pton(AF_INET, record.address, &ep.address) != 1 || !record.mac ||
	    !mac_parse(record.mac, ep.mac))
		return err_set(err, ERR_SYSTEM, "the network record of container %s is damaged", c->id);
	r = network_endpoint_adopt(c->engine->network, &ep, err);
	if (r < 0)
		return r;
	endpoint_set(c, &ep, record.sandbox_id);
	return 0;
}
