/* SPDX-License-Identifier: Apache-2.0 */
/* The messages are Docker 28's, observed with `docker run`. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit.h"
#include "base/file.h"
#include "runtime/command.h"
#include "runtime/home.h"

static char dir[] = "/tmp/command_test.XXXXXX";
static char path_env[64];
static char *env[] = {path_env, NULL};

static int make_tree(void **state)
{
	if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("bin", 0755) < 0 || mkdir("bin/adir", 0755) < 0)
		return -1;
	close(open("bin/prog", O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	close(open("bin/data", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	snprintf(path_env, sizeof(path_env), "PATH=.:/nowhere:%s/bin", dir);
	return 0;
}

static int remove_tree(void **state)
{
	return file_remove_tree_at(AT_FDCWD, dir);
}

static void test_found(void **state)
{
	char expected[64], *found;

	snprintf(expected, sizeof(expected), "%s/bin/prog", dir);
	assert_int_equal(command_find("prog", env, &found, NULL), 0);
	assert_string_equal(found, expected);
	free(found);
	assert_int_equal(command_find("./bin/prog", env, &found, NULL), 0);
	assert_string_equal(found, "./bin/prog");
	free(found);
}

static void test_not_found(void **state)
{
	static const struct {
		const char *name;
		enum err_kind kind;
		const char *message;
	} cases[] = {
		{"nosuch", ERR_COMMAND_MISSING, "exec: \"nosuch\": executable file not found in $PATH"},
		{"", ERR_COMMAND_MISSING, "exec: \"\": executable file not found in $PATH"},
		{"adir", ERR_COMMAND_MISSING, "exec: \"adir\": executable file not found in $PATH"},
		{"data", ERR_COMMAND_MISSING, "exec: \"data\": executable file not found in $PATH"},
		{"./nosuch", ERR_COMMAND_MISSING, "exec: \"./nosuch\": stat ./nosuch: no such file or directory"},
		{"bin/adir", ERR_NOT_EXECUTABLE, "exec: \"bin/adir\": is a directory: permission denied"},
		{"bin/data", ERR_NOT_EXECUTABLE, "exec: \"bin/data\": permission denied"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};
		char *found;

		assert_true(command_find(cases[i].name, env, &found, &err) < 0);
		assert_string_equal(err.msg, cases[i].message);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

/* HOME as it is added for `uid` to an environment without one. */
static void expect_home(int root_fd, uint32_t uid, const char *expected)
{
	char *none[] = {NULL}, **with;

	assert_int_equal(home_add(root_fd, uid, none, &with, NULL), 0);
	assert_string_equal(with[0], expected);
	assert_null(with[1]);
	free(with[0]);
	free(with);
}

static void test_home(void **state)
{
	static const char passwd[] =
		"root:x:0:0:root:/root:/bin/sh\nx:y\nodd:x:12a:0::/odd:\nu:x:12:0:::/bin/sh\nv:x:12:0::/v:\n"
		"w:x::0::/w:\nlast:x:5:5::/last";
	int root_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *own[] = {(char *)"HOME=/mine", NULL}, **with;

	expect_home(root_fd, 0, "HOME=/");
	assert_int_equal(mkdir("etc", 0755), 0);
	assert_int_equal(file_write_atomic_at(root_fd, "etc/passwd", passwd, strlen(passwd), 0644, 0), 0);
	expect_home(root_fd, 0, "HOME=/root");
	expect_home(root_fd, 12, "HOME=/v");
	expect_home(root_fd, 5, "HOME=/last");
	expect_home(root_fd, 99, "HOME=/");
	assert_int_equal(home_add(root_fd, 0, own, &with, NULL), 0);
	assert_string_equal(with[0], "HOME=/mine");
	assert_null(with[1]);
	free(with);
	assert_int_equal(unlink("etc/passwd"), 0);
	assert_int_equal(mkfifo("etc/passwd", 0644), 0); /* nobody writes to it: it mustn't be waited for */
	expect_home(root_fd, 0, "HOME=/");
	close(root_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_found), cmocka_unit_test(test_not_found),
					   cmocka_unit_test(test_home)};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
