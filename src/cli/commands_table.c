/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, in alphabetical order. */
#include "cli/cli.h"

const struct cli_command cli_commands[] = {
	{"attach", "container", NULL, "[OPTIONS] CONTAINER",
	 "Attach local standard input, output, and error streams to a running container", cmd_attach},
	{"create", "container", NULL, "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new container", cmd_create},
	{"events", "system", NULL, "[OPTIONS]", "Get real time events from the server", cmd_events},
	{"images", "image", "ls", "[OPTIONS] [REPOSITORY[:TAG]]", "List images", cmd_images},
	{"import", "image", NULL, "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
	 "Import the contents from a tarball to create a filesystem image", cmd_import},
	{"info", "system", NULL, "[OPTIONS]", "Display system-wide information", cmd_info},
	{"inspect", "container", NULL, "[OPTIONS] NAME|ID [NAME|ID...]", "Return low-level information on Docker objects",
	 cmd_inspect},
	{"kill", "container", NULL, "[OPTIONS] CONTAINER [CONTAINER...]", "Kill one or more running containers", cmd_kill},
	{"load", "image", NULL, "[OPTIONS]", "Load an image from a tar archive or STDIN", cmd_load},
	{"logs", "container", NULL, "[OPTIONS] CONTAINER", "Fetch the logs of a container", cmd_logs},
	{"ps", "container", "ls", "[OPTIONS]", "List containers", cmd_ps},
	{"rm", "container", NULL, "[OPTIONS] CONTAINER [CONTAINER...]", "Remove one or more containers", cmd_rm},
	{"rmi", "image", "rm", "[OPTIONS] IMAGE [IMAGE...]", "Remove one or more images", cmd_rmi},
	{"run", "container", NULL, "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create and run a new container from an image",
	 cmd_run},
	{"start", "container", NULL, "[OPTIONS] CONTAINER [CONTAINER...]", "Start one or more stopped containers", cmd_start},
	{"stop", "container", NULL, "[OPTIONS] CONTAINER [CONTAINER...]", "Stop one or more running containers", cmd_stop},
	{"version", NULL, NULL, "[OPTIONS]", "Show the Lighter version information", cmd_version},
	{"wait", "container", NULL, "CONTAINER [CONTAINER...]",
	 "Block until one or more containers stop, then print their exit codes", cmd_wait},
};
const size_t cli_n_commands = ARRAY_SIZE(cli_commands);
