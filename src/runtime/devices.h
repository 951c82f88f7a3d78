/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's /dev: the nodes and links every container has, the spec's own devices, and the console. All below one
 * descriptor of the directory; a link in the place of a node or of a directory on the way is an error, not a detour.
 */
#ifndef LIGHTER_RUNTIME_DEVICES_H
#define LIGHTER_RUNTIME_DEVICES_H

#include "base/err.h"
#include "codec/oci_spec.h"

/*
 * Makes null, zero, full, random, urandom, tty, the links fd, stdin, stdout, stderr and ptmx, and the spec's devices. In a
 * user namespace nodes can't be made: `host_fds` then has detached clones of the host's nodes, in the order of
 * devices_host_paths and then of `devices` (NULL: make nodes). `dev_fd` is the container's /dev.
 */
int devices_make(int root_fd, int dev_fd, const struct oci_devices *devices, const int *host_fds, struct err *err) _must_check_;

/* How many devices there are besides the spec's, and their paths on host and container. */
#define DEVICES_DEFAULT 6
extern const char *const devices_default_names[DEVICES_DEFAULT];

/* Mounts the terminal's slave onto /dev/console, which is made if need be. */
int devices_mount_console(int dev_fd, int slave_fd, struct err *err) _must_check_;

#endif
