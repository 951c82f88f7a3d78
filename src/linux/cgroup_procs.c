/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes in a control group: listing, signalling, freezing, and the end. Any hierarchy knows them all; v2 is asked
 * where there is one, because it can kill a whole tree at once and tells by an event when it is empty.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/timefmt.h"
#include "linux/cgroup_internal.h"
#include "linux/path.h"
#include "linux/process.h"

#define PIDS_FILE_MAX (16u << 20)
#define DEPTH_MAX 32

/* The hierarchy whose word on who is in it is taken: v2, or else any. */
static int asking_fd(const struct cgroup *cg)
{
	const struct cgroup_hierarchy *v2 = cgroup_v2_find(cg);

	if (v2 && v2->fd >= 0)
		return v2->fd;
	for (size_t i = 0; i < cg->n; i++)
		if (cg->h[i].fd >= 0)
			return cg->h[i].fd;
	return -EBADF;
}

static int read_pids(int dir_fd, pid_t **ret_pids, size_t *ret_n)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	pid_t *pids;
	size_t n = 0;
	char *p;
	int r;

	r = file_read_at(dir_fd, "cgroup.procs", PIDS_FILE_MAX, &text);
	if (r < 0)
		return r;
	pids = calloc(text.len / 2 + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	for (p = text.data; *p; p += *p == '\n') {
		pids[n] = (pid_t)strtol(p, &p, 10);
		if (pids[n] > 0)
			n++;
		p += strcspn(p, "\n");
	}
	*ret_pids = pids;
	*ret_n = n;
	return 0;
}

int cgroup_pids(const struct cgroup *cg, pid_t **ret_pids, size_t *ret_n, struct err *err)
{
	int r = read_pids(asking_fd(cg), ret_pids, ret_n);

	if (r == -ENOENT || r == -ENODEV) { /* removed meanwhile */
		*ret_pids = NULL;
		*ret_n = 0;
		return 0;
	}
	return r < 0 ? err_sys(err, r, "read the processes of cgroup %s", cg->path) : 0;
}

/* Calls `fn` on every directory below and then on this one. */
static int each_dir(int dir_fd, int depth, int (*fn)(int parent_fd, const char *name, int fd, int arg), int arg)
{
	int list_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	int r = 0;
	DIR *dir;

	if (list_fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	dir = fdopendir(list_fd);
	if (!dir) {
		r = -errno;
		fd_close(list_fd);
		return r;
	}
	while ((e = readdir(dir))) {
		_cleanup_close_ int fd = -EBADF;
		int one;

		if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		fd = openat(dir_fd, e->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue; /* gone meanwhile */
		one = depth < DEPTH_MAX ? each_dir(fd, depth + 1, fn, arg) : -ELOOP;
		if (one == 0)
			one = fn(dir_fd, e->d_name, fd, arg);
		r = r == 0 ? one : r;
	}
	closedir(dir);
	return r;
}

static int kill_in(int parent_fd, const char *name, int fd, int signo)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int r = read_pids(fd, &pids, &n);

	(void)parent_fd;
	(void)name;
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (kill(pids[i], signo) < 0 && errno != ESRCH)
			r = -errno;
	return r;
}

int cgroup_kill(const struct cgroup *cg, int signo, struct err *err)
{
	const struct cgroup_hierarchy *v2 = cgroup_v2_find(cg);
	int r, fd = asking_fd(cg);

	if (signo == SIGKILL && v2 && v2->fd >= 0) {
		r = file_write_value_at(v2->fd, "cgroup.kill", "1");
		if (r != -ENOENT)
			return r < 0 && r != -ENODEV ? err_sys(err, r, "kill cgroup %s", cg->path) : 0;
		if (!cgroup_has(v2->fd, "cgroup.procs"))
			return 0; /* the cgroup is gone; else the kernel is older than 5.14 */
	}
	r = each_dir(fd, 0, kill_in, signo);
	if (r == 0)
		r = kill_in(-EBADF, NULL, fd, signo);
	return r < 0 ? err_sys(err, r, "signal the processes of cgroup %s", cg->path) : 0;
}

int cgroup_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct err *err)
{
	const struct cgroup_hierarchy *v2 = cgroup_v2_find(cg);

	if (cgroup_v1_find(cg, "freezer"))
		return cgroup_v1_freeze(cg, frozen, timeout_ms, err);
	if (!v2 || v2->fd < 0)
		return err_set(err, ERR_SYSTEM, "no freezer: can't pause cgroup %s", cg->path);
	return cgroup_v2_freeze(v2->fd, frozen, timeout_ms, err);
}

