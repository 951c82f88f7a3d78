/* SPDX-License-Identifier: Apache-2.0 */
/* What a create is refused for, and what it gets by default; words and order as Docker 28's (seen). */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/capabilities.h"
#include "engine/container.h"
#include "engine/create.h"
#include "engine/signals.h"
#include "engine/spec.h"

/* ---- ContainerConfig ---- */

/* Lexical, as Go's path.Clean: the container's own links are none of our business here. */
static char *path_clean(const char *path, struct arena *a)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t n = 0;

	if (!out)
		return NULL;
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			while (n && out[n - 1] != '/')
				n--;
			n -= n > 0;
		} else if (len && !(len == 1 && path[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len;
	}
	if (!n)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

static int health_check(const struct api_health_config *h, struct err *err)
{
	const struct {
		const char *name;
		int64_t value;
	} durations[] = {{"Interval", h->interval},
			 {"Timeout", h->timeout},
			 {"StartPeriod", h->start_period},
			 {"StartInterval", h->start_interval}};

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		if (durations[i].value != 0 && durations[i].value < 1000000)
			return err_set(err, ERR_INVALID, "%s in Healthcheck cannot be less than 1ms", durations[i].name);
	if (h->retries < 0)
		return err_set(err, ERR_INVALID, "Retries in Healthcheck cannot be negative");
	if (h->test && h->test[0] && strcmp(h->test[0], "NONE") != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "health checks are not supported yet");
	return 0;
}

int create_config_check(struct container_config *c, struct arena *a, struct err *err)
{
	int signo;

	if (*c->working_dir) {
		if (*c->working_dir != '/')
			return err_set(err, ERR_INVALID,
				       "the working directory '%s' is invalid, it needs to be an absolute path",
				       c->working_dir);
		c->working_dir = path_clean(c->working_dir, a);
		if (!c->working_dir)
			return err_set(err, ERR_SYSTEM, "out of memory for the working directory");
	}
	if (*c->stop_signal && signal_parse(c->stop_signal, &signo, err) < 0)
		return -1;
	for (char **env = c->env; env && *env; env++)
		if (**env == '\0' || **env == '=')
			return err_set(err, ERR_INVALID, "invalid environment variable: %s", *env);
	if (c->healthcheck)
		return health_check(c->healthcheck, err);
	return 0;
}

/* ---- HostConfig ---- */

static char **static_list(struct arena *a, const char *const *list)
{
	size_t n = strv_len((char *const *)list);
	char **v = arena_array(a, n + 1, sizeof(*v));

	for (size_t i = 0; v && i < n; i++)
		v[i] = (char *)list[i];
	return v;
}

/* Whoever sees the host's processes is not confined by a label. */
static void label_disable(struct host_config *h, struct arena *a)
{
	static char option[] = "label=disable";
	size_t n = 0;
	char **all;

	for (; h->security_opt && h->security_opt[n]; n++)
		if (strcmp(h->security_opt[n], option) == 0)
			return;
	all = arena_array(a, n + 2, sizeof(*all));
	if (!all)
		return;
	for (size_t i = 0; i < n; i++)
		all[i] = h->security_opt[i];
	all[n] = option;
	h->security_opt = all;
}

static void mode_defaults(struct engine *e, struct host_config *h, struct arena *a)
{
	if (!*h->network_mode || strcmp(h->network_mode, "default") == 0)
		h->network_mode = arena_strdup(a, "bridge");
	if (!*h->ipc_mode)
		h->ipc_mode = arena_strdup(a, "private");
	if (!*h->cgroupns_mode)
		h->cgroupns_mode = arena_strdup(a, e->cgroup_v2 && !h->privileged ? "private" : "host");
	if (!*h->runtime)
		h->runtime = arena_strdup(a, "runc");
	if (h->privileged || strcmp(h->pid_mode, "host") == 0)
		label_disable(h, a);
}

void create_host_defaults(struct engine *e, struct host_config *h, struct arena *a)
{
	if (!h->log_config)
		h->log_config = arena_new_object(a, struct api_log_config);
	if (h->log_config && (!h->log_config->type || !*h->log_config->type))
		h->log_config->type = arena_strdup(a, "json-file");
	if (h->log_config && !h->log_config->config.items)
		h->log_config->config.items = arena_array(a, 1, sizeof(*h->log_config->config.items));
	if (!h->restart_policy)
		h->restart_policy = arena_new_object(a, struct api_restart_policy);
	if (h->restart_policy && (!h->restart_policy->name || !*h->restart_policy->name))
		h->restart_policy->name = arena_strdup(a, "no");
	mode_defaults(e, h, a);
	if (h->shm_size == 0)
		h->shm_size = SPEC_SHM_SIZE;
	if (!h->console_size)
		h->console_size = arena_strdup(a, "[0,0]");
	if (h->links && !h->links[0])
		h->links = NULL;
	if (!h->privileged && !h->masked_paths)
		h->masked_paths = static_list(a, spec_masked_paths);
	if (!h->privileged && !h->readonly_paths)
		h->readonly_paths = static_list(a, spec_readonly_paths);
	if (h->memory_swappiness && *h->memory_swappiness == -1)
		h->memory_swappiness = NULL;
	if (h->pids_limit && *h->pids_limit <= 0)
		h->pids_limit = NULL;
	if (h->memory > 0 && h->memory_swap == 0)
		h->memory_swap = h->memory * 2;
	if (!h->oom_kill_disable && !e->cgroup_v2)
		h->oom_kill_disable = arena_new_object(a, bool);
}

static int log_check(const struct api_log_config *l, struct err *err)
{
	static const char *const drivers[] = {"local",   "syslog", "journald", "gelf",   "fluentd",
					      "awslogs", "splunk", "etwlogs",  "gcplogs"};
	static const char *const later[] = {"labels", "labels-regex", "env",  "env-regex",
					    "tag",    "compress",     "mode", "max-buffer-size"};

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(l->type, drivers[i]) == 0)
			return err_set(err, ERR_NOT_IMPLEMENTED, "the log driver %s is not supported yet", l->type);
	if (strcmp(l->type, "none") == 0)
		return 0;
	if (strcmp(l->type, "json-file") != 0)
		return err_set(err, ERR_INVALID, "error looking up logging plugin %s: plugin \"%s\" not found", l->type,
			       l->type);
	for (size_t i = 0; i < l->config.len; i++) {
		const char *key = l->config.items[i].key;

		if (strcmp(key, "max-size") == 0 || strcmp(key, "max-file") == 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(later); k++)
			if (strcmp(key, later[k]) == 0)
				return err_set(err, ERR_NOT_IMPLEMENTED, "the log option %s is not supported yet", key);
		return err_set(err, ERR_INVALID, "unknown log opt '%s' for json-file log driver", key);
	}
	return 0;
}

static int restart_check(const struct host_config *h, struct err *err)
{
	const struct api_restart_policy *p = h->restart_policy;
	bool none = strcmp(p->name, "no") == 0, on_failure = strcmp(p->name, "on-failure") == 0;

	if (!none && !on_failure && strcmp(p->name, "always") != 0 && strcmp(p->name, "unless-stopped") != 0)
		return err_set(err, ERR_INVALID,
			       "invalid restart policy: unknown policy '%s'; use one of 'no', 'always', 'on-failure', or "
			       "'unless-stopped'",
			       p->name);
	if (p->maximum_retry_count < 0)
		return err_set(err, ERR_INVALID, "invalid restart policy: maximum retry count cannot be negative");
	if (p->maximum_retry_count > 0 && !on_failure)
		return err_set(err, ERR_INVALID,
			       "invalid restart policy: maximum retry count can only be used with 'on-failure'");
	if (h->auto_remove && !none)
		return err_set(err, ERR_INVALID, "can't create 'AutoRemove' container with restart policy");
	if (!none)
		return err_set(err, ERR_NOT_IMPLEMENTED, "restart policies are not supported yet");
	return 0;
}

static int is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

static int modes_check(struct engine *e, const struct host_config *h, struct err *err)
{
	static const char *const ipc[] = {"private", "shareable", "none", "host", NULL};
	static const char *const host_or_own[] = {"", "host", NULL};
	static const char *const host_or_private[] = {"host", "private", NULL};

	if (strncmp(h->ipc_mode, "container:", 10) == 0 || strncmp(h->pid_mode, "container:", 10) == 0) {
		const char *other = strchr(*h->pid_mode ? h->pid_mode : h->ipc_mode, ':') + 1;
		struct err reason;
		struct container *c;
		int r;

		engine_lock(e);
		r = registry_find_locked(e, other, &c, &reason);
		engine_unlock(e);
		if (r < 0)
			return err_set(err, ERR_INVALID, "%s", reason.msg);
		return err_set(err, ERR_NOT_IMPLEMENTED, "sharing another container's namespaces is not supported yet");
	}
	if (!is_one_of(h->ipc_mode, ipc))
		return err_set(err, ERR_INVALID, "invalid IPC mode: %s", h->ipc_mode);
	if (!is_one_of(h->pid_mode, host_or_own))
		return err_set(err, ERR_INVALID, "invalid PID mode: %s", h->pid_mode);
	if (!is_one_of(h->uts_mode, host_or_own))
		return err_set(err, ERR_INVALID, "invalid UTS mode: %s", h->uts_mode);
	if (!is_one_of(h->cgroupns_mode, host_or_private))
		return err_set(err, ERR_INVALID, "invalid cgroup namespace mode: %s", h->cgroupns_mode);
	if (!is_one_of(h->userns_mode, host_or_own))
		return err_set(err, ERR_NOT_IMPLEMENTED, "user namespaces are not supported yet: %s", h->userns_mode);
	if (*h->isolation && strcmp(h->isolation, "default") != 0)
		return err_set(err, ERR_INVALID, "invalid isolation (%s): linux only supports 'default'", h->isolation);
	if (strcmp(h->runtime, "runc") != 0 && strcmp(h->runtime, "io.containerd.runc.v2") != 0)
		return err_set(err, ERR_INVALID, "unknown or invalid runtime name: %s", h->runtime);
	return 0;
}

static int extra_hosts_check(const struct host_config *h, struct err *err)
{
	for (char **host = h->extra_hosts; host && *host; host++) {
		const char *sep = strpbrk(*host, ":=");
		struct in6_addr ignored;

		if (!sep || sep == *host)
			return err_set(err, ERR_INVALID, "bad format for add-host: \"%s\"", *host);
		if (strcmp(sep + 1, "host-gateway") != 0 && inet_pton(AF_INET, sep + 1, &ignored) != 1 &&
		    inet_pton(AF_INET6, sep + 1, &ignored) != 1)
			return err_set(err, ERR_INVALID, "invalid IP address in add-host: \"%s\"", sep + 1);
	}
	return 0;
}

static int mount_point_seen(struct ptr_array *seen, char *target, struct err *err)
{
	for (size_t i = 0; i < seen->len; i++)
		if (strcmp(seen->items[i], target) == 0)
			return err_set(err, ERR_INVALID, "Duplicate mount point: %s", target);
	ptr_array_add(seen, target);
	return 0;
}

static int mount_check(const struct api_mount *m, struct err *err)
{
	bool volume = strcmp(m->type, "volume") == 0, bind = strcmp(m->type, "bind") == 0;

	if (!bind && !volume && strcmp(m->type, "tmpfs") != 0 && strcmp(m->type, "npipe") != 0 &&
	    strcmp(m->type, "cluster") != 0 && strcmp(m->type, "image") != 0)
		return err_set(err, ERR_INVALID, "invalid mount config for type \"%s\": mount type unknown", m->type);
	if (!bind && strcmp(m->type, "tmpfs") != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "mounts of type %s are not supported yet", m->type);
	if (!*m->target)
		return err_set(err, ERR_INVALID, "invalid mount config for type \"%s\": field Target must not be empty",
			       m->type);
	if (*m->target != '/')
		return err_set(err, ERR_INVALID,
			       "invalid mount config for type \"%s\": invalid mount path: '%s' mount path must be absolute",
			       m->type, m->target);
	if (bind && !*m->source)
		return err_set(err, ERR_INVALID, "invalid mount config for type \"bind\": field Source must not be empty");
	if (bind && access(m->source, F_OK) < 0 && !(m->bind_options && m->bind_options->create_mountpoint))
		return err_set(err, ERR_INVALID, "invalid mount config for type \"bind\": bind source path does not exist: %s",
			       m->source);
	if (m->bind_options && (m->bind_options->create_mountpoint || m->bind_options->read_only_force_recursive ||
				m->bind_options->read_only_non_recursive))
		return err_set(err, ERR_NOT_IMPLEMENTED, "this option of a bind mount is not supported yet: %s", m->target);
	if (m->tmpfs_options && m->tmpfs_options->options)
		return err_set(err, ERR_NOT_IMPLEMENTED,
			       "options of a tmpfs mount beyond size and mode are not supported yet: %s", m->target);
	return 0;
}

static int mounts_check(const struct host_config *h, struct err *err)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_(ptr_array_done) struct ptr_array seen = {0};
	int r = 0;

	for (char **bind = h->binds; bind && *bind && r >= 0; bind++) {
		struct spec_bind b;

		r = spec_bind_parse(*bind, a, &b, err);
		if (r >= 0)
			r = mount_point_seen(&seen, b.target, err);
	}
	for (size_t i = 0; i < h->mounts.len && r >= 0; i++) {
		r = mount_check(&h->mounts.items[i], err);
		if (r >= 0)
			r = mount_point_seen(&seen, h->mounts.items[i].target, err);
	}
	for (size_t i = 0; i < h->tmpfs.len && r >= 0; i++)
		r = mount_point_seen(&seen, h->tmpfs.items[i].key, err);
	return r;
}

