/* SPDX-License-Identifier: Apache-2.0 */
/* What the default profile becomes for a container; numbers and groups as Docker 28.5 wrote them into a bundle. */
#include "../unit.h"

#include <string.h>

#include "engine/seccomp_profile.h"

static char *const standard[] = {(char *)"CAP_CHOWN", (char *)"CAP_DAC_OVERRIDE", (char *)"CAP_SYS_CHROOT",
				 (char *)"CAP_MKNOD", (char *)"CAP_KILL",         NULL};
static char *const admin[] = {(char *)"CAP_SYS_ADMIN", (char *)"CAP_SYS_CHROOT", NULL};

static const struct oci_seccomp_rule *find(const struct oci_seccomp *s, const char *name)
{
	for (size_t i = 0; i < s->syscalls.len; i++)
		for (char **n = s->syscalls.items[i].names; *n; n++)
			if (strcmp(*n, name) == 0)
				return &s->syscalls.items[i];
	return NULL;
}

static size_t count(char *const *v)
{
	size_t n = 0;

	while (v[n])
		n++;
	return n;
}

static void standard_container(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct oci_seccomp *s = seccomp_profile_resolve(standard, "amd64", 6, 1, a);

	(void)state;
	assert_string_equal(s->default_action, "SCMP_ACT_ERRNO");
	assert_int_equal(*s->default_errno_ret, 1);
	assert_int_equal(count(s->architectures), 3);
	assert_int_equal(s->syscalls.len, 13);
	assert_int_equal(count(s->syscalls.items[0].names), 361);
	assert_non_null(find(s, "chroot"));
	assert_non_null(find(s, "arch_prctl"));
	assert_non_null(find(s, "ptrace"));
	assert_null(find(s, "reboot"));
	assert_null(find(s, "bpf"));
	assert_int_equal(*find(s, "clone3")->errno_ret, 38);
	assert_int_equal(find(s, "clone")->args.items[0].value, 2114060288);
	assert_string_equal(find(s, "clone")->args.items[0].op, "SCMP_CMP_MASKED_EQ");
}

static void capabilities_open_groups(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct oci_seccomp *s = seccomp_profile_resolve(admin, "amd64", 6, 1, a);

	(void)state;
	assert_non_null(find(s, "bpf"));
	assert_int_equal(find(s, "clone")->args.len, 0);
	assert_string_equal(find(s, "clone3")->action, "SCMP_ACT_ALLOW");
}

static void architecture_and_kernel(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct oci_seccomp *arm = seccomp_profile_resolve(standard, "arm64", 6, 1, a);
	struct oci_seccomp *old = seccomp_profile_resolve(standard, "amd64", 4, 4, a);

	(void)state;
	assert_null(find(arm, "arch_prctl"));
	assert_non_null(find(arm, "set_tls"));
	assert_string_equal(arm->architectures[0], "SCMP_ARCH_AARCH64");
	assert_null(find(old, "ptrace"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_container),
		cmocka_unit_test(capabilities_open_groups),
		cmocka_unit_test(architecture_and_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
