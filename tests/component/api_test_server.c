/* SPDX-License-Identifier: Apache-2.0 */
/* The API's routes over the engine of fake_engine.c: api_test.py is its client. Usage: api_test_server SOCKET */
#include "api/routes.h"
#include "test_server.h"

int main(int argc, char **argv)
{
	return argc == 2 ? test_server_run(api_routes, api_n_routes, NULL, argv[1]) : 2;
}
