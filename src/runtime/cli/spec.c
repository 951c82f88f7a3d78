/* SPDX-License-Identifier: Apache-2.0 */
/* `spec`: a config.json to start from, built with the structs that read it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/spec_table.h"

int cli_spec(struct cli *c, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {
		{"bundle", required_argument, NULL, 'b'}, {"rootless", no_argument, NULL, 'r'}, {0}};
	_cleanup_close_ int dir_fd = -EBADF;
	const char *bundle = ".";
	int letter, r;

	(void)c;
	while ((letter = cli_getopt(argc, argv, "+b:", options, err)) != -1) {
		if (letter == 'r')
			return err_set(err, ERR_NOT_IMPLEMENTED, "spec: --rootless is not supported");
		if (letter != 'b')
			return -EINVAL;
		bundle = optarg;
	}
	dir_fd = file_open_dir_at(AT_FDCWD, bundle, false, 0);
	if (dir_fd < 0)
		return err_sys(err, dir_fd, "open the bundle %s", bundle);
	if (faccessat(dir_fd, "config.json", F_OK, 0) == 0)
		return err_set(err, ERR_CONFLICT, "File config.json exists. Remove it first");
	r = file_write_atomic_at(dir_fd, "config.json", spec_default_text, strlen(spec_default_text), 0666, 0);
	return r < 0 ? err_sys(err, r, "write config.json") : 0;
}
