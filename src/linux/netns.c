/* SPDX-License-Identifier: Apache-2.0 */
/* Network namespaces by descriptor. */
#include "linux/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/fd.h"

int netns_open_own(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int netns_open_pid(int pid)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_call(int netns_fd, int (*fn)(void *arg), void *arg)
{
	_cleanup_close_ int own = netns_open_own();
	int r;

	if (own < 0)
		return own;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return -errno;
	r = fn(arg);
	if (setns(own, CLONE_NEWNET) < 0)
		return -ENOTRECOVERABLE;
	return r;
}