int cgroup_is_frozen(const struct cgroup *cg)
{
	const struct cgroup_hierarchy *v1 = cgroup_v1_find(cg, "freezer"), *v2 = cgroup_v2_find(cg);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (v1 && v1->fd >= 0)
		return file_read_at(v1->fd, "freezer.state", 64, &text) == 0 && strncmp(text.data, "FROZEN", 6) == 0;
	return v2 && v2->fd >= 0 && cgroup_read_counter(v2->fd, "cgroup.events", "frozen") == 1;
}

uint64_t cgroup_oom_kills(const struct cgroup *cg)
{
	const struct cgroup_hierarchy *v1 = cgroup_v1_find(cg, "memory");

	if (v1)
		return v1->fd < 0 ? 0 : cgroup_read_counter(v1->fd, "memory.oom_control", "oom_kill");
	return cg->v2 ? cgroup_read_counter(cg->h[0].fd, "memory.events", "oom_kill") : 0;
}

static int remove_child(int parent_fd, const char *name, int fd, int unused)
{
	(void)fd;
	(void)unused;
	return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* One try at removing the directory `fd` stands for. */
static int remove_dir(int fd)
{
	char link[32], path[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len <= 0)
		return -errno;
	path[len] = '\0';
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;
	/* Cgroups that were made inside are ours to remove; processes in it are what EBUSY means otherwise. */
	if (each_dir(fd, 0, remove_child, 0) < 0)
		return -EBUSY;
	return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}

/*
 * v1 has no event for "the last process is gone", so the removal itself is tried, ever less often; and what forked
 * while it was being killed is killed again.
 */
static int remove_with_retries(const struct cgroup *cg, int fd, int64_t deadline_ms)
{
	struct timespec pause = {.tv_nsec = 200000};
	int r;

	for (;;) {
		r = remove_dir(fd);
		if (r != -EBUSY || timefmt_monotonic_ms() >= deadline_ms)
			return r;
		nanosleep(&pause, NULL);
		r = cgroup_kill(cg, SIGKILL, NULL);
		if (r < 0)
			return r;
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
	}
}

int cgroup_remove(struct cgroup *cg, int timeout_ms, struct err *err)
{
	const struct cgroup_hierarchy *v2 = cgroup_v2_find(cg);
	int64_t deadline_ms = timefmt_monotonic_ms() + timeout_ms;
	int r, first = 0;

	if (cgroup_is_frozen(cg) == 1)
		first = cgroup_freeze(cg, false, timeout_ms, err);
	r = asking_fd(cg) >= 0 ? cgroup_kill(cg, SIGKILL, first < 0 ? NULL : err) : 0;
	first = first < 0 ? first : r;
	if (v2 && v2->fd >= 0 && cgroup_v2_wait_empty(v2->fd, timeout_ms) < 0)
		first = first < 0 ? first : err_set(err, ERR_SYSTEM, "cgroup %s: can't wait for its processes", cg->path);
	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];

		if (h->fd < 0)
			continue;
		r = remove_with_retries(cg, h->fd, deadline_ms);
		if (r < 0 && first == 0)
			first = err_sys(err, r, "remove cgroup %s in %s", cg->path, h->v2 ? "v2" : h->controllers);
		fd_close(h->fd);
		h->fd = -EBADF;
	}
	return first;
}
