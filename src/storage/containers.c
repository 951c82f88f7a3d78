/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's writable directory, containers/ID/{upper,work}: made under tmp/, renamed; its reference row is what says
 * which chain it stands on. The upper's root is root's with mode 0755, whatever the image's is, as Docker's (seen with 28.5:
 * an image whose archive has "./" with mode 0700 shows 0755).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/random_id.h"
#include "linux/path.h"
#include "storage/storage_internal.h"
#include "storage/unpack_internal.h"

#define HOLDER_MAX (sizeof("container:") + RANDOM_ID_LEN)

static int check_id(const char *id, struct err *err)
{
	size_t n = strspn(id, "0123456789abcdef");

	return n > 0 && n <= RANDOM_ID_LEN && !id[n] ? 0 : err_set(err, ERR_INVALID, "invalid container id \"%.100s\"", id);
}

static int make_tree(struct storage *s, const char *tmp_name, struct err *err)
{
	_cleanup_close_ int dir = file_open_dir_at(s->tmp_fd, tmp_name, true, 0710), upper = -EBADF, work = -EBADF;
	int r = dir < 0 ? dir : 0;

	if (r == 0 && fchmod(dir, 0710) < 0)
		r = -errno;
	if (r == 0) {
		upper = file_open_dir_at(dir, "upper", true, 0755);
		work = file_open_dir_at(dir, "work", true, 0700);
		r = upper < 0 ? upper : work;
		if (r >= 0)
			r = fchmod(upper, 0755) < 0 ? -errno : 0;
	}
	return r < 0 ? err_sys(err, r, "make the container's writable layer") : 0;
}

static int make_in_place(struct storage *s, const char *id, const struct layer *top, struct err *err)
{
	char tmp_name[TMP_NAME_MAX];
	int r;

	storage_tmp_name(tmp_name);
	r = make_tree(s, tmp_name, err);
	if (r == 0 && renameat(s->tmp_fd, tmp_name, s->containers_fd, id) < 0)
		r = err_sys(err, errno, "put the writable layer of container %s in place", id);
	if (r < 0 && file_remove_tree_at(s->tmp_fd, tmp_name) < 0)
		err_wrap(err, "tmp/%s stays behind", tmp_name);
	return r;
}

int storage_container_create(struct storage *s, const char *id, const char *chain_id, struct err *err)
{
	char holder[HOLDER_MAX], what[DIGEST_TEXT_MAX + 8];
	struct layer *top;
	struct err undo;
	int r = check_id(id, err);

	if (r < 0)
		return r;
	if (faccessat(s->containers_fd, id, F_OK, 0) == 0)
		return err_set(err, ERR_CONFLICT, "container %s has a writable layer already", id);
	snprintf(holder, sizeof(holder), "container:%s", id);
	snprintf(what, sizeof(what), "layer:%s", chain_id);
	r = storage_reference_add(s, holder, what, err);
	if (r < 0)
		return r;
	top = layer_find(s, chain_id); /* held from here on */
	if (!top)
		r = err_set(err, ERR_NOT_FOUND, "layer %s is not in the store", chain_id);
	else
		r = make_in_place(s, id, top, err);
	if (r < 0 && storage_reference_drop_all(s, holder, &undo) < 0)
		err_wrap(err, "%s; before that", undo.msg);
	return r;
}

static int open_container(struct storage *s, const char *id, const char *below, int flags, struct err *err)
{
	char path[RANDOM_ID_LEN + 16];
	int fd = check_id(id, err);

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "%s%s", id, below);
	fd = path_open_beneath(s->containers_fd, path, flags | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd == -ENOENT)
		return err_set(err, ERR_NOT_FOUND, "container %s has no writable layer", id);
	return fd < 0 ? err_sys(err, fd, "open the writable layer of container %s", id) : fd;
}

static struct layer *container_top(struct storage *s, const char *id)
{
	char holder[HOLDER_MAX], chain[DIGEST_TEXT_MAX];

	snprintf(holder, sizeof(holder), "container:%s", id);
	return reference_get(s, holder, "layer:", chain, sizeof(chain)) ? layer_find(s, chain) : NULL;
}

static char **lower_names(const struct layer *top, struct arena *a)
{
	size_t n = 0;
	char **names;

	for (const struct layer *l = top; l; l = l->parent)
		n++;
	names = arena_array(a, n + 1, sizeof(*names));
	n = 0;
	for (const struct layer *l = top; names && l; l = l->parent)
		names[n++] = arena_printf(a, "%llu", (unsigned long long)l->number);
	return arena_failed(a) ? NULL : names;
}

int storage_container_recipe(struct storage *s, const char *id, struct arena *a, char ***ret_lower, int *ret_layers_fd,
			     int *ret_container_fd, struct err *err)
{
	_cleanup_close_ int container = open_container(s, id, "", O_RDONLY, err), layers = -EBADF;
	struct layer *top;
	char **lower;

	if (container < 0)
		return container;
	top = container_top(s, id);
	if (!top)
		return err_set(err, ERR_SYSTEM, "the layers of container %s are missing", id);
	lower = lower_names(top, a);
	if (!lower)
		return err_sys(err, ENOMEM, "name the layers of container %s", id);
	layers = fcntl(s->layers_fd, F_DUPFD_CLOEXEC, 3);
	if (layers < 0)
		return err_sys(err, errno, "open layers in the data root");
	*ret_lower = lower;
	*ret_layers_fd = TAKE_FD(layers);
	*ret_container_fd = TAKE_FD(container);
	return 0;
}

int storage_container_remove(struct storage *s, const char *id, struct err *err)
{
	char holder[HOLDER_MAX];
	int r = check_id(id, err);

	if (r < 0)
		return r;
	r = storage_trash(s, s->containers_fd, id, err);
	if (r < 0)
		return r;
	snprintf(holder, sizeof(holder), "container:%s", id);
	return storage_reference_drop_all(s, holder, err);
}

int storage_container_size(struct storage *s, const char *id, uint64_t *ret_bytes, struct err *err)
{
	_cleanup_close_ int fd = open_container(s, id, "/upper", O_RDONLY, err);
	int r;

	if (fd < 0)
		return fd;
	*ret_bytes = 0;
	r = storage_tree_size(fd, ret_bytes);
	return r < 0 ? err_sys(err, r, "measure the writable layer of container %s", id) : 0;
}
