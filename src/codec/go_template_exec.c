/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a template's tree over a JSON value. Variables are a stack of (name, value); a block pops what it pushed. Output
 * goes to a buf of its own and is appended only when everything held.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "codec/go_template_ast.h"
#include "codec/go_template_value.h"
#include "codec/json_c.h"

#define VARIABLES_MAX 64
#define OUTPUT_MAX (64 * 1024 * 1024)
#define STEPS_MAX 10000000 /* nested loops over nothing end too */

struct variable {
	const char *name;
	struct value value;
};

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct run {
	struct arena *arena;
	struct buf out;
	struct variable variables[VARIABLES_MAX];
	size_t n_variables;
	enum flow flow;
	unsigned long steps;
	struct err *err;
};

static int eval_pipeline(struct run *run, const struct pipeline *pipe, const struct value *dot, struct value *ret);
static int exec_list(struct run *run, const struct node *list, const struct value *dot);

/* Labels, attributes: there Docker's documents are maps of strings, and an absent key is "<no value>", not an error. */
static bool is_string_map(struct json_object *object)
{
	json_object_object_foreach(object, key, child)
	{
		(void)key;
		if (!json_object_is_type(child, json_type_string))
			return false;
	}
	return json_object_object_length(object) > 0;
}

static int member(struct run *run, const struct operand *o, const char *name, struct value *v)
{
	struct json_object *found = NULL;

	if (v->kind == VALUE_JSON && json_object_is_type(v->json, json_type_object)) {
		if (json_object_object_get_ex(v->json, name, &found)) {
			*v = value_from_json(found);
			return 0;
		}
		json_object_object_foreach(v->json, key, child)
		{
			if (strcasecmp(key, name) == 0) {
				*v = value_from_json(child);
				return 0;
			}
		}
		if (is_string_map(v->json)) {
			*v = (struct value){.kind = VALUE_NIL};
			return 0;
		}
		return err_set(
			run->err, ERR_INVALID,
			"template parsing error: template: :1:%zu: executing \"\" at <.%s>: map has no entry for key \"%s\"",
			o->offset, name, name);
	}
	if (v->kind == VALUE_NIL)
		return err_set(run->err, ERR_INVALID,
			       "template parsing error: template: :1:%zu: executing \"\" at <.%s>: nil pointer evaluating "
			       "interface {}.%s",
			       o->offset, name, name);
	return err_set(run->err, ERR_INVALID,
		       "template parsing error: template: :1:%zu: executing \"\" at <.%s>: can't evaluate field %s", o->offset,
		       name, name);
}

static int eval_variable(struct run *run, const char *name, struct value *ret)
{
	for (size_t i = run->n_variables; i-- > 0;) {
		if (strcmp(run->variables[i].name, name) == 0) {
			*ret = run->variables[i].value;
			return 0;
		}
	}
	return err_set(run->err, ERR_INVALID, "template parsing error: template: :1: undefined variable \"$%s\"", name);
}

static int eval_operand(struct run *run, const struct operand *o, const struct value *dot, struct value *ret)
{
	int r = 0;

	switch (o->kind) {
	case OPERAND_DOT:
	case OPERAND_FIELD:
		*ret = *dot;
		break;
	case OPERAND_VARIABLE:
		r = eval_variable(run, o->text, ret);
		break;
	case OPERAND_FUNCTION:
		r = value_call(run->arena, o->text, NULL, 0, ret, run->err);
		break;
	case OPERAND_STRING:
		*ret = (struct value){.kind = VALUE_STRING, .text = o->text};
		break;
	case OPERAND_INT:
		*ret = (struct value){.kind = VALUE_INT, .number = o->number};
		break;
	case OPERAND_FLOAT:
		*ret = (struct value){.kind = VALUE_FLOAT, .real = o->real};
		break;
	case OPERAND_BOOL:
		*ret = (struct value){.kind = VALUE_BOOL, .number = o->number};
		break;
	case OPERAND_NIL:
		*ret = (struct value){0};
		break;
	case OPERAND_PIPE:
		r = eval_pipeline(run, o->pipe, dot, ret);
		break;
	}
	for (size_t i = 0; r == 0 && i < o->n_fields; i++)
		r = member(run, o, o->fields[i], ret);
	return r;
}

static int eval_command(struct run *run, const struct command *c, const struct value *dot, const struct value *piped,
			struct value *ret)
{
	struct value args[VALUE_ARGS_MAX];
	size_t n = 0;

	if (c->words->kind != OPERAND_FUNCTION) {
		if (c->words->next || piped)
			return err_set(run->err, ERR_INVALID, "template parsing error: can't give argument to non-function");
		return eval_operand(run, c->words, dot, ret);
	}
	for (const struct operand *o = c->words->next; o; o = o->next) {
		if (n == VALUE_ARGS_MAX - 1)
			return err_set(run->err, ERR_INVALID, "template parsing error: too many arguments for %s",
				       c->words->text);
		if (eval_operand(run, o, dot, &args[n++]) < 0)
			return -EINVAL;
	}
	if (piped)
		args[n++] = *piped;
	return value_call(run->arena, c->words->text, args, n, ret, run->err);
}

static int push_variable(struct run *run, const char *name, const struct value *v)
{
	if (run->n_variables == VARIABLES_MAX)
		return err_set(run->err, ERR_INVALID, "template parsing error: too many variables");
	run->variables[run->n_variables++] = (struct variable){.name = name, .value = *v};
	return 0;
}

