/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles the names in seccomp-allow.txt into BPF, once, when Lighter is built; the floor program only loads the result. Every
 * other call gets EPERM, clone3 ENOSYS, as in Docker's default profile. Lines: a name, or a name, an argument's
 * number, eq|ne|masked, a value (and a mask before it). Usage: filter NAMES OUT
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rule_add(scmp_filter_ctx filter, const char *line)
{
	char name[64], op[16];
	unsigned int index;
	unsigned long long first, second;
	int fields = sscanf(line, "%63s %u %15s %llu %llu", name, &index, op, &first, &second), call;
	struct scmp_arg_cmp compare = {0};

	if (fields < 1)
		return 0;
	call = seccomp_syscall_resolve_name(name);
	if (call == __NR_SCMP_ERROR)
		return 0; /* a call that this libseccomp is too old to know stays refused */
	if (fields == 1)
		return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 0, NULL);
	compare.arg = index;
	compare.op = !strcmp(op, "eq") ? SCMP_CMP_EQ : !strcmp(op, "ne") ? SCMP_CMP_NE : SCMP_CMP_MASKED_EQ;
	compare.datum_a = first;
	compare.datum_b = second * (fields == 5);
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &compare);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	FILE *names = argc == 3 ? fopen(argv[1], "re") : NULL;
	char line[256];
	int out, rc = 0;

	if (!filter || !names) {
		fprintf(stderr, "usage: filter NAMES OUT\n");
		return 2;
	}
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	seccomp_arch_add(filter, SCMP_ARCH_X86);
	seccomp_arch_add(filter, SCMP_ARCH_X32);
	while (!rc && fgets(line, sizeof(line), names))
		if (line[0] != '#')
			rc = rule_add(filter, line);
	fclose(names);
	if (!rc)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (!rc)
		rc = out < 0 ? -errno : seccomp_export_bpf(filter, out);
	seccomp_release(filter);
	if (rc)
		fprintf(stderr, "filter: %s\n", strerror(-rc));
	return rc ? 1 : 0;
}
