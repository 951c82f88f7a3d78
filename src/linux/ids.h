/* SPDX-License-Identifier: Apache-2.0 */
/* The id mappings of a user namespace, written from outside by its parent. */
#ifndef LIGHTER_LINUX_IDS_H
#define LIGHTER_LINUX_IDS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "codec/oci_spec.h"

/*
 * Writes uid_map and gid_map of the process, which must be in a user namespace without mappings yet. Each at most
 * 340 lines. The caller needs CAP_SETUID and CAP_SETGID over the host ids.
 */
int ids_write_maps(pid_t pid, const struct oci_id_mappings *uids, const struct oci_id_mappings *gids,
		   struct err *err) _must_check_;

/* The host's id for one of the namespace's, or -1 where none is mapped. */
int64_t ids_to_host(const struct oci_id_mappings *m, uint32_t id);

#endif
