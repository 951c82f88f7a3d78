/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a section of an OCI spec to BPF by libseccomp, which is loaded for the purpose: most starts find a compiled
 * filter and shouldn't pay for the library. The semantics are runc's where the specification leaves them open: calls
 * the library doesn't know are skipped, rules that repeat the default action are too, several conditions on one
 * argument are alternatives.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/seccomp_filter.h"
#include "linux/seccomp_enosys.h"

#define PROGRAM_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

struct library {
	void *handle;
	scmp_filter_ctx (*init)(uint32_t);
	void (*release)(scmp_filter_ctx);
	int (*attr_set)(scmp_filter_ctx, enum scmp_filter_attr, uint32_t);
	int (*arch_add)(scmp_filter_ctx, uint32_t);
	int (*resolve)(uint32_t, const char *);
	int (*rule_add)(scmp_filter_ctx, uint32_t, int, unsigned, const struct scmp_arg_cmp *);
	int (*export_bpf)(const scmp_filter_ctx, int);
};

static int library_load(struct library *l, struct err *err)
{
	const struct {
		const char *name;
		void **to;
	} symbols[] = {{"seccomp_init", (void **)&l->init},
		       {"seccomp_release", (void **)&l->release},
		       {"seccomp_attr_set", (void **)&l->attr_set},
		       {"seccomp_arch_add", (void **)&l->arch_add},
		       {"seccomp_syscall_resolve_name_arch", (void **)&l->resolve},
		       {"seccomp_rule_add_array", (void **)&l->rule_add},
		       {"seccomp_export_bpf", (void **)&l->export_bpf}};

	/* Never closed: whoever compiles once does it again. */
	l->handle = dlopen(LIBSECCOMP_PATH, RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		l->handle = dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		return err_set(err, ERR_SYSTEM, "load libseccomp: %s", dlerror());
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		*symbols[i].to = dlsym(l->handle, symbols[i].name);
		if (!*symbols[i].to)
			return err_set(err, ERR_SYSTEM, "libseccomp has no %s", symbols[i].name);
	}
	return 0;
}

