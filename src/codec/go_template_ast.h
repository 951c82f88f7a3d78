/* SPDX-License-Identifier: Apache-2.0 */
/* The parsed form of a template, shared by its parser and its executor only. Everything lives in the template's arena. */
#ifndef LIGHTER_CODEC_GO_TEMPLATE_AST_H
#define LIGHTER_CODEC_GO_TEMPLATE_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "codec/go_template.h"

enum operand_kind {
	OPERAND_DOT,
	OPERAND_FIELD,
	OPERAND_VARIABLE,
	OPERAND_FUNCTION,
	OPERAND_STRING,
	OPERAND_INT,
	OPERAND_FLOAT,
	OPERAND_BOOL,
	OPERAND_NIL,
	OPERAND_PIPE
};

struct pipeline;

struct operand {
	enum operand_kind kind;
	const char *text; /* name of function or variable, string's value; the source for messages */
	int64_t number;
	double real;
	struct pipeline *pipe; /* in parentheses */
	const char **fields;   /* .a.b behind it */
	size_t n_fields;
	size_t offset;        /* in the source */
	struct operand *next; /* the command's next word */
};

struct command {
	struct operand *words;
	struct command *next;
};

struct pipeline {
	const char *variables[2]; /* "$i, $v :=" */
	size_t n_variables;
	bool assign; /* "=" instead of ":=" */
	struct command *commands;
};

enum node_kind { NODE_TEXT, NODE_ACTION, NODE_IF, NODE_RANGE, NODE_WITH, NODE_BREAK, NODE_CONTINUE };

struct node {
	enum node_kind kind;
	const char *text;
	size_t len;
	struct pipeline *pipe;
	struct node *body;
	struct node *otherwise;
	struct node *next;
};

struct go_template {
	struct arena *arena;
	struct node *root;
};

/* Whether there is a function of that name. */
bool go_template_function_known(const char *name);

#endif
