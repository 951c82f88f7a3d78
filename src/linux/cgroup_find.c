/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hierarchies there are: /proc/self/cgroup names them with our own place in each, and they lie under
 * /sys/fs/cgroup by their controllers' names. That is one small file instead of a mount table of any length. A
 * hierarchy mounted somewhere else doesn't count.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/cgroup_internal.h"
#include "linux/path.h"

#define PROC_CGROUP_MAX (256u << 10)

static int open_checked(const char *path, long magic)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = path_check_magic(fd, magic);
	return r < 0 ? r : TAKE_FD(fd);
}

static int open_mount_point(struct cgroup_hierarchy *h)
{
	char path[sizeof(CGROUP_ROOT) + CGROUP_NAME_MAX + 1];
	int fd;

	if (h->v2) {
		fd = open_checked(CGROUP_ROOT, CGROUP2_SUPER_MAGIC);
		if (fd >= 0)
			return fd;
		strcpy(h->name, "unified");
	}
	snprintf(path, sizeof(path), "%s/%s", CGROUP_ROOT, h->name);
	return open_checked(path, h->v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

/* "ID:CONTROLLERS:PATH"; 1 when the hierarchy is in use, 0 when it isn't mounted. */
static int parse_line(char *line, struct cgroup_hierarchy *h)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	const char *name;

	if (!path)
		return -EBADMSG;
	*path++ = '\0';
	controllers++;
	name = strncmp(controllers, "name=", 5) == 0 ? controllers + 5 : controllers;
	if (strlen(controllers) >= sizeof(h->controllers) || strchr(name, '/'))
		return -EBADMSG;
	*h = (struct cgroup_hierarchy){.root_fd = -EBADF, .fd = -EBADF, .v2 = *controllers == '\0'};
	strcpy(h->controllers, controllers);
	strcpy(h->name, name);
	h->root_fd = open_mount_point(h);
	if (h->root_fd < 0)
		return 0;
	h->own_path = strdup(path);
	return h->own_path ? 1 : -ENOMEM;
}

int cgroup_find_hierarchies(struct cgroup *cg, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char *line, *state = NULL;
	int r;

	r = file_read_at(AT_FDCWD, "/proc/self/cgroup", PROC_CGROUP_MAX, &text);
	if (r < 0)
		return err_sys(err, r, "read /proc/self/cgroup");
	for (line = strtok_r(text.data, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		struct cgroup_hierarchy *h = &cg->h[cg->n];

		if (cg->n == CGROUP_HIERARCHIES_MAX)
			return err_set(err, ERR_SYSTEM, "more than %d cgroup hierarchies", CGROUP_HIERARCHIES_MAX);
		r = parse_line(line, h);
		if (r > 0)
			cg->n++;
		else if (r < 0)
			fd_close(h->root_fd);
		if (r < 0)
			return err_sys(err, r, "cgroup hierarchy \"%s\"", line);
	}
	if (cg->n == 0)
		return err_set(err, ERR_SYSTEM, "no cgroup hierarchy is mounted below %s", CGROUP_ROOT);
	cg->v2 = cg->n == 1 && cg->h[0].v2;
	return 0;
}

/* True when the comma-separated list has the word. */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if (n == len && memcmp(p, word, len) == 0)
			return true;
		p += n;
	}
	return false;
}

const struct cgroup_hierarchy *cgroup_v1_find(const struct cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n; i++)
		if (!cg->h[i].v2 && list_has(cg->h[i].controllers, controller))
			return &cg->h[i];
	return NULL;
}

const struct cgroup_hierarchy *cgroup_v2_find(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->h[i].v2)
			return &cg->h[i];
	return NULL;
}
