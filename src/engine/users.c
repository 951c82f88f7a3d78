/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's rules, seen with 28.5: a number that has a passwd line takes its group and supplementary groups from there
 * like a name would; a group that was named leaves only itself. Lines that don't parse are passed over.
 */
#include "engine/users.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define ID_MAX 2147483647

/* Splits off up to the delimiter (or the end); *p is NULL after the last part. */
static void split(const char **p, const char *end, char delimiter, const char **ret, size_t *ret_len)
{
	const char *at = memchr(*p, delimiter, (size_t)(end - *p));

	*ret = *p;
	*ret_len = (size_t)((at ? at : end) - *p);
	*p = at ? at + 1 : NULL;
}

/* The number a text is: 1 yes, 0 it isn't one, -ERANGE outside 0..ID_MAX. */
static int id_parse(const char *text, size_t len, uint32_t *ret)
{
	char digits[24];
	long long n;
	char *end;

	if (len == 0 || len >= sizeof(digits))
		return 0;
	memcpy(digits, text, len);
	digits[len] = '\0';
	errno = 0;
	n = strtoll(digits, &end, 10);
	if (*end || digits[0] == ' ' || digits[0] == '+')
		return 0;
	if (errno || n < 0 || n > ID_MAX)
		return -ERANGE;
	*ret = (uint32_t)n;
	return 1;
}

struct line {
	const char *field[7];
	size_t len[7];
	size_t n;
};

/* Calls for each line of a colon-separated file until it returns true. */
static void each_line(const char *text, bool (*fn)(void *arg, const struct line *l), void *arg)
{
	const char *end = text + strlen(text), *p = text;

	while (p) {
		const char *start, *q;
		struct line l = {0};
		size_t len;

		split(&p, end, '\n', &start, &len);
		q = len ? start : NULL;
		while (q && l.n < 7) {
			split(&q, start + len, ':', &l.field[l.n], &l.len[l.n]);
			l.n++;
		}
		if (l.n >= 3 && fn(arg, &l))
			return;
	}
}

struct lookup {
	const char *name;
	size_t name_len;
	bool is_number;
	uint32_t number;
	bool found;
	struct line line;
};

static bool entry_matches(void *arg, const struct line *l)
{
	struct lookup *want = arg;
	uint32_t id;

	if (id_parse(l->field[2], l->len[2], &id) != 1)
		return false;
	if (!(want->is_number && id == want->number) &&
	    !(l->len[0] == want->name_len && memcmp(l->field[0], want->name, want->name_len) == 0))
		return false;
	want->found = true;
	want->line = *l;
	return true;
}

struct membership {
	struct user_identity *who;
	const char *name;
	size_t name_len;
};

/* A bound of the number of groups: one per line, one per extra one, and its own. */
static size_t groups_most(const char *group, char *const *group_add)
{
	size_t n = 2 + strv_len(group_add);

	for (const char *p = group; *p; p++)
		n += *p == '\n';
	return n;
}

static void group_put(struct user_identity *who, uint32_t gid)
{
	for (size_t i = 0; i < who->n_groups; i++)
		if (who->groups[i] == gid)
			return;
	who->groups[who->n_groups++] = gid;
}

static bool member_of(void *arg, const struct line *l)
{
	struct membership *m = arg;
	const char *p = l->n > 3 ? l->field[3] : NULL;
	uint32_t gid;

	if (id_parse(l->field[2], l->len[2], &gid) != 1)
		return false;
	while (p) {
		const char *name;
		size_t len;

		split(&p, l->field[3] + l->len[3], ',', &name, &len);
		if (len == m->name_len && memcmp(name, m->name, len) == 0)
			group_put(m->who, gid);
	}
	return false;
}

static int range_error(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "uids and gids must be in range 0-2147483647");
}

static int group_resolve(const char *text, size_t len, const char *group, uint32_t *ret, struct err *err)
{
	struct lookup want = {.name = text, .name_len = len};
	int number = id_parse(text, len, &want.number);

	if (number < 0)
		return range_error(err);
	want.is_number = number == 1;
	each_line(group, entry_matches, &want);
	if (want.found) {
		(void)!id_parse(want.line.field[2], want.line.len[2], ret);
		return 0;
	}
	if (!want.is_number)
		return err_set(err, ERR_SYSTEM, "unable to find group %.*s: no matching entries in group file", (int)len, text);
	*ret = want.number;
	return 0;
}

static int base_resolve(const char *text, size_t len, bool group_given, const char *passwd, const char *group, struct arena *a,
			struct user_identity *who, struct err *err)
{
	struct lookup want = {.name = text, .name_len = len};
	int number = id_parse(text, len, &want.number);
	struct membership m = {.who = who};

	if (number < 0)
		return range_error(err);
	want.is_number = number == 1 || len == 0;
	each_line(passwd, entry_matches, &want);
	if (!want.found && !want.is_number)
		return err_set(err, ERR_SYSTEM, "unable to find user %.*s: no matching entries in passwd file", (int)len, text);
	who->uid = want.number;
	who->home = "/";
	if (!want.found)
		return 0;
	(void)!id_parse(want.line.field[2], want.line.len[2], &who->uid);
	if (want.line.n > 3 && id_parse(want.line.field[3], want.line.len[3], &who->gid) < 0)
		return range_error(err);
	if (want.line.n > 5 && want.line.len[5])
		who->home = arena_strndup(a, want.line.field[5], want.line.len[5]);
	if (group_given)
		return 0;
	group_put(who, who->gid);
	m.name = want.line.field[0];
	m.name_len = want.line.len[0];
	each_line(group, member_of, &m);
	return 0;
}

int user_resolve(const char *user, char *const *group_add, const char *passwd, const char *group, struct arena *a,
		 struct user_identity *ret, struct err *err)
{
	struct user_identity who = {0};
	const char *colon = strchr(user, ':');
	size_t name_len = colon ? (size_t)(colon - user) : strlen(user);
	bool group_given = colon && colon[1];
	int r;

	who.groups = arena_array(a, groups_most(group, group_add), sizeof(uint32_t));
	if (!who.groups)
		return err_set(err, ERR_SYSTEM, "out of memory for the groups of user %s", user);
	r = base_resolve(user, name_len, group_given, passwd, group, a, &who, err);
	if (r >= 0 && group_given)
		r = group_resolve(colon + 1, strlen(colon + 1), group, &who.gid, err);
	if (r < 0)
		return r;
	if (!who.n_groups)
		group_put(&who, who.gid);
	for (; group_add && *group_add; group_add++) {
		uint32_t gid;

		r = group_resolve(*group_add, strlen(*group_add), group, &gid, err);
		if (r < 0)
			return r;
		group_put(&who, gid);
	}
	if (!who.home)
		return err_set(err, ERR_SYSTEM, "out of memory for user %s", user);
	*ret = who;
	return 0;
}
