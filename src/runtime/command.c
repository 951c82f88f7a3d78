/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the program to execute; see command.h. The texts are Docker 28's (observed). */
#include "runtime/command.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *command_strerror(int sys, char *buf, size_t size)
{
	snprintf(buf, size, "%s", strerror(sys < 0 ? -sys : sys));
	buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}

/* 0, or -errno: is it a file that the effective user may execute? */
static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	/* An old C library emulates the flag and a filter may hide the call: the mode bits decide then. */
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	return st.st_mode & 0111 ? 0 : -EACCES;
}

static int find_with_slash(const char *name, struct err *err)
{
	char text[128];
	int r = check_executable(name);

	switch (-r) {
	case 0:
		return 0;
	case EISDIR:
		return err_set(err, ERR_NOT_EXECUTABLE, "exec: \"%s\": is a directory: permission denied", name);
	case EACCES:
		return err_set(err, ERR_NOT_EXECUTABLE, "exec: \"%s\": permission denied", name);
	case ENOENT:
	case ENOTDIR:
		return err_set(err, ERR_COMMAND_MISSING, "exec: \"%s\": stat %s: %s", name, name,
			       command_strerror(r, text, sizeof(text)));
	default:
		return err_set(err, ERR_NOT_EXECUTABLE, "exec: \"%s\": stat %s: %s", name, name,
			       command_strerror(r, text, sizeof(text)));
	}
}

static const char *path_of(char *const *env)
{
	const char *path = "";

	for (; env && *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			path = *env + 5;
	return path;
}

int command_find(const char *name, char *const *env, char **ret_path, struct err *err)
{
	const char *dirs = path_of(env);
	char path[PATH_MAX];
	int r;

	if (strchr(name, '/')) {
		r = find_with_slash(name, err);
		if (r < 0)
			return r;
		*ret_path = strdup(name);
		return *ret_path ? 0 : err_sys(err, ENOMEM, "exec: \"%s\"", name);
	}
	for (const char *dir = dirs; *name && *dirs;) {
		size_t len = strcspn(dir, ":");

		/* A relative entry of PATH is passed over: the working directory is no place to find programs in. */
		if (*dir == '/' && snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, name) < (int)sizeof(path) &&
		    check_executable(path) == 0) {
			*ret_path = strdup(path);
			return *ret_path ? 0 : err_sys(err, ENOMEM, "exec: \"%s\"", name);
		}
		if (dir[len] == '\0')
			break;
		dir += len + 1;
	}
	return err_set(err, ERR_COMMAND_MISSING, "exec: \"%s\": executable file not found in $PATH", name);
}
