/* SPDX-License-Identifier: Apache-2.0 */
/* The exit record; see record.h. */
#include "shim/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "shim/protocol.h"

#define NEXT_NAME SHIM_EXIT_RECORD ".next"
#define RECORD_MAX 8192

int record_begin(struct record *r, int dir, const struct buf *json, struct err *err)
{
	int result;

	r->dir = dir;
	r->next_fd = openat(dir, NEXT_NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->next_fd < 0)
		return err_sys(err, errno, "make the exit record");
	result = posix_fallocate(r->next_fd, 0, RECORD_MAX);
	if (result == 0)
		result = -file_write_atomic_at(dir, SHIM_EXIT_RECORD, json->data, json->len, 0600, 0);
	if (result != 0) {
		record_abandon(r);
		return err_sys(err, result, "reserve the exit record");
	}
	return 0;
}

int record_finish(struct record *r, const struct buf *json)
{
	ssize_t n;

	if (json->len > RECORD_MAX)
		return -EFBIG;
	n = pwrite(r->next_fd, json->data, json->len, 0);
	if (n != (ssize_t)json->len)
		return n < 0 ? -errno : -ENOSPC;
	if (ftruncate(r->next_fd, (off_t)json->len) < 0)
		return -errno;
	return renameat(r->dir, NEXT_NAME, r->dir, SHIM_EXIT_RECORD) < 0 ? -errno : 0;
}

void record_abandon(struct record *r)
{
	record_done(r);
	unlinkat(r->dir, NEXT_NAME, 0);
	unlinkat(r->dir, SHIM_EXIT_RECORD, 0);
}

void record_done(struct record *r)
{
	fd_close(TAKE_FD(r->next_fd));
}
