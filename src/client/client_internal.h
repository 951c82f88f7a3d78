/* SPDX-License-Identifier: Apache-2.0 */
/* The client's own state; shared by client.c and stream.c only. */
#ifndef LIGHTER_CLIENT_CLIENT_INTERNAL_H
#define LIGHTER_CLIENT_CLIENT_INTERNAL_H

#include "client/client.h"
#include "client/connection.h"

struct client {
	char *host;
	struct connection *idle; /* kept alive between calls */
	char prefix[16];         /* "/v1.51"; empty before the negotiation */
	char server_api[16];     /* what the server said of itself */
};

#endif
