/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See rootfs_files.h. The container is stopped, so nobody changes its writable layer meanwhile; what it left there is not
 * trusted: no link is followed, nothing but a regular file is read, a fifo can't hold us.
 */
#include "engine/rootfs_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/path.h"
#include "storage/storage.h"

#define FILE_MAX (1u << 20)

enum found { FOUND_HERE, FOUND_HIDDEN, FOUND_BELOW };

/* Whether a directory on the way was made opaque (or is none any more): then the image's file can't be seen. */
static bool way_hidden(int upper_fd, const char *path)
{
	const char *slash = strchr(path, '/');
	_cleanup_free_ char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;
	_cleanup_close_ int fd = -EBADF;
	char value[4];

	if (!dir)
		return false;
	fd = path_open_beneath(upper_fd, dir, O_RDONLY | O_NONBLOCK | O_DIRECTORY, 0);
	if (fd == -ENOENT)
		return false;
	return fd < 0 || (fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y');
}

static int upper_read(int container_fd, const char *path, struct buf *out, enum found *ret)
{
	_cleanup_close_ int upper_fd = file_open_dir_at(container_fd, "upper", false, 0), fd = -EBADF;
	struct stat st;

	*ret = FOUND_BELOW;
	if (upper_fd < 0)
		return upper_fd;
	fd = path_open_beneath(upper_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0) {
		*ret = fd == -ENOENT && !way_hidden(upper_fd, path) ? FOUND_BELOW : FOUND_HIDDEN;
		return fd == -ENOENT || fd == -ENXIO || fd == -ENOTDIR || fd == -ELOOP || fd == -ENODEV ? 0 : fd;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = S_ISREG(st.st_mode) ? FOUND_HERE : FOUND_HIDDEN;
	return *ret == FOUND_HERE ? file_read_fd(fd, FILE_MAX, out) : 0;
}

static int image_file_read(struct container *c, const char *path, struct buf *out, struct err *err)
{
	struct err reason = {0};
	int r;

	if (!c->chain)
		return 0;
	r = storage_chain_read_file(c->engine->storage, c->chain, path, FILE_MAX, out, &reason);
	if (r < 0 && reason.kind != ERR_NOT_FOUND) {
		*err = reason;
		return r;
	}
	return 0;
}

int rootfs_file_read(struct container *c, int container_fd, const char *path, struct buf *out, struct err *err)
{
	enum found found;
	int r = upper_read(container_fd, path, out, &found);

	if (r < 0)
		return err_sys(err, r, "read /%s of container %s", path, c->id);
	return found == FOUND_BELOW ? image_file_read(c, path, out, err) : 0;
}
