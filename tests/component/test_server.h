/* SPDX-License-Identifier: Apache-2.0 */
/* What the test servers share: they serve one unix socket until standard input ends, and say "ready" first. */
#ifndef LIGHTER_TESTS_COMPONENT_TEST_SERVER_H
#define LIGHTER_TESTS_COMPONENT_TEST_SERVER_H

#include "api/http_server.h"

/* The exit status of main(). */
int test_server_run(const struct http_route *routes, size_t n_routes, void *context, const char *path);

#endif
