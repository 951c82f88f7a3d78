/* SPDX-License-Identifier: Apache-2.0 */
/* The specification's frame: process, namespaces, security. Defaults as Docker 28 writes them (seen in its bundles). */
#include "engine/spec.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "engine/capabilities.h"
#include "engine/seccomp_profile.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const char *const spec_masked_paths[] = {
	"/proc/asound",
	"/proc/acpi",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};
const char *const spec_readonly_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL};

/* ---- SecurityOpt ---- */

struct security {
	bool no_new_privileges;
	bool seccomp_unconfined;
};

static int security_option(const char *option, struct security *s, struct err *err)
{
	const char *value = strpbrk(option, "=:");
	size_t len = value ? (size_t)(value - option) : strlen(option);

	if (strcmp(option, "no-new-privileges") == 0) {
		s->no_new_privileges = true;
		return 0;
	}
	if (strcmp(option, "disable") == 0)
		return 0;
	if (!value)
		return err_set(err, ERR_SYSTEM, "invalid --security-opt 1: \"%s\"", option);
	value++;
	if (len == 17 && memcmp(option, "no-new-privileges", len) == 0) {
		if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return err_set(err, ERR_SYSTEM, "invalid --security-opt 2: \"%s\"", option);
		s->no_new_privileges = strcmp(value, "true") == 0;
	} else if (len == 7 && memcmp(option, "seccomp", len) == 0) {
		if (strcmp(value, "unconfined") == 0)
			s->seccomp_unconfined = true;
		else if (strcmp(value, "builtin") != 0)
			return err_set(err, ERR_NOT_IMPLEMENTED,
				       "seccomp profiles other than builtin and unconfined are not supported yet");
	} else if (len == 8 && memcmp(option, "apparmor", len) == 0) {
		if (strcmp(value, "unconfined") != 0)
			return err_set(err, ERR_NOT_IMPLEMENTED, "AppArmor profiles are not supported yet");
	} else if (len == 5 && memcmp(option, "label", len) == 0) {
		if (strcmp(value, "disable") != 0)
			return err_set(err, ERR_NOT_IMPLEMENTED, "SELinux labels are not supported yet");
	} else {
		return err_set(err, ERR_SYSTEM, "invalid --security-opt 2: \"%s\"", option);
	}
	return 0;
}

static int security_read(const struct host_config *host, struct security *ret, struct err *err)
{
	int r = 0;

	*ret = (struct security){.seccomp_unconfined = host->privileged};
	for (char **o = host->security_opt; o && *o && r >= 0; o++)
		r = security_option(*o, ret, err);
	return r;
}

int spec_security_check(const struct host_config *host, struct err *err)
{
	struct security ignored;

	return security_read(host, &ignored, err);
}

/* ---- process ---- */

static bool env_has(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && ((*env)[len] == '=' || (*env)[len] == '\0'))
			return true;
	return false;
}

static bool is_path(const char *entry)
{
	return strncmp(entry, "PATH=", 5) == 0;
}

/*
 * PATH comes first, be it the container's own; HOSTNAME and TERM follow and give way to the container's; HOME is added
 * behind. "BARE" entries unset.
 */
static char **process_env(const struct spec_input *in, struct arena *a)
{
	char *const *own = in->config->env;
	char **env = arena_array(a, strv_len(own) + 5, sizeof(*env));
	size_t n = 0;

	if (!env)
		return NULL;
	if (!env_has(own, "PATH"))
		env[n++] = (char *)DEFAULT_PATH;
	for (char *const *e = own; e && *e; e++)
		if (is_path(*e))
			env[n++] = *e;
	if (!env_has(own, "HOSTNAME"))
		env[n++] = arena_printf(a, "HOSTNAME=%s", in->config->hostname);
	if (in->config->tty && !env_has(own, "TERM"))
		env[n++] = (char *)"TERM=xterm";
	for (; own && *own; own++)
		if (strchr(*own, '=') && !is_path(*own))
			env[n++] = *own;
	if (!env_has(env, "HOME"))
		env[n++] = arena_printf(a, "HOME=%s", in->user->home);
	return env;
}

static char **process_args(const struct spec_input *in, struct arena *a)
{
	size_t n = strv_len(in->args);
	char **v = arena_array(a, n + 2, sizeof(*v));

	if (!v)
		return NULL;
	v[0] = (char *)in->path;
	for (size_t i = 0; i < n; i++)
		v[i + 1] = in->args[i];
	return v;
}

static int process_rlimits(const struct host_config *host, struct oci_process *p, struct arena *a)
{
	p->rlimits.items = arena_array(a, host->ulimits.len + 1, sizeof(*p->rlimits.items));
	if (!p->rlimits.items)
		return -1;
	for (size_t i = 0; i < host->ulimits.len; i++) {
		struct oci_rlimit *rl = &p->rlimits.items[p->rlimits.len++];
		char *type = arena_printf(a, "RLIMIT_%s", host->ulimits.items[i].name);

		for (char *c = type ? type : (char *)""; *c; c++)
			if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 32);
		rl->type = type;
		rl->hard = (uint64_t)host->ulimits.items[i].hard;
		rl->soft = (uint64_t)host->ulimits.items[i].soft;
	}
	return 0;
}

static struct oci_process *process_build(const struct spec_input *in, const struct security *security, struct arena *a)
{
	struct oci_process *p = arena_new_object(a, struct oci_process);
	char **caps = capabilities_resolve(in->host->cap_add, in->host->cap_drop, in->host->privileged, a);

