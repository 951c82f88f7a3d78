/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers have in common; see api.h. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"

void api_reply_json(struct http_request *req, int status, struct buf *json)
{
	buf_addc(json, '\n');
	http_reply(req, status, "application/json", json->data, json->len);
}

void api_reply_empty(struct http_request *req)
{
	http_reply(req, 204, NULL, NULL, 0);
}

void api_reply_done(struct http_request *req, int r, const struct err *err)
{
	if (r < 0)
		http_reply_error(req, err);
	else
		api_reply_empty(req);
}

void api_reply_result(struct http_request *req, int r, int status, struct buf *json, const struct err *err)
{
	if (r < 0)
		http_reply_error(req, err);
	else
		api_reply_json(req, status, json);
}

int api_check_json_type(const struct http_request *req, struct err *err)
{
	const char *type = http_header(req, "Content-Type");
	size_t len;

	if (!type || !*type)
		return err_set(err, ERR_INVALID, "malformed Content-Type header (): mime: no media type");
	len = strcspn(type, ";");
	while (len > 0 && isspace((unsigned char)type[len - 1]))
		len--;
	if (memchr(type, '/', len) != memrchr(type, '/', len))
		return err_set(err, ERR_INVALID,
			       "malformed Content-Type header (%s): mime: unexpected content after media subtype", type);
	if (len != strlen("application/json") || strncasecmp(type, "application/json", len) != 0)
		return err_set(err, ERR_INVALID, "unsupported Content-Type header (%s): must be 'application/json'", type);
	return 0;
}

int api_query_int(const struct http_request *req, const char *name, int absent, int *ret, struct err *err)
{
	const char *text = http_query(req, name);
	char *end;
	long n;

	*ret = absent;
	if (!text || !*text)
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	if (*end || isspace((unsigned char)*text))
		return err_set(err, ERR_SYSTEM, "strconv.Atoi: parsing \"%s\": invalid syntax", text);
	if (errno == ERANGE || n > INT_MAX || n < INT_MIN)
		return err_set(err, ERR_SYSTEM, "strconv.Atoi: parsing \"%s\": value out of range", text);
	*ret = (int)n;
	return 0;
}

int api_refuse_query(const struct http_request *req, const char *const *names, struct err *err)
{
	for (; *names; names++)
		if (http_query_bool(req, *names, false))
			return err_set(err, ERR_NOT_IMPLEMENTED, "the parameter \"%s\" is not supported yet", *names);
	return 0;
}
