/* SPDX-License-Identifier: Apache-2.0 */
/* The container's view of its cgroup; see cgroup_mount.h. */
#include "runtime/cgroup_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/cgroup.h"
#include "linux/mounts.h"

static int failed(const struct mount_entry *e, int sys, struct err *err)
{
	return err_sys(err, sys, "error mounting \"cgroup\" to rootfs at \"%s\"", e->mount->destination);
}

/* The hierarchy itself, as the container's cgroup namespace shows it. */
static int open_namespaced(const struct cgroup_dir *dir, uint64_t attr, struct err *err)
{
	struct mount_option options[16];
	char words[64], *word, *state = NULL;
	size_t n = 0;

	if (strlen(dir->controllers) >= sizeof(words))
		return -ENAMETOOLONG;
	strcpy(words, dir->controllers);
	for (word = strtok_r(words, ",", &state); word && n < ARRAY_SIZE(options) - 1; word = strtok_r(NULL, ",", &state)) {
		if (strncmp(word, "name=", 5) == 0) {
			options[n++] = (struct mount_option){"none", NULL};
			options[n++] = (struct mount_option){"name", word + 5};
		} else {
			options[n++] = (struct mount_option){word, NULL};
		}
	}
	return mount_new("cgroup", "cgroup", options, n, attr, err);
}

/* A bind mount of the container's directory, found by its path on the host: the parent's descriptor is of another namespace. */
static int open_bound(const struct cgroup *cg, size_t index, uint64_t attr)
{
	char path[PATH_MAX];
	int fd, r;

	r = cgroup_dir_path(cg, index, path, sizeof(path));
	if (r < 0)
		return r;
	fd = mount_clone(AT_FDCWD, path, false, false);
	if (fd < 0)
		return fd;
	r = mount_change(fd, false, attr, 0, MS_SLAVE);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

static int open_v2(struct mount_plan *p, struct mount_entry *e, struct err *err)
{
	const struct mount_options *o = &e->options;

	e->fd = mount_new("cgroup2", "cgroup", o->data_options, o->n_data, o->attr, err);
	if (e->fd < 0 && p->cgroup) /* in a user namespace that doesn't own the cgroup namespace */
		e->fd = open_bound(p->cgroup, 0, o->attr);
	return e->fd < 0 ? failed(e, e->fd, err) : 0;
}

int cgroup_mount_open(struct mount_plan *p, struct mount_entry *e, struct err *err)
{
	static const struct mount_option mode[] = {{"mode", "755"}};
	struct cgroup_dir dir;
	size_t n = 0;

	if (!p->cgroup)
		return err_set(err, ERR_INVALID, "mount %s: the container has no cgroup", e->mount->destination);
	if (cgroup_is_v2(p->cgroup))
		return open_v2(p, e, err);
	e->late_ro = e->options.attr & MOUNT_ATTR_RDONLY;
	e->fd = mount_new("tmpfs", "tmpfs", mode, ARRAY_SIZE(mode), e->options.attr & ~(uint64_t)MOUNT_ATTR_RDONLY, err);
	if (e->fd < 0)
		return failed(e, e->fd, err);
	for (; cgroup_dir_at(p->cgroup, n, &dir) && n < MOUNT_CGROUPS_MAX; n++) {
		if (dir.v2 || dir.fd < 0)
			continue;
		if (p->cgroup_namespace)
			p->cgroup_fds[n] = open_namespaced(&dir, e->options.attr, err);
		else
			p->cgroup_fds[n] = open_bound(p->cgroup, n, e->options.attr);
		if (p->cgroup_fds[n] < 0)
			return failed(e, p->cgroup_fds[n], err);
	}
	return 0;
}

/* "cpu,cpuacct" is also reachable as "cpu" and as "cpuacct". */
static int add_links(int dir_fd, const char *name)
{
	char words[64], *word, *state = NULL;

	if (!strchr(name, ',') || strlen(name) >= sizeof(words))
		return 0;
	strcpy(words, name);
	for (word = strtok_r(words, ",", &state); word; word = strtok_r(NULL, ",", &state))
		if (symlinkat(name, dir_fd, word) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

int cgroup_mount_fill(struct mount_plan *p, struct mount_entry *e, struct err *err)
{
	struct cgroup_dir dir;
	int r = 0;

	for (size_t i = 0; r == 0 && i < MOUNT_CGROUPS_MAX && cgroup_dir_at(p->cgroup, i, &dir); i++) {
		_cleanup_close_ int target_fd = -EBADF;

		if (p->cgroup_fds[i] < 0)
			continue;
		if (mkdirat(e->fd, dir.name, 0755) < 0)
			return failed(e, errno, err);
		target_fd = openat(e->fd, dir.name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (target_fd < 0)
			return failed(e, errno, err);
		r = mount_attach(p->cgroup_fds[i], target_fd);
		if (r == 0)
			r = add_links(e->fd, dir.name);
	}
	return r < 0 ? failed(e, r, err) : 0;
}
