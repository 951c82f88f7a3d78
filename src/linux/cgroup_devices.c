/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices a cgroup may use. Both ways start from "none" and let the last matching rule decide: on v1 by writing the
 * rules in order, on v2 by a program that looks at them in reverse order and takes the first that matches.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "linux/cgroup_internal.h"
#include "linux/device_bpf.h"

static int64_t any = -1;
static int64_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static int64_t tun_minor = 200, pts_major = 136;
static char type_char[] = "c", type_block[] = "b", access_mknod[] = "m", access_all[] = "rwm";

static struct oci_device_rule default_rules[] = {
	{true, type_char, &any, &any, access_mknod},
	{true, type_block, &any, &any, access_mknod},
	{true, type_char, &numbers[1], &numbers[3], access_all}, /* null */
	{true, type_char, &numbers[1], &numbers[5], access_all}, /* zero */
	{true, type_char, &numbers[1], &numbers[7], access_all}, /* full */
	{true, type_char, &numbers[1], &numbers[8], access_all}, /* random */
	{true, type_char, &numbers[1], &numbers[9], access_all}, /* urandom */
	{true, type_char, &numbers[5], &numbers[0], access_all}, /* tty */
	{true, type_char, &numbers[5], &numbers[1], access_all}, /* console */
	{true, type_char, &numbers[5], &numbers[2], access_all}, /* ptmx */
	{true, type_char, &numbers[10], &tun_minor, access_all}, /* net/tun */
	{true, type_char, &pts_major, &any, access_all},
};
const struct oci_device_rules cgroup_default_devices = {default_rules, ARRAY_SIZE(default_rules)};

static bool is_any(const int64_t *number)
{
	return !number || *number < 0;
}

/* "c 1:3 rwm"; the type "a" means everything and stands alone. */
static int write_rule(int fd, const struct oci_device_rule *rule, struct err *err)
{
	const char *file = rule->allow ? "devices.allow" : "devices.deny";
	const char *access = rule->access && *rule->access ? rule->access : "rwm";
	const char *types = rule->type && *rule->type && *rule->type != 'a' ? rule->type : "cb";
	bool whole = is_any(rule->major) && is_any(rule->minor) && strlen(access) == 3;
	char major[24] = "*", minor[24] = "*";
	int r = 0;

	if (types[1] && whole)
		return cgroup_set(fd, file, err, "a");
	if (!is_any(rule->major))
		snprintf(major, sizeof(major), "%lld", (long long)*rule->major);
	if (!is_any(rule->minor))
		snprintf(minor, sizeof(minor), "%lld", (long long)*rule->minor);
	for (const char *type = types; r == 0 && *type; type++)
		r = cgroup_set(fd, file, err, "%c %s:%s %s", *type == 'u' ? 'c' : *type, major, minor, access);
	return r;
}

static int write_rules(int fd, const struct oci_device_rules *rules, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->len; i++)
		if (!rules->items[i].type || rules->items[i].type[0] != 'p')
			r = write_rule(fd, &rules->items[i], err);
	return r;
}

int cgroup_v1_devices(const struct cgroup *cg, const struct oci_device_rules *rules, struct err *err)
{
	const struct cgroup_hierarchy *h = cgroup_v1_find(cg, "devices");
	int r;

	if (!h || h->fd < 0)
		return err_set(err, ERR_SYSTEM, "the kernel has no devices cgroup: access to devices can't be restricted");
	r = cgroup_set(h->fd, "devices.deny", err, "a");
	if (r == 0)
		r = write_rules(h->fd, rules, err);
	return r < 0 ? r : write_rules(h->fd, &cgroup_default_devices, err);
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static int load_program(const struct device_bpf *program)
{
	static const char license[] = "Apache-2.0";
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
			       .insns = (uint64_t)(uintptr_t)program->insns,
			       .insn_cnt = (uint32_t)program->len,
			       .license = (uint64_t)(uintptr_t)license};

	return sys_bpf(BPF_PROG_LOAD, &attr);
}

/* The program the cgroup has now, so that an update replaces it; -ENOENT without one. */
static int attached_program(int cgroup_fd)
{
	uint32_t ids[8] = {0};
	union bpf_attr query = {0};
	union bpf_attr by_id = {0};
	int r;

	query.query.target_fd = (uint32_t)cgroup_fd;
	query.query.attach_type = BPF_CGROUP_DEVICE;
	query.query.prog_ids = (uint64_t)(uintptr_t)ids;
	query.query.prog_cnt = ARRAY_SIZE(ids);
	r = sys_bpf(BPF_PROG_QUERY, &query);
	if (r < 0)
		return r;
	if (query.query.prog_cnt == 0)
		return -ENOENT;
	by_id.prog_id = ids[0];
	return sys_bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
}

int cgroup_v2_devices(int fd, const struct oci_device_rules *rules, struct err *err)
{
	_cleanup_(device_bpf_done) struct device_bpf program = DEVICE_BPF_INIT;
	_cleanup_close_ int prog_fd = -EBADF, old_fd = -EBADF, dir_fd = -EBADF;
	union bpf_attr attr = {0};
	int r;

	r = device_bpf_build(&program, rules, &cgroup_default_devices);
	if (r < 0)
		return err_sys(err, r, "build the device policy");
	prog_fd = load_program(&program);
	if (prog_fd < 0)
		return err_sys(err, prog_fd, "load the device policy");
	dir_fd = file_open_dir_at(fd, ".", false, 0); /* bpf(2) takes no O_PATH descriptor */
	if (dir_fd < 0)
		return err_sys(err, dir_fd, "open the cgroup");
	old_fd = attached_program(dir_fd);
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old_fd;
	}
	r = sys_bpf(BPF_PROG_ATTACH, &attr);
	return r < 0 ? err_sys(err, r, "attach the device policy") : 0;
}
