/* SPDX-License-Identifier: Apache-2.0 */
/* HOME out of the container's passwd; see home.h. */
#include "runtime/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "linux/path.h"

#define PASSWD_MAX (1u << 20)

static int read_passwd(int root_fd, struct buf *out)
{
	_cleanup_close_ int fd = path_open_in_root(root_fd, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? file_read_fd(fd, PASSWD_MAX, out) : -EINVAL;
}

/* The home directory in one line "name:pw:uid:gid:gecos:home:shell", if it is the user's. Cuts the line. */
static const char *home_in_line(char *line, uint32_t uid)
{
	char *field[7] = {NULL}, *end;
	size_t n = 0;

	while (line && n < ARRAY_SIZE(field)) {
		field[n++] = line;
		line = strchr(line, ':');
		if (line)
			*line++ = '\0';
	}
	if (n < 6 || !field[2][0] || strtoull(field[2], &end, 10) != uid || *end)
		return NULL;
	return field[5][0] ? field[5] : NULL;
}

static const char *find_home(struct buf *passwd, uint32_t uid)
{
	const char *home = NULL;
	char *line, *state = NULL;

	for (line = strtok_r(passwd->data, "\n", &state); line && !home; line = strtok_r(NULL, "\n", &state))
		home = home_in_line(line, uid);
	return home ? home : "/";
}

int home_add(int root_fd, uint32_t uid, char *const *env, char ***ret_env, struct err *err)
{
	_cleanup_buf_ struct buf passwd = BUF_INIT;
	bool has_home = false;
	size_t n = 0;
	char **copy;

	for (; env && env[n]; n++)
		has_home |= strncmp(env[n], "HOME=", 5) == 0 && env[n][5];
	copy = calloc(n + 2, sizeof(*copy));
	if (!copy)
		return err_sys(err, ENOMEM, "copy the environment");
	if (n > 0)
		memcpy(copy, env, n * sizeof(*copy));
	if (!has_home) {
		if (read_passwd(root_fd, &passwd) < 0)
			buf_reset(&passwd);
		if (passwd.len == 0)
			buf_addc(&passwd, '\n'); /* of our own memory: it is going to be cut */
		if (asprintf(&copy[n], "HOME=%s", find_home(&passwd, uid)) < 0) {
			free(copy);
			return err_sys(err, ENOMEM, "copy the environment");
		}
	}
	*ret_env = copy;
	return 0;
}
