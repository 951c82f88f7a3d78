/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets over capset(2) and prctl(2); see capabilities.h. */
#include "linux/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

int cap_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -ENOENT;
}

const char *cap_name(int cap)
{
	return cap >= 0 && (size_t)cap < ARRAY_SIZE(names) ? names[cap] : NULL;
}

int cap_last(void)
{
	static int last = -1;

	if (last < 0) {
		last = 0;
		while (last < 62 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
			last++;
	}
	return last;
}

static int parse_list(char *const *list, const char *set, uint64_t *ret, struct err *err)
{
	uint64_t bits = 0;

	for (; list && *list; list++) {
		int cap = cap_from_name(*list);

		if (cap < 0 || cap > cap_last())
			return err_set(err, ERR_INVALID, "process.capabilities.%s: unknown capability \"%s\"", set, *list);
		bits |= CAP_BIT(cap);
	}
	*ret = bits;
	return 0;
}

int cap_sets_parse(const struct oci_capabilities *c, struct cap_sets *ret, struct err *err)
{
	int r;

	r = parse_list(c->bounding, "bounding", &ret->bounding, err);
	if (r == 0)
		r = parse_list(c->effective, "effective", &ret->effective, err);
	if (r == 0)
		r = parse_list(c->inheritable, "inheritable", &ret->inheritable, err);
	if (r == 0)
		r = parse_list(c->permitted, "permitted", &ret->permitted, err);
	return r < 0 ? r : parse_list(c->ambient, "ambient", &ret->ambient, err);
}

int cap_bound(uint64_t keep)
{
	for (int cap = 0; cap <= cap_last(); cap++)
		if (!(keep & CAP_BIT(cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	return 0;
}

static void split(uint64_t set, uint32_t *low, uint32_t *high)
{
	*low = (uint32_t)set;
	*high = (uint32_t)(set >> 32);
}

int cap_set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	split(effective, &data[0].effective, &data[1].effective);
	split(permitted, &data[0].permitted, &data[1].permitted);
	split(inheritable, &data[0].inheritable, &data[1].inheritable);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int cap_get(struct cap_sets *ret)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret = (struct cap_sets){.effective = data[0].effective | (uint64_t)data[1].effective << 32,
				 .permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
				 .inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32};
	return 0;
}

int cap_set_ambient(uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (int cap = 0; cap <= cap_last(); cap++)
		if (ambient & CAP_BIT(cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}
