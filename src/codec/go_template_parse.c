/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template text to tree, by recursive descent without a token list: the scanner works on the source in place. Depth is
 * counted, so that hostile nesting ends in an error and not on the stack.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/go_template_ast.h"

#define TEMPLATE_MAX (64 * 1024)
#define DEPTH_MAX 64
#define FIELDS_MAX 32

struct parser {
	struct arena *arena;
	const char *source;
	const char *at;
	const char *action_end; /* of the "}}" of the action being read */
	bool trim_next;
	int depth;
	int loops;
	struct err *err;
};

static int fail(struct parser *p, const char *what)
{
	int line = 1;

	for (const char *s = p->source; s < p->at; s++)
		line += *s == '\n';
	return err_set(p->err, ERR_INVALID, "template parsing error: template: :%d: %s", line, what);
}

static void skip_space(struct parser *p)
{
	while (p->at < p->action_end && isspace((unsigned char)*p->at))
		p->at++;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* True when the keyword is next; it is skipped then. */
static bool accept_word(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(p->action_end - p->at) < len || memcmp(p->at, word, len) != 0 || word_char(p->at[len]))
		return false;
	p->at += len;
	return true;
}

static const char *take_name(struct parser *p)
{
	const char *start = p->at;

	while (p->at < p->action_end && word_char(*p->at))
		p->at++;
	return arena_strndup(p->arena, start, (size_t)(p->at - start));
}

static int parse_pipeline(struct parser *p, char close, struct pipeline **ret);

static int unescape(struct parser *p, char **to, const char **at, const char *end)
{
	static const char from[] = "ntr\\\"'0", into[] = "\n\t\r\\\"'\0";
	const char *found;

	if (++*at >= end)
		return fail(p, "unterminated quoted string");
	found = strchr(from, **at);
	if (!found)
		return fail(p, "invalid syntax in quoted string");
	*(*to)++ = into[found - from];
	return 0;
}

static int parse_string(struct parser *p, struct operand *o)
{
	char quote = *p->at++;
	const char *start = p->at, *at = start;
	char *text = arena_alloc(p->arena, (size_t)(p->action_end - start) + 1), *to = text;

	if (!text)
		return fail(p, "out of memory");
	for (; at < p->action_end && *at != quote; at++) {
		if (quote == '"' && *at == '\\') {
			if (unescape(p, &to, &at, p->action_end) < 0)
				return -EINVAL;
		} else {
			*to++ = *at;
		}
	}
	if (at >= p->action_end)
		return fail(p, quote == '"' ? "unterminated quoted string" : "unterminated raw quoted string");
	*to = '\0';
	p->at = at + 1;
	o->kind = OPERAND_STRING;
	o->text = text;
	return 0;
}

static int parse_number(struct parser *p, struct operand *o)
{
	char *end;

	o->number = strtoll(p->at, &end, 0);
	o->kind = OPERAND_INT;
	if (*end == '.' || *end == 'e') {
		o->real = strtod(p->at, &end);
		o->kind = OPERAND_FLOAT;
	}
	if (end == p->at || end > p->action_end)
		return fail(p, "bad number syntax");
	p->at = end;
	return 0;
}

static int parse_word(struct parser *p, struct operand *o)
{
	char message[128];

	o->text = take_name(p);
	if (!o->text)
		return fail(p, "out of memory");
	if (strcmp(o->text, "true") == 0 || strcmp(o->text, "false") == 0) {
		o->kind = OPERAND_BOOL;
		o->number = o->text[0] == 't';
		return 0;
	}
	if (strcmp(o->text, "nil") == 0) {
		o->kind = OPERAND_NIL;
		return 0;
	}
	o->kind = OPERAND_FUNCTION;
	if (go_template_function_known(o->text))
		return 0;
	snprintf(message, sizeof(message), "function \"%.80s\" not defined", o->text);
	return fail(p, message);
}

/* ".a.b" directly behind an operand. */
static int parse_fields(struct parser *p, struct operand *o)
{
	while (p->at < p->action_end && *p->at == '.' && word_char(p->at[1])) {
		if (!o->fields)
			o->fields = arena_array(p->arena, FIELDS_MAX, sizeof(*o->fields));
		if (!o->fields || o->n_fields == FIELDS_MAX)
			return fail(p, "too many fields in a chain");
		p->at++;
		o->fields[o->n_fields++] = take_name(p);
	}
	return 0;
}

static int parse_operand(struct parser *p, struct operand **ret)
{
	struct operand *o = arena_new_object(p->arena, struct operand);
	char c = *p->at;
	int r = 0;

	if (!o)
		return fail(p, "out of memory");
	o->offset = (size_t)(p->at - p->source);
	if (c == '.') {
		o->kind = word_char(p->at[1]) ? OPERAND_FIELD : OPERAND_DOT;
		if (o->kind == OPERAND_DOT)
			p->at++;
	} else if (c == '$') {
		p->at++;
		o->kind = OPERAND_VARIABLE;
		o->text = take_name(p);
	} else if (c == '"' || c == '`') {
		r = parse_string(p, o);
	} else if (c == '(') {
		p->at++;
		o->kind = OPERAND_PIPE;
		r = parse_pipeline(p, ')', &o->pipe);
	} else if (isdigit((unsigned char)c) || c == '-' || c == '+') {
		r = parse_number(p, o);
	} else if (word_char(c)) {
		r = parse_word(p, o);
	} else {
		char message[] = "unexpected \"?\" in operand";

		message[12] = c;
		return fail(p, message);
	}
	if (r < 0 || parse_fields(p, o) < 0)
		return -EINVAL;
	*ret = o;
	return 0;
}

