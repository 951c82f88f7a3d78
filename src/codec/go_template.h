/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The template language of `--format`: Go's text/template as far as people use it on Docker's command line, over JSON
 * values. Actions: fields and chains, variables, pipelines, parentheses, if/else if/else, range/else, with/else, break,
 * continue, comments, trim markers. Functions: json join split lower upper title truncate pad println print printf
 * index len slice and or not eq ne lt le gt ge (the caller handles "table ").
 * Not there: define, template, block, method calls; they are refused by name when parsed.
 *
 * A field matches the JSON member of that name, or one that differs only in case (`.ID` finds "Id"): the names people
 * know are those of Go's structs. A field that isn't there is an error, as with `docker inspect`.
 */
#ifndef LIGHTER_CODEC_GO_TEMPLATE_H
#define LIGHTER_CODEC_GO_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"

struct json_object;
struct go_template;

/* Memory failures abort: for the CLI. The text is copied. Depth and size of templates are capped (64 KB, 64 levels). */
int go_template_parse(const char *text, struct go_template **ret, struct err *err) _must_check_;
void go_template_free(struct go_template *t);
DEFINE_CLEANUP(struct go_template *, go_template_free)

/* Appends the result; nothing is appended on failure. Output is capped at 64 MB. */
int go_template_execute(const struct go_template *t, struct json_object *data, struct buf *out, struct err *err) _must_check_;

#endif
