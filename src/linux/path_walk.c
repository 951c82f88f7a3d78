/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path resolution in user space, for where openat2 is hidden. The walk keeps an O_PATH descriptor of every directory it
 * stands in, so ".." is a step back on that stack and no rename can lead above the start. Links are read through their
 * own descriptor and their text is put in front of what is left; a link of procfs is refused, because reading it doesn't
 * tell where it leads.
 */
#include "linux/path_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "linux/path.h"
#include "linux/syscalls.h"

#define DEPTH_MAX 256
#define LINKS_MAX 40

struct walk {
	int stack[DEPTH_MAX]; /* [0] is borrowed, the rest is ours */
	size_t depth;         /* entries in use */
	char rest[2 * PATH_MAX];
	int links;
	uint64_t resolve;
	dev_t dev;
};

static void walk_done(struct walk *w)
{
	while (w->depth > 1)
		fd_close(w->stack[--w->depth]);
}

static int top(const struct walk *w)
{
	return w->stack[w->depth - 1];
}

static int step_up(struct walk *w)
{
	if (w->depth > 1)
		fd_close(w->stack[--w->depth]);
	else if (!(w->resolve & RESOLVE_IN_ROOT))
		return -EXDEV;
	return 0;
}

/* Puts the text of the link `fd` in front of what is left to walk. */
static int follow(struct walk *w, int fd)
{
	char text[PATH_MAX];
	size_t rest_len = strlen(w->rest);
	ssize_t len;

	if (w->resolve & RESOLVE_NO_SYMLINKS || ++w->links > LINKS_MAX || path_check_magic(fd, PROC_SUPER_MAGIC) == 0)
		return -ELOOP;
	len = readlinkat(fd, "", text, sizeof(text));
	if (len < 0)
		return -errno;
	if ((size_t)len >= sizeof(text) || (size_t)len + rest_len + 2 > sizeof(w->rest))
		return -ENAMETOOLONG;
	if (len == 0)
		return -ENOENT;
	/* What is left is empty or begins with a slash. */
	memmove(w->rest + len, w->rest, rest_len + 1);
	memcpy(w->rest, text, (size_t)len);
	if (text[0] == '/') {
		if (!(w->resolve & RESOLVE_IN_ROOT))
			return -EXDEV;
		walk_done(w);
	}
	return 0;
}

/* Takes the next component off what is left; false at the end. `ret_last`: nothing but slashes behind it. */
static int next_component(struct walk *w, char *ret_name, bool *ret_last)
{
	size_t slashes = strspn(w->rest, "/"), len = strcspn(w->rest + slashes, "/");

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(ret_name, w->rest + slashes, len);
	ret_name[len] = '\0';
	memmove(w->rest, w->rest + slashes + len, strlen(w->rest + slashes + len) + 1);
	*ret_last = w->rest[strspn(w->rest, "/")] == '\0';
	return len > 0;
}

static int step_into(struct walk *w, const char *name)
{
	_cleanup_close_ int fd = openat(top(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow(w, fd);
	if (w->resolve & RESOLVE_NO_XDEV && st.st_dev != w->dev)
		return -EXDEV;
	if (!S_ISDIR(st.st_mode) && w->rest[0])
		return -ENOTDIR;
	if (w->depth == DEPTH_MAX)
		return -ENAMETOOLONG;
	w->stack[w->depth++] = TAKE_FD(fd);
	return 0;
}

static int reopen_top(const struct walk *w, int flags)
{
	int fd = openat(top(w), ".", (flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Opens the last component with the caller's own flags; 1 when it is a link that was put back to be walked. */
static int open_last(struct walk *w, const char *name, int flags, mode_t mode, int *ret_fd)
{
	struct stat st;
	int fd;

	if (fstatat(top(w), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) &&
	    !(flags & O_NOFOLLOW || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))) {
		int r = step_into(w, name);

		return r < 0 ? r : 1;
	}
	fd = openat(top(w), name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	if (w->resolve & RESOLVE_NO_XDEV && (fstat(fd, &st) < 0 || st.st_dev != w->dev)) {
		fd_close(fd);
		return -EXDEV;
	}
	*ret_fd = fd;
	return 0;
}

static int walk_all(struct walk *w, int flags, mode_t mode)
{
	char name[NAME_MAX + 1];
	bool last;
	int r, fd;

	for (;;) {
		r = next_component(w, name, &last);
		if (r < 0)
			return r;
		if (r == 0)
			return reopen_top(w, flags);
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			r = step_up(w);
		} else if (last && w->rest[0] == '\0') {
			r = open_last(w, name, flags, mode, &fd);
			if (r == 0)
				return fd;
		} else {
			r = step_into(w, name);
		}
		if (r < 0)
			return r;
	}
}

int path_walk_open(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct walk w = {.stack = {dir_fd}, .depth = 1, .resolve = resolve};
	struct stat st;
	int fd;

	if (*path == '\0')
		return -ENOENT;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (*path == '/' && !(resolve & RESOLVE_IN_ROOT))
		return -EXDEV;
	if (fstat(dir_fd, &st) < 0)
		return -errno;
	w.dev = st.st_dev;
	strcpy(w.rest, path);
	fd = walk_all(&w, flags, mode);
	walk_done(&w);
	return fd;
}
