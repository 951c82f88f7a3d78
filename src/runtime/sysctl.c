/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters of the container's own namespaces; see sysctl.h. */
#include "runtime/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/path.h"

static const char *const ipc_names[] = {"kernel/msgmax", "kernel/msgmnb",          "kernel/msgmni",
					"kernel/sem",    "kernel/shmall",          "kernel/shmmax",
					"kernel/shmmni", "kernel/shm_rmid_forced", "kernel/auto_msgmni"};

/* "net.ipv4.ip_forward" as a path. A name with slashes is one already: its dots are part of interfaces' names. */
static int to_path(const char *name, char *ret_path, size_t size)
{
	size_t len = strlen(name);

	if (len == 0 || len >= size || name[0] == '/')
		return -EINVAL;
	memcpy(ret_path, name, len + 1);
	if (!strchr(name, '/'))
		for (char *p = ret_path; (p = strchr(p, '.'));)
			*p = '/';
	return 0;
}

static uint64_t namespace_of(const char *path)
{
	if (strncmp(path, "net/", 4) == 0)
		return CLONE_NEWNET;
	if (strncmp(path, "fs/mqueue/", 10) == 0)
		return CLONE_NEWIPC;
	if (strcmp(path, "kernel/domainname") == 0)
		return CLONE_NEWUTS;
	for (size_t i = 0; i < ARRAY_SIZE(ipc_names); i++)
		if (strcmp(path, ipc_names[i]) == 0)
			return CLONE_NEWIPC;
	return 0;
}

int sysctl_check(const struct json_string_map *sysctl, uint64_t flags, struct err *err)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sysctl->len; i++) {
		const char *name = sysctl->items[i].key;
		uint64_t ns;

		if (to_path(name, path, sizeof(path)) < 0)
			return err_set(err, ERR_INVALID, "linux.sysctl: \"%s\" is not a kernel parameter", name);
		ns = namespace_of(path);
		if (!ns)
			return err_set(err, ERR_INVALID, "sysctl \"%s\" is not in a separate kernel namespace", name);
		if (!(flags & ns))
			return err_set(err, ERR_INVALID, "sysctl \"%s\" is not allowed in the hosts %s namespace", name,
				       ns == CLONE_NEWNET   ? "network"
				       : ns == CLONE_NEWIPC ? "ipc"
							    : "uts");
	}
	return 0;
}

int sysctl_apply(const struct json_string_map *sysctl, int sys_fd, bool skip_missing, struct err *err)
{
	char path[PATH_MAX];
	int missing = 0;

	for (size_t i = 0; i < sysctl->len; i++) {
		const struct json_string_pair *p = &sysctl->items[i];
		_cleanup_close_ int fd = -EBADF;

		if (to_path(p->key, path, sizeof(path)) < 0)
			return err_set(err, ERR_INVALID, "linux.sysctl: \"%s\" is not a kernel parameter", p->key);
		fd = path_open_same_mount(sys_fd, path, O_WRONLY);
		if (fd == -ENOENT && skip_missing) {
			missing++;
			continue;
		}
		if (fd < 0)
			return err_sys(err, fd, "open sysctl %s file", p->key);
		if (write(fd, p->value, strlen(p->value)) < 0)
			return err_sys(err, errno, "write sysctl %s = %s", p->key, p->value);
	}
	return missing;
}
