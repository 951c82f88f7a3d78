/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merged view of a chain of layers as overlayfs would show it, without a mount: the topmost layer that has a path
 * wins, a whiteout (a character device 0:0) or anything but a directory on the way hides what is below, an opaque directory
 * hides its like below. For single files (/etc/passwd, a parent's mode); listing directories is overlayfs' business.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "linux/path.h"
#include "storage/storage_internal.h"
#include "storage/tree.h"

/* What one layer says about a path. */
enum verdict { LAYER_HAS, LAYER_SILENT, LAYER_SILENT_AND_LAST, LAYER_HIDES };

static bool is_opaque(int dirfd)
{
	char link[64], value[2];

	/* There is no fgetxattr for O_PATH descriptors; the link names exactly the directory that was opened. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d/.", dirfd);
	return getxattr(link, "trusted.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y';
}

static int open_component(int dirfd, const char *name, size_t len, struct stat *ret_st)
{
	char copy[NAME_MAX + 1];
	int fd;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(copy, name, len);
	copy[len] = '\0';
	fd = openat(dirfd, copy, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, ret_st) < 0) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	return fd;
}

/* LAYER_HAS: *ret_fd. Negative: an error. */
static int ask_layer(int root_fd, const char *path, int *ret_fd)
{
	_cleanup_close_ int at = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	bool last = false;

	if (at < 0)
		return -errno;
	while (*path) {
		size_t len = strcspn(path, "/");
		bool more = path[len] == '/';
		struct stat st;
		int fd = open_component(at, path, len, &st);

		if (fd == -ENOENT)
			return last ? LAYER_SILENT_AND_LAST : LAYER_SILENT;
		if (fd < 0)
			return fd;
		fd_close(at);
		at = fd;
		if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
			return LAYER_HIDES;
		if (more && !S_ISDIR(st.st_mode))
			return LAYER_HIDES;
		if (more && is_opaque(at))
			last = true;
		path += len + (more ? 1 : 0);
	}
	*ret_fd = TAKE_FD(at);
	return LAYER_HAS;
}

int chain_open(struct storage *s, const struct layer *top, const char *path)
{
	for (const struct layer *l = top; l; l = l->parent) {
		_cleanup_close_ int root_fd = -EBADF;
		char name[48];
		int r, fd = -EBADF;

		snprintf(name, sizeof(name), "%llu/fs", (unsigned long long)l->number);
		root_fd = path_open_beneath(s->layers_fd, name, O_PATH | O_DIRECTORY, 0);
		if (root_fd < 0)
			return root_fd == -ENOENT ? -EIO : root_fd;
		r = ask_layer(root_fd, path, &fd);
		if (r < 0)
			return r;
		if (r == LAYER_HAS)
			return fd;
		if (r != LAYER_SILENT)
			return -ENOENT;
	}
	return -ENOENT;
}

struct chain_look {
	struct storage *s;
	const struct layer *top;
};

static int look(void *arg, const char *path, char target[TREE_PATH_MAX])
{
	struct chain_look *c = arg;
	_cleanup_close_ int fd = chain_open(c->s, c->top, path);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode))
		return (int)(st.st_mode & S_IFMT);
	n = readlinkat(fd, "", target, TREE_PATH_MAX);
	if (n < 0)
		return -errno;
	if (n == TREE_PATH_MAX)
		return -ENAMETOOLONG;
	target[n] = '\0';
	return S_IFLNK;
}

static int read_resolved(struct storage *s, const struct layer *top, const char *path, size_t max_bytes, struct buf *out)
{
	struct chain_look arg = {s, top};
	struct tree_looker looker = {look, &arg};
	_cleanup_close_ int place = -EBADF, fd = -EBADF;
	char resolved[TREE_PATH_MAX], link[64];
	int type, r = tree_resolve(&looker, path, TREE_FOLLOW_LAST, resolved, &type);

	if (r < 0)
		return r;
	if (type != S_IFREG)
		return type == S_IFDIR ? -EISDIR : -EINVAL;
	place = chain_open(s, top, resolved);
	if (place < 0)
		return place;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : file_read_fd(fd, max_bytes, out);
}

int storage_chain_read_file(struct storage *s, const char *chain_id, const char *path, size_t max_bytes, struct buf *out,
			    struct err *err)
{
	struct layer *top = layer_find(s, chain_id);
	int r;

	if (!top)
		return err_set(err, ERR_NOT_FOUND, "layer %s is not in the store", chain_id);
	r = read_resolved(s, top, path, max_bytes, out);
	if (r == -ENOENT || r == -ENOTDIR)
		return err_sys_kind(err, ERR_NOT_FOUND, r, "read %s in layer %s", path, chain_id);
	if (r == -EFBIG)
		return err_set(err, ERR_TOO_LARGE, "%s in layer %s is larger than %zu bytes", path, chain_id, max_bytes);
	return r < 0 ? err_sys(err, r, "read %s in layer %s", path, chain_id) : 0;
}
