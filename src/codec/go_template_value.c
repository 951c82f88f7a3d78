/* SPDX-License-Identifier: Apache-2.0 */
/* Template values: from JSON, their truth, their text as Go prints it, and the functions (a table) over them. */
#include "codec/go_template_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/go_template_ast.h"
#include "codec/json_c.h"

struct value value_from_json(struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_boolean:
		return (struct value){.kind = VALUE_BOOL, .number = json_object_get_boolean(o)};
	case json_type_int:
		return (struct value){.kind = VALUE_INT, .number = json_object_get_int64(o)};
	case json_type_double:
		return (struct value){.kind = VALUE_FLOAT, .real = json_object_get_double(o)};
	case json_type_string:
		return (struct value){.kind = VALUE_STRING, .text = json_object_get_string(o)};
	case json_type_object:
	case json_type_array:
		return (struct value){.kind = VALUE_JSON, .json = o};
	default:
		return (struct value){0};
	}
}

int64_t value_len(const struct value *v)
{
	switch (v->kind) {
	case VALUE_STRING:
		return (int64_t)strlen(v->text);
	case VALUE_STRINGS: {
		int64_t n = 0;

		while (v->strings[n])
			n++;
		return n;
	}
	case VALUE_JSON:
		return json_object_is_type(v->json, json_type_array) ? (int64_t)json_object_array_length(v->json)
								     : json_object_object_length(v->json);
	default:
		return -1;
	}
}

bool value_true(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL:
		return false;
	case VALUE_BOOL:
	case VALUE_INT:
		return v->number != 0;
	case VALUE_FLOAT:
		return v->real < 0 || v->real > 0;
	default:
		return value_len(v) > 0;
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_object(struct json_object *o, struct buf *out)
{
	size_t len = (size_t)json_object_object_length(o), i = 0;
	const char **names = calloc(len + 1, sizeof(*names));

	if (!names)
		abort();
	json_object_object_foreach(o, name, child)
	{
		(void)child;
		names[i++] = name;
	}
	qsort(names, len, sizeof(*names), compare_names);
	buf_adds(out, "map[");
	for (i = 0; i < len; i++) {
		struct value v = value_from_json(json_object_object_get(o, names[i]));

		buf_addf(out, "%s%s:", i ? " " : "", names[i]);
		value_print(&v, out);
	}
	buf_addc(out, ']');
	free(names);
}

static void print_list(const struct value *list, struct buf *out)
{
	int64_t len = value_len(list);

	buf_addc(out, '[');
	for (int64_t i = 0; i < len; i++) {
		struct value v = {.kind = VALUE_STRING};

		if (i)
			buf_addc(out, ' ');
		if (list->kind == VALUE_STRINGS)
			v.text = list->strings[i];
		else
			v = value_from_json(json_object_array_get_idx(list->json, (size_t)i));
		value_print(&v, out);
	}
	buf_addc(out, ']');
}

void value_print(const struct value *v, struct buf *out)
{
	switch (v->kind) {
	case VALUE_NIL:
		buf_adds(out, "<no value>");
		break;
	case VALUE_BOOL:
		buf_adds(out, v->number ? "true" : "false");
		break;
	case VALUE_INT:
		buf_addf(out, "%" PRId64, v->number);
		break;
	case VALUE_FLOAT:
		buf_addf(out, "%.17g", v->real);
		break;
	case VALUE_STRING:
		buf_adds(out, v->text);
		break;
	case VALUE_STRINGS:
		print_list(v, out);
		break;
	case VALUE_JSON:
		if (json_object_is_type(v->json, json_type_object))
			print_object(v->json, out);
		else
			print_list(v, out);
		break;
	}
}

/* ---- functions ---- */

struct call {
	struct arena *arena;
	const char *name;
	const struct value *args;
	size_t n;
	struct value *ret;
	struct err *err;
};

static int return_text(struct call *c, const char *text)
{
	*c->ret = (struct value){.kind = VALUE_STRING, .text = text};
	if (!text)
		abort();
	return 0;
}

static int return_buf(struct call *c, struct buf *b)
{
	return return_text(c, arena_strndup(c->arena, b->data, b->len));
}

static int return_bool(struct call *c, bool b)
{
	*c->ret = (struct value){.kind = VALUE_BOOL, .number = b};
	return 0;
}

static int wrong(struct call *c, const char *what)
{
	return err_set(c->err, ERR_INVALID, "template parsing error: error calling %s: %s", c->name, what);
}

static const char *text_of(struct call *c, size_t i)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	char *text;

	if (c->args[i].kind == VALUE_STRING)
		return c->args[i].text;
	value_print(&c->args[i], &b);
	text = arena_strndup(c->arena, b.data, b.len);
	if (!text)
		abort();
	return text;
}

