/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's first process and exec'ed ones do alike between clone and exec; private to runtime/. */
#ifndef LIGHTER_RUNTIME_CHILD_H
#define LIGHTER_RUNTIME_CHILD_H

#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/become.h"

/* While the host's /proc is still in sight. */
int child_set_oom_score(const struct oci_process *p, struct err *err) _must_check_;

/* After the maps of its user namespace are written, or it was joined. */
int child_become_root(struct err *err) _must_check_;

/*
 * The container's session keyring, so that the caller's keys are out of reach: made by the first process, found by its
 * name by all others. Kernels without keys have none to reach.
 */
int child_join_keyring(const char *id, struct err *err) _must_check_;

/* A terminal on this devpts becomes the standard input and output and the controlling terminal; its master is returned. */
int child_open_terminal(const struct oci_process *p, int devpts_fd, struct become *b, int *ret_master,
			struct err *err) _must_check_;

#endif
