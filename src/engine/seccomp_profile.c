/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups of the default profile hold for a container. 24 of 31 depend on capabilities, architecture or kernel. */
#include "engine/seccomp_profile.h"

#include <string.h>

#include "base/array.h"

const char *seccomp_this_arch(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__riscv) && __riscv_xlen == 64
	return "riscv64";
#elif defined(__s390x__)
	return "s390x";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	return "ppc64le";
#else
#error "the default seccomp profile doesn't know this architecture"
#endif
}

/* The words of a space-separated string, as a vector in the arena. */
static char **words(const char *text, struct arena *a)
{
	size_t n = 1;
	char **v;

	for (const char *p = text; *p; p++)
		n += *p == ' ';
	v = arena_array(a, n + 1, sizeof(*v));
	if (!v)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(text, " ");

		v[i] = arena_strndup(a, text, len);
		text += len + (text[len] == ' ');
	}
	return v;
}

static bool vector_has(char *const *v, const char *word, size_t len)
{
	for (; v && *v; v++)
		if (strncmp(*v, word, len) == 0 && (*v)[len] == '\0')
			return true;
	return false;
}

/* Whether the vector has any (or all) of the words. */
static bool has_words(char *const *v, const char *text, bool all)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		bool has = vector_has(v, text, len);

		if (has != all)
			return has;
		text += len + (text[len] == ' ');
	}
	return all;
}

static bool group_holds(const struct seccomp_group *g, char *const *caps, const char *arch, unsigned int major,
			unsigned int minor)
{
	char *const arch_v[] = {(char *)arch, NULL};

	if (g->needs_arches && !has_words(arch_v, g->needs_arches, false))
		return false;
	if (g->needs_caps && !has_words(caps, g->needs_caps, true))
		return false;
	if (g->without_caps && has_words(caps, g->without_caps, false))
		return false;
	if (g->without_arches && has_words(arch_v, g->without_arches, false))
		return false;
	return major > g->min_kernel[0] || (major == g->min_kernel[0] && minor >= g->min_kernel[1]);
}

static void rule_fill(struct oci_seccomp_rule *rule, const struct seccomp_group *g, struct arena *a)
{
	rule->names = words(g->names, a);
	rule->action = (char *)g->action;
	if (g->errno_ret) {
		rule->errno_ret = arena_new_object(a, uint32_t);
		if (rule->errno_ret)
			*rule->errno_ret = g->errno_ret;
	}
	if (!g->has_arg)
		return;
	rule->args.items = arena_array(a, 1, sizeof(*rule->args.items));
	if (!rule->args.items)
		return;
	rule->args.len = 1;
	rule->args.items[0].index = g->arg.index;
	rule->args.items[0].value = g->arg.value;
	rule->args.items[0].op = (char *)g->arg.op;
}

struct oci_seccomp *seccomp_profile_resolve(char *const *caps, const char *arch, unsigned int kernel_major,
					    unsigned int kernel_minor, struct arena *a)
{
	struct oci_seccomp *s = arena_new_object(a, struct oci_seccomp);

	if (!s)
		return NULL;
	s->default_action = arena_strdup(a, "SCMP_ACT_ERRNO");
	s->default_errno_ret = arena_new_object(a, uint32_t);
	s->syscalls.items = arena_array(a, seccomp_n_groups, sizeof(*s->syscalls.items));
	if (!s->default_errno_ret || !s->syscalls.items)
		return NULL;
	*s->default_errno_ret = 1;
	for (size_t i = 0; i < seccomp_n_archs; i++)
		if (strcmp(seccomp_archs[i].name, arch) == 0)
			s->architectures = words(seccomp_archs[i].filter, a);
	for (size_t i = 0; i < seccomp_n_groups; i++)
		if (group_holds(&seccomp_groups[i], caps, arch, kernel_major, kernel_minor))
			rule_fill(&s->syscalls.items[s->syscalls.len++], &seccomp_groups[i], a);
	return arena_failed(a) ? NULL : s;
}
