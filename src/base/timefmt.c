/* SPDX-License-Identifier: Apache-2.0 */
/* Times as Docker writes and reads them; see timefmt.h. */
#include "base/timefmt.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void format(const struct timespec *ts, char *text, int digits)
{
	struct tm tm;
	int len;

	if (ts->tv_sec == 0 && ts->tv_nsec == 0) {
		memcpy(text, TIMEFMT_ZERO, sizeof(TIMEFMT_ZERO));
		return;
	}
	gmtime_r(&ts->tv_sec, &tm);
	len = snprintf(text, TIMEFMT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%09ld", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		       tm.tm_hour, tm.tm_min, tm.tm_sec, ts->tv_nsec);
	if (len < 0 || len > TIMEFMT_MAX - 2)
		len = TIMEFMT_MAX - 2;
	while (digits == 0 && text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	text[len] = 'Z';
	text[len + 1] = '\0';
}

void timefmt_rfc3339nano(const struct timespec *ts, char ret_text[TIMEFMT_MAX])
{
	format(ts, ret_text, 0);
}

void timefmt_rfc3339nano_fixed(const struct timespec *ts, char ret_text[TIMEFMT_MAX])
{
	format(ts, ret_text, 9);
}

/* Up to nine digits behind '.', as nanoseconds; *at moves behind them. -EINVAL when there are none or too many. */
static int parse_fraction(const char **at, long *ret_nsec)
{
	long nsec = 0;
	int digits = 0;

	for ((*at)++; isdigit((unsigned char)**at); (*at)++) {
		if (digits++ < 9)
			nsec = nsec * 10 + (**at - '0');
	}
	if (digits == 0)
		return -EINVAL;
	for (; digits < 9; digits++)
		nsec *= 10;
	*ret_nsec = nsec;
	return 0;
}

static int parse_offset(const char *at, long *ret_seconds)
{
	int hours, minutes, len = 0;

	if (strcmp(at, "Z") == 0 || strcmp(at, "z") == 0) {
		*ret_seconds = 0;
		return 0;
	}
	if ((*at != '+' && *at != '-') || sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &len) != 2 || at[1 + len])
		return -EINVAL;
	if (hours > 23 || minutes > 59 || hours < 0 || minutes < 0)
		return -EINVAL;
	*ret_seconds = (hours * 3600L + minutes * 60L) * (*at == '-' ? -1 : 1);
	return 0;
}

static int broken_down_valid(const struct tm *tm)
{
	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour >= 0 &&
	       tm->tm_hour < 24 && tm->tm_min >= 0 && tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

int timefmt_parse(const char *text, struct timespec *ret_ts)
{
	struct timespec ts = {0};
	struct tm tm = {0};
	const char *at;
	long offset;
	int len = 0;

	if (strcmp(text, TIMEFMT_ZERO) == 0) {
		*ret_ts = ts;
		return 0;
	}
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		   &len) != 6 ||
	    len == 0)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	at = text + len;
	if (!broken_down_valid(&tm))
		return -EINVAL;
	if (*at == '.' && parse_fraction(&at, &ts.tv_nsec) < 0)
		return -EINVAL;
	if (parse_offset(at, &offset) < 0)
		return -EINVAL;
	ts.tv_sec = timegm(&tm) - offset;
	*ret_ts = ts;
	return 0;
}

/* "1h30m", "1.5s", "300ms": the notation of Docker's own durations. */
static int parse_duration(const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
	double total = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		char *end;
		size_t unit_len, i;
		double n;

		if (!isdigit((unsigned char)*text) && *text != '.')
			return -EINVAL;
		n = strtod(text, &end);
		unit_len = strspn(end, "nuhms");
		for (i = 0; i < ARRAY_SIZE(units); i++)
			if (strlen(units[i].unit) == unit_len && strncmp(units[i].unit, end, unit_len) == 0)
				break;
		if (i == ARRAY_SIZE(units))
			return -EINVAL;
		total += n * (double)units[i].ns;
		text = end + unit_len;
	}
	if (total > 9.2e18)
		return -EINVAL;
	*ret_ns = (int64_t)total;
	return 0;
}

static int parse_unix(const char *text, struct timespec *ret_ts)
{
	struct timespec ts = {0};
	const char *at;
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '-')
		return -EINVAL;
	errno = 0;
	ts.tv_sec = strtoll(text, &end, 10);
	at = end;
	if (errno || end == text)
		return -EINVAL;
	if (*at == '.' && parse_fraction(&at, &ts.tv_nsec) < 0)
		return -EINVAL;
	if (*at)
		return -EINVAL;
	*ret_ts = ts;
	return 0;
}

/* The shorter forms, in local time: "2006-01-02T15:04:05", "...T15:04", "2006-01-02". */
static int parse_local(const char *text, struct timespec *ret_ts)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H", "%Y-%m-%d"};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, forms[i], &tm);
		long nsec = 0;

		if (end && *end == '.' && i == 0 && parse_fraction(&end, &nsec) < 0)
			return -EINVAL;
		if (end && !*end) {
			*ret_ts = (struct timespec){.tv_sec = mktime(&tm), .tv_nsec = nsec};
			return 0;
		}
	}
	return -EINVAL;
}

int timefmt_parse_since(const char *text, struct timespec *ret_ts)
{
	int64_t ns;

	if (timefmt_parse(text, ret_ts) == 0 || parse_unix(text, ret_ts) == 0)
		return 0;
	if (parse_duration(text, &ns) == 0) {
		clock_gettime(CLOCK_REALTIME, ret_ts);
		ret_ts->tv_sec -= ns / 1000000000;
		ret_ts->tv_nsec -= ns % 1000000000;
		if (ret_ts->tv_nsec < 0) {
			ret_ts->tv_nsec += 1000000000;
			ret_ts->tv_sec--;
		}
		return 0;
	}
	return parse_local(text, ret_ts);
}

void timefmt_human(int64_t seconds, char ret_text[TIMEFMT_MAX])
{
	int64_t minutes = seconds / 60, hours = (seconds + 1800) / 3600;

	if (seconds < 1)
		snprintf(ret_text, TIMEFMT_MAX, "Less than a second");
	else if (seconds == 1)
		snprintf(ret_text, TIMEFMT_MAX, "1 second");
	else if (seconds < 60)
		snprintf(ret_text, TIMEFMT_MAX, "%lld seconds", (long long)seconds);
	else if (minutes == 1)
		snprintf(ret_text, TIMEFMT_MAX, "About a minute");
	else if (minutes < 60)
		snprintf(ret_text, TIMEFMT_MAX, "%lld minutes", (long long)minutes);
	else if (hours == 1)
		snprintf(ret_text, TIMEFMT_MAX, "About an hour");
	else if (hours < 48)
		snprintf(ret_text, TIMEFMT_MAX, "%lld hours", (long long)hours);
	else if (hours < 24 * 7 * 2)
		snprintf(ret_text, TIMEFMT_MAX, "%lld days", (long long)hours / 24);
	else if (hours < 24 * 30 * 2)
		snprintf(ret_text, TIMEFMT_MAX, "%lld weeks", (long long)hours / 24 / 7);
	else if (hours < 24 * 365 * 2)
		snprintf(ret_text, TIMEFMT_MAX, "%lld months", (long long)hours / 24 / 30);
	else
		snprintf(ret_text, TIMEFMT_MAX, "%lld years", (long long)hours / 24 / 365);
}

int64_t timefmt_monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
