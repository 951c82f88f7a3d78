/* SPDX-License-Identifier: Apache-2.0 */
/* How a request and its image become one; every case was first seen with Docker 28.5. */
#include "../unit.h"

#include <string.h>

#include "engine/create.h"

struct fixture {
	struct arena *a;
	struct container_config *own, *image;
};

static struct fixture load(const char *own, const char *image)
{
	struct fixture f = {.a = arena_new(0)};
	struct err err;

	assert_int_equal(container_config_decode(own, strlen(own), f.a, &f.own, &err), 0);
	assert_int_equal(container_config_decode(image, strlen(image), f.a, &f.image, &err), 0);
	create_merge(f.own, f.image, f.a);
	return f;
}

static void expect_command(const char *own, const char *image, const char *want)
{
	struct fixture f = load(own, image);
	char text[256] = "", *path, **args;
	struct err err;

	if (create_command(f.own, f.a, &path, &args, &err) < 0) {
		assert_string_equal(err.msg, want);
	} else {
		strncat(text, path, sizeof(text) - strlen(text) - 1);
		for (; *args; args++) {
			strncat(text, " ", sizeof(text) - strlen(text) - 1);
			strncat(text, *args, sizeof(text) - strlen(text) - 1);
		}
		assert_string_equal(text, want);
	}
	arena_free(f.a);
}

static void commands(void **state)
{
	static const char image[] = "{\"Entrypoint\":[\"/e\"],\"Cmd\":[\"c\"]}";

	(void)state;
	expect_command("{}", image, "/e c");
	expect_command("{\"Cmd\":[\"x\",\"y\"]}", image, "/e x y");
	expect_command("{\"Entrypoint\":[\"o\"]}", image, "o");
	expect_command("{\"Entrypoint\":[\"o\"],\"Cmd\":[\"x\"]}", image, "o x");
	expect_command("{\"Entrypoint\":[\"\"],\"Cmd\":[\"x\"]}", image, "x");
	expect_command("{\"Entrypoint\":[\"\"]}", image, "no command specified");
	expect_command("{\"Entrypoint\":[]}", image, "c");
	expect_command("{\"Cmd\":[]}", "{}", "no command specified");
	expect_command("{}", "{\"Cmd\":[\"only\"]}", "only");
}

static void environment(void **state)
{
	struct fixture f = load("{\"Env\":[\"B=1\",\"BARE\"]}", "{\"Env\":[\"A=0\",\"B=0\",\"BARE=x\",\"BB=2\"]}");
	static const char *const want[] = {"B=1", "BARE", "A=0", "BB=2", NULL};

	(void)state;
	for (size_t i = 0; want[i]; i++)
		assert_string_equal(f.own->env[i], want[i]);
	assert_null(f.own->env[4]);
	arena_free(f.a);
}

static void unions(void **state)
{
	struct fixture f =
		load("{\"Labels\":{\"a\":\"1\"},\"ExposedPorts\":{\"80/tcp\":{}}}",
		     "{\"Labels\":{\"a\":\"0\",\"b\":\"2\"},\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}},\"User\":\"bob\","
		     "\"WorkingDir\":\"/w\",\"StopSignal\":\"INT\"}");

	(void)state;
	assert_string_equal(json_map_get(&f.own->labels, "a"), "1");
	assert_string_equal(json_map_get(&f.own->labels, "b"), "2");
	assert_int_equal(f.own->exposed_ports.len, 2);
	assert_string_equal(f.own->user, "bob");
	assert_string_equal(f.own->working_dir, "/w");
	assert_string_equal(f.own->stop_signal, "INT");
	arena_free(f.a);
}

static void checks(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	static const char dots[] = "{\"WorkingDir\":\"/a/../b//c/./\"}";
	struct container_config *c;
	struct err err;
	static const struct {
		const char *json, *message;
	} bad[] = {
		{"{\"WorkingDir\":\"rel\"}", "the working directory 'rel' is invalid, it needs to be an absolute path"},
		{"{\"Env\":[\"=x\"]}", "invalid environment variable: =x"},
		{"{\"Env\":[\"\"]}", "invalid environment variable: "},
		{"{\"StopSignal\":\"SIGFOO\"}", "invalid signal: SIGFOO"},
		{"{\"Healthcheck\":{\"Interval\":5}}", "Interval in Healthcheck cannot be less than 1ms"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(container_config_decode(bad[i].json, strlen(bad[i].json), a, &c, &err), 0);
		assert_true(create_config_check(c, a, &err) < 0);
		assert_string_equal(err.msg, bad[i].message);
	}
	assert_int_equal(container_config_decode(dots, strlen(dots), a, &c, &err), 0);
	assert_int_equal(create_config_check(c, a, &err), 0);
	assert_string_equal(c->working_dir, "/b/c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(environment),
		cmocka_unit_test(unions),
		cmocka_unit_test(checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
