/* SPDX-License-Identifier: Apache-2.0 */
/* The `filters` parameter of lists and events: {"key":["value"]} or the old {"key":{"value":true}}. */
#ifndef LIGHTER_ENGINE_FILTERS_H
#define LIGHTER_ENGINE_FILTERS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"

struct filters;

/* NULL or "" parses as no filter. ERR_INVALID "invalid filter". */
int filters_parse(const char *json, struct filters **ret, struct err *err) _must_check_;
void filters_free(struct filters *f);
DEFINE_CLEANUP(struct filters *, filters_free)

/* ERR_INVALID "invalid filter 'x'" for a key that is not in the NULL-terminated list. */
int filters_check_keys(const struct filters *f, const char *const *known, struct err *err) _must_check_;

/* The values under a key (NULL-terminated, borrowed), or NULL when the key isn't there. */
char *const *filters_values(const struct filters *f, const char *key);
bool filters_empty(const struct filters *f);

/* True without the key; else whether one of its values equals `value` (or is a prefix of it). */
bool filters_match(const struct filters *f, const char *key, const char *value);
bool filters_match_prefix(const struct filters *f, const char *key, const char *value);

/*
 * True without the key; else whether one of its values, as a regular expression (POSIX extended), is found in `value`; a
 * value that is no expression is compared.
 */
bool filters_match_pattern(const struct filters *f, const char *key, const char *value);

/* A boolean filter ("dangling"): 1, 0, or -1 without it. ERR_INVALID "invalid filter 'dangling=[x]'". */
int filters_bool(const struct filters *f, const char *key, int *ret, struct err *err) _must_check_;

#endif
