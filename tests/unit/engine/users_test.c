/* SPDX-License-Identifier: Apache-2.0 */
/* Who a process is, against passwd and group texts. Checked against Docker 28.5 with the same files in an image. */
#include "../unit.h"

#include <string.h>

#include "engine/users.h"

static const char passwd[] =
	"root:x:0:0:root:/root:/bin/sh\nbroken\nbob:x:1000:1001:Bob:/home/bob:/bin/sh\n4242x:x:77:78::/x:\n";
static const char group[] = "root:x:0:\nbob:x:1001:\nwheel:x:10:bob\nstaff:x:50:root,bob\n\nodd:x:nan:bob\n";

static void expect(const char *user, char *const *add, uint32_t uid, uint32_t gid, const char *home, const uint32_t *groups,
		   size_t n)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct user_identity who;
	struct err err;

	assert_int_equal(user_resolve(user, add, passwd, group, a, &who, &err), 0);
	assert_int_equal(who.uid, uid);
	assert_int_equal(who.gid, gid);
	assert_string_equal(who.home, home);
	assert_int_equal(who.n_groups, n);
	assert_memory_equal(who.groups, groups, n * sizeof(*groups));
}

static void expect_error(const char *user, char *const *add, const char *message)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct user_identity who;
	struct err err;

	assert_true(user_resolve(user, add, passwd, group, a, &who, &err) < 0);
	assert_string_equal(err.msg, message);
}

static void names_and_numbers(void **state)
{
	(void)state;
	expect("", NULL, 0, 0, "/root", (uint32_t[]){0, 50}, 2);
	expect("bob", NULL, 1000, 1001, "/home/bob", (uint32_t[]){1001, 10, 50}, 3);
	expect("1000", NULL, 1000, 1001, "/home/bob", (uint32_t[]){1001, 10, 50}, 3);
	expect("1000:wheel", NULL, 1000, 10, "/home/bob", (uint32_t[]){10}, 1);
	expect("0:4", NULL, 0, 4, "/root", (uint32_t[]){4}, 1);
	expect("4242", NULL, 4242, 0, "/", (uint32_t[]){0}, 1);
	expect("bob:", NULL, 1000, 1001, "/home/bob", (uint32_t[]){1001, 10, 50}, 3);
	expect("4242x", NULL, 77, 78, "/x", (uint32_t[]){78}, 1);
}

static void extra_groups(void **state)
{
	char *add[] = {(char *)"staff", (char *)"77", (char *)"77", NULL};
	char *unknown[] = {(char *)"nope", NULL};

	(void)state;
	expect("4242", add, 4242, 0, "/", (uint32_t[]){0, 50, 77}, 3);
	expect_error("bob", unknown, "unable to find group nope: no matching entries in group file");
}

static void errors(void **state)
{
	(void)state;
	expect_error("nope", NULL, "unable to find user nope: no matching entries in passwd file");
	expect_error("bob:nope", NULL, "unable to find group nope: no matching entries in group file");
	expect_error("99999999999", NULL, "uids and gids must be in range 0-2147483647");
	expect_error("-1", NULL, "uids and gids must be in range 0-2147483647");
	expect_error("0:2147483648", NULL, "uids and gids must be in range 0-2147483647");
}

static void no_files(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct user_identity who;
	struct err err;

	(void)state;
	assert_int_equal(user_resolve("", NULL, "", "", a, &who, &err), 0);
	assert_string_equal(who.home, "/");
	assert_int_equal(who.n_groups, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers),
		cmocka_unit_test(extra_groups),
		cmocka_unit_test(errors),
		cmocka_unit_test(no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
