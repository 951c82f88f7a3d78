/* SPDX-License-Identifier: Apache-2.0 */
/* lighter: the command line. Everything is in cli/; a link named `docker` to it is as good. */
#include <signal.h>

#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"

int main(int argc, char **argv)
{
	log_setup("lighter", LOG_INFO_LEVEL, LOG_TEXT);
	buf_abort_on_failure(true);
	signal(SIGPIPE, SIG_IGN);
	return cli_main(argc, argv);
}
