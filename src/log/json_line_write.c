/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records into lines. This is the path of every byte a container prints, so it copies eight plain bytes at a time and
 * formats a date once a second. Nothing allocates.
 */
#include "log/json_line.h"

#include <stdint.h>
#include <string.h>

#include "base/timefmt.h"
#include "codec/utf8.h"

/* 0: stands for itself. 1: needs care. */
static const uint8_t special[256] = {
	[0 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1, ['<'] = 1, ['>'] = 1, ['&'] = 1, [0x80 ... 0xff] = 1,
};

static char *put(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

static char *put_unicode_escape(char *to, unsigned int c)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	*to++ = hex[c >> 12 & 15];
	*to++ = hex[c >> 8 & 15];
	*to++ = hex[c >> 4 & 15];
	*to++ = hex[c & 15];
	return to;
}

/* The non-ASCII character at `s`, escaped where Docker does. *ret_used: bytes of it. */
static char *put_multibyte(char *to, const char *s, size_t len, size_t *ret_used)
{
	size_t n = utf8_char_len(s, len);

	*ret_used = n ? n : 1;
	if (n == 0)
		return put_unicode_escape(to, 0xfffd);
	if (n == 3 && memcmp(s, "\xe2\x80", 2) == 0 && ((unsigned char)s[2] & 0xfe) == 0xa8)
		return put_unicode_escape(to, 0x2000 | ((unsigned char)s[2] & 0x3f));
	return put(to, s, n);
}

static char *put_special(char *to, const char *s, size_t len, size_t *ret_used)
{
	unsigned char c = (unsigned char)*s;

	*ret_used = 1;
	if (c >= 0x80)
		return put_multibyte(to, s, len, ret_used);
	if (c == '"' || c == '\\') {
		*to++ = '\\';
		*to++ = (char)c;
		return to;
	}
	if (c == '\n')
		return put(to, "\\n", 2);
	if (c == '\r')
		return put(to, "\\r", 2);
	return put_unicode_escape(to, c);
}

static char *put_escaped(char *to, const char *s, size_t len)
{
	while (len > 0) {
		const uint8_t *b = (const uint8_t *)s;
		size_t used = 1;

		if (len >= 8 && !(special[b[0]] | special[b[1]] | special[b[2]] | special[b[3]] | special[b[4]] |
				  special[b[5]] | special[b[6]] | special[b[7]])) {
			memcpy(to, s, 8);
			to += 8;
			used = 8;
		} else if (!special[b[0]]) {
			*to++ = *s;
		} else {
			to = put_special(to, s, len, &used);
		}
		s += used;
		len -= used;
	}
	return to;
}

static char *put_time(char *to, const struct timespec *time, struct json_line_clock *clock)
{
	uint32_t nsec = (uint32_t)time->tv_nsec;
	char digits[10];
	int n = 9;

	if (clock->second != time->tv_sec || !clock->text[0]) {
		struct timespec second = {.tv_sec = time->tv_sec, .tv_nsec = 1};
		char text[TIMEFMT_MAX];

		timefmt_rfc3339nano_fixed(&second, text);
		memcpy(clock->text, text, 19);
		clock->second = time->tv_sec;
	}
	to = put(to, clock->text, 19);
	digits[0] = '.';
	for (int i = 9; i > 0; i--, nsec /= 10)
		digits[i] = (char)('0' + nsec % 10);
	while (n > 0 && digits[n] == '0')
		n--;
	if (n > 0)
		to = put(to, digits, (size_t)n + 1);
	*to++ = 'Z';
	return to;
}

size_t json_line_write(char *to, const struct log_record *record, struct json_line_clock *clock)
{
	static const char begin[] = "{\"log\":\"", out[] = "\",\"stream\":\"stdout\",\"time\":\"",
			  error[] = "\",\"stream\":\"stderr\",\"time\":\"";
	char *at = put(to, begin, sizeof(begin) - 1);

	at = put_escaped(at, record->bytes, record->len);
	at = put(at, record->stream == LOG_STDERR ? error : out, sizeof(out) - 1);
	at = put_time(at, &record->time, clock);
	at = put(at, "\"}\n", 3);
	return (size_t)(at - to);
}
