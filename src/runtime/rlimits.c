/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits; see rlimits.h. */
#include "runtime/rlimits.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int resource;
} table[] = {{"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
	     {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
	     {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
	     {"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
	     {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	     {"RLIMIT_STACK", RLIMIT_STACK}};

int rlimit_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].resource;
	return -ENOENT;
}

int rlimits_check(const struct oci_process *p, struct err *err)
{
	for (size_t i = 0; i < p->rlimits.len; i++)
		if (rlimit_from_name(p->rlimits.items[i].type) < 0)
			return err_set(err, ERR_INVALID, "process.rlimits[%zu].type: unknown limit \"%s\"", i,
				       p->rlimits.items[i].type);
	return 0;
}

int rlimits_apply(const struct oci_process *p, struct err *err)
{
	for (size_t i = 0; i < p->rlimits.len; i++) {
		const struct oci_rlimit *l = &p->rlimits.items[i];
		struct rlimit limit = {.rlim_cur = l->soft, .rlim_max = l->hard};

		if (setrlimit((__rlimit_resource_t)rlimit_from_name(l->type), &limit) < 0)
			return err_sys(err, errno, "error setting rlimits for ready process: error setting rlimit type %d",
				       rlimit_from_name(l->type));
	}
	return 0;
}
