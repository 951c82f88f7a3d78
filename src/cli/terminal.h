/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal: raw mode and its way back, and its size. */
#ifndef LIGHTER_CLI_TERMINAL_H
#define LIGHTER_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

struct terminal {
	int fd;
	bool raw;
	struct termios saved;
};
#define TERMINAL_INIT    \
	{                \
		.fd = -1 \
	}

/* Makes `fd` raw (output processing off too). 0 or -errno; -ENOTTY leaves it alone. */
int terminal_raw(struct terminal *t, int fd);
/* Gives it back as it was. Safe to call twice. */
void terminal_restore(struct terminal *t);
/* Size of the terminal on stdout, or else on stdin; false when there is none. */
bool terminal_size(uint32_t *ret_rows, uint32_t *ret_columns);

#endif
