/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the Engine API, for http_server_new(); the context is the struct engine. */
#ifndef LIGHTER_API_ROUTES_H
#define LIGHTER_API_ROUTES_H

#include "api/http_server.h"

extern const struct http_route api_routes[];
extern const size_t api_n_routes;

#endif
