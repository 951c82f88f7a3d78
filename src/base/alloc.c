/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: the aborting allocators of the daemon and the CLI, and the capped one for outside sizes. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

char *xstrdup(const char *s)
{
	return s ? xstrndup(s, strlen(s)) : NULL;
}

char *xstrndup(const char *s, size_t len)
{
	char *copy;

	if (!s)
		return NULL;
	copy = xcalloc(1, len + 1);
	memcpy(copy, s, len);
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

void *try_alloc(size_t size, size_t cap)
{
	return size == 0 || size > cap ? NULL : calloc(1, size);
}
