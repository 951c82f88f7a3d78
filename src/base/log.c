/* SPDX-License-Identifier: Apache-2.0 */
/* The programs' own log; see log.h. A line is composed on the stack and cut at 2 KB: logging never allocates. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/timefmt.h"

static const char *program_name = "lighter";
static enum log_level least_level = LOG_INFO_LEVEL;
static enum log_format line_format = LOG_TEXT;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(const char *program, enum log_level least, enum log_format format)
{
	program_name = program;
	least_level = least;
	line_format = format;
}

void log_set_level(enum log_level least)
{
	__atomic_store_n(&least_level, least, __ATOMIC_RELAXED);
}

bool log_level_parse(const char *name, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	if (strcmp(name, "fatal") != 0)
		return false;
	*ret_level = LOG_ERROR_LEVEL;
	return true;
}

/* Escapes for a quoted string, the same rules serving JSON and text. */
static size_t quote(char *to, size_t size, const char *from)
{
	size_t len = 0;

	for (; *from && len + 7 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c == '"' || c == '\\') {
			to[len++] = '\\';
			to[len++] = (char)c;
		} else if (c < 0x20) {
			len += (size_t)snprintf(to + len, size - len, "\\u%04x", c);
		} else {
			to[len++] = (char)c;
		}
	}
	to[len] = '\0';
	return len;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char message[1024], quoted[1536], line[2048], now[TIMEFMT_MAX];
	struct timespec ts;
	int saved = errno, len;
	va_list ap;

	if (level < __atomic_load_n(&least_level, __ATOMIC_RELAXED))
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	quote(quoted, sizeof(quoted), message);
	clock_gettime(CLOCK_REALTIME, &ts);
	timefmt_rfc3339nano(&ts, now);
	if (line_format == LOG_JSON)
		len = snprintf(line, sizeof(line), "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"msg\":\"%s\"}\n",
			       now, level_names[level], program_name, quoted);
	else
		len = snprintf(line, sizeof(line), "time=\"%s\" level=%s msg=\"%s\"\n", now, level_names[level], quoted);
	if (len > 0 && write(STDERR_FILENO, line, MIN((size_t)len, sizeof(line) - 1)) < 0) {
		/* there is nowhere left to say so */
	}
	errno = saved;
}
