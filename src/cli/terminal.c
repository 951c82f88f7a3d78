/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal; see terminal.h. */
#include "cli/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_raw(struct terminal *t, int fd)
{
	struct termios raw;

	if (tcgetattr(fd, &t->saved) < 0)
		return -errno;
	raw = t->saved;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return -errno;
	t->fd = fd;
	t->raw = true;
	return 0;
}

void terminal_restore(struct terminal *t)
{
	if (!t->raw)
		return;
	tcsetattr(t->fd, TCSANOW, &t->saved);
	t->raw = false;
}

bool terminal_size(uint32_t *ret_rows, uint32_t *ret_columns)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return false;
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
	return size.ws_row > 0 && size.ws_col > 0;
}
