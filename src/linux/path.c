/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Safe path resolution; see path.h. A rename or mount anywhere on the host can make openat2 give up with EAGAIN although
 * nothing is wrong, so it is tried again a bounded number of times.
 */
#include "linux/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "linux/path_walk.h"
#include "linux/syscalls.h"

#define AGAIN_MAX 128

static atomic_bool fallback;

void path_force_fallback(bool on)
{
	fallback = on;
}

/* EPERM may be about this very file (an immutable one, a device that the cgroup refuses): then another place opens. */
static bool is_hidden(int dir_fd)
{
	_cleanup_close_ int fd = sys_openat2(dir_fd, ".", &(struct open_how){.flags = O_PATH | O_CLOEXEC});

	return fd < 0;
}

static int open_resolved(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
			       .mode = flags & (O_CREAT | __O_TMPFILE) ? mode & 07777 : 0,
			       .resolve = resolve | RESOLVE_NO_MAGICLINKS};
	int r;

	for (int i = 0; !fallback && i < AGAIN_MAX; i++) {
		int fd = sys_openat2(dir_fd, path, &how);

		if (fd >= 0)
			return fd;
		r = -errno;
		if (r == -ENOSYS || (r == -EPERM && is_hidden(dir_fd)))
			fallback = true;
		else if (r != -EAGAIN && r != -EINTR)
			return r;
	}
	if (!fallback)
		return -EAGAIN;
	return path_walk_open(dir_fd, path, flags, mode, resolve);
}

int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode)
{
	return open_resolved(root_fd, path, flags, mode, RESOLVE_IN_ROOT);
}

int path_open_beneath(int dir_fd, const char *path, int flags, mode_t mode)
{
	return open_resolved(dir_fd, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int path_open_same_mount(int dir_fd, const char *path, int flags)
{
	return open_resolved(dir_fd, path, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int path_check_magic(int fd, long magic)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return -errno;
	return st.f_type == magic ? 0 : -EXDEV;
}

bool path_same_file(int a_fd, int b_fd)
{
	struct stat a, b;

	return fstat(a_fd, &a) == 0 && fstat(b_fd, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* ".." behind a directory that isn't there leads nowhere; it is refused before anything is made. */
static bool has_dotdot(const char *path)
{
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0)
			return true;
		path += len;
	}
	return false;
}

/* Makes the directories of `rest` below `fd`, which it takes. No links: what is made here is ours. */
static int make_rest(int fd, const char *rest, mode_t mode)
{
	char name[NAME_MAX + 1];

	for (;;) {
		size_t len;
		int next, r;

		rest += strspn(rest, "/");
		len = strcspn(rest, "/");
		if (len == 0)
			return fd;
		if (len > NAME_MAX) {
			fd_close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(name, rest, len);
		name[len] = '\0';
		rest += len;
		r = mkdirat(fd, name, mode) < 0 && errno != EEXIST ? -errno : 0;
		next = r < 0 ? r : openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && r == 0)
			next = errno == ENOTDIR ? -ENOENT : -errno; /* a dangling link */
		fd_close(fd);
		if (next < 0)
			return next;
		fd = next;
	}
}

int path_make_dir_in_root(int root_fd, const char *path, mode_t mode)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path);
	int fd;

	fd = path_open_in_root(root_fd, *path ? path : "/", O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return fd;
	if (len >= sizeof(prefix))
		return -ENAMETOOLONG;
	memcpy(prefix, path, len + 1);
	do {
		while (len > 0 && prefix[len - 1] == '/')
			len--;
		while (len > 0 && prefix[len - 1] != '/')
			len--;
		prefix[len] = '\0';
		fd = path_open_in_root(root_fd, len ? prefix : "/", O_PATH | O_DIRECTORY, 0);
	} while (fd == -ENOENT && len > 0);
	if (fd >= 0 && has_dotdot(path + len)) {
		fd_close(fd);
		return -ENOENT;
	}
	return fd < 0 ? fd : make_rest(fd, path + len, mode);
}

int path_open_parent_in_root(int root_fd, const char *path, char *ret_name)
{
	char parent[PATH_MAX];
	size_t len = strlen(path), start;

	while (len > 0 && path[len - 1] == '/')
		len--;
	start = len;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (len == start || (len - start <= 2 && strspn(path + start, ".") >= len - start))
		return -EINVAL;
	if (len - start > NAME_MAX || start >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(ret_name, path + start, len - start);
	ret_name[len - start] = '\0';
	memcpy(parent, path, start);
	parent[start] = '\0';
	return path_make_dir_in_root(root_fd, parent, 0755);
}

int path_make_file_in_root(int root_fd, const char *path, mode_t mode)
{
	_cleanup_close_ int parent_fd = -EBADF;
	_cleanup_close_ int made_fd = -EBADF;
	char name[NAME_MAX + 1];
	int fd;

	fd = path_open_in_root(root_fd, path, O_PATH, 0);
	if (fd != -ENOENT)
		return fd;
	parent_fd = path_open_parent_in_root(root_fd, path, name);
	if (parent_fd < 0)
		return parent_fd;
	made_fd = openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (made_fd < 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
