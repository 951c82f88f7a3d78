/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside an image's tree; see tree.h. */
#include "storage/tree.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void pop(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

static int push(char path[TREE_PATH_MAX], const char *component, size_t len)
{
	size_t at = strlen(path);

	if (at + 1 + len >= TREE_PATH_MAX)
		return -ENAMETOOLONG;
	if (at > 0)
		path[at++] = '/';
	memcpy(path + at, component, len);
	path[at + len] = '\0';
	return 0;
}

/* The next component that says something (not "." and not empty), and what is behind it. 0 at the end. */
static size_t next_component(const char **at, const char **ret)
{
	for (;;) {
		size_t len;

		*at += strspn(*at, "/");
		len = strcspn(*at, "/");
		*ret = *at;
		*at += len;
		if (len != 1 || (*ret)[0] != '.')
			return len;
	}
}

static bool is_dotdot(const char *component, size_t len)
{
	return len == 2 && component[0] == '.' && component[1] == '.';
}

int tree_clean(const char *path, char ret[TREE_PATH_MAX])
{
	const char *component;
	size_t len;

	ret[0] = '\0';
	while ((len = next_component(&path, &component)) > 0) {
		int r = 0;

		if (!is_dotdot(component, len))
			r = push(ret, component, len);
		else if (ret[0])
			pop(ret);
		else
			r = -EXDEV;
		if (r < 0)
			return r;
	}
	return 0;
}

/* Puts a link's target in front of what was still to come. */
static int prepend(char rest[TREE_PATH_MAX], const char *target, const char *behind)
{
	size_t target_len = strlen(target), behind_len = strlen(behind);

	if (target_len + 1 + behind_len >= TREE_PATH_MAX)
		return -ENAMETOOLONG;
	memmove(rest + target_len + 1, behind, behind_len + 1);
	memcpy(rest, target, target_len);
	rest[target_len] = '/';
	return 0;
}

static bool has_more(const char *rest)
{
	const char *component;

	return next_component(&rest, &component) > 0;
}

struct walk {
	const struct tree_looker *looker;
	int flags;
	char rest[TREE_PATH_MAX];
	const char *at; /* in rest */
	int links;
	int type;
};

static int step(struct walk *w, char path[TREE_PATH_MAX], const char *component, size_t len)
{
	char target[TREE_PATH_MAX];
	int r;

	if (is_dotdot(component, len)) {
		if (!path[0])
			return w->flags & TREE_REFUSE_ESCAPE ? -EXDEV : 0;
		pop(path);
		w->type = S_IFDIR;
		return 0;
	}
	r = push(path, component, len);
	if (r < 0)
		return r;
	w->type = r = w->looker->look(w->looker->arg, path, target);
	if (r < 0)
		return r;
	if (r == S_IFLNK && (has_more(w->at) || w->flags & TREE_FOLLOW_LAST)) {
		if (++w->links > TREE_LINKS_MAX)
			return -ELOOP;
		r = prepend(w->rest, target, w->at);
		w->at = w->rest;
		pop(path);
		if (target[0] == '/')
			path[0] = '\0';
		w->type = S_IFDIR;
		return r;
	}
	if (r == 0 && !(w->flags & TREE_MISSING))
		return -ENOENT;
	return r != 0 && r != S_IFDIR && has_more(w->at) ? -ENOTDIR : 0;
}

int tree_resolve(const struct tree_looker *looker, const char *path, int flags, char ret[TREE_PATH_MAX], int *ret_type)
{
	struct walk w = {.looker = looker, .flags = flags, .type = S_IFDIR};
	const char *component;
	size_t len;

	if (strlen(path) >= TREE_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(w.rest, path, strlen(path) + 1);
	w.at = w.rest;
	ret[0] = '\0';
	while ((len = next_component(&w.at, &component)) > 0) {
		int r = step(&w, ret, component, len);

		if (r < 0)
			return r;
	}
	if (ret_type)
		*ret_type = w.type;
	return 0;
}

const char *tree_split(const char *path, char ret_parent[TREE_PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	memcpy(ret_parent, path, len);
	ret_parent[len] = '\0';
	return slash ? slash + 1 : path;
}
