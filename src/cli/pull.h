/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching an image through POST /images/create, and showing the engine's progress messages. */
#ifndef LIGHTER_CLI_PULL_H
#define LIGHTER_CLI_PULL_H

#include <stdbool.h>

#include "cli/cli.h"

/* "Unable to find image 'x:latest' locally", on stderr. */
void pull_say_missing(const char *image);

/* Pulls; progress goes to stderr unless `quiet`. */
int pull_image(struct cli *cli, const char *image, const char *platform, bool quiet, struct err *err) _must_check_;

/*
 * Reads a stream of progress messages ({"status"}, {"stream"}, {"error"}) to its end, one JSON object after another, and
 * prints them to `fd`: lines as they come; in a terminal a message with an id is redrawn in place. An error message ends
 * it as `err`.
 */
int pull_show_progress(struct client_stream *stream, int fd, bool quiet, struct err *err) _must_check_;

#endif