static int fn_json(struct call *c)
{
	const struct value *v = &c->args[0];
	struct json_object *o = NULL;
	int r;

	switch (v->kind) {
	case VALUE_NIL:
		return return_text(c, "null");
	case VALUE_BOOL:
		return return_text(c, v->number ? "true" : "false");
	case VALUE_JSON:
		return return_text(
			c, arena_strdup(c->arena, json_object_to_json_string_ext(
							  v->json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)));
	case VALUE_STRING:
		o = json_object_new_string(v->text);
		break;
	case VALUE_STRINGS:
		o = json_object_new_array();
		for (size_t i = 0; v->strings[i]; i++)
			json_object_array_add(o, json_object_new_string(v->strings[i]));
		break;
	default:
		return return_text(c, text_of(c, 0));
	}
	r = return_text(c, arena_strdup(c->arena, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
											    JSON_C_TO_STRING_NOSLASHESCAPE)));
	json_object_put(o);
	return r;
}

/* Elements of a list, 0 for nil, -1 for what isn't a list. */
static int64_t list_len(const struct value *v)
{
	if (v->kind == VALUE_NIL)
		return 0;
	if (v->kind == VALUE_STRINGS || (v->kind == VALUE_JSON && json_object_is_type(v->json, json_type_array)))
		return value_len(v);
	return -1;
}

static int fn_join(struct call *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *separator = text_of(c, 1);
	int64_t len = list_len(&c->args[0]);

	if (len < 0)
		return wrong(c, "the first argument is not a list");
	for (int64_t i = 0; i < len; i++) {
		if (i)
			buf_adds(&b, separator);
		if (c->args[0].kind == VALUE_STRINGS) {
			buf_adds(&b, c->args[0].strings[i]);
		} else {
			struct value v = value_from_json(json_object_array_get_idx(c->args[0].json, (size_t)i));

			value_print(&v, &b);
		}
	}
	return return_buf(c, &b);
}

static int fn_split(struct call *c)
{
	const char *text = text_of(c, 0), *separator = text_of(c, 1);
	size_t len = strlen(separator), n = 0;
	char **strings = arena_array(c->arena, strlen(text) + 2, sizeof(*strings));

	if (!strings)
		abort();
	for (;;) {
		const char *end = len ? strstr(text, separator) : *text && text[1] ? text + 1 : NULL;

		strings[n++] = end ? arena_strndup(c->arena, text, (size_t)(end - text)) : arena_strdup(c->arena, text);
		if (!end)
			break;
		text = end + len;
	}
	*c->ret = (struct value){.kind = VALUE_STRINGS, .strings = strings};
	return 0;
}

static int fn_case(struct call *c)
{
	char *text = arena_strdup(c->arena, text_of(c, 0));
	bool start = true;

	if (!text)
		abort();
	for (char *at = text; *at; at++) {
		if (c->name[0] == 'l')
			*at = (char)tolower((unsigned char)*at);
		else if (c->name[0] == 'u' || start)
			*at = (char)toupper((unsigned char)*at);
		start = isspace((unsigned char)*at);
	}
	return return_text(c, text);
}

static int fn_truncate(struct call *c)
{
	const char *text = text_of(c, 0);

	if (c->args[1].kind != VALUE_INT || c->args[1].number < 0)
		return wrong(c, "the second argument is not a length");
	return return_text(c, arena_strndup(c->arena, text, MIN(strlen(text), (size_t)c->args[1].number)));
}

static int fn_pad(struct call *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *text = text_of(c, 0);

	if (!*text)
		return return_text(c, "");
	if (c->args[1].kind != VALUE_INT || c->args[2].kind != VALUE_INT || c->args[1].number > 1000 ||
	    c->args[2].number > 1000)
		return wrong(c, "padding is not a small number");
	buf_addf(&b, "%*s%s%*s", (int)c->args[1].number, "", text, (int)c->args[2].number, "");
	return return_buf(c, &b);
}

