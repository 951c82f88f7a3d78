/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a request and its image become one configuration (seen with Docker 28.5): an entrypoint of the request's own makes
 * it forget the image's command; [""] clears the entrypoint; the request's environment comes first and wins.
 */
#include <string.h>

#include "engine/create.h"

static char **copy(struct arena *a, char *const *v)
{
	size_t n = strv_len(v);
	char **out;

	if (!v)
		return NULL;
	out = arena_array(a, n + 1, sizeof(*out));
	for (size_t i = 0; out && i < n; i++)
		out[i] = arena_strdup(a, v[i]);
	return out;
}

static size_t name_len(const char *entry)
{
	return strcspn(entry, "=");
}

static bool env_named(char *const *env, const char *entry)
{
	size_t len = name_len(entry);

	for (; env && *env; env++)
		if (name_len(*env) == len && strncmp(*env, entry, len) == 0)
			return true;
	return false;
}

static char **merge_env(char *const *own, char *const *image, struct arena *a)
{
	char **v;
	size_t n = 0;

	if (!image || !image[0])
		return (char **)own;
	v = arena_array(a, strv_len(own) + strv_len(image) + 1, sizeof(*v));
	for (; v && own && *own; own++)
		v[n++] = *own;
	for (; v && *image; image++)
		if (!env_named(v, *image))
			v[n++] = arena_strdup(a, *image);
	return v;
}

static void merge_set(struct api_set *own, const struct api_set *image, struct arena *a)
{
	struct api_set_member *items;
	size_t n = own->len;

	if (!image->len)
		return;
	items = arena_array(a, own->len + image->len, sizeof(*items));
	if (!items)
		return;
	if (own->len)
		memcpy(items, own->items, own->len * sizeof(*items));
	for (size_t i = 0; i < image->len; i++) {
		bool there = false;

		for (size_t k = 0; k < own->len; k++)
			there |= strcmp(own->items[k].key, image->items[i].key) == 0;
		if (!there)
			items[n++].key = arena_strdup(a, image->items[i].key);
	}
	own->items = items;
	own->len = n;
}

static void merge_labels(struct json_string_map *own, const struct json_string_map *image, struct arena *a)
{
	struct json_string_pair *items = arena_array(a, own->len + image->len + 1, sizeof(*items));
	size_t n = own->len;

	if (!items)
		return;
	if (own->len)
		memcpy(items, own->items, own->len * sizeof(*items));
	for (size_t i = 0; i < image->len; i++)
		if (!json_map_get(own, image->items[i].key))
			items[n++] = (struct json_string_pair){arena_strdup(a, image->items[i].key),
							       arena_strdup(a, image->items[i].value)};
	own->items = items;
	own->len = n;
}

static void merge_health(struct container_config *c, const struct api_health_config *image, struct arena *a)
{
	struct api_health_config *h = c->healthcheck;

	if (!image)
		return;
	if (!h) {
		h = c->healthcheck = arena_new_object(a, struct api_health_config);
		if (!h)
			return;
	}
	if (!h->test || !h->test[0])
		h->test = copy(a, image->test);
	if (!h->interval)
		h->interval = image->interval;
	if (!h->timeout)
		h->timeout = image->timeout;
	if (!h->start_period)
		h->start_period = image->start_period;
	if (!h->start_interval)
		h->start_interval = image->start_interval;
	if (!h->retries)
		h->retries = image->retries;
}

void create_merge(struct container_config *c, const struct container_config *image, struct arena *a)
{
	if (!*c->user)
		c->user = arena_strdup(a, image->user);
	if (!*c->working_dir)
		c->working_dir = arena_strdup(a, image->working_dir);
	if (!*c->stop_signal)
		c->stop_signal = arena_strdup(a, image->stop_signal);
	if (!c->stop_timeout && image->stop_timeout) {
		c->stop_timeout = arena_new_object(a, int64_t);
		if (c->stop_timeout)
			*c->stop_timeout = *image->stop_timeout;
	}
	if (!c->shell || !c->shell[0])
		c->shell = copy(a, image->shell);
	c->env = merge_env(c->env, image->env, a);
	merge_set(&c->exposed_ports, &image->exposed_ports, a);
	merge_set(&c->volumes, &image->volumes, a);
	merge_labels(&c->labels, &image->labels, a);
	merge_health(c, image->healthcheck, a);
	if (c->entrypoint && c->entrypoint[0])
		return;
	if (!c->cmd || !c->cmd[0]) {
		c->cmd = copy(a, image->cmd);
		c->args_escaped |= image->args_escaped;
	}
	if (!c->entrypoint)
		c->entrypoint = copy(a, image->entrypoint);
}

int create_command(struct container_config *c, struct arena *a, char **ret_path, char ***ret_args, struct err *err)
{
	size_t n, n_entry, n_cmd;
	char **v;

	if (c->entrypoint && c->entrypoint[0] && !c->entrypoint[1] && !*c->entrypoint[0])
		c->entrypoint = NULL;
	n_entry = strv_len(c->entrypoint);
	n_cmd = strv_len(c->cmd);
	n = n_entry + n_cmd;
	if (!n)
		return err_set(err, ERR_INVALID, "no command specified");
	v = arena_array(a, n + 1, sizeof(*v));
	if (!v)
		return err_set(err, ERR_SYSTEM, "out of memory for the container's command");
	for (size_t i = 0; i < n; i++)
		v[i] = i < n_entry ? c->entrypoint[i] : c->cmd[i - n_entry];
	*ret_path = v[0];
	*ret_args = v + 1;
	return 0;
}
