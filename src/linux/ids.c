/* SPDX-License-Identifier: Apache-2.0 */
/* The id mappings of a user namespace; see ids.h. The kernel takes a whole map in one write, once. */
#include "linux/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/file.h"

static int write_map(pid_t pid, const char *file, const struct oci_id_mappings *m, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char path[48];
	int r;

	for (size_t i = 0; i < m->len; i++)
		buf_addf(&text, "%u %u %u\n", m->items[i].container_id, m->items[i].host_id, m->items[i].size);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = text.failed ? -ENOMEM : file_write_value_at(AT_FDCWD, path, text.data);
	return r < 0 ? err_sys(err, r, "write %s", file) : 0;
}

int ids_write_maps(pid_t pid, const struct oci_id_mappings *uids, const struct oci_id_mappings *gids, struct err *err)
{
	int r;

	if (uids->len == 0 || gids->len == 0)
		return err_set(err, ERR_INVALID, "linux.uidMappings: a user namespace needs uidMappings and gidMappings");
	r = write_map(pid, "uid_map", uids, err);
	return r < 0 ? r : write_map(pid, "gid_map", gids, err);
}

int64_t ids_to_host(const struct oci_id_mappings *m, uint32_t id)
{
	for (size_t i = 0; i < m->len; i++)
		if (id >= m->items[i].container_id && id - m->items[i].container_id < m->items[i].size)
			return (int64_t)m->items[i].host_id + (id - m->items[i].container_id);
	return -1;
}
