/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of pointers and of strings; see array.h. */
#include "base/array.h"

#include <string.h>

#include "base/alloc.h"

void ptr_array_done(struct ptr_array *a)
{
	free(a->items);
	*a = (struct ptr_array){0};
}

void ptr_array_add(struct ptr_array *a, void *item)
{
	if (a->len == a->cap) {
		size_t cap = a->cap ? a->cap * 2 : 8;
		void **items = reallocarray(a->items, cap, sizeof(*items));

		if (!items)
			abort();
		a->items = items;
		a->cap = cap;
	}
	a->items[a->len++] = item;
}

void *ptr_array_remove(struct ptr_array *a, size_t index)
{
	void *item = a->items[index];

	memmove(a->items + index, a->items + index + 1, (a->len - index - 1) * sizeof(*a->items));
	a->len--;
	return item;
}

size_t strv_len(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

void strv_add(char ***v, const char *s)
{
	size_t n = strv_len(*v);
	char **grown = reallocarray(*v, n + 2, sizeof(*grown));

	if (!grown)
		abort();
	grown[n] = xstrdup(s);
	grown[n + 1] = NULL;
	*v = grown;
}

char **strv_copy(char *const *v)
{
	size_t n = strv_len(v);
	char **copy = xcalloc(n + 1, sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(v[i]);
	return copy;
}

void strv_free(char **v)
{
	if (!v)
		return;
	for (size_t i = 0; v[i]; i++)
		free(v[i]);
	free(v);
}

const char *strv_env_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; env && env[i]; i++)
		if (strncmp(env[i], name, len) == 0 && env[i][len] == '=')
			return env[i] + len + 1;
	return NULL;
}
