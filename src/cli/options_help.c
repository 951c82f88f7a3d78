/* SPDX-License-Identifier: Apache-2.0 */
/* The "Options:" block of a command's help, laid out as Docker's: names in one column, wrapped sentences in the other. */
#include <string.h>

#include "cli/options.h"

static const char *kind_name(const struct option *o)
{
	static const char *const names[] = {[OPTION_BOOL] = "",   [OPTION_STRING] = "string", [OPTION_LIST] = "list",
					    [OPTION_INT] = "int", [OPTION_BYTES] = "bytes",   [OPTION_DECIMAL] = "decimal"};

	return o->kind ? o->kind : names[o->type];
}

static void add_name(const struct option *o, struct buf *out)
{
	const char *kind = kind_name(o);

	if (o->letter)
		buf_addf(out, "  -%c, --%s", o->letter, o->name);
	else
		buf_addf(out, "      --%s", o->name);
	if (*kind)
		buf_addf(out, " %s", kind);
}

static void add_spaces(struct buf *out, size_t n)
{
	buf_addf(out, "%*s", (int)n, "");
}

/* Puts `text` into lines of at most `width`, the later ones behind `indent` spaces. */
static void add_wrapped(struct buf *out, const char *text, size_t indent, size_t width)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (column > 0 && column + 1 + word > width) {
			buf_addc(out, '\n');
			add_spaces(out, indent);
			column = 0;
		}
		if (column > 0) {
			buf_addc(out, ' ');
			column++;
		}
		buf_add(out, text, word);
		column += word;
		text += word;
		if (*text == '\n') {
			buf_addc(out, '\n');
			add_spaces(out, indent);
			column = 0;
		}
		if (*text)
			text++;
	}
}

void options_help(const struct option *options, size_t n_options, size_t columns, struct buf *out)
{
	size_t widest = 0, indent, width;

	for (size_t i = 0; i < n_options; i++) {
		_cleanup_buf_ struct buf name = BUF_INIT;

		add_name(&options[i], &name);
		widest = MAX(widest, name.len);
	}
	indent = widest + 3;
	width = columns > indent + 24 ? columns - indent : 24;
	for (size_t i = 0; i < n_options; i++) {
		size_t start = out->len;

		add_name(&options[i], out);
		add_spaces(out, indent - (out->len - start));
		add_wrapped(out, options[i].help, indent, width);
		buf_addc(out, '\n');
	}
}
