/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor, from its main(): everything else about it is protocol.h. */
#ifndef LIGHTER_SHIM_SUPERVISE_H
#define LIGHTER_SHIM_SUPERVISE_H

#include "base/err.h"

/*
 * Serves the descriptors of protocol.h (SHIM_FD_START and on, which it makes close-on-exec) until the container is gone
 * or the daemon said quit. 0, or -errno with err when it could not begin, or the loop broke.
 */
int shim_supervise(struct err *err) _must_check_;

#endif