static int action_number(const char *name, const uint32_t *errno_ret, const char *path, uint32_t *ret, struct err *err)
{
	uint32_t value = errno_ret ? *errno_ret : EPERM;
	const struct {
		const char *name;
		uint32_t action;
	} actions[] = {{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
		       {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
		       {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
		       {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
		       {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(value)},
		       {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(value)},
		       {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
		       {"SCMP_ACT_LOG", SCMP_ACT_LOG}};

	if (errno_ret && *errno_ret > 4095)
		return err_set(err, ERR_INVALID, "%s: errnoRet %u is above 4095", path, *errno_ret);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0) {
			*ret = actions[i].action;
			return 0;
		}
	return err_set(err, ERR_NOT_IMPLEMENTED, "%s: the action %s is not supported", path, name);
}

static int operator_number(const char *name)
{
	static const struct {
		const char *name;
		int op;
	} ops[] = {{"SCMP_CMP_NE", SCMP_CMP_NE},
		   {"SCMP_CMP_LT", SCMP_CMP_LT},
		   {"SCMP_CMP_LE", SCMP_CMP_LE},
		   {"SCMP_CMP_EQ", SCMP_CMP_EQ},
		   {"SCMP_CMP_GE", SCMP_CMP_GE},
		   {"SCMP_CMP_GT", SCMP_CMP_GT},
		   {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(ops[i].name, name) == 0)
			return ops[i].op;
	return -EINVAL;
}

static const struct {
	const char *name;
	uint32_t arch;
} arches[] = {{"SCMP_ARCH_X86", SCMP_ARCH_X86},
	      {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
	      {"SCMP_ARCH_X32", SCMP_ARCH_X32},
	      {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
	      {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
	      {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
	      {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
	      {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
	      {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
	      {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
	      {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
	      {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
	      {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
	      {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
	      {"SCMP_ARCH_S390", SCMP_ARCH_S390},
	      {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
	      {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
	      {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
	      {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64}};

static int add_arches(const struct library *l, scmp_filter_ctx ctx, char *const *names, struct err *err)
{
	for (; names && *names; names++) {
		size_t i = 0;
		int r;

		while (i < ARRAY_SIZE(arches) && strcmp(arches[i].name, *names) != 0)
			i++;
		if (i == ARRAY_SIZE(arches))
			return err_set(err, ERR_INVALID, "linux.seccomp.architectures: \"%s\" is not known", *names);
		r = l->arch_add(ctx, arches[i].arch);
		if (r < 0 && r != -EEXIST)
			return err_sys(err, r, "linux.seccomp.architectures: add %s", *names);
	}
	return 0;
}

static int add_call(const struct library *l, scmp_filter_ctx ctx, uint32_t action, int nr, const struct oci_seccomp_rule *rule)
{
	struct scmp_arg_cmp cmp[6];
	unsigned uses[6] = {0};
	bool alternatives = false;
	int r = 0;

	for (size_t i = 0; i < rule->args.len; i++) {
		const struct oci_seccomp_arg *a = &rule->args.items[i];

		alternatives |= ++uses[a->index] > 1 || i >= ARRAY_SIZE(cmp);
		if (i < ARRAY_SIZE(cmp))
			cmp[i] = SCMP_CMP64(a->index, (enum scmp_compare)operator_number(a->op), a->value, a->value_two);
	}
	if (!alternatives)
		return l->rule_add(ctx, action, nr, (unsigned)rule->args.len, cmp);
	for (size_t i = 0; r == 0 && i < rule->args.len; i++) {
		const struct oci_seccomp_arg *a = &rule->args.items[i];

		cmp[0] = SCMP_CMP64(a->index, (enum scmp_compare)operator_number(a->op), a->value, a->value_two);
		r = l->rule_add(ctx, action, nr, 1, cmp);
	}
	return r;
}

static int add_rules(const struct library *l, scmp_filter_ctx ctx, const struct oci_seccomp *s, uint32_t def, struct err *err)
{
	char path[64];

	for (size_t i = 0; i < s->syscalls.len; i++) {
		const struct oci_seccomp_rule *rule = &s->syscalls.items[i];
		uint32_t action;
		int r;

		snprintf(path, sizeof(path), "linux.seccomp.syscalls[%zu]", i);
		r = action_number(rule->action, rule->errno_ret, path, &action, err);
		if (r < 0)
			return r;
		if (action == def)
			continue;
		for (char *const *name = rule->names; *name; name++) {
			int nr = l->resolve(SCMP_ARCH_NATIVE, *name);

			if (nr == __NR_SCMP_ERROR)
				continue;
			r = add_call(l, ctx, action, nr, rule);
			if (r < 0)
				return err_sys_kind(err, ERR_INVALID, r, "%s: add %s", path, *name);
		}
	}
	return 0;
}

static int flags_number(char *const *names, unsigned *ret, struct err *err)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {{"SECCOMP_FILTER_FLAG_TSYNC", 0}, /* the process has one thread when the filter is loaded */
		     {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
		     {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW}};

	for (; names && *names; names++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(flags) && strcmp(flags[i].name, *names) != 0)
			i++;
		if (i == ARRAY_SIZE(flags))
			return err_set(err, ERR_NOT_IMPLEMENTED, "linux.seccomp.flags: \"%s\" is not supported", *names);
		*ret |= flags[i].flag;
	}
	return 0;
}

static int export_program(const struct library *l, scmp_filter_ctx ctx, struct buf *out, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "compile the seccomp filter");
	r = l->export_bpf(ctx, fd);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = file_read_fd(fd, PROGRAM_MAX, out);
	return r < 0 ? err_sys(err, r, "compile the seccomp filter") : 0;
}

static int compile_with(const struct library *l, const struct oci_seccomp *s, struct buf *out, struct err *err)
{
	uint32_t def;
	scmp_filter_ctx ctx;
	int r;

	r = action_number(s->default_action, s->default_errno_ret, "linux.seccomp.defaultAction", &def, err);
	if (r < 0)
		return r;
	ctx = l->init(def);
	if (!ctx)
		return err_sys(err, ENOMEM, "compile the seccomp filter");
	r = l->attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	r = r < 0 ? err_sys(err, r, "compile the seccomp filter") : add_arches(l, ctx, s->architectures, err);
	if (r == 0)
		r = add_rules(l, ctx, s, def, err);
	if (r == 0)
		r = export_program(l, ctx, out, err);
	l->release(ctx);
	return r;
}

int seccomp_filter_compile(const struct oci_seccomp *s, struct seccomp_filter *ret, struct err *err)
{
	_cleanup_buf_ struct buf program = BUF_INIT;
	struct library l = {0};
	unsigned flags = 0;
	int r;

	if ((s->listener_path && *s->listener_path) || (s->listener_metadata && *s->listener_metadata))
		return err_set(err, ERR_NOT_IMPLEMENTED, "linux.seccomp.listenerPath: notification is not supported");
	r = flags_number(s->flags, &flags, err);
	if (r == 0)
		r = library_load(&l, err);
	if (r == 0)
		r = seccomp_enosys_prelude(s, l.resolve, &program, err);
	if (r == 0)
		r = compile_with(&l, s, &program, err);
	if (r < 0)
		return r;
	if (program.failed)
		return err_sys(err, ENOMEM, "compile the seccomp filter");
	if (program.len > PROGRAM_MAX)
		return err_set(err, ERR_TOO_LARGE, "linux.seccomp: the filter is larger than the kernel takes");
	ret->len = program.len / sizeof(struct sock_filter);
	ret->insns = (struct sock_filter *)(void *)buf_steal(&program);
	ret->flags = flags;
	return 0;
}
