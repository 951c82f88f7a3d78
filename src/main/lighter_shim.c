/* SPDX-License-Identifier: Apache-2.0 */
/* lighter-shim ID: one container's supervisor; started by lighterd, which hands it descriptors 3 to 7 (shim/protocol.h). */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "linux/process.h"
#include "shim/supervise.h"

int main(int argc, char **argv)
{
	struct err err = {0};

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("lighter-shim version %s\n", LIGHTER_VERSION);
		return 0;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: lighter-shim ID (started by lighterd)\n");
		return 2;
	}
	log_setup("lighter-shim", LOG_INFO_LEVEL, LOG_TEXT);
	if (process_protect_exe(argv, &err) < 0 || shim_supervise(&err) < 0) {
		log_error("container %s: %s", argv[1], err.msg);
		return 1;
	}
	return 0;
}