static int parse_declaration(struct parser *p, struct pipeline *pipe)
{
	const char *start = p->at;

	while (pipe->n_variables < 2 && p->at < p->action_end && *p->at == '$') {
		p->at++;
		pipe->variables[pipe->n_variables++] = take_name(p);
		skip_space(p);
		if (*p->at != ',')
			break;
		p->at++;
		skip_space(p);
	}
	if (pipe->n_variables && *p->at == ':' && p->at[1] == '=') {
		p->at += 2;
	} else if (pipe->n_variables == 1 && *p->at == '=') {
		p->at++;
		pipe->assign = true;
	} else {
		p->at = start;
		pipe->n_variables = 0;
	}
	skip_space(p);
	return 0;
}

static int parse_command(struct parser *p, char close, struct command **ret)
{
	struct command *c = arena_new_object(p->arena, struct command);
	struct operand **tail;

	if (!c)
		return fail(p, "out of memory");
	tail = &c->words;
	for (skip_space(p); p->at < p->action_end && *p->at != '|' && !(close && *p->at == close); skip_space(p)) {
		if (parse_operand(p, tail) < 0)
			return -EINVAL;
		tail = &(*tail)->next;
	}
	if (!c->words)
		return fail(p, "missing value for command");
	*ret = c;
	return 0;
}

/* Up to the end of the action, or behind the closing parenthesis. */
static int parse_pipeline(struct parser *p, char close, struct pipeline **ret)
{
	struct pipeline *pipe = arena_new_object(p->arena, struct pipeline);
	struct command **tail;

	if (!pipe)
		return fail(p, "out of memory");
	if (++p->depth > DEPTH_MAX)
		return fail(p, "template nests too deep");
	tail = &pipe->commands;
	skip_space(p);
	parse_declaration(p, pipe);
	for (;;) {
		if (parse_command(p, close, tail) < 0)
			return -EINVAL;
		tail = &(*tail)->next;
		if (p->at >= p->action_end || *p->at != '|')
			break;
		p->at++;
	}
	if (close) {
		if (p->at >= p->action_end)
			return fail(p, "unclosed left paren");
		p->at++;
	}
	p->depth--;
	*ret = pipe;
	return 0;
}

/* ---- actions and lists ---- */

/* How a list of nodes ended. */
enum list_end { END_OF_TEXT, END_ACTION, END_ELSE };

static int parse_list(struct parser *p, struct node **ret, enum list_end *ret_end);

static struct node *new_node(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_new_object(p->arena, struct node);

	if (n)
		n->kind = kind;
	return n;
}

/* Finds the "}}" of the action that starts here (strings in it may hold braces), and skips "{{", "{{- ". */
static int open_action(struct parser *p)
{
	const char *at = p->at + 2;
	char quote = 0;

	for (; *at; at++) {
		if (quote == '"' && *at == '\\' && at[1])
			at++;
		else if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '`')
			quote = *at;
		else if (at[0] == '}' && at[1] == '}')
			break;
	}
	if (!*at)
		return fail(p, "unclosed action");
	p->action_end = at;
	p->at += 2;
	if (p->at[0] == '-' && isspace((unsigned char)p->at[1]))
		p->at++;
	p->trim_next = at - p->at >= 2 && at[-1] == '-' && isspace((unsigned char)at[-2]);
	if (p->trim_next)
		p->action_end--;
	skip_space(p);
	return 0;
}

static int close_action(struct parser *p)
{
	skip_space(p);
	if (p->at != p->action_end)
		return fail(p, "unexpected text in action");
	p->at += p->trim_next ? 3 : 2;
	if (p->trim_next)
		while (isspace((unsigned char)*p->at))
			p->at++;
	return 0;
}

static int parse_block(struct parser *p, enum node_kind kind, struct node **ret);

static int parse_else(struct parser *p, enum node_kind kind, struct node *n, enum list_end *ret_end)
{
	skip_space(p);
	if (kind == NODE_IF && accept_word(p, "if")) {
		*ret_end = END_ACTION;
		return parse_block(p, NODE_IF, &n->otherwise);
	}
	if (kind == NODE_WITH && accept_word(p, "with")) {
		*ret_end = END_ACTION;
		return parse_block(p, NODE_WITH, &n->otherwise);
	}
	if (close_action(p) < 0)
		return -EINVAL;
	return parse_list(p, &n->otherwise, ret_end);
}

