/* SPDX-License-Identifier: Apache-2.0 */
/* See view.h. */
#include "engine/view.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/timefmt.h"
#include "engine/images.h"
#include "engine/spec.h"
#include "linux/rtnl.h"
#include "storage/storage.h"

void view_status(const struct container *c, time_t now, char ret[STATUS_MAX])
{
	char span[TIMEFMT_MAX];

	switch (container_visible_state(c)) {
	case CONTAINER_RUNNING:
		timefmt_human(MAX(now - c->started.tv_sec, (time_t)0), span);
		snprintf(ret, STATUS_MAX, "Up %s", span);
		break;
	case CONTAINER_EXITED:
		timefmt_human(MAX(now - c->finished.tv_sec, (time_t)0), span);
		snprintf(ret, STATUS_MAX, "Exited (%d) %s ago", c->exit_code, span);
		break;
	case CONTAINER_REMOVING:
		snprintf(ret, STATUS_MAX, "Removal In Progress");
		break;
	case CONTAINER_DEAD:
		snprintf(ret, STATUS_MAX, "Dead");
		break;
	default:
		snprintf(ret, STATUS_MAX, "Created");
		break;
	}
}

void view_networks(struct json_writer *w, struct container *c)
{
	const char *name = network_mode_name(c->host->network_mode);
	char address[INET_ADDRSTRLEN] = "", gateway[INET_ADDRSTRLEN] = "", mac[MAC_TEXT_SIZE] = "", network_id[65] = "";
	struct endpoint_settings s = {.ip_address = address, .gateway = gateway, .mac_address = mac, .network_id = network_id};
	const struct endpoint *ep = c->endpoint;

	if (c->started_once)
		engine_network_id(c->engine, name, network_id);
	if (ep && c->state == CONTAINER_RUNNING) {
		s.endpoint_id = (char *)ep->id;
		s.ip_prefix_len = ep->prefix_len;
		inet_ntop(AF_INET, &ep->address, address, sizeof(address));
		inet_ntop(AF_INET, &ep->gateway, gateway, sizeof(gateway));
		mac_format(ep->mac, mac);
	} else if (c->state == CONTAINER_RUNNING) {
		s.endpoint_id = c->sandbox_id;
	}
	api_doc_settle(&endpoint_settings_shape, &s);
	json_begin_object(w);
	json_key(w, name);
	json_encode(w, &endpoint_settings_shape, &s);
	json_end_object(w);
}

static void mount_point(struct json_writer *w, const char *type, const char *source, const char *target, const char *mode,
			bool rw, const char *propagation)
{
	json_begin_object(w);
	json_member_string(w, "Type", type);
	json_member_string(w, "Source", source);
	json_member_string(w, "Destination", target);
	json_member_string(w, "Mode", mode);
	json_member_bool(w, "RW", rw);
	json_member_string(w, "Propagation", propagation);
	json_end_object(w);
}

void view_mounts(struct json_writer *w, const struct container *c)
{
	_cleanup_arena_ struct arena *a = arena_new(0);

	json_begin_array(w);
	for (char **bind = c->host->binds; bind && *bind; bind++) {
		struct spec_bind b;

		if (spec_bind_parse(*bind, a, &b, NULL) >= 0)
			mount_point(w, "bind", b.source, b.target, b.mode, !b.read_only, b.propagation);
	}
	for (size_t i = 0; i < c->host->mounts.len; i++) {
		const struct api_mount *m = &c->host->mounts.items[i];
		bool bind = strcmp(m->type, "bind") == 0;
		const char *propagation = bind ? "rprivate" : "";

		if (m->bind_options && *m->bind_options->propagation)
			propagation = m->bind_options->propagation;
		mount_point(w, m->type, m->source, m->target, "", !m->read_only, propagation);
	}
	json_end_array(w);
}

int view_sizes(struct container *c, uint64_t *ret_rw, uint64_t *ret_root, struct err *err)
{
	_cleanup_(image_unrefp) struct image *i = NULL;
	int r = storage_container_size(c->engine->storage, c->id, ret_rw, err);

	if (r < 0)
		return r;
	*ret_root = *ret_rw;
	if (images_find(c->engine, c->image_id, false, &i, NULL, NULL) >= 0)
		*ret_root += i->size_bytes;
	return 0;
}
