/* SPDX-License-Identifier: Apache-2.0 */
/* Which route a path belongs to, and the version in front of it. */
#include <stdlib.h>
#include <string.h>

#include "api/http_internal.h"

/* Matches what is left of a pattern; parameters are added as they are found and taken back on a wrong turn. */
static bool match(const char *pattern, const char *path, struct arena *a, struct http_params *params);

/* `pattern` stands at a '{': tries every length of the parameter, the longest first. */
static bool match_param(const char *pattern, const char *path, struct arena *a, struct http_params *params)
{
	size_t name_len = strcspn(pattern + 1, ".}"), most;
	const char *rest = strchr(pattern, '}') + 1;
	struct url_pair *pair = &params->items[params->len];

	if (params->len == HTTP_PARAMS_MAX)
		return false;
	most = pattern[1 + name_len] == '.' ? strlen(path) : strcspn(path, "/");
	params->len++;
	for (size_t len = most; len > 0; len--) {
		if (!match(rest, path + len, a, params))
			continue;
		pair->name = arena_strndup(a, pattern + 1, name_len);
		pair->value = arena_strndup(a, path, len);
		return pair->name && pair->value;
	}
	params->len--;
	return false;
}

static bool match(const char *pattern, const char *path, struct arena *a, struct http_params *params)
{
	while (*pattern && *pattern != '{') {
		if (*pattern != *path)
			return false;
		pattern++;
		path++;
	}
	if (*pattern == '{')
		return match_param(pattern, path, a, params);
	return *path == '\0';
}

const struct http_route *http_route_find(const struct http_server *s, const char *method, const char *path, struct arena *a,
					 struct http_params *ret_params)
{
	for (size_t i = 0; i < s->n_routes; i++) {
		const struct http_route *route = &s->routes[i];

		ret_params->len = 0;
		if (strcmp(route->method, method) == 0 && match(route->pattern, path, a, ret_params))
			return route;
	}
	return NULL;
}

const char *http_route_version(const char *path, struct arena *a, const char **ret_version)
{
	size_t len;

	*ret_version = NULL;
	if (strncmp(path, "/v", 2) != 0)
		return path;
	len = strspn(path + 2, "0123456789.");
	if (len == 0 || path[2 + len] != '/')
		return path;
	*ret_version = arena_strndup(a, path + 2, len);
	return path + 2 + len;
}

/* The number at *p, and *p behind the dot that ends it. */
static unsigned long next_number(const char **p)
{
	unsigned long n = strtoul(*p, NULL, 10);

	*p += strspn(*p, "0123456789");
	if (**p == '.')
		(*p)++;
	return n;
}

int http_version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		unsigned long x = next_number(&a), y = next_number(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}
