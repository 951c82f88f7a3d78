/* SPDX-License-Identifier: Apache-2.0 */
/* lighter-runtime: the OCI runtime as a program. Everything is in runtime/cli/. */
#include "runtime/cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