static int fn_print(struct call *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	bool line = strcmp(c->name, "println") == 0;

	for (size_t i = 0; i < c->n; i++) {
		bool strings = i && (c->args[i].kind == VALUE_STRING || c->args[i - 1].kind == VALUE_STRING);

		if (i && (line || !strings))
			buf_addc(&b, ' ');
		value_print(&c->args[i], &b);
	}
	if (line)
		buf_addc(&b, '\n');
	return return_buf(c, &b);
}

/* One conversion of printf, `spec` being "%-5d" with its verb. */
static void print_verb(struct call *c, const char *spec, char verb, size_t arg, struct buf *out)
{
	char format[32];
	const struct value *v = &c->args[arg];
	size_t len = strlen(spec);

	if (len > 20) {
		buf_adds(out, "%!(BADWIDTH)");
		return;
	}
	memcpy(format, spec, len);
	if (verb == 'd' || verb == 'x' || verb == 'X' || verb == 'o' || verb == 'c') {
		snprintf(format + len - 1, sizeof(format) - len + 1, "ll%c", verb == 'c' ? 'd' : verb);
		buf_addf(out, format, v->kind == VALUE_FLOAT ? (long long)v->real : (long long)v->number);
	} else if (verb == 'f' || verb == 'g' || verb == 'e') {
		format[len] = '\0';
		buf_addf(out, format, v->kind == VALUE_FLOAT ? v->real : (double)v->number);
	} else if (verb == 'q') {
		buf_addf(out, "\"%s\"", text_of(c, arg));
	} else {
		format[len - 1] = 's';
		format[len] = '\0';
		buf_addf(out, format, text_of(c, arg));
	}
}

static int fn_printf(struct call *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *at = text_of(c, 0);
	size_t arg = 1;

	while (*at) {
		size_t len = strcspn(at, "%");
		char spec[32];

		buf_add(&b, at, len);
		at += len;
		if (!*at)
			break;
		len = 1 + strspn(at + 1, "-+# 0123456789.");
		if (at[len] == '%' || !at[len] || len > 20) {
			buf_addc(&b, '%');
			at += len + (at[len] != '\0');
			continue;
		}
		memcpy(spec, at, len + 1);
		spec[len + 1] = '\0';
		if (arg < c->n && strchr("sdvqxXofgetTc", at[len]))
			print_verb(c, spec, at[len], arg++, &b);
		else
			buf_addf(&b, "%%!%c(%s)", at[len], arg < c->n ? "BADVERB" : "MISSING");
		at += len + 1;
	}
	return return_buf(c, &b);
}

static int index_one(struct call *c, struct value *v, const struct value *key)
{
	if (v->kind == VALUE_JSON && json_object_is_type(v->json, json_type_object)) {
		struct json_object *found = NULL;

		if (key->kind != VALUE_STRING)
			return wrong(c, "a map is indexed by a string");
		if (json_object_object_get_ex(v->json, key->text, &found)) {
			*v = value_from_json(found);
			return 0;
		}
		*v = (struct value){.kind = VALUE_STRING, .text = ""};
		return 0;
	}
	if (key->kind != VALUE_INT)
		return wrong(c, "a list is indexed by a number");
	if (key->number < 0 || key->number >= value_len(v))
		return wrong(c, "index out of range");
	if (v->kind == VALUE_STRING)
		*v = (struct value){.kind = VALUE_INT, .number = (unsigned char)v->text[key->number]};
	else if (v->kind == VALUE_STRINGS)
		*v = (struct value){.kind = VALUE_STRING, .text = v->strings[key->number]};
	else
		*v = value_from_json(json_object_array_get_idx(v->json, (size_t)key->number));
	return 0;
}

static int fn_index(struct call *c)
{
	struct value v = c->args[0];

	for (size_t i = 1; i < c->n; i++) {
		int r = v.kind == VALUE_NIL ? wrong(c, "index of untyped nil") : index_one(c, &v, &c->args[i]);

		if (r < 0)
			return r;
	}
	*c->ret = v;
	return 0;
}

static int fn_len(struct call *c)
{
	int64_t len = value_len(&c->args[0]);

	if (len < 0)
		return wrong(c, "the value has no length");
	*c->ret = (struct value){.kind = VALUE_INT, .number = len};
	return 0;
}

