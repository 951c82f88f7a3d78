/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a control group in all hierarchies at once; see cgroup.h. What differs between v1 and v2 is in their own
 * files; here is what both have: directories, processes, signals.
 */
#include "linux/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/cgroup_internal.h"
#include "linux/path.h"

bool cgroup_has(int dir_fd, const char *file)
{
	return faccessat(dir_fd, file, F_OK, 0) == 0;
}

int cgroup_set(int dir_fd, const char *file, struct err *err, const char *fmt, ...)
{
	char value[512];
	va_list ap;
	int len, r;

	va_start(ap, fmt);
	len = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(value))
		return err_set(err, ERR_INVALID, "cgroup: the value for %s is too long", file);
	r = file_write_value_at(dir_fd, file, value);
	if (r == -ENOENT)
		return err_set(err, ERR_INVALID, "cgroup: can't set %s to \"%s\": the controller is not available", file,
			       value);
	if (r < 0)
		return err_sys(err, r, "cgroup: write \"%s\" to %s", value, file);
	return 0;
}

uint64_t cgroup_read_counter(int dir_fd, const char *file, const char *key)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t len = strlen(key);

	if (file_read_at(dir_fd, file, 65536, &text) < 0)
		return 0;
	for (const char *p = text.data; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return strtoull(p + len + 1, NULL, 10);
	}
	return 0;
}

static struct cgroup *cgroup_new(const char *path)
{
	struct cgroup *cg = calloc(1, sizeof(*cg));

	if (!cg)
		return NULL;
	cg->path = strdup(path);
	if (!cg->path) {
		free(cg);
		return NULL;
	}
	return cg;
}

void cgroup_free(struct cgroup *cg)
{
	if (!cg)
		return;
	for (size_t i = 0; i < cg->n; i++) {
		fd_close(cg->h[i].root_fd);
		fd_close(cg->h[i].fd);
		free(cg->h[i].own_path);
	}
	free(cg->path);
	free(cg);
}

/* The path below the hierarchy's mount point, without leading slashes. */
static int path_in_hierarchy(const struct cgroup *cg, const struct cgroup_hierarchy *h, char *ret_path, size_t size)
{
	const char *own = cg->path[0] == '/' ? "" : h->own_path;
	int len;

	len = snprintf(ret_path, size, "%s/%s", own, cg->path);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

static bool path_is_clean(const char *path)
{
	size_t components = 0;

	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0)
			break;
		if (len > NAME_MAX || (len == 2 && memcmp(path, "..", 2) == 0))
			return false;
		components++;
		path += len;
	}
	return components > 0;
}

/* What a new directory needs before somebody can be in it or below it. */
static int prepare_level(const struct cgroup *cg, const struct cgroup_hierarchy *h, int parent_fd, int fd, struct err *err)
{
	if (cg->v2)
		return cgroup_v2_enable_controllers(parent_fd, err);
	if (strcmp(h->controllers, "cpuset") == 0 || strstr(h->controllers, "cpuset"))
		return cgroup_v1_prepare_cpuset(parent_fd, fd, err);
	return 0;
}

/* The usual case on v1, in two calls: the parent is there, the cgroup isn't. 1 done, 0 to be done step by step. */
static int make_leaf(struct cgroup_hierarchy *h, const char *path)
{
	path += strspn(path, "/");
	if (mkdirat(h->root_fd, path, 0755) < 0)
		return 0;
	h->fd = path_open_beneath(h->root_fd, path, O_PATH | O_DIRECTORY, 0);
	if (h->fd < 0) {
		unlinkat(h->root_fd, path, AT_REMOVEDIR);
		return 0;
	}
	h->made = true;
	fd_close(TAKE_FD(h->root_fd));
	return 1;
}

/* Opens, and with `make` first makes, the cgroup's directory in one hierarchy. */
static int open_dir(const struct cgroup *cg, struct cgroup_hierarchy *h, bool make, struct err *err)
{
	char path[PATH_MAX], *name, *state = NULL;
	int fd, r;

	r = path_in_hierarchy(cg, h, path, sizeof(path));
	if (r < 0)
		return err_sys(err, r, "cgroup %s", cg->path);
	if (make && !cg->v2 && !strstr(h->controllers, "cpuset") && make_leaf(h, path))
		return 0;
	fd = TAKE_FD(h->root_fd);
	for (name = strtok_r(path, "/", &state); name; name = strtok_r(NULL, "/", &state)) {
		_cleanup_close_ int parent_fd = fd;

		h->made = make && mkdirat(parent_fd, name, 0755) == 0;
		if (make && !h->made && errno != EEXIST)
			return err_sys(err, errno, "make cgroup %s in %s", cg->path, h->v2 ? "v2" : h->controllers);
		fd = path_open_beneath(parent_fd, name, O_PATH | O_DIRECTORY, 0);
		if (fd == -ENOENT)
			return err_set(err, ERR_NOT_FOUND, "no cgroup %s in %s", cg->path, h->v2 ? "v2" : h->controllers);
		if (fd < 0)
			return err_sys(err, fd, "open cgroup %s in %s", cg->path, h->v2 ? "v2" : h->controllers);
		if (make && (h->made || h->v2)) {
			r = prepare_level(cg, h, parent_fd, fd, err);
			if (r < 0) {
				if (h->made)
					unlinkat(parent_fd, name, AT_REMOVEDIR);
				h->made = false;
				fd_close(fd);
				return r;
			}
		}
	}
	h->fd = fd;
	return 0;
}

