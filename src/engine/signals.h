/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by name and number, as clients write them. */
#ifndef LIGHTER_ENGINE_SIGNALS_H
#define LIGHTER_ENGINE_SIGNALS_H

#include "base/err.h"

/* "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3". ERR_INVALID "invalid signal: X". */
int signal_parse(const char *text, int *ret_signo, struct err *err) _must_check_;

#endif
