/* SPDX-License-Identifier: Apache-2.0 */
/* Create: a request becomes a container, whole or not at all: its directory, its row, its place in the registry. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/random_id.h"
#include "engine/container.h"
#include "engine/create.h"
#include "engine/endpoints.h"
#include "engine/events.h"
#include "engine/images.h"
#include "engine/seccomp_profile.h"

#define NAME_TRIES 16

struct creation {
	struct engine *e;
	struct container *c;
	struct image *image;
	char **warnings;
	bool named, stored;
};

/* Undoes what a create that failed has done. */
static void creation_done(struct creation *m)
{
	struct err ignored;

	if (m->stored && storage_container_remove(m->e->storage, m->c->id, &ignored) < 0)
		log_error("container %.12s: its directory stays: %s", m->c->id, ignored.msg);
	if (m->named) {
		engine_lock(m->e);
		registry_name_release(m->e, m->c);
		engine_unlock(m->e);
	}
	if (m->image)
		image_unref(m->image);
	if (m->c)
		container_unref(m->c);
	strv_free(m->warnings);
}

/* A deep copy into the container's own arena, by way of the document's text. */
static int documents_copy(struct container *c, const struct container_create_request *req, struct err *err)
{
	static const struct host_config no_host;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct json_writer w = {.out = &text};
	int r;

	json_encode(&w, &container_config_shape, &req->config);
	r = container_config_decode(text.data, text.len, c->arena, &c->config, err);
	if (r < 0)
		return r;
	buf_reset(&text);
	w.need_comma = false;
	json_encode(&w, &host_config_shape, req->host_config ? req->host_config : &no_host);
	return host_config_decode(text.data, text.len, c->arena, &c->host, err);
}

/* "linux/arm64[/variant]" against the image. */
static int platform_check(const char *platform, const struct image *i, const char *asked, struct err *err)
{
	const char *os_end, *arch;
	size_t slashes = 0, arch_len;

	if (!platform || !*platform)
		return 0;
	for (const char *p = platform; *p; p++)
		slashes += *p == '/';
	if (slashes > 2)
		return err_set(err, ERR_INVALID, "\"%s\": cannot parse platform specifier: invalid argument", platform);
	os_end = strchrnul(platform, '/');
	arch = *os_end ? os_end + 1 : seccomp_this_arch();
	arch_len = strcspn(arch, "/");
	if (strlen(i->os) == (size_t)(os_end - platform) && strncmp(i->os, platform, strlen(i->os)) == 0 &&
	    strlen(i->architecture) == arch_len && strncmp(i->architecture, arch, arch_len) == 0)
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		       "image with reference %s was found but its platform (%s/%s) does not match the specified platform (%s)",
		       asked, i->os, i->architecture, platform);
}

static int name_reserve(struct creation *m, const char *name, struct err *err)
{
	int r = -1;

	if (name && *name) {
		r = registry_name_reserve(m->e, *name == '/' ? name + 1 : name, m->c, err);
		m->named = r >= 0;
		return r;
	}
	for (int tries = 0; r < 0 && tries < NAME_TRIES; tries++) {
		_cleanup_free_ char *generated = NULL;

		engine_lock(m->e);
		generated = names_generate(m->e);
		engine_unlock(m->e);
		r = registry_name_reserve(m->e, generated, m->c, err);
	}
	m->named = r >= 0;
	return r;
}

static void config_finish(struct creation *m)
{
	struct container *c = m->c;
	struct container_config *config = c->config;

	if (!*config->hostname)
		config->hostname = strcmp(c->host->network_mode, "host") == 0 || strcmp(c->host->uts_mode, "host") == 0
					   ? arena_strdup(c->arena, m->e->host_name)
					   : arena_strndup(c->arena, c->id, RANDOM_ID_SHORT);
	if (!config->labels.items)
		config->labels.items = arena_array(c->arena, 1, sizeof(*config->labels.items));
	if (!config->volumes.len)
		config->volumes.items = NULL;
	if (config->on_build && !config->on_build[0])
		config->on_build = NULL;
	api_doc_settle(&container_config_shape, config);
	api_doc_settle(&host_config_shape, c->host);
	c->image_id = arena_strdup(c->arena, m->image->id);
	c->image_name = arena_strdup(c->arena, config->image);
	c->chain = image_chain(m->image) ? arena_strdup(c->arena, image_chain(m->image)) : NULL;
	c->platform = arena_strdup(c->arena, *m->image->os ? m->image->os : "linux");
	clock_gettime(CLOCK_REALTIME, &c->created);
}

