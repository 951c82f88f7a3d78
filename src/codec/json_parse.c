/* SPDX-License-Identifier: Apache-2.0 */
/* Text to json-c's tree: the strict check first (json_check.c), so that what json-c sees is always well-formed. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "codec/json.h"
#include "codec/json_c.h"
#include "codec/json_check.h"

static void tokener_freep(struct json_tokener **t)
{
	if (*t)
		json_tokener_free(*t);
}

static bool is_null(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && strchr(" \t\r\n", text[at]))
		at++;
	return at < len && text[at] == 'n';
}

int json_parse(const char *text, size_t len, struct json_object **ret, struct err *err)
{
	_cleanup_(tokener_freep) struct json_tokener *t = NULL;
	_cleanup_(json_freep) struct json_object *o = NULL;
	enum json_tokener_error failure;
	int r;

	if (len > INT_MAX - 1)
		return err_set(err, ERR_TOO_LARGE, "a document of %zu bytes is too large", len);
	r = json_check(text, len, err);
	if (r < 0)
		return r;
	/* json-c counts the value inside the innermost bracket as one level. */
	t = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	if (!t)
		return err_sys(err, ENOMEM, "parse a document");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, text, (int)len);
	failure = json_tokener_get_error(t);
	/* A number at the very end is complete only when the tokener sees that nothing follows. */
	if (failure == json_tokener_continue) {
		o = json_tokener_parse_ex(t, "", 1);
		failure = json_tokener_get_error(t);
	}
	/* The text is known to be good: what json-c can still lack is memory. It may report that as success without a tree. */
	if (failure != json_tokener_success || (!o && !is_null(text, len)))
		return err_sys(err, ENOMEM, "parse a document");
	*ret = TAKE(o);
	return 0;
}

void json_free(struct json_object *o)
{
	json_object_put(o);
}
