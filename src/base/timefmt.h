/* SPDX-License-Identifier: Apache-2.0 */
/* Times as Docker writes and reads them. */
#ifndef LIGHTER_BASE_TIMEFMT_H
#define LIGHTER_BASE_TIMEFMT_H

#include <stdint.h>
#include <time.h>

#include "base/macros.h"

#define TIMEFMT_MAX 48

/* What Docker writes for "never": the zero time of its language. */
#define TIMEFMT_ZERO "0001-01-01T00:00:00Z"

/* "2026-01-02T03:04:05.678901234Z": UTC, trailing zeros of the fraction cut. A zero `ts` is TIMEFMT_ZERO. */
void timefmt_rfc3339nano(const struct timespec *ts, char ret_text[TIMEFMT_MAX]);

/* The same with always nine digits, as in log timestamps ("...05.000000000Z"). */
void timefmt_rfc3339nano_fixed(const struct timespec *ts, char ret_text[TIMEFMT_MAX]);

/* Reads RFC 3339 with any offset and up to nine digits; TIMEFMT_ZERO gives a zero `ts`. 0 or -EINVAL. */
int timefmt_parse(const char *text, struct timespec *ret_ts) _must_check_;

/*
 * What Docker's `since`, `until` accept: RFC 3339, its shorter local forms, unix seconds with an optional fraction, or a
 * duration before now ("10m", "1h30m"). 0 or -EINVAL.
 */
int timefmt_parse_since(const char *text, struct timespec *ret_ts) _must_check_;

/* "Less than a second", "3 seconds", "About a minute", "4 hours", "2 weeks": Docker's words for a span in seconds. */
void timefmt_human(int64_t seconds, char ret_text[TIMEFMT_MAX]);

/* Monotonic milliseconds, for deadlines. */
int64_t timefmt_monotonic_ms(void);

static inline int timefmt_compare(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return a->tv_nsec == b->tv_nsec ? 0 : a->tv_nsec < b->tv_nsec ? -1 : 1;
}

#endif
