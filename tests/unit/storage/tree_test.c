/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/tree.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"

#include "../unit.h"

static void test_clean(void **state)
{
	static const struct {
		const char *path, *want; /* NULL: it leads out */
	} rows[] = {{"a/b", "a/b"}, {"/a//b/", "a/b"}, {"./a/./b/.", "a/b"}, {"a/../b", "b"}, {"a/b/../../c", "c"},
		    {"", ""},       {"/", ""},         {"a/..", ""},         {"..", NULL},    {"a/../../b", NULL},
		    {"...", "..."}, {"a/.b", "a/.b"}};
	char got[TREE_PATH_MAX], parent[TREE_PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = tree_clean(rows[i].path, got);

		assert_int_equal(r, rows[i].want ? 0 : -EXDEV);
		if (rows[i].want)
			assert_string_equal(got, rows[i].want);
	}
	assert_string_equal(tree_split("a/b/c", parent), "c");
	assert_string_equal(parent, "a/b");
	assert_string_equal(tree_split("c", parent), "c");
	assert_string_equal(parent, "");
}

/* A tree of names: "d/" is a directory, "l>t" a link to t, others are files. */
static const char *const tree[] = {"d/",         "d/e/",      "d/e/f",        "rel>d/e",        "abs>/d",
				   "up>../../d", "loop>loop", "gone>nothing", "d/back>../rel/f"};

static int look(void *arg, const char *path, char target[TREE_PATH_MAX])
{
	size_t len = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(tree); i++) {
		if (strncmp(tree[i], path, len) != 0)
			continue;
		if (tree[i][len] == '>') {
			strcpy(target, tree[i] + len + 1);
			return S_IFLNK;
		}
		if (strcmp(tree[i] + len, "/") == 0)
			return S_IFDIR;
		if (!tree[i][len])
			return S_IFREG;
	}
	return 0;
}

static void test_resolve(void **state)
{
	static const struct {
		const char *path;
		int flags;
		const char *want;
		int error;
	} rows[] = {
		{"rel/f", 0, "d/e/f", 0},
		{"abs/e/f", 0, "d/e/f", 0},
		{"d/back", TREE_FOLLOW_LAST, "d/e/f", 0},
		{"d/back", 0, "d/back", 0},
		{"up/e", 0, "d/e", 0},
		{"up/e", TREE_REFUSE_ESCAPE, NULL, -EXDEV},
		{"../d", 0, "d", 0},
		{"rel/..", 0, "d", 0}, /* of where the link led */
		{"loop/x", 0, NULL, -ELOOP},
		{"loop", TREE_FOLLOW_LAST, NULL, -ELOOP},
		{"d/e/f/x", 0, NULL, -ENOTDIR},
		{"d/x", 0, NULL, -ENOENT},
		{"gone/x/y", TREE_MISSING, "nothing/x/y", 0},
		{"", 0, "", 0},
	};
	struct tree_looker looker = {look, NULL};
	char got[TREE_PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(tree_resolve(&looker, rows[i].path, rows[i].flags, got, NULL), rows[i].error);
		if (rows[i].want)
			assert_string_equal(got, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_clean), cmocka_unit_test(test_resolve)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
