/* SPDX-License-Identifier: Apache-2.0 */
/* One record of a container's log: a line of output with its newline, or a piece of one that is longer than LOG_RECORD_MAX. */
#ifndef LIGHTER_LOG_RECORD_H
#define LIGHTER_LOG_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define LOG_RECORD_MAX 16384 /* bytes of output in one record, its newline included; Docker's */

enum log_stream { LOG_STDOUT = 1, LOG_STDERR = 2 }; /* also their numbers in Docker's stream frames */

struct log_record {
	enum log_stream stream;
	struct timespec time;
	const char *bytes; /* borrowed */
	size_t len;
	bool partial; /* without a newline: more of this line follows, or it is the last */
};

#endif
