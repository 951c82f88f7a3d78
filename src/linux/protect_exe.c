/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the program's own file out of a container's reach (CVE-2019-5736). Between clone and exec the child in the
 * container still runs our program, and a container whose program is "#!/proc/self/exe" even executes it: whoever gets
 * hold of /proc/PID/exe then could write to the host's file. So we run from a read-only clone of the mount the file lies
 * on, which hangs in no namespace and therefore can't be made writable; a descriptor for writing is refused with EROFS.
 * That costs one exec of what is already in the page cache; a copy in a sealed memfd, the road where the mount calls are
 * hidden, costs the copying in addition.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/mounts.h"
#include "linux/process.h"

#define SELF_EXE "/proc/self/exe"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* Set for the second exec only, and against a loop if what we look at ever lied. */
#define AGAIN_ENV "LIGHTER_EXE_PROTECTED"

int process_readonly_exe(const char *path)
{
	_cleanup_close_ int fd = mount_clone(AT_FDCWD, path, false, false);
	int r;

	if (fd < 0)
		return fd;
	r = mount_change(fd, false, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE);
	return r < 0 ? r : TAKE_FD(fd);
}

/* 1 when the running program's file can't be written through its link, 0 when it can. */
static int is_protected(void)
{
	_cleanup_close_ int fd = open(SELF_EXE, O_RDONLY | O_CLOEXEC);
	struct statvfs st;
	int seals;

	if (fd < 0)
		return -errno;
	if (fstatvfs(fd, &st) < 0)
		return -errno;
	if (st.f_flag & ST_RDONLY)
		return 1;
	seals = fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int sealed_copy(void)
{
	_cleanup_close_ int in_fd = open(SELF_EXE, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int fd = memfd_create("lighter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;

	if (in_fd < 0 || fd < 0 || fstat(in_fd, &st) < 0)
		return -errno;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(fd, in_fd, NULL, (size_t)left);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
	}
	if (fchmod(fd, 0500) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int exec_fd(int fd, char *const argv[])
{
	if (setenv(AGAIN_ENV, "1", 1) < 0)
		return -errno;
	fexecve(fd, argv, environ);
	return -errno;
}

int process_protect_exe(char *const argv[], struct err *err)
{
	bool again = getenv(AGAIN_ENV) != NULL;
	int r, fd;

	if (unsetenv(AGAIN_ENV) < 0)
		return err_sys(err, errno, "protect the program's file");
	r = is_protected();
	if (r < 0)
		return err_sys(err, r, "open %s", SELF_EXE);
	if (r > 0)
		return 0;
	if (again)
		return err_set(err, ERR_SYSTEM, "protect the program's file: it is still writable");
	fd = process_readonly_exe(SELF_EXE);
	if (fd >= 0) {
		r = exec_fd(fd, argv);
		fd_close(fd);
	}
	fd = sealed_copy();
	if (fd < 0)
		return err_sys(err, fd, "protect the program's file");
	r = exec_fd(fd, argv);
	fd_close(fd);
	return err_sys(err, r, "execute the protected copy of the program");
}
