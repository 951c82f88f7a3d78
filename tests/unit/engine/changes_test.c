/* SPDX-License-Identifier: Apache-2.0 */
/* `import --change`: instructions and what they make of a configuration. */
#include "../unit.h"

#include <string.h>

#include "engine/changes.h"

static void expect_member(char *const *changes, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = {0};

	if (changes_apply(changes, &out, &err) < 0)
		fail_msg("%s", err.msg);
	if (!strstr(out.data, text))
		fail_msg("%s is not in %s", text, out.data);
}

static void expect_error(const char *line, const char *message)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	char *changes[] = {(char *)line, NULL};
	struct err err = {0};

	assert_true(changes_apply(changes, &out, &err) < 0);
	assert_string_equal(err.msg, message);
}

#define LINES(...) ((char *const[]){__VA_ARGS__, NULL})
#define L(text) ((char *)(text))

static void instructions(void **state)
{
	(void)state;
	expect_member(LINES(L("CMD [\"a\", \"b c\"]")), "\"Cmd\":[\"a\",\"b c\"]");
	expect_member(LINES(L("cmd echo hi")), "\"Cmd\":[\"/bin/sh\",\"-c\",\"echo hi\"]");
	expect_member(LINES(L("ENTRYPOINT [\"/x\"]")), "\"Entrypoint\":[\"/x\"]");
	expect_member(LINES(L("ENV A=1 B=\"x y\"\nENV A=2")), "\"Env\":[\"A=2\",\"B=x y\"]");
	expect_member(LINES(L("ENV OLD some text")), "\"Env\":[\"OLD=some text\"]");
	expect_member(LINES(L("EXPOSE 80 53/udp")), "\"ExposedPorts\":{\"53/udp\":{},\"80/tcp\":{}}");
	expect_member(LINES(L("LABEL b=2 a='x y'")), "\"Labels\":{\"a\":\"x y\",\"b\":\"2\"}");
	expect_member(LINES(L("USER bob:staff")), "\"User\":\"bob:staff\"");
	expect_member(LINES(L("WORKDIR /a"), L("WORKDIR b")), "\"WorkingDir\":\"/a/b\"");
	expect_member(LINES(L("VOLUME [\"/data\"]")), "\"Volumes\":{\"/data\":{}}");
	expect_member(LINES(L("STOPSIGNAL SIGINT")), "\"StopSignal\":\"SIGINT\"");
	expect_member(LINES(L("ONBUILD RUN x")), "\"OnBuild\":[\"RUN x\"]");
	expect_member(LINES(L("HEALTHCHECK --interval=1m30s --retries=2 CMD true")),
		      "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":90000000000,\"Retries\":2}");
	expect_member(LINES(L("HEALTHCHECK NONE")), "\"Test\":[\"NONE\"]");
}

static void errors(void **state)
{
	(void)state;
	expect_error("RUN x", "RUN is not a valid change command");
	expect_error("NOPE x", "NOPE is not a valid change command");
	expect_error("CMD", "CMD requires at least one argument");
	expect_error("ENV A", "ENV must have two arguments");
	expect_error("EXPOSE 99999", "invalid containerPort: 99999");
	expect_error("STOPSIGNAL NOPE", "invalid signal: NOPE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(instructions), cmocka_unit_test(errors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