static int cgroup_load(const char *path, struct cgroup **ret, struct err *err)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r;

	if (!path_is_clean(path))
		return err_set(err, ERR_INVALID, "linux.cgroupsPath: \"%s\" is not a path below a cgroup's root", path);
	cg = cgroup_new(path);
	if (!cg)
		return err_sys(err, ENOMEM, "cgroup %s", path);
	r = cgroup_find_hierarchies(cg, err);
	if (r < 0)
		return r;
	*ret = TAKE(cg);
	return 0;
}

static int cgroup_apply(struct cgroup *cg, const struct oci_resources *r, struct err *err)
{
	return cg->v2 ? cgroup_v2_apply(cg->h[0].fd, r, err) : cgroup_v1_apply(cg, r, err);
}

static int cgroup_apply_devices(struct cgroup *cg, const struct oci_device_rules *rules, struct err *err)
{
	return cg->v2 ? cgroup_v2_devices(cg->h[0].fd, rules, err) : cgroup_v1_devices(cg, rules, err);
}

/* Undoes a cgroup_create that failed half-way: only what it made itself goes. */
static void unmake(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++)
		if (!cg->h[i].made) {
			fd_close(cg->h[i].fd);
			cg->h[i].fd = -EBADF;
		}
	/* The error that led here is the one to tell. */
	if (cgroup_remove(cg, 1000, NULL) < 0)
		return;
}

static int check_empty(const struct cgroup *cg, struct err *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n;
	int r;

	r = cgroup_pids(cg, &pids, &n, err);
	if (r < 0)
		return r;
	if (n > 0)
		return err_set(err, ERR_CONFLICT, "cgroup %s is in use: process %d is in it", cg->path, (int)pids[0]);
	return 0;
}

static int cgroup_make(struct cgroup *cg, const struct oci_resources *resources, struct err *err)
{
	static const struct oci_device_rules none;
	bool existed = false;
	int r;

	for (size_t i = 0; i < cg->n; i++) {
		r = open_dir(cg, &cg->h[i], true, err);
		if (r < 0)
			return r;
		existed |= !cg->h[i].made;
	}
	if (existed) {
		r = check_empty(cg, err);
		if (r < 0)
			return r;
	}
	r = cgroup_apply_devices(cg, resources ? &resources->devices : &none, err);
	if (r < 0)
		return r;
	return resources ? cgroup_apply(cg, resources, err) : 0;
}

int cgroup_create(const char *path, const struct oci_resources *resources, struct cgroup **ret, struct err *err)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	int r;

	r = cgroup_load(path, &cg, err);
	if (r < 0)
		return r;
	r = cgroup_make(cg, resources, err);
	if (r < 0) {
		unmake(cg);
		return r;
	}
	*ret = TAKE(cg);
	return 0;
}

int cgroup_open(const char *path, struct cgroup **ret, struct err *err)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	size_t found = 0;
	int r;

	r = cgroup_load(path, &cg, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < cg->n; i++) {
		r = open_dir(cg, &cg->h[i], false, err);
		if (r < 0 && r != -ENOENT)
			return r;
		found += r == 0;
	}
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "no cgroup %s", path);
	*ret = TAKE(cg);
	return 0;
}

int cgroup_update(struct cgroup *cg, const struct oci_resources *resources, struct err *err)
{
	if (resources->devices.len > 0) {
		int r = cgroup_apply_devices(cg, &resources->devices, err);

		if (r < 0)
			return r;
	}
	return cgroup_apply(cg, resources, err);
}

bool cgroup_is_v2(const struct cgroup *cg)
{
	return cg->v2;
}

int cgroup_clone_fd(const struct cgroup *cg)
{
	const struct cgroup_hierarchy *h = cgroup_v2_find(cg);

	return h ? h->fd : -EBADF;
}

int cgroup_attach_self(const struct cgroup *cg, bool cloned, struct err *err)
{
	for (size_t i = 0; i < cg->n; i++) {
		const struct cgroup_hierarchy *h = &cg->h[i];
		int r;

		if (h->fd < 0 || (h->v2 && cloned))
			continue;
		r = file_write_value_at(h->fd, h->v2 ? "cgroup.procs" : "tasks", "0");
		if (r < 0)
			return err_sys(err, r, "join cgroup %s in %s", cg->path, h->v2 ? "v2" : h->controllers);
	}
	return 0;
}

bool cgroup_dir_at(const struct cgroup *cg, size_t index, struct cgroup_dir *ret)
{
	const struct cgroup_hierarchy *h;

	if (index >= cg->n)
		return false;
	h = &cg->h[index];
	*ret = (struct cgroup_dir){.name = h->name, .controllers = h->controllers, .v2 = h->v2, .fd = h->fd};
	return true;
}

int cgroup_dir_path(const struct cgroup *cg, size_t index, char *ret_path, size_t size)
{
	const struct cgroup_hierarchy *h = &cg->h[index];
	char below[PATH_MAX];
	int len, r;

	r = path_in_hierarchy(cg, h, below, sizeof(below));
	if (r < 0)
		return r;
	len = snprintf(ret_path, size, "%s/%s/%s", CGROUP_ROOT, h->name, below);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}
