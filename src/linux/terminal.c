/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals by descriptor; see terminal.h. */
#include "linux/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "linux/path.h"

#define PTMX_MAJOR 5
#define PTMX_MINOR 2

int tty_open_pair(int devpts_fd, int *ret_master, int *ret_slave)
{
	_cleanup_close_ int master = -EBADF;
	struct stat st;
	int slave, r, unlock = 0;

	r = path_check_magic(devpts_fd, DEVPTS_SUPER_MAGIC);
	if (r < 0)
		return r;
	master = path_open_same_mount(devpts_fd, "ptmx", O_RDWR | O_NOCTTY);
	if (master < 0)
		return master;
	if (fstat(master, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return -EXDEV;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	*ret_master = TAKE_FD(master);
	*ret_slave = slave;
	return 0;
}

int tty_set_size(int fd, uint16_t rows, uint16_t cols)
{
	struct winsize size = {.ws_row = rows, .ws_col = cols};

	if (rows == 0 && cols == 0)
		return 0;
	return ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int tty_set_controlling(int slave_fd)
{
	return ioctl(slave_fd, TIOCSCTTY, 0) < 0 ? -errno : 0;
}
