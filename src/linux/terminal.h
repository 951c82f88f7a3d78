/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals, opened by descriptor of a devpts mount, so that a container can't slip something else in their place. */
#ifndef LIGHTER_LINUX_TERMINAL_H
#define LIGHTER_LINUX_TERMINAL_H

#include <stdint.h>

#include "base/macros.h"

/*
 * A new pair on the devpts that `devpts_fd` is the root of: checked to be a devpts. The slave is opened through the master
 * (TIOCGPTPEER), never by a name. 0 or -errno.
 */
int tty_open_pair(int devpts_fd, int *ret_master, int *ret_slave) _must_check_;

/* Rows and columns; 0x0 is left as it is. 0 or -errno. */
int tty_set_size(int fd, uint16_t rows, uint16_t cols) _must_check_;

/* Makes it the controlling terminal of the caller, which must lead its session. */
int tty_set_controlling(int slave_fd) _must_check_;

#endif
