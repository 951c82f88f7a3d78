/* SPDX-License-Identifier: Apache-2.0 */
/* The expectations were checked against `docker inspect --format` of Docker 28 where it accepts the same document. */
#include "codec/go_template.h"

#include <string.h>

#include "codec/json.h"

#include "../unit.h"

static const char document[] = "{\"Id\":\"abc\",\"State\":{\"Status\":\"running\",\"Pid\":5,\"Ok\":true,\"Health\":null},"
			       "\"L\":[\"a\",\"b\",\"c\"],\"M\":{\"z\":\"1\",\"a\":\"2\"},\"N\":[{\"x\":1},{\"x\":2}]}";

struct row {
	const char *text;
	const char *result; /* or a part of the error behind '!' */
};

static const struct row rows[] = {
	{"{{.Id}} {{.ID}} {{.State.Status}}", "abc abc running"},
	{"{{json .State}}", "{\"Status\":\"running\",\"Pid\":5,\"Ok\":true,\"Health\":null}"},
	{"{{range .L}}<{{.}}>{{end}}", "<a><b><c>"},
	{"{{range $i, $e := .L}}{{if $i}}, {{end}}{{$i}}={{$e}}{{end}}", "0=a, 1=b, 2=c"},
	{"{{range $k,$v := .M}}{{$k}}:{{$v}} {{end}}", "a:2 z:1 "},
	{"{{with .State.Health}}h{{else}}none{{end}}", "none"},
	{"{{if and .State.Ok (eq .State.Pid 5)}}yes{{else if .X}}b{{else}}no{{end}}", "yes"},
	{"{{join .L \",\"|upper}}", "A,B,C"},
	{"{{index .N 1}} {{(index .N 0).x}}", "map[x:2] 1"},
	{"{{.M}} {{.L}}", "map[a:2 z:1] [a b c]"},
	{"a {{- \" b \" -}} c", "a b c"},
	{"{{printf \"%-5s|%05d|%q\" .Id .State.Pid .Id}}", "abc  |00005|\"abc\""},
	{"{{len .L}}{{/* c */}}x", "3x"},
	{"{{range .L}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a"},
	{"{{range .L}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}", "ac"},
	{"{{$.Id}} {{$x := 5}}{{$x}}", "abc 5"},
	{"{{split \"a:b:c\" \":\"}}", "[a b c]"},
	{"{{range .N}}{{.x}} {{$.Id}} {{end}}", "1 abc 2 abc "},
	{"{{slice .Id 1 2}}", "b"},
	{"{{((((.Id))))}}", "abc"},
	{"{{index .M \"none\"}}", ""},
	{"{{truncate .Id 2}}{{pad .Id 1 1}}", "ab abc "},
	{"{{.Nope}}", "!map has no entry for key \"Nope\""},
	{"{{foo}}", "!function \"foo\" not defined"},
	{"{{.Id", "!unclosed action"},
	{"{{end}}", "!unexpected {{end}}"},
	{"{{if}}x{{end}}", "!missing value for command"},
	{"{{if .Id}}x", "!unexpected EOF"},
	{"{{.State.Status.Foo}}", "!can't evaluate field Foo"},
	{"{{.State.Health.Log}}", "!nil pointer"},
	{"{{index .L 9}}", "!out of range"},
	{"{{define \"x\"}}{{end}}", "!not supported"},
	{"{{\"abc}}", "!unclosed action"},
	{"{{/* never closed }}", "!unclosed comment"},
	{"{{.Id | .Id}}", "!can't give argument to non-function"},
};

static void run_row(const struct row *row, struct json_object *data)
{
	_cleanup_(go_template_freep) struct go_template *t = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = {0};
	int r = go_template_parse(row->text, &t, &err);

	if (r == 0)
		r = go_template_execute(t, data, &out, &err);
	if (row->result[0] != '!') {
		assert_int_equal(r, 0);
		assert_string_equal(out.data, row->result);
		return;
	}
	assert_true(r < 0);
	if (!strstr(err.msg, row->result + 1))
		fail_msg("%s: \"%s\" has no \"%s\"", row->text, err.msg, row->result + 1);
	assert_int_equal(out.len, 0);
}

static void test_rows(void **state)
{
	_cleanup_(json_freep) struct json_object *data = NULL;
	struct err err = {0};

	assert_int_equal(json_parse(document, strlen(document), &data, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		run_row(&rows[i], data);
}

static void test_depth_is_bounded(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct go_template *t = NULL;
	struct err err = {0};

	for (int i = 0; i < 5000; i++)
		buf_adds(&text, i == 0 ? "{{(" : "(");
	buf_adds(&text, ".Id}}");
	assert_true(go_template_parse(text.data, &t, &err) < 0);
	assert_non_null(strstr(err.msg, "too deep"));
	buf_reset(&text);
	for (int i = 0; i < 5000; i++)
		buf_adds(&text, "{{if .}}");
	assert_true(go_template_parse(text.data, &t, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_depth_is_bounded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
