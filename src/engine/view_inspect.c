/* SPDX-License-Identifier: Apache-2.0 */
/* GET /containers/{id}/json: every key of Docker 28's reply, in its order. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "engine/view.h"
#include "linux/rtnl.h"

static void write_state(struct json_writer *w, const struct container *c)
{
	enum container_state visible = container_visible_state(c);
	char text[TIMEFMT_MAX];

	json_begin_object(w);
	json_member_string(w, "Status", container_state_name(visible));
	json_member_bool(w, "Running", visible == CONTAINER_RUNNING);
	json_member_bool(w, "Paused", false);
	json_member_bool(w, "Restarting", false);
	json_member_bool(w, "OOMKilled", c->oom_killed);
	json_member_bool(w, "Dead", visible == CONTAINER_DEAD);
	json_member_int(w, "Pid", c->pid);
	json_member_int(w, "ExitCode", c->exit_code);
	json_member_string(w, "Error", c->error);
	timefmt_rfc3339nano(&c->started, text);
	json_member_string(w, "StartedAt", text);
	timefmt_rfc3339nano(&c->finished, text);
	json_member_string(w, "FinishedAt", text);
	json_end_object(w);
}

/* Paths of what a start makes; "" before the first. */
static void write_path(struct json_writer *w, const struct container *c, const char *key, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/containers/%s/%s", c->engine->data_root, c->id, name);

	json_member_string(w, key, c->started_once ? path : "");
}

static void write_driver(struct json_writer *w, const struct container *c)
{
	_cleanup_buf_ struct buf lower = BUF_INIT;
	_cleanup_free_ char *base = xasprintf("%s/containers/%s", c->engine->data_root, c->id);
	_cleanup_free_ char *upper = xasprintf("%s/upper", base), *work = xasprintf("%s/work", base);

	for (char **l = c->lower; l && *l; l++)
		buf_addf(&lower, "%s%s/layers/%s/fs", l == c->lower ? "" : ":", c->engine->data_root, *l);
	json_key(w, "GraphDriver");
	json_begin_object(w);
	json_key(w, "Data");
	json_begin_object(w);
	json_member_string(w, "ID", c->id);
	json_member_string(w, "LowerDir", lower.data);
	json_member_string(w, "MergedDir", ""); /* nothing is mounted where the host could see it */
	json_member_string(w, "UpperDir", upper);
	json_member_string(w, "WorkDir", work);
	json_end_object(w);
	json_member_string(w, "Name", "overlay2");
	json_end_object(w);
}

static void write_network_settings(struct json_writer *w, struct container *c)
{
	const struct endpoint *ep = c->state == CONTAINER_RUNNING ? c->endpoint : NULL;
	bool running = c->state == CONTAINER_RUNNING;
	char address[INET_ADDRSTRLEN] = "", gateway[INET_ADDRSTRLEN] = "", mac[MAC_TEXT_SIZE] = "";
	_cleanup_free_ char *key = xasprintf("%s/netns/%.12s", c->engine->exec_root, c->sandbox_id);

	if (ep) {
		inet_ntop(AF_INET, &ep->address, address, sizeof(address));
		inet_ntop(AF_INET, &ep->gateway, gateway, sizeof(gateway));
		mac_format(ep->mac, mac);
	}
	json_key(w, "NetworkSettings");
	json_begin_object(w);
	json_member_string(w, "Bridge", "");
	json_member_string(w, "SandboxID", running ? c->sandbox_id : "");
	json_member_string(w, "SandboxKey", running && c->sandbox_id[0] ? key : "");
	json_key(w, "Ports");
	json_begin_object(w);
	for (size_t i = 0; running && i < c->config->exposed_ports.len; i++) {
		json_key(w, c->config->exposed_ports.items[i].key);
		json_null(w);
	}
	json_end_object(w);
	json_member_bool(w, "HairpinMode", false);
	json_member_string(w, "LinkLocalIPv6Address", "");
	json_member_int(w, "LinkLocalIPv6PrefixLen", 0);
	json_member_string(w, "SecondaryIPAddresses", NULL);
	json_member_string(w, "SecondaryIPv6Addresses", NULL);
	json_member_string(w, "EndpointID", ep ? ep->id : "");
	json_member_string(w, "Gateway", gateway);
	json_member_string(w, "GlobalIPv6Address", "");
	json_member_int(w, "GlobalIPv6PrefixLen", 0);
	json_member_string(w, "IPAddress", address);
	json_member_int(w, "IPPrefixLen", ep ? ep->prefix_len : 0);
	json_member_string(w, "IPv6Gateway", "");
	json_member_string(w, "MacAddress", mac);
	json_key(w, "Networks");
	view_networks(w, c);
	json_end_object(w);
}

static void write_head(struct json_writer *w, const struct container *c)
{
	_cleanup_free_ char *name = xasprintf("/%s", c->name), *log = xasprintf("%s-json.log", c->id);
	static char *const none[] = {NULL};
	char created[TIMEFMT_MAX];

	timefmt_rfc3339nano(&c->created, created);
	json_member_string(w, "Id", c->id);
	json_member_string(w, "Created", created);
	json_member_string(w, "Path", c->path);
	json_member_strings(w, "Args", c->args ? c->args : none);
	json_key(w, "State");
	write_state(w, c);
	json_member_string(w, "Image", c->image_id);
	write_path(w, c, "ResolvConfPath", "resolv.conf");
	write_path(w, c, "HostnamePath", "hostname");
	write_path(w, c, "HostsPath", "hosts");
	if (strcmp(c->host->log_config->type, "json-file") == 0)
		write_path(w, c, "LogPath", log);
	else
		json_member_string(w, "LogPath", "");
	json_member_string(w, "Name", name);
	json_member_int(w, "RestartCount", 0);
	json_member_string(w, "Driver", "overlay2");
	json_member_string(w, "Platform", c->platform);
	json_member_string(w, "MountLabel", "");
	json_member_string(w, "ProcessLabel", "");
	json_member_string(w, "AppArmorProfile", "");
	json_member_string(w, "ExecIDs", NULL);
}

int engine_container_inspect(struct engine *e, const char *ref, bool size, struct buf *ret_json, struct err *err)
{
	_cleanup_container_ struct container *c = NULL;
	struct json_writer w = {.out = ret_json, .escape_html = true};
	uint64_t rw = 0, root = 0;
	int r = registry_find(e, ref, &c, err);

	if (r >= 0 && size)
		r = view_sizes(c, &rw, &root, err);
	if (r < 0)
		return r;
	engine_lock(e);
	json_begin_object(&w);
	write_head(&w, c);
	json_key(&w, "HostConfig");
	json_encode(&w, &host_config_shape, c->host);
	write_driver(&w, c);
	if (size) {
		json_member_int(&w, "SizeRw", (int64_t)rw);
		json_member_int(&w, "SizeRootFs", (int64_t)root);
	}
	json_key(&w, "Mounts");
	view_mounts(&w, c);
	json_key(&w, "Config");
	json_encode(&w, &container_config_shape, c->config);
	write_network_settings(&w, c);
	json_end_object(&w);
	engine_unlock(e);
	return 0;
}
