/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two arrays that recur: a vector of pointers, and the NULL-terminated vector of owned strings that exec, environments
 * and argument lists use. Allocation failures abort: for the daemon and the CLI (elsewhere: an arena).
 */
#ifndef LIGHTER_BASE_ARRAY_H
#define LIGHTER_BASE_ARRAY_H

#include <stddef.h>

#include "base/macros.h"

struct ptr_array {
	void **items;
	size_t len;
	size_t cap;
};

/* Frees the vector, not what it points to. */
void ptr_array_done(struct ptr_array *a);
void ptr_array_add(struct ptr_array *a, void *item);

/* Removes the item at `index`; the order of the rest stays. Returns it. */
void *ptr_array_remove(struct ptr_array *a, size_t index);

/* Number of strings before the NULL; 0 for NULL. */
size_t strv_len(char *const *v);

/* Appends a copy of `s` to *v (which may be NULL). */
void strv_add(char ***v, const char *s);
char **strv_copy(char *const *v);
void strv_free(char **v);
DEFINE_CLEANUP(char **, strv_free)
#define _cleanup_strv_ _cleanup_(strv_freep)

/* The part behind "NAME=" of the first entry that has it, or NULL. Borrowed. */
const char *strv_env_get(char *const *env, const char *name);

#endif