/* A container that is named but isn't there is Docker's 400; one that is, isn't supported yet. */
static int others_check(struct engine *e, const struct host_config *h, struct err *err)
{
	const char *from = h->volumes_from ? h->volumes_from[0] : NULL, *link = h->links ? h->links[0] : NULL;
	_cleanup_free_ char *name = xstrndup(from ? from : link ? link : "", strcspn(from ? from : link ? link : "", ":"));
	struct container *c;
	struct err reason;
	int r;

	if (!from && !link)
		return 0;
	engine_lock(e);
	r = registry_find_locked(e, name, &c, &reason);
	engine_unlock(e);
	if (r < 0)
		return from ? err_set(err, ERR_INVALID, "%s", reason.msg)
			    : err_set(err, ERR_INVALID, "could not get container for %s: %s", name, reason.msg);
	return err_set(err, ERR_NOT_IMPLEMENTED, "%s are not supported yet",
		       from ? "volumes of other containers" : "links between containers");
}

static int unsupported_check(const struct host_config *h, struct err *err)
{
	if (*h->volume_driver)
		return err_set(err, ERR_NOT_IMPLEMENTED, "volume drivers are not supported yet");
	if (h->device_requests && strcmp(h->device_requests, "[]") != 0 && strcmp(h->device_requests, "null") != 0)
		return err_set(err, ERR_NOT_IMPLEMENTED, "device requests are not supported yet");
	if (h->storage_opt.len)
		return err_set(err, ERR_SYSTEM,
			       "--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
	if (*h->cgroup)
		return err_set(err, ERR_NOT_IMPLEMENTED, "sharing another container's cgroup is not supported yet");
	if (h->init && *h->init)
		return err_set(err, ERR_NOT_IMPLEMENTED, "an init process inside the container is not supported yet");
	if (json_map_get(&h->annotations, ""))
		return err_set(err, ERR_INVALID, "invalid Annotations: the empty string is not permitted as an annotation key");
	return 0;
}

int create_host_check(struct engine *e, struct host_config *h, char ***warnings, struct err *err)
{
	int r;

	if (h->oom_score_adj < -1000 || h->oom_score_adj > 1000)
		return err_set(err, ERR_INVALID, "Invalid value %d, range for oom score adj is [-1000, 1000]",
			       h->oom_score_adj);
	if (h->shm_size < 0)
		return err_set(err, ERR_INVALID, "SHM size can not be less than 0");
	r = restart_check(h, err);
	if (r >= 0)
		r = capabilities_check("CapAdd", h->cap_add, err);
	if (r >= 0)
		r = capabilities_check("CapDrop", h->cap_drop, err);
	if (r >= 0)
		r = log_check(h->log_config, err);
	if (r >= 0)
		r = modes_check(e, h, err);
	if (r >= 0)
		r = extra_hosts_check(h, err);
	if (r >= 0)
		r = spec_security_check(h, err);
	if (r >= 0)
		r = others_check(e, h, err);
	if (r >= 0)
		r = unsupported_check(h, err);
	if (r >= 0)
		r = mounts_check(h, err);
	return r < 0 ? r : create_resources_check(e, h, warnings, err);
}
