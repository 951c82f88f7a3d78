/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines into records, in place: a string never grows when its escapes are undone (\uXXXX is six bytes for at most three,
 * a surrogate pair twelve for four). Bad escapes become U+FFFD where the syntax is right; wrong syntax refuses the line.
 */
#include "log/json_line.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/timefmt.h"

#define SKIP_DEPTH 8

struct cursor {
	char *at;
	char *end;
};

static bool next_is(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r'))
		c->at++;
}

static int hex4(const struct cursor *c, const char *at)
{
	int n = 0;

	if (c->end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = at[i] >= '0' && at[i] <= '9'   ? at[i] - '0'
			: at[i] >= 'a' && at[i] <= 'f' ? at[i] - 'a' + 10
			: at[i] >= 'A' && at[i] <= 'F' ? at[i] - 'A' + 10
						       : -1;

		if (d < 0)
			return -1;
		n = n << 4 | d;
	}
	return n;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* Behind "\u". A lone surrogate is U+FFFD. */
static char *unescape_unicode(struct cursor *c, char *to)
{
	int high = hex4(c, c->at), low;

	if (high < 0)
		return NULL;
	c->at += 4;
	if (high < 0xd800 || high > 0xdfff)
		return put_utf8(to, (uint32_t)high);
	low = high < 0xdc00 && c->end - c->at >= 6 && c->at[0] == '\\' && c->at[1] == 'u' ? hex4(c, c->at + 2) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return put_utf8(to, 0xfffd);
	c->at += 6;
	return put_utf8(to, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
}

/* Behind the backslash. */
static char *unescape(struct cursor *c, char *to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *which;

	if (c->at == c->end)
		return NULL;
	if (*c->at == 'u') {
		c->at++;
		return unescape_unicode(c, to);
	}
	which = *c->at ? strchr(from, *c->at) : NULL;
	if (!which)
		return NULL;
	c->at++;
	*to++ = into[which - from];
	return to;
}

/* A string, its quotes included, undone in place. */
static int read_string(struct cursor *c, char **ret, size_t *ret_len)
{
	char *start, *to;

	if (!next_is(c, '"'))
		return -EBADMSG;
	start = to = c->at;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at == '\\') {
			c->at++;
			to = unescape(c, to);
			if (!to)
				return -EBADMSG;
		} else if (to == c->at) {
			to = ++c->at;
		} else {
			*to++ = *c->at++;
		}
	}
	if (!next_is(c, '"'))
		return -EBADMSG;
	*ret = start;
	*ret_len = (size_t)(to - start);
	return 0;
}

/* A value nobody asked for: strings are read so that brackets in them don't count. */
static int skip_value(struct cursor *c)
{
	int depth = 0, r;
	size_t len;
	char *s;

	while (c->at < c->end) {
		char b = *c->at;

		if (depth == 0 && (b == ',' || b == '}'))
			return 0;
		if (b == '"') {
			r = read_string(c, &s, &len);
			if (r < 0)
				return r;
			continue;
		}
		if ((b == '{' || b == '[') && ++depth > SKIP_DEPTH)
			return -EBADMSG;
		if (b == '}' || b == ']')
			depth--;
		c->at++;
	}
	return -EBADMSG;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t era_year = month <= 2 ? year - 1 : year, era = era_year / 400, of_era = era_year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
}

static int number(const char *s, int digits)
{
	int n = 0;

	for (int i = 0; i < digits; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return n;
}

/* "YYYY-MM-DDTHH:MM:SS[.fraction]Z" without going through libc; anything else: false. */
static bool read_plain_time(const char *s, size_t len, struct timespec *ret)
{
	int year, month, day, hour, minute, second, scale = 100000000;
	int64_t nsec = 0;

	if (len < 20 || len > 30 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' ||
	    s[len - 1] != 'Z')
		return false;
	year = number(s, 4);
	month = number(s + 5, 2);
	day = number(s + 8, 2);
	hour = number(s + 11, 2);
	minute = number(s + 14, 2);
	second = number(s + 17, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 60 || (len > 20 && s[19] != '.'))
		return false;
	for (size_t i = 20; i + 1 < len; i++, scale /= 10) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		nsec += (int64_t)(s[i] - '0') * scale;
	}
	ret->tv_sec = (time_t)(days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second);
	ret->tv_nsec = (long)nsec;
	return true;
}

static int read_time(const char *s, size_t len, struct timespec *ret)
{
	char text[TIMEFMT_MAX];

	if (read_plain_time(s, len, ret))
		return 0;
	if (len >= sizeof(text))
		return -EBADMSG;
	memcpy(text, s, len);
	text[len] = '\0';
	return timefmt_parse(text, ret) < 0 ? -EBADMSG : 0;
}

enum { HAS_LOG = 1, HAS_STREAM = 2, HAS_TIME = 4 };

static int read_member(struct cursor *c, struct log_record *record, int *has)
{
	char *name, *s;
	size_t name_len, len;

	if (read_string(c, &name, &name_len) < 0)
		return -EBADMSG;
	skip_space(c);
	if (!next_is(c, ':'))
		return -EBADMSG;
	skip_space(c);
	if (c->at == c->end || *c->at != '"')
		return skip_value(c);
	if (read_string(c, &s, &len) < 0)
		return -EBADMSG;
	if (name_len == 3 && memcmp(name, "log", 3) == 0) {
		record->bytes = s;
		record->len = len;
		*has |= HAS_LOG;
	} else if (name_len == 6 && memcmp(name, "stream", 6) == 0) {
		record->stream = len == 6 && memcmp(s, "stderr", 6) == 0 ? LOG_STDERR : LOG_STDOUT;
		*has |= HAS_STREAM;
	} else if (name_len == 4 && memcmp(name, "time", 4) == 0) {
		if (read_time(s, len, &record->time) < 0)
			return -EBADMSG;
		*has |= HAS_TIME;
	}
	return 0;
}

int json_line_read(char *line, size_t len, struct log_record *ret)
{
	struct cursor c = {line, line + len};
	struct log_record record = {0};
	int has = 0;

	skip_space(&c);
	if (!next_is(&c, '{'))
		return -EBADMSG;
	do {
		skip_space(&c);
		if (read_member(&c, &record, &has) < 0)
			return -EBADMSG;
		skip_space(&c);
	} while (next_is(&c, ','));
	if (!next_is(&c, '}'))
		return -EBADMSG;
	skip_space(&c);
	if (c.at != c.end || has != (HAS_LOG | HAS_STREAM | HAS_TIME))
		return -EBADMSG;
	record.partial = record.len == 0 || record.bytes[record.len - 1] != '\n';
	*ret = record;
	return 0;
}
