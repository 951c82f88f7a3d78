/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the tree an archive's name leads; see unpack.h. The quick way is one openat2 that follows nothing; only when it
 * meets a symlink or a gap is the path resolved as text. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/path.h"
#include "storage/unpack_internal.h"

int unpack_open_dir(struct unpack *u, const char *path, int flags)
{
	return path_open_beneath(u->root_fd, *path ? path : ".", flags | O_DIRECTORY | O_CLOEXEC, 0);
}

void unpack_leave(struct unpack *u)
{
	fd_close(TAKE_FD(u->parent_fd));
}

/* A whiteout counts as nothing: what it hides may be made anew. */
static int look(void *arg, const char *path, char target[TREE_PATH_MAX])
{
	struct unpack *u = arg;
	char parent[TREE_PATH_MAX];
	const char *base = tree_split(path, parent);
	_cleanup_close_ int fd = unpack_open_dir(u, parent, O_PATH);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstatat(fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
		return 0;
	if (!S_ISLNK(st.st_mode))
		return (int)(st.st_mode & S_IFMT);
	n = readlinkat(fd, base, target, TREE_PATH_MAX);
	if (n < 0)
		return -errno;
	if (n == TREE_PATH_MAX)
		return -ENAMETOOLONG;
	target[n] = '\0';
	return S_IFLNK;
}

int unpack_resolve(struct unpack *u, const char *name, char ret[TREE_PATH_MAX])
{
	struct tree_looker looker = {look, u};

	return tree_resolve(&looker, name, TREE_FOLLOW_LAST | TREE_MISSING | TREE_REFUSE_ESCAPE, ret, NULL);
}

/* A directory that no entry named: as the layers below have it, else 0755 root. */
static int fill_unnamed(struct unpack *u, int dir_fd, const char *path)
{
	_cleanup_close_ int below = u->lower ? u->lower->open(u->lower->arg, path) : -ENOENT;
	struct stat st;
	int r;

	if (below == -ENOENT)
		return fchmod(dir_fd, 0755) < 0 ? -errno : 0;
	if (below < 0)
		return below;
	if (fstat(below, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return fchmod(dir_fd, 0755) < 0 ? -errno : 0;
	r = unpack_meta_copy(below, dir_fd);
	return r < 0 ? r : unpack_dir_time(u, path, &st.st_mtim);
}

static int make_dir(struct unpack *u, const char *path)
{
	char parent[TREE_PATH_MAX];
	const char *base = tree_split(path, parent);
	_cleanup_close_ int parent_fd = unpack_open_dir(u, parent, O_PATH), fd = -EBADF;
	bool whiteout = false;
	struct stat st;
	int r;

	if (parent_fd < 0)
		return parent_fd;
	if (fstatat(parent_fd, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
		if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(0, 0))
			return -ENOTDIR;
		r = unpack_clear(u, parent_fd, base, &whiteout);
		if (r < 0)
			return r;
	}
	if (mkdirat(parent_fd, base, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	fd = path_open_beneath(parent_fd, base, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = whiteout ? unpack_set_opaque(fd) : 0;
	return r < 0 ? r : fill_unnamed(u, fd, path);
}

int unpack_make_dirs(struct unpack *u, const char *path)
{
	char prefix[TREE_PATH_MAX];

	for (size_t i = 0; *path; i++) {
		if (path[i] == '/' || path[i] == '\0') {
			int r;

			memcpy(prefix, path, i);
			prefix[i] = '\0';
			r = make_dir(u, prefix);
			if (r < 0)
				return r;
			if (path[i] == '\0')
				break;
		}
	}
	return 0;
}

static int enter_slowly(struct unpack *u, const char *parent_name)
{
	int r = unpack_resolve(u, parent_name, u->parent_path);

	if (r == 0)
		r = unpack_make_dirs(u, u->parent_path);
	return r < 0 ? r : unpack_open_dir(u, u->parent_path, O_PATH);
}

int unpack_enter(struct unpack *u, const char *parent_name, const char *shown, struct err *err)
{
	int fd;

	if (u->parent_fd >= 0 && strcmp(parent_name, u->parent_name) == 0)
		return 0;
	unpack_leave(u);
	strcpy(u->parent_path, parent_name);
	fd = unpack_open_dir(u, parent_name, O_PATH);
	if (fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR)
		fd = enter_slowly(u, parent_name);
	if (fd == -EXDEV)
		return err_set(err, ERR_INVALID, "invalid entry name \"%.200s\": path escapes from parent", shown);
	if (fd == -ENOTDIR || fd == -ELOOP || fd == -ENAMETOOLONG)
		return err_sys_kind(err, ERR_INVALID, fd, "open the directory of \"%.200s\"", shown);
	if (fd < 0)
		return err_sys(err, fd, "open the directory of \"%.200s\"", shown);
	u->parent_fd = fd;
	strcpy(u->parent_name, parent_name);
	return 0;
}