	if (!p || !caps)
		return NULL;
	p->user = arena_new_object(a, struct oci_user);
	p->capabilities = arena_new_object(a, struct oci_capabilities);
	p->oom_score_adj = arena_new_object(a, int32_t);
	if (!p->user || !p->capabilities || !p->oom_score_adj || process_rlimits(in->host, p, a) < 0)
		return NULL;
	p->terminal = in->config->tty;
	p->user->uid = in->user->uid;
	p->user->gid = in->user->gid;
	p->user->additional_gids.items = in->user->groups;
	p->user->additional_gids.len = in->user->n_groups;
	p->args = process_args(in, a);
	p->env = process_env(in, a);
	p->cwd = *in->config->working_dir ? in->config->working_dir : (char *)"/";
	p->capabilities->bounding = caps;
	p->capabilities->effective = caps;
	p->capabilities->permitted = caps;
	p->no_new_privileges = security->no_new_privileges;
	*p->oom_score_adj = in->host->oom_score_adj;
	return p;
}

/* ---- linux ---- */

static void namespace_add(struct oci_linux *l, const char *type)
{
	l->namespaces.items[l->namespaces.len++].type = (char *)type;
}

static void namespaces_build(const struct spec_input *in, struct oci_linux *l)
{
	const struct host_config *h = in->host;

	namespace_add(l, "mount");
	if (strcmp(h->network_mode, "host") != 0)
		namespace_add(l, "network");
	if (strcmp(h->uts_mode, "host") != 0)
		namespace_add(l, "uts");
	if (strcmp(h->pid_mode, "host") != 0)
		namespace_add(l, "pid");
	if (strcmp(h->ipc_mode, "host") != 0)
		namespace_add(l, "ipc");
	if (strcmp(h->cgroupns_mode, "private") == 0)
		namespace_add(l, "cgroup");
}

/* The user's sysctls, and Docker's two for a network namespace of its own. */
static int sysctls_build(const struct spec_input *in, struct oci_linux *l, struct arena *a)
{
	static const struct json_string_pair defaults[] = {
		{(char *)"net.ipv4.ip_unprivileged_port_start", (char *)"0"},
		{(char *)"net.ipv4.ping_group_range", (char *)"0 2147483647"},
	};
	const struct json_string_map *own = &in->host->sysctls;

	l->sysctl.items = arena_array(a, own->len + ARRAY_SIZE(defaults), sizeof(*l->sysctl.items));
	if (!l->sysctl.items)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(defaults) && strcmp(in->host->network_mode, "host") != 0; i++)
		if (!json_map_get(own, defaults[i].key))
			l->sysctl.items[l->sysctl.len++] = defaults[i];
	for (size_t i = 0; i < own->len; i++)
		l->sysctl.items[l->sysctl.len++] = own->items[i];
	return 0;
}

char *spec_cgroups_path(const char *instance, const char *parent, const char *id, struct arena *a)
{
	if (parent && *parent)
		return arena_printf(a, "%s%s/%s", *parent == '/' ? "" : "/", parent, id);
	return arena_printf(a, "/lighter-%s/%s", instance, id);
}

static int linux_build(const struct spec_input *in, const struct security *security, char *const *caps, struct arena *a,
		       struct oci_linux **ret, struct err *err)
{
	struct oci_linux *l = arena_new_object(a, struct oci_linux);
	int r;

	if (!l)
		return err_set(err, ERR_SYSTEM, "out of memory for the container's specification");
	l->resources = arena_new_object(a, struct oci_resources);
	l->namespaces.items = arena_array(a, 8, sizeof(*l->namespaces.items));
	if (!l->resources || !l->namespaces.items || sysctls_build(in, l, a) < 0)
		return err_set(err, ERR_SYSTEM, "out of memory for the container's specification");
	namespaces_build(in, l);
	r = spec_devices(in, a, l, err);
	if (r >= 0)
		r = spec_resources(in, a, l->resources, err);
	if (r < 0)
		return r;
	l->cgroups_path = spec_cgroups_path(in->instance, in->host->cgroup_parent, in->id, a);
	if (!security->seccomp_unconfined)
		l->seccomp = seccomp_profile_resolve(caps, in->arch, in->kernel[0], in->kernel[1], a);
	l->masked_paths = in->host->masked_paths;
	l->readonly_paths = in->host->readonly_paths;
	*ret = l;
	return 0;
}

int spec_build(const struct spec_input *in, struct arena *a, struct oci_spec **ret, struct err *err)
{
	struct oci_spec *spec = arena_new_object(a, struct oci_spec);
	struct security security;
	int r;

	if (!spec)
		return err_set(err, ERR_SYSTEM, "out of memory for the container's specification");
	r = security_read(in->host, &security, err);
	if (r < 0)
		return r;
	spec->oci_version = (char *)OCI_SPEC_VERSION;
	spec->process = process_build(in, &security, a);
	spec->root = arena_new_object(a, struct oci_root);
	if (!spec->process || !spec->root)
		return err_set(err, ERR_SYSTEM, "out of memory for the container's specification");
	spec->root->path = (char *)"rootfs"; /* the layers are the root; the name is only a form */
	spec->root->readonly = in->host->readonly_rootfs;
	if (strcmp(in->host->uts_mode, "host") != 0) {
		spec->hostname = in->config->hostname;
		spec->domainname = *in->config->domainname ? in->config->domainname : NULL;
	}
	r = spec_mounts(in, a, &spec->mounts, err);
	if (r >= 0)
		r = linux_build(in, &security, spec->process->capabilities->bounding, a, &spec->linux_, err);
	if (r < 0)
		return r;
	spec->annotations = in->host->annotations;
	if (arena_failed(a))
		return err_set(err, ERR_SYSTEM, "out of memory for the container's specification");
	*ret = spec;
	return 0;
}