/* Volumes that only the image asks for are directories of the writable layer for now, and the user is told. */
static int volumes_check(struct creation *m, const struct container_create_request *req, struct err *err)
{
	if (req->config.volumes.len)
		return err_set(err, ERR_NOT_IMPLEMENTED, "volumes are not supported yet: %s", req->config.volumes.items[0].key);
	for (size_t i = 0; i < m->image->config->volumes.len; i++) {
		_cleanup_free_ char *text =
			xasprintf("Volumes are not supported yet: %s is kept in the container's writable layer and "
				  "removed with it.",
				  m->image->config->volumes.items[i].key);

		strv_add(&m->warnings, text);
	}
	if (m->image->config->healthcheck && !req->config.healthcheck && m->image->config->healthcheck->test &&
	    m->image->config->healthcheck->test[0] && strcmp(m->image->config->healthcheck->test[0], "NONE") != 0)
		strv_add(&m->warnings, "Health checks are not supported yet: the image's is not run.");
	return 0;
}

/* A file of the image where the working directory or one above it should be. */
static int working_dir_check(struct creation *m, struct err *err)
{
	_cleanup_free_ char *path = xstrdup(m->c->config->working_dir);
	struct err ignored;

	for (char *slash = *path ? strchr(path + 1, '/') : NULL;; slash = strchr(slash + 1, '/')) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		int r;

		if (slash)
			*slash = '\0';
		r = path[0] && path[1] && image_chain(m->image)
			    ? storage_chain_read_file(m->e->storage, image_chain(m->image), path + 1, 1, &text, &ignored)
			    : -ENOENT;
		if (r >= 0 || ignored.kind == ERR_TOO_LARGE)
			return err_set(err, ERR_SYSTEM, "Cannot mkdir: %s is not a directory", path);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int prepare(struct creation *m, const char *platform, const struct container_create_request *req, struct err *err)
{
	struct container *c = m->c;
	int r = documents_copy(c, req, err);

	if (r >= 0 && *c->config->hostname && strcmp(c->host->uts_mode, "host") == 0)
		r = err_set(err, ERR_INVALID, "conflicting options: hostname and the UTS mode");
	if (r >= 0)
		r = create_config_check(c->config, c->arena, err);
	if (r < 0)
		return r;
	create_host_defaults(m->e, c->host, c->arena);
	api_doc_settle(&host_config_shape, c->host);
	r = create_host_check(m->e, c->host, &m->warnings, err);
	if (r >= 0)
		r = endpoints_check(req, c->host, err);
	if (r < 0)
		return r;
	if (!*c->config->image) {
		r = create_command(c->config, c->arena, &c->path, &c->args, err);
		return r < 0 ? r : err_set(err, ERR_NOT_IMPLEMENTED, "containers without an image are not supported yet");
	}
	r = images_find(m->e, c->config->image, true, &m->image, NULL, err);
	if (r >= 0)
		r = platform_check(platform, m->image, c->config->image, err);
	if (r >= 0)
		r = volumes_check(m, req, err);
	if (r < 0)
		return r;
	if (!image_chain(m->image))
		return err_set(err, ERR_NOT_IMPLEMENTED, "images without layers are not supported yet: %s", c->config->image);
	create_merge(c->config, m->image->config, c->arena);
	r = working_dir_check(m, err);
	if (r < 0)
		return r;
	r = create_command(c->config, c->arena, &c->path, &c->args, err);
	if (r < 0)
		return r;
	config_finish(m);
	return arena_failed(c->arena) ? err_set(err, ERR_SYSTEM, "out of memory for container %s", c->id) : 0;
}

/* Its directory and its row. */
static int make_durable(struct creation *m, struct err *err)
{
	struct container *c = m->c;
	int layers_fd, container_fd;
	int r = storage_container_create(m->e->storage, c->id, image_chain(m->image), err);

	if (r < 0)
		return r;
	m->stored = true;
	r = storage_container_recipe(m->e->storage, c->id, c->arena, &c->lower, &layers_fd, &container_fd, err);
	if (r < 0)
		return r;
	fd_close(layers_fd);
	fd_close(container_fd);
	return state_container_write(c, err);
}

static void write_reply(const struct creation *m, struct buf *out)
{
	struct json_writer w = {.out = out, .escape_html = true};
	static char *const none[] = {NULL};

	json_begin_object(&w);
	json_member_string(&w, "Id", m->c->id);
	json_member_strings(&w, "Warnings", m->warnings ? m->warnings : none);
	json_end_object(&w);
}

int engine_container_create(struct engine *e, const char *name, const char *platform,
			    const struct container_create_request *req, struct buf *ret_json, struct err *err)
{
	_cleanup_(creation_done) struct creation m = {.e = e};
	char id[RANDOM_ID_LEN + 1];
	int r;

	if (!req->has_config && !req->host_config && !req->networking_config)
		return err_set(err, ERR_INVALID, "config cannot be empty in order to create a container");
	if (name && *name) {
		r = names_check(name, err);
		if (r < 0)
			return r;
	}
	random_id(id);
	m.c = container_new(e, id);
	r = prepare(&m, platform, req, err);
	if (r >= 0)
		r = name_reserve(&m, name, err);
	if (r >= 0)
		r = make_durable(&m, err);
	if (r < 0)
		return r;
	write_reply(&m, ret_json);
	m.named = m.stored = false;
	container_ref(m.c); /* the registry's */
	registry_add(e, m.c);
	events_container(m.c, "create", NULL, 0);
	return 0;
}
