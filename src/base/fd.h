/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors: one owner each, -EBADF when unset, O_CLOEXEC at birth. Whole reads and writes, and passing
 * descriptors over unix sockets.
 */
#ifndef LIGHTER_BASE_FD_H
#define LIGHTER_BASE_FD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macros.h"

/* Closes unless it is negative; errno stays as it was. */
void fd_close(int fd);
static inline void fd_closep(int *fd)
{
	fd_close(*fd);
}
#define _cleanup_close_ _cleanup_(fd_closep)

/* Writes all of it, going on after EINTR and short writes; waits on EAGAIN. 0 or -errno. */
int fd_write_all(int fd, const void *bytes, size_t len) _must_check_;

/* Reads exactly `len` bytes. 0, or -errno (-ENODATA when the end came first). */
int fd_read_all(int fd, void *bytes, size_t len) _must_check_;

int fd_set_nonblocking(int fd, bool on) _must_check_;

#define FD_PASS_MAX 32

/*
 * Sends one packet with `n` descriptors (at most FD_PASS_MAX) on a SOCK_SEQPACKET or SOCK_STREAM unix socket, MSG_NOSIGNAL.
 * The descriptors stay the caller's. Bytes sent or -errno.
 */
ssize_t fd_send(int sock, const void *bytes, size_t len, const int *fds, size_t n) _must_check_;

/*
 * Receives one packet. *ret_n descriptors, all O_CLOEXEC, at most `max`, are now the caller's; surplus ones are closed.
 * Bytes received (0 at the end), or -errno; -EMSGSIZE when the packet was larger than `len`.
 */
ssize_t fd_recv(int sock, void *bytes, size_t len, int *ret_fds, size_t max, size_t *ret_n) _must_check_;

/* A sealed (write, grow, shrink) memfd that holds the bytes, at offset 0. The fd or -errno. */
int fd_sealed_memfd(const char *name, const void *bytes, size_t len) _must_check_;

#endif