/* From behind the keyword to behind its {{end}}. */
static int parse_block(struct parser *p, enum node_kind kind, struct node **ret)
{
	struct node *n = new_node(p, kind);
	enum list_end end;

	if (!n)
		return fail(p, "out of memory");
	if (++p->depth > DEPTH_MAX)
		return fail(p, "template nests too deep");
	if (parse_pipeline(p, 0, &n->pipe) < 0 || close_action(p) < 0)
		return -EINVAL;
	p->loops += kind == NODE_RANGE;
	if (parse_list(p, &n->body, &end) < 0)
		return -EINVAL;
	p->loops -= kind == NODE_RANGE;
	if (end == END_ELSE && parse_else(p, kind, n, &end) < 0)
		return -EINVAL;
	if (end != END_ACTION)
		return fail(p, end == END_ELSE ? "unexpected {{else}}" : "unexpected EOF");
	p->depth--;
	*ret = n;
	return 0;
}

static int parse_action(struct parser *p, struct node **ret, enum list_end *ret_end)
{
	static const char *const refused[] = {"define", "template", "block"};

	*ret_end = END_OF_TEXT;
	if (accept_word(p, "if"))
		return parse_block(p, NODE_IF, ret);
	if (accept_word(p, "range"))
		return parse_block(p, NODE_RANGE, ret);
	if (accept_word(p, "with"))
		return parse_block(p, NODE_WITH, ret);
	if (accept_word(p, "else")) {
		*ret_end = END_ELSE;
		return 0;
	}
	if (accept_word(p, "end")) {
		*ret_end = END_ACTION;
		return close_action(p);
	}
	if (p->loops && (accept_word(p, "break") || accept_word(p, "continue"))) {
		*ret = new_node(p, p->at[-1] == 'k' ? NODE_BREAK : NODE_CONTINUE);
		return *ret ? close_action(p) : fail(p, "out of memory");
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (accept_word(p, refused[i]))
			return fail(p, "define, template and block are not supported");
	*ret = new_node(p, NODE_ACTION);
	if (!*ret)
		return fail(p, "out of memory");
	if (parse_pipeline(p, 0, &(*ret)->pipe) < 0)
		return -EINVAL;
	return close_action(p);
}

static int skip_comment(struct parser *p)
{
	const char *end = strstr(p->at, "*/");

	if (!end)
		return fail(p, "unclosed comment");
	p->at = end + 2;
	p->action_end = strstr(p->at, "}}");
	if (!p->action_end)
		return fail(p, "comment ends before closing delimiter");
	p->trim_next = p->action_end > p->at && p->action_end[-1] == '-';
	if (p->trim_next)
		p->action_end--;
	return close_action(p);
}

/* The text before the next action, right-trimmed if that action asks for it. NULL for none. */
static int parse_text(struct parser *p, struct node **ret)
{
	const char *open = strstr(p->at, "{{"), *start = p->at, *end = open ? open : start + strlen(start);

	p->at = end;
	if (open && open[2] == '-' && isspace((unsigned char)open[3]))
		while (end > start && isspace((unsigned char)end[-1]))
			end--;
	if (end == start)
		return 0;
	*ret = new_node(p, NODE_TEXT);
	if (!*ret)
		return fail(p, "out of memory");
	(*ret)->text = start;
	(*ret)->len = (size_t)(end - start);
	return 0;
}

static int parse_list(struct parser *p, struct node **ret, enum list_end *ret_end)
{
	struct node **tail = ret;

	for (;;) {
		*ret_end = END_OF_TEXT;
		if (parse_text(p, tail) < 0)
			return -EINVAL;
		if (*tail)
			tail = &(*tail)->next;
		if (!*p->at)
			return 0;
		if (open_action(p) < 0)
			return -EINVAL;
		if (p->at[0] == '/' && p->at[1] == '*') {
			if (skip_comment(p) < 0)
				return -EINVAL;
			continue;
		}
		if (parse_action(p, tail, ret_end) < 0)
			return -EINVAL;
		if (*ret_end != END_OF_TEXT)
			return 0;
		tail = &(*tail)->next;
	}
}

int go_template_parse(const char *text, struct go_template **ret, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new(16 * 1024 * 1024);
	struct parser p = {.arena = arena, .err = err};
	struct go_template *t;
	enum list_end end;

	if (!arena)
		abort();
	if (strlen(text) > TEMPLATE_MAX)
		return err_set(err, ERR_INVALID, "template parsing error: the template is longer than %d bytes", TEMPLATE_MAX);
	t = arena_new_object(arena, struct go_template);
	p.source = p.at = arena_strdup(arena, text);
	if (!t || !p.source)
		abort();
	if (parse_list(&p, &t->root, &end) < 0)
		return -EINVAL;
	if (end != END_OF_TEXT)
		return fail(&p, end == END_ELSE ? "unexpected {{else}}" : "unexpected {{end}}");
	t->arena = TAKE(arena);
	*ret = t;
	return 0;
}

void go_template_free(struct go_template *t)
{
	if (t)
		arena_free(t->arena);
}
