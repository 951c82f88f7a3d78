/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "This call doesn't exist" for every call newer than the newest a section names. A profile lists what its author knew; the
 * kernel may know more, and a refusal with EPERM of a call from after the profile's time breaks programs that would fall
 * back on ENOSYS. One comparison per architecture:
 *     if arch == A and nr > newest(A) return ENOSYS
 * x32 shares the architecture of x86_64 and has its numbers from 1 << 30 on; they are left to the filter.
 */
#include "linux/seccomp_enosys.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>

#define X32_BIT 0x40000000u

static const struct {
	const char *name; /* NULL: the native one, always in a filter */
	uint32_t arch;
	uint32_t audit;
} arches[] = {
#if defined(__x86_64__)
	{NULL, SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64},
	{"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386},
#elif defined(__aarch64__)
	{NULL, SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64},
	{"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM},
#endif
};

static void add(struct buf *out, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	struct sock_filter insn = {.code = code, .jt = jt, .jf = jf, .k = k};

	buf_add(out, &insn, sizeof(insn));
}

static bool has(char *const *list, const char *word)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* The highest number any rule names on this architecture, or -1. */
static int newest(const struct oci_seccomp *s, uint32_t arch, int (*resolve)(uint32_t, const char *))
{
	int highest = -1;

	for (size_t i = 0; i < s->syscalls.len; i++)
		for (char *const *name = s->syscalls.items[i].names; *name; name++) {
			int nr = resolve(arch, *name);

			if (nr > highest)
				highest = nr;
		}
	return highest;
}

static bool is_refusal(const struct oci_seccomp *s)
{
	if (strcmp(s->default_action, "SCMP_ACT_ERRNO") == 0)
		return !s->default_errno_ret || *s->default_errno_ret != ENOSYS;
	return strncmp(s->default_action, "SCMP_ACT_KILL", 13) == 0 || strcmp(s->default_action, "SCMP_ACT_TRAP") == 0;
}

int seccomp_enosys_prelude(const struct oci_seccomp *s, int (*resolve)(uint32_t arch, const char *name), struct buf *out,
			   struct err *err)
{
	const uint32_t nosys = SECCOMP_RET_ERRNO | ENOSYS;

	if (!is_refusal(s))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		int last;

		if (arches[i].name && !has(s->architectures, arches[i].name))
			continue;
		last = newest(s, arches[i].arch, resolve);
		if (last < 0)
			continue;
		add(out, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
#ifdef __x86_64__
		if (arches[i].arch == SCMP_ARCH_X86_64) {
			add(out, BPF_JMP | BPF_JEQ | BPF_K, arches[i].audit, 0, 4);
			add(out, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
			add(out, BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 2, 0);
			add(out, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)last, 0, 1);
			add(out, BPF_RET | BPF_K, nosys, 0, 0);
			continue;
		}
#endif
		add(out, BPF_JMP | BPF_JEQ | BPF_K, arches[i].audit, 0, 3);
		add(out, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
		add(out, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)last, 0, 1);
		add(out, BPF_RET | BPF_K, nosys, 0, 0);
	}
	return out->failed ? err_sys(err, ENOMEM, "compile the seccomp filter") : 0;
}