static int fn_slice(struct call *c)
{
	const char *text = text_of(c, 0);
	int64_t len = (int64_t)strlen(text), from = 0, to = len;

	if (c->n > 1)
		from = c->args[1].number;
	if (c->n > 2)
		to = c->args[2].number;
	if (c->args[0].kind != VALUE_STRING || from < 0 || to < from || to > len)
		return wrong(c, "slice out of range");
	return return_text(c, arena_strndup(c->arena, text + from, (size_t)(to - from)));
}

static int fn_logic(struct call *c)
{
	bool stop_at = c->name[0] == 'o';
	size_t i = 0;

	if (c->name[0] == 'n')
		return return_bool(c, !value_true(&c->args[0]));
	while (i + 1 < c->n && value_true(&c->args[i]) != stop_at)
		i++;
	*c->ret = c->args[i];
	return 0;
}

/* <0, 0, >0; -2 when the kinds can't be compared. */
static int compare(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_STRING && b->kind == VALUE_STRING) {
		int r = strcmp(a->text, b->text);

		return r < 0 ? -1 : r > 0;
	}
	if ((a->kind == VALUE_INT || a->kind == VALUE_FLOAT) && (b->kind == VALUE_INT || b->kind == VALUE_FLOAT)) {
		double x = a->kind == VALUE_INT ? (double)a->number : a->real,
		       y = b->kind == VALUE_INT ? (double)b->number : b->real;

		return x < y ? -1 : x > y;
	}
	if (a->kind == b->kind && (a->kind == VALUE_BOOL || a->kind == VALUE_NIL))
		return a->number == b->number ? 0 : 1;
	return a->kind == VALUE_NIL || b->kind == VALUE_NIL ? 1 : -2;
}

static int fn_compare(struct call *c)
{
	int r = compare(&c->args[0], &c->args[1]);

	if (r == -2)
		return wrong(c, "incompatible types for comparison");
	if (strcmp(c->name, "eq") == 0) {
		bool equal = r == 0;

		for (size_t i = 2; i < c->n; i++)
			equal = equal || compare(&c->args[0], &c->args[i]) == 0;
		return return_bool(c, equal);
	}
	if (strcmp(c->name, "ne") == 0)
		return return_bool(c, r != 0);
	if (c->name[0] == 'l')
		return return_bool(c, r < 0 || (c->name[1] == 'e' && r == 0));
	return return_bool(c, r > 0 || (c->name[1] == 'e' && r == 0));
}

static const struct {
	const char *name;
	int (*call)(struct call *c);
	size_t least, most;
} functions[] = {
	{"and", fn_logic, 1, VALUE_ARGS_MAX},
	{"eq", fn_compare, 2, VALUE_ARGS_MAX},
	{"ge", fn_compare, 2, 2},
	{"gt", fn_compare, 2, 2},
	{"index", fn_index, 1, VALUE_ARGS_MAX},
	{"join", fn_join, 2, 2},
	{"json", fn_json, 1, 1},
	{"le", fn_compare, 2, 2},
	{"len", fn_len, 1, 1},
	{"lower", fn_case, 1, 1},
	{"lt", fn_compare, 2, 2},
	{"ne", fn_compare, 2, 2},
	{"not", fn_logic, 1, 1},
	{"or", fn_logic, 1, VALUE_ARGS_MAX},
	{"pad", fn_pad, 3, 3},
	{"print", fn_print, 0, VALUE_ARGS_MAX},
	{"printf", fn_printf, 1, VALUE_ARGS_MAX},
	{"println", fn_print, 0, VALUE_ARGS_MAX},
	{"slice", fn_slice, 1, 3},
	{"split", fn_split, 2, 2},
	{"title", fn_case, 1, 1},
	{"truncate", fn_truncate, 2, 2},
	{"upper", fn_case, 1, 1},
};

bool go_template_function_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return true;
	return false;
}

int value_call(struct arena *a, const char *name, const struct value *args, size_t n, struct value *ret, struct err *err)
{
	struct call c = {.arena = a, .name = name, .args = args, .n = n, .ret = ret, .err = err};

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strcmp(functions[i].name, name) != 0)
			continue;
		if (n < functions[i].least || n > functions[i].most)
			return err_set(err, ERR_INVALID, "template parsing error: wrong number of args for %s: got %zu", name,
				       n);
		return functions[i].call(&c);
	}
	return err_set(err, ERR_INVALID, "template parsing error: function \"%s\" not defined", name);
}
