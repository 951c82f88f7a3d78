/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containers: Docker's rule for given ones, and generated ones out of our own lists. */
#include <string.h>

#include "base/alloc.h"
#include "base/random_id.h"
#include "engine/container.h"
#include "engine/names_table.h"

#define PLAIN_TRIES 6

static bool name_char(char c, bool first)
{
	bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

	return alphanumeric || (!first && (c == '_' || c == '.' || c == '-'));
}

int names_check(const char *name, struct err *err)
{
	const char *bare = *name == '/' ? name + 1 : name;
	size_t len = strlen(bare);
	bool ok = len >= 2;

	for (size_t i = 0; ok && i < len; i++)
		ok = name_char(bare[i], i == 0);
	if (!ok)
		return err_set(err, ERR_INVALID, "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
			       name);
	return 0;
}

char *names_generate(struct engine *e)
{
	for (uint32_t tries = 0;; tries++) {
		const char *adjective = names_adjectives[random_below((uint32_t)names_n_adjectives)];
		const char *surname = names_surnames[random_below((uint32_t)names_n_surnames)];
		char *name;

		if (tries < PLAIN_TRIES)
			name = xasprintf("%s_%s", adjective, surname);
		else
			name = xasprintf("%s_%s%u", adjective, surname, random_below(10 + tries));
		if (!map_get(e->by_name, name))
			return name;
		free(name);
	}
}