static int eval_pipeline(struct run *run, const struct pipeline *pipe, const struct value *dot, struct value *ret)
{
	struct value last = {0};
	bool first = true;

	for (const struct command *c = pipe->commands; c; c = c->next) {
		struct value next = {0};

		if (eval_command(run, c, dot, first ? NULL : &last, &next) < 0)
			return -EINVAL;
		last = next;
		first = false;
	}
	if (pipe->assign) {
		for (size_t i = run->n_variables; i-- > 0;) {
			if (strcmp(run->variables[i].name, pipe->variables[0]) == 0) {
				run->variables[i].value = last;
				break;
			}
		}
	} else if (pipe->n_variables == 1 && push_variable(run, pipe->variables[0], &last) < 0) {
		return -EINVAL;
	}
	*ret = last;
	return 0;
}

static int range_one(struct run *run, const struct node *n, const struct value *key, const struct value *item)
{
	const struct pipeline *pipe = n->pipe;
	size_t mark = run->n_variables;
	int r = 0;

	if (pipe->n_variables == 2)
		r = push_variable(run, pipe->variables[0], key);
	if (r == 0 && pipe->n_variables)
		r = push_variable(run, pipe->variables[pipe->n_variables - 1], item);
	if (r == 0)
		r = exec_list(run, n->body, item);
	run->n_variables = mark;
	return r;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Go ranges over maps in the order of their keys. */
static int range_object(struct run *run, const struct node *n, struct json_object *o)
{
	size_t len = (size_t)json_object_object_length(o), i = 0;
	const char **keys = arena_array(run->arena, len + 1, sizeof(*keys));

	if (!keys)
		abort();
	json_object_object_foreach(o, name, child)
	{
		(void)child;
		keys[i++] = name;
	}
	qsort(keys, len, sizeof(*keys), compare_keys);
	for (i = 0; i < len && run->flow != FLOW_BREAK; i++) {
		struct value key = {.kind = VALUE_STRING, .text = keys[i]};
		struct value item = value_from_json(json_object_object_get(o, keys[i]));

		run->flow = FLOW_ON;
		if (range_one(run, n, &key, &item) < 0)
			return -EINVAL;
	}
	return 0;
}

static int range_sequence(struct run *run, const struct node *n, const struct value *over, int64_t len)
{
	for (int64_t i = 0; i < len && run->flow != FLOW_BREAK; i++) {
		struct value key = {.kind = VALUE_INT, .number = i}, item;

		if (over->kind == VALUE_STRINGS)
			item = (struct value){.kind = VALUE_STRING, .text = over->strings[i]};
		else
			item = value_from_json(json_object_array_get_idx(over->json, (size_t)i));
		run->flow = FLOW_ON;
		if (range_one(run, n, &key, &item) < 0)
			return -EINVAL;
	}
	return 0;
}

static int exec_range(struct run *run, const struct node *n, const struct value *dot)
{
	size_t mark = run->n_variables;
	struct value over;
	int64_t len;
	int r;

	if (eval_pipeline(run, n->pipe, dot, &over) < 0)
		return -EINVAL;
	run->n_variables = mark;
	len = over.kind == VALUE_NIL ? 0 : over.kind == VALUE_JSON || over.kind == VALUE_STRINGS ? value_len(&over) : -1;
	if (len < 0)
		return err_set(run->err, ERR_INVALID, "template parsing error: range can't iterate over a scalar");
	if (len == 0)
		return exec_list(run, n->otherwise, dot);
	if (over.kind == VALUE_JSON && json_object_is_type(over.json, json_type_object))
		r = range_object(run, n, over.json);
	else
		r = range_sequence(run, n, &over, len);
	run->flow = FLOW_ON;
	return r;
}

static int exec_branch(struct run *run, const struct node *n, const struct value *dot)
{
	size_t mark = run->n_variables;
	struct value v;
	int r;

	if (eval_pipeline(run, n->pipe, dot, &v) < 0)
		return -EINVAL;
	if (value_true(&v))
		r = exec_list(run, n->body, n->kind == NODE_WITH ? &v : dot);
	else
		r = exec_list(run, n->otherwise, dot);
	run->n_variables = mark;
	return r;
}

static int exec_node(struct run *run, const struct node *n, const struct value *dot)
{
	struct value v;

	if (++run->steps > STEPS_MAX)
		return err_set(run->err, ERR_INVALID, "template parsing error: the template takes too many steps");
	switch (n->kind) {
	case NODE_TEXT:
		buf_add(&run->out, n->text, n->len);
		return 0;
	case NODE_ACTION:
		if (eval_pipeline(run, n->pipe, dot, &v) < 0)
			return -EINVAL;
		if (!n->pipe->n_variables)
			value_print(&v, &run->out);
		return 0;
	case NODE_IF:
	case NODE_WITH:
		return exec_branch(run, n, dot);
	case NODE_RANGE:
		return exec_range(run, n, dot);
	case NODE_BREAK:
	case NODE_CONTINUE:
		run->flow = n->kind == NODE_BREAK ? FLOW_BREAK : FLOW_CONTINUE;
		return 0;
	}
	return 0;
}

static int exec_list(struct run *run, const struct node *list, const struct value *dot)
{
	for (const struct node *n = list; n && run->flow == FLOW_ON; n = n->next)
		if (exec_node(run, n, dot) < 0)
			return -EINVAL;
	return 0;
}

int go_template_execute(const struct go_template *t, struct json_object *data, struct buf *out, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new(0);
	struct run run = {.arena = arena, .out = {.data = buf_empty, .limit = OUTPUT_MAX}, .err = err};
	struct value root = value_from_json(data);
	int r;

	if (!arena)
		abort();
	r = push_variable(&run, "", &root);
	if (r == 0)
		r = exec_list(&run, t->root, &root);
	if (r == 0 && run.out.failed)
		r = err_set(err, ERR_TOO_LARGE, "the template's output is larger than %d bytes", OUTPUT_MAX);
	if (r == 0)
		buf_add(out, run.out.data, run.out.len);
	buf_done(&run.out);
	return r;
}
