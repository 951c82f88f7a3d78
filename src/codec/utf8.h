/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
#ifndef LIGHTER_CODEC_UTF8_H
#define LIGHTER_CODEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at the start of `s` (1 to 4), 0 when what stands there is not well-formed or `len` is 0. */
size_t utf8_char_len(const char *s, size_t len);

bool utf8_valid(const char *s, size_t len);

#endif
