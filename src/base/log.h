/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs' own log, on stderr: text as `time="..." level=info msg="..." key=value`, or one JSON object a line. A
 * failure is logged once, by the layer that gives up on it (api, shim, cli, main); libraries return errors instead.
 * Lines are written with one write(2), so that threads and processes never mix theirs. Secrets are never passed here.
 */
#ifndef LIGHTER_BASE_LOG_H
#define LIGHTER_BASE_LOG_H

#include <stdbool.h>

#include "base/macros.h"

enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARN_LEVEL, LOG_ERROR_LEVEL };
enum log_format { LOG_TEXT, LOG_JSON };

/* Before any thread starts. `program` is borrowed, and is a field of each JSON line. */
void log_setup(const char *program, enum log_level least, enum log_format format);

/* Any thread, any time. */
void log_set_level(enum log_level least);

/* "debug", "info", "warn", "error", "fatal" -> level; false for anything else. */
bool log_level_parse(const char *name, enum log_level *ret_level);

void log_line(enum log_level level, const char *fmt, ...) _printf_(2, 3);

#define log_debug(...) log_line(LOG_DEBUG_LEVEL, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_LEVEL, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN_LEVEL, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR_LEVEL, __VA_ARGS__)

#endif
