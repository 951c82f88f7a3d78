/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the specification's schema says of config.json beyond types: enumerations, patterns, absolute paths, ranges. Each
 * message begins with the member's path. Only what no kernel could accept is refused here; what this runtime doesn't
 * support is refused by the runtime.
 */
#include <stdio.h>
#include <string.h>

#include "codec/oci_spec.h"

static const char *const namespace_types[] = {"mount", "pid", "network", "uts", "ipc", "user", "cgroup", "time"};
static const char *const propagations[] = {"private", "shared", "slave", "unbindable"};
static const char *const personalities[] = {"LINUX", "LINUX32"};
static const char *const io_classes[] = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};
static const char *const policies[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
				       "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};
static const char *const actions[] = {"SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
				      "SCMP_ACT_TRAP",  "SCMP_ACT_ERRNO",        "SCMP_ACT_TRACE",
				      "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",          "SCMP_ACT_NOTIFY"};
static const char *const operators[] = {"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",       "SCMP_CMP_EQ",
					"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};

#define ONE_OF(list, value) one_of((list), ARRAY_SIZE(list), (value))
static bool one_of(const char *const *list, size_t n, const char *value)
{
	for (size_t i = 0; value && i < n; i++)
		if (strcmp(list[i], value) == 0)
			return true;
	return false;
}

static const char *shown(const char *s)
{
	return s ? s : "";
}

static int check_mappings(const char *path, const struct oci_id_mappings *m, struct err *err)
{
	for (size_t i = 0; i < m->len; i++) {
		const struct oci_id_mapping *e = &m->items[i];

		if (e->size == 0)
			return err_set(err, ERR_INVALID, "%s[%zu].size: must not be 0", path, i);
		if (e->container_id > UINT32_MAX - e->size || e->host_id > UINT32_MAX - e->size)
			return err_set(err, ERR_INVALID, "%s[%zu]: the range ends beyond 4294967295", path, i);
	}
	return 0;
}

static int check_user(const struct oci_user *u, struct err *err)
{
	if (!u)
		return 0;
	if (u->uid == UINT32_MAX)
		return err_set(err, ERR_INVALID, "process.user.uid: %u is not a user id", u->uid);
	if (u->gid == UINT32_MAX)
		return err_set(err, ERR_INVALID, "process.user.gid: %u is not a group id", u->gid);
	for (size_t i = 0; i < u->additional_gids.len; i++)
		if (u->additional_gids.items[i] == UINT32_MAX)
			return err_set(err, ERR_INVALID, "process.user.additionalGids[%zu]: %u is not a group id", i,
				       u->additional_gids.items[i]);
	return 0;
}

static int check_cpu_list(const char *path, const char *list, struct err *err)
{
	if (list && list[strspn(list, "0123456789, -")])
		return err_set(err, ERR_INVALID, "%s: \"%s\" is not a list of CPUs", path, list);
	return 0;
}

static int check_rlimits(const struct oci_process *p, struct err *err)
{
	for (size_t i = 0; i < p->rlimits.len; i++) {
		const struct oci_rlimit *l = &p->rlimits.items[i];

		if (strncmp(l->type, "RLIMIT_", 7) != 0)
			return err_set(err, ERR_INVALID, "process.rlimits[%zu].type: \"%s\" is not a limit", i, l->type);
		for (size_t j = 0; j < i; j++)
			if (strcmp(p->rlimits.items[j].type, l->type) == 0)
				return err_set(err, ERR_INVALID, "process.rlimits[%zu].type: \"%s\" is there twice", i,
					       l->type);
	}
	return 0;
}

int oci_process_check(const struct oci_process *p, struct err *err)
{
	int r;

	if (!p->cwd || p->cwd[0] != '/')
		return err_set(err, ERR_INVALID, "process.cwd: \"%s\" is not an absolute path", shown(p->cwd));
	if (p->console_size && (p->console_size->height > UINT16_MAX || p->console_size->width > UINT16_MAX))
		return err_set(err, ERR_INVALID, "process.consoleSize: larger than 65535");
	r = check_user(p->user, err);
	if (r < 0)
		return r;
	r = check_rlimits(p, err);
	if (r < 0)
		return r;
	if (p->oom_score_adj && (*p->oom_score_adj < -1000 || *p->oom_score_adj > 1000))
		return err_set(err, ERR_INVALID, "process.oomScoreAdj: %d is not in -1000..1000", *p->oom_score_adj);
	if (p->scheduler && !ONE_OF(policies, p->scheduler->policy))
		return err_set(err, ERR_INVALID, "process.scheduler.policy: \"%s\" is not a policy", p->scheduler->policy);
	if (p->io_priority && !ONE_OF(io_classes, p->io_priority->class_name))
		return err_set(err, ERR_INVALID, "process.ioPriority.class: \"%s\" is not a class", p->io_priority->class_name);
	if (!p->exec_cpu_affinity)
		return 0;
	r = check_cpu_list("process.execCPUAffinity.initial", p->exec_cpu_affinity->initial, err);
	if (r < 0)
		return r;
	return check_cpu_list("process.execCPUAffinity.final", p->exec_cpu_affinity->final, err);
}

static int check_mounts(const struct oci_spec *s, struct err *err)
{
	char path[64];
	int r;

	for (size_t i = 0; i < s->mounts.len; i++) {
		const struct oci_mount *m = &s->mounts.items[i];

		if (m->destination[0] == '\0')
			return err_set(err, ERR_INVALID, "mounts[%zu].destination: must not be empty", i);
		snprintf(path, sizeof(path), "mounts[%zu].uidMappings", i);
		r = check_mappings(path, &m->uid_mappings, err);
		if (r < 0)
			return r;
		snprintf(path, sizeof(path), "mounts[%zu].gidMappings", i);
		r = check_mappings(path, &m->gid_mappings, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_hook_list(const char *name, const struct oci_hook_list *list, struct err *err)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct oci_hook *h = &list->items[i];

		if (h->path[0] != '/')
			return err_set(err, ERR_INVALID, "hooks.%s[%zu].path: \"%s\" is not an absolute path", name, i,
				       h->path);
		if (h->timeout && *h->timeout < 1)
			return err_set(err, ERR_INVALID, "hooks.%s[%zu].timeout: must be at least 1", name, i);
	}
	return 0;
}

static int check_hooks(const struct oci_hooks *h, struct err *err)
{
	const struct {
		const char *name;
		const struct oci_hook_list *list;
	} lists[] = {{"prestart", &h->prestart},
		     {"createRuntime", &h->create_runtime},
		     {"createContainer", &h->create_container},
		     {"startContainer", &h->start_container},
		     {"poststart", &h->poststart},
		     {"poststop", &h->poststop}};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		r = check_hook_list(lists[i].name, lists[i].list, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_namespaces(const struct oci_namespaces *n, struct err *err)
{
	for (size_t i = 0; i < n->len; i++) {
		const struct oci_namespace *e = &n->items[i];

		if (!ONE_OF(namespace_types, e->type))
			return err_set(err, ERR_INVALID, "linux.namespaces[%zu].type: \"%s\" is not a namespace", i, e->type);
		if (e->path && e->path[0] && e->path[0] != '/')
			return err_set(err, ERR_INVALID, "linux.namespaces[%zu].path: \"%s\" is not an absolute path", i,
				       e->path);
		for (size_t j = 0; j < i; j++)
			if (strcmp(n->items[j].type, e->type) == 0)
				return err_set(err, ERR_INVALID, "linux.namespaces[%zu].type: \"%s\" is there twice", i,
					       e->type);
	}
	return 0;
}

static int check_devices(const struct oci_devices *d, struct err *err)
{
	for (size_t i = 0; i < d->len; i++) {
		const struct oci_device *e = &d->items[i];

		if (strlen(e->type) != 1 || !strchr("cbup", e->type[0]))
			return err_set(err, ERR_INVALID, "linux.devices[%zu].type: \"%s\" is not a device type", i, e->type);
		if (e->path[0] != '/')
			return err_set(err, ERR_INVALID, "linux.devices[%zu].path: \"%s\" is not an absolute path", i, e->path);
		if (e->major < -1 || e->major > UINT32_MAX || e->minor < -1 || e->minor > UINT32_MAX)
			return err_set(err, ERR_INVALID, "linux.devices[%zu]: %lld:%lld is not a device number", i,
				       (long long)e->major, (long long)e->minor);
	}
	return 0;
}

static int check_device_rules(const struct oci_device_rules *d, struct err *err)
{
	for (size_t i = 0; i < d->len; i++) {
		const struct oci_device_rule *e = &d->items[i];

		if (e->type && e->type[0] && (strlen(e->type) != 1 || !strchr("acbup", e->type[0])))
			return err_set(err, ERR_INVALID, "linux.resources.devices[%zu].type: \"%s\" is not a device type", i,
				       e->type);
		if (e->access && e->access[strspn(e->access, "rwm")])
			return err_set(err, ERR_INVALID, "linux.resources.devices[%zu].access: \"%s\" is not made of r, w, m",
				       i, e->access);
	}
	return 0;
}

static int check_seccomp(const struct oci_seccomp *s, struct err *err)
{
	if (!ONE_OF(actions, s->default_action))
		return err_set(err, ERR_INVALID, "linux.seccomp.defaultAction: \"%s\" is not an action", s->default_action);
	for (size_t i = 0; i < s->syscalls.len; i++) {
		const struct oci_seccomp_rule *rule = &s->syscalls.items[i];

		if (!rule->names || !rule->names[0])
			return err_set(err, ERR_INVALID, "linux.seccomp.syscalls[%zu].names: must not be empty", i);
		if (!ONE_OF(actions, rule->action))
			return err_set(err, ERR_INVALID, "linux.seccomp.syscalls[%zu].action: \"%s\" is not an action", i,
				       rule->action);
		for (size_t j = 0; j < rule->args.len; j++) {
			if (rule->args.items[j].index > 5)
				return err_set(err, ERR_INVALID, "linux.seccomp.syscalls[%zu].args[%zu].index: %u is above 5",
					       i, j, rule->args.items[j].index);
			if (!ONE_OF(operators, rule->args.items[j].op))
				return err_set(err, ERR_INVALID,
					       "linux.seccomp.syscalls[%zu].args[%zu].op: \"%s\" is not an operator", i, j,
					       rule->args.items[j].op);
		}
	}
	return 0;
}

static int check_linux(const struct oci_linux *l, struct err *err)
{
	int r;

	r = check_mappings("linux.uidMappings", &l->uid_mappings, err);
	if (r < 0)
		return r;
	r = check_mappings("linux.gidMappings", &l->gid_mappings, err);
	if (r < 0)
		return r;
	r = check_namespaces(&l->namespaces, err);
	if (r < 0)
		return r;
	r = check_devices(&l->devices, err);
	if (r < 0)
		return r;
	if (l->rootfs_propagation && l->rootfs_propagation[0] && !ONE_OF(propagations, l->rootfs_propagation))
		return err_set(err, ERR_INVALID, "linux.rootfsPropagation: \"%s\" is not a propagation", l->rootfs_propagation);
	if (l->personality && !ONE_OF(personalities, l->personality->domain))
		return err_set(err, ERR_INVALID, "linux.personality.domain: \"%s\" is not a domain",
			       shown(l->personality->domain));
	if (l->resources) {
		r = check_device_rules(&l->resources->devices, err);
		if (r < 0)
			return r;
	}
	return l->seccomp ? check_seccomp(l->seccomp, err) : 0;
}

int oci_spec_check(const struct oci_spec *s, struct err *err)
{
	int r;

	if (strncmp(s->oci_version, "1.", 2) != 0)
		return err_set(err, ERR_INVALID, "ociVersion: \"%s\" is not a version 1 of the specification", s->oci_version);
	if (s->process) {
		r = oci_process_check(s->process, err);
		if (r < 0)
			return r;
	}
	if (s->root && s->root->path[0] == '\0')
		return err_set(err, ERR_INVALID, "root.path: must not be empty");
	r = check_mounts(s, err);
	if (r < 0)
		return r;
	if (s->hooks) {
		r = check_hooks(s->hooks, err);
		if (r < 0)
			return r;
	}
	return s->linux_ ? check_linux(s->linux_, err) : 0;
}
