/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets the API is served on; see listen.h. */
#include "api/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"

#define BACKLOG 4096
#define INHERITED_FIRST 3

/* The socket's directory, and its name there. */
struct place {
	int dir_fd;
	const char *name;
};

static int open_place(const char *path, bool make, struct place *ret)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	int fd = file_open_dir_at(AT_FDCWD, *parent ? parent : "/", make, 0755);

	if (fd < 0)
		return fd;
	ret->dir_fd = fd;
	ret->name = slash ? slash + 1 : path;
	return 0;
}

/* An address that stays short, however long the directory's name is. */
static int address_of(const struct place *place, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", place->dir_fd, place->name) >=
	    (int)sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

static bool served(const struct place *place)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	if (fd < 0 || address_of(place, &address) < 0)
		return false;
	/* EAGAIN: somebody listens, and is busy */
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
}

bool listen_unix_served(const char *path)
{
	struct place place;
	bool result;

	if (open_place(path, false, &place) < 0)
		return false;
	result = served(&place);
	fd_close(place.dir_fd);
	return result;
}

static gid_t group_id(const char *name)
{
	struct group *group = name && *name ? getgrnam(name) : NULL;

	return group ? group->gr_gid : 0;
}

static int bind_at(const struct place *place, const char *path, const char *group, struct err *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct stat st;
	mode_t mask;
	int r;

	if (fd < 0)
		return err_sys(err, errno, "socket");
	if (address_of(place, &address) < 0)
		return err_set(err, ERR_INVALID, "the socket's name is too long: %s", path);
	if (fstatat(place->dir_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return err_set(err, ERR_CONFLICT, "listen on %s: there is a file that is no socket", path);
		if (served(place))
			return err_set(err, ERR_CONFLICT, "listen on %s: another program serves it", path);
		if (unlinkat(place->dir_fd, place->name, 0) < 0)
			return err_sys(err, errno, "remove the stale socket %s", path);
	}
	mask = umask(0117); /* before any thread starts */
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return err_sys(err, r, "listen on %s", path);
	if (fchownat(place->dir_fd, place->name, 0, group_id(group), AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "give %s to its group", path);
	if (listen(fd, BACKLOG) < 0)
		return err_sys(err, errno, "listen on %s", path);
	return TAKE_FD(fd);
}

int listen_unix(const char *path, const char *group, struct err *err)
{
	struct place place;
	int r = open_place(path, true, &place);

	if (r < 0)
		return err_sys(err, r, "listen on %s", path);
	r = bind_at(&place, path, group, err);
	fd_close(place.dir_fd);
	return r;
}

static int bind_first(const struct addrinfo *list)
{
	int r = -EADDRNOTAVAIL;

	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		_cleanup_close_ int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
		int one = 1;

		if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		    bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
			return TAKE_FD(fd);
		r = -errno;
	}
	return r;
}

int listen_tcp(const char *address, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
	const char *colon = strrchr(address, ':');
	_cleanup_free_ char *node = colon ? xstrndup(address, (size_t)(colon - address)) : NULL;
	size_t len = node ? strlen(node) : 0;
	char *plain = node;
	int r;

	if (!colon || !colon[1])
		return err_set(err, ERR_INVALID, "listen on tcp://%s: it needs a port", address);
	if (len > 1 && node[0] == '[' && node[len - 1] == ']') {
		node[len - 1] = '\0';
		plain = node + 1;
	}
	r = getaddrinfo(*plain ? plain : NULL, colon + 1, &hints, &list);
	if (r != 0)
		return err_set(err, ERR_INVALID, "listen on tcp://%s: %s", address, gai_strerror(r));
	r = bind_first(list);
	freeaddrinfo(list);
	return r < 0 ? err_sys(err, r, "listen on tcp://%s", address) : r;
}

int listen_inherited(struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int n = pid && count && atoi(pid) == getpid() ? atoi(count) : 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (n < 0 || n > 64)
		return err_set(err, ERR_INVALID, "LISTEN_FDS has an impossible number of sockets: %d", n);
	for (int fd = INHERITED_FIRST; fd < INHERITED_FIRST + n; fd++) {
		int r = fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : fd_set_nonblocking(fd, true);

		if (r < 0)
			return err_sys(err, r, "socket %d of the service manager", fd);
	}
	return n;
}
