/* SPDX-License-Identifier: Apache-2.0 */
/* The two word lists of generated names. */
#ifndef LIGHTER_ENGINE_NAMES_TABLE_H
#define LIGHTER_ENGINE_NAMES_TABLE_H

#include <stddef.h>

extern const char *const names_adjectives[];
extern const size_t names_n_adjectives;
extern const char *const names_surnames[];
extern const size_t names_n_surnames;

#endif
