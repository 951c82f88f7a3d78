/* SPDX-License-Identifier: Apache-2.0 */
/* The strict half of json_parse(), private to codec/. */
#ifndef LIGHTER_CODEC_JSON_CHECK_H
#define LIGHTER_CODEC_JSON_CHECK_H

#include <stddef.h>

#include "base/err.h"

/*
 * 0 when the text is one document of RFC 8259 in well-formed UTF-8, nested at most JSON_DEPTH_MAX, whose whole numbers fit
 * int64 or uint64 and whose member names have no NUL. ERR_INVALID with the reason and the offset otherwise.
 */
int json_check(const char *text, size_t len, struct err *err) _must_check_;

#endif
