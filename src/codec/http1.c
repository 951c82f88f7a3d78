/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of HTTP/1.1 messages; see http1.h for what is refused and why. The text is copied once and cut up in place. */
#include "codec/http1.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

ssize_t http1_head_scan(struct http1_scan *scan, const char *bytes, size_t len)
{
	while (scan->at < len) {
		const char *lf = memchr(bytes + scan->at, '\n', len - scan->at);
		size_t line_len;

		if (!lf) {
			scan->at = len;
			break;
		}
		scan->at = (size_t)(lf - bytes) + 1;
		line_len = (size_t)(lf - bytes) - scan->line_start;
		if (line_len == 0 || (line_len == 1 && bytes[scan->line_start] == '\r')) {
			if (scan->past_first)
				return scan->at > HTTP1_HEAD_MAX ? -EMSGSIZE : (ssize_t)scan->at;
		} else {
			if (!scan->past_first && line_len > HTTP1_LINE_MAX)
				return -EMSGSIZE;
			scan->past_first = true;
		}
		scan->line_start = scan->at;
	}
	if (scan->at > HTTP1_HEAD_MAX || (!scan->past_first && scan->at - scan->line_start > HTTP1_LINE_MAX))
		return -EMSGSIZE;
	return 0;
}

/* RFC 9110's token characters. */
static bool is_token(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && (s[i] == '\0' || !strchr("!#$%&'*+-.^_`|~", s[i])))
			return false;
	return len > 0;
}

bool http1_value_valid(const char *value)
{
	for (const char *p = value; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

const char *http1_header_get(const struct http1_head *head, const char *name)
{
	for (size_t i = 0; i < head->n_headers; i++)
		if (strcasecmp(head->headers[i].name, name) == 0)
			return head->headers[i].value;
	return NULL;
}

bool http1_token_in(const char *value, const char *token)
{
	size_t want = strlen(token);

	while (value && *value) {
		size_t len, skip = strspn(value, ", \t");

		value += skip;
		len = strcspn(value, ",");
		for (skip = len; skip > 0 && strchr(" \t", value[skip - 1]);)
			skip--;
		if (skip == want && strncasecmp(value, token, want) == 0)
			return true;
		value += len;
	}
	return false;
}

static bool any_header_has(const struct http1_head *head, const char *name, const char *token)
{
	for (size_t i = 0; i < head->n_headers; i++)
		if (strcasecmp(head->headers[i].name, name) == 0 && http1_token_in(head->headers[i].value, token))
			return true;
	return false;
}

/* What is wrong with a head, before it is put into words. */
struct verdict {
	int status;
	const char *what;
};

static bool refuse(struct verdict *v, int status, const char *what)
{
	v->status = status;
	v->what = what;
	return false;
}

/* Cuts the next line off *text: NUL-terminated, without its CR LF. */
static char *next_line(char **text)
{
	char *line = *text, *lf = strchr(line, '\n');

	*text = lf + 1;
	if (lf > line && lf[-1] == '\r')
		lf--;
	*lf = '\0';
	return line;
}

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	len = strlen(s);
	while (len > 0 && strchr(" \t", s[len - 1]))
		s[--len] = '\0';
	return s;
}

static bool parse_header(char *line, struct http1_header *ret, struct verdict *v)
{
	char *colon = strchr(line, ':');

	if (line[0] == ' ' || line[0] == '\t')
		return refuse(v, 400, "folded header line");
	if (!colon)
		return refuse(v, 400, "header without a colon");
	if (!is_token(line, (size_t)(colon - line)))
		return refuse(v, 400, "invalid header name");
	if (!http1_value_valid(colon + 1))
		return refuse(v, 400, "invalid header value");
	*colon = '\0';
	ret->name = line;
	ret->value = trim(colon + 1);
	return true;
}

static bool parse_headers(char *text, struct arena *a, struct http1_head *head, struct verdict *v)
{
	size_t count = 0;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		count++;
	if (count > HTTP1_HEADERS_MAX + 1)
		return refuse(v, 431, "too many headers");
	head->headers = arena_array(a, count + 1, sizeof(*head->headers));
	if (!head->headers)
		return refuse(v, 431, "out of memory for headers");
	for (;;) {
		char *line;

		if (!*text)
			return refuse(v, 400, "a head without its end");
		line = next_line(&text);
		if (!*line)
			return true;
		if (!parse_header(line, &head->headers[head->n_headers], v))
			return false;
		head->n_headers++;
	}
}

static bool parse_length(const char *text, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*text || strlen(text) > 18)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*ret = n;
	return true;
}

/* RFC 9112, section 6.3, without its leniencies. `head->body` stays NONE where neither header is there. */
static bool find_framing(struct http1_head *head, struct verdict *v)
{
	bool has_length = false, chunked = false;

	for (size_t i = 0; i < head->n_headers; i++) {
		const struct http1_header *h = &head->headers[i];
		uint64_t length;

		if (strcasecmp(h->name, "Content-Length") == 0) {
			if (!parse_length(h->value, &length) || (has_length && length != head->length))
				return refuse(v, 400, "invalid Content-Length");
			has_length = true;
			head->length = length;
		} else if (strcasecmp(h->name, "Transfer-Encoding") == 0) {
			if (chunked || head->minor == 0)
				return refuse(v, 400, "unexpected Transfer-Encoding");
			if (strcasecmp(h->value, "chunked") != 0)
				return refuse(v, 501, "unsupported transfer encoding");
			chunked = true;
		}
	}
	if (has_length && chunked)
		return refuse(v, 400, "both Content-Length and Transfer-Encoding");
	head->body = chunked ? HTTP1_BODY_CHUNKED : has_length ? HTTP1_BODY_LENGTH : HTTP1_BODY_NONE;
	return true;
}

static void find_connection(struct http1_head *head)
{
	bool close = any_header_has(head, "Connection", "close");

	head->keep_alive = head->minor == 1 ? !close : !close && any_header_has(head, "Connection", "keep-alive");
	if (any_header_has(head, "Connection", "upgrade"))
		head->upgrade = http1_header_get(head, "Upgrade");
}

/* "HTTP/1.0", "HTTP/1.1" */
static bool parse_version(const char *text, int *ret_minor, struct verdict *v)
{
	if (strlen(text) != 8 || strncmp(text, "HTTP/", 5) != 0 || !isdigit((unsigned char)text[5]) || text[6] != '.' ||
	    !isdigit((unsigned char)text[7]))
		return refuse(v, 400, "malformed HTTP version");
	if (text[5] != '1')
		return refuse(v, 505, "unsupported protocol version");
	*ret_minor = text[7] == '0' ? 0 : 1;
	return true;
}

static bool parse_request_line(char *line, struct http1_head *head, struct verdict *v)
{
	char *target = strchr(line, ' '), *version = target ? strchr(target + 1, ' ') : NULL;

	if (!version || strchr(version + 1, ' '))
		return refuse(v, 400, "malformed request line");
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line, strlen(line)))
		return refuse(v, 400, "invalid method");
	if (!*target || !http1_value_valid(target) || strchr(target, '\t'))
		return refuse(v, 400, "invalid request target");
	head->method = line;
	head->target = target;
	return parse_version(version, &head->minor, v);
}

static bool check_host(const struct http1_head *head, struct verdict *v)
{
	size_t hosts = 0;

	for (size_t i = 0; i < head->n_headers; i++)
		hosts += strcasecmp(head->headers[i].name, "Host") == 0;
	if (hosts == 0 && head->minor == 1)
		return refuse(v, 400, "missing required Host header");
	return hosts > 1 ? refuse(v, 400, "too many Host headers") : true;
}

static bool check_expect(struct http1_head *head, struct verdict *v)
{
	const char *expect = http1_header_get(head, "Expect");

	if (!expect || !*expect)
		return true;
	if (strcasecmp(expect, "100-continue") != 0)
		return refuse(v, 417, "unknown expectation");
	head->expect_continue = head->minor == 1;
	return true;
}

/* The writable, NUL-terminated copy; what a C string can't hold is refused here. */
static char *copy_head(const char *bytes, size_t len, struct arena *a, struct verdict *v)
{
	char *text;

	if (len == 0 || bytes[len - 1] != '\n' || memchr(bytes, '\0', len)) {
		refuse(v, 400, "NUL in a head");
		return NULL;
	}
	for (const char *cr = bytes; (cr = memchr(cr, '\r', len - (size_t)(cr - bytes))); cr++)
		if (cr[1] != '\n') {
			refuse(v, 400, "bare CR in a head");
			return NULL;
		}
	text = arena_strndup(a, bytes, len);
	if (!text)
		refuse(v, 431, "out of memory for a head");
	return text;
}

static bool parse_request(const char *bytes, size_t len, struct arena *a, struct http1_head *head, struct verdict *v)
{
	char *text = copy_head(bytes, len, a, v), *line = NULL;

	if (!text)
		return false;
	while (*text && (!line || !*line))
		line = next_line(&text);
	if (!line || !*line || !*text)
		return refuse(v, 400, "malformed request line");
	if (!parse_request_line(line, head, v) || !parse_headers(text, a, head, v) || !find_framing(head, v) ||
	    !check_host(head, v) || !check_expect(head, v))
		return false;
	find_connection(head);
	return true;
}

int http1_request_parse(const char *bytes, size_t len, struct arena *a, struct http1_head *ret, int *ret_status,
			struct err *err)
{
	struct http1_head head = {0};
	struct verdict v = {0};

	if (!parse_request(bytes, len, a, &head, &v)) {
		*ret_status = v.status;
		return err_set(err, ERR_INVALID, "%s", v.what);
	}
	*ret = head;
	return 0;
}

/* "HTTP/1.1 200 OK"; the reason may be missing. */
static bool parse_status_line(char *line, struct http1_head *head, struct verdict *v)
{
	char *code = strchr(line, ' ');

	if (!code)
		return refuse(v, 400, "malformed status line");
	*code++ = '\0';
	if (!parse_version(line, &head->minor, v))
		return false;
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)code[i]))
			return refuse(v, 400, "malformed status");
	if ((code[3] != ' ' && code[3] != '\0') || code[0] == '0')
		return refuse(v, 400, "malformed status");
	head->status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
	head->reason = code[3] ? code + 4 : "";
	return true;
}

static bool parse_response(const char *bytes, size_t len, const char *method, struct arena *a, struct http1_head *head,
			   struct verdict *v)
{
	char *text = copy_head(bytes, len, a, v);

	if (!text)
		return false;
	if (!parse_status_line(next_line(&text), head, v) || !*text)
		return refuse(v, 400, v->what ? v->what : "no headers");
	if (!parse_headers(text, a, head, v) || !find_framing(head, v))
		return false;
	find_connection(head);
	if (head->status / 100 == 1 || head->status == 204 || head->status == 304 || strcmp(method, "HEAD") == 0)
		head->body = HTTP1_BODY_NONE;
	else if (head->body == HTTP1_BODY_NONE)
		head->body = HTTP1_BODY_UNTIL_CLOSE;
	if (head->body == HTTP1_BODY_UNTIL_CLOSE)
		head->keep_alive = false;
	return true;
}

int http1_response_parse(const char *bytes, size_t len, const char *method, struct arena *a, struct http1_head *ret,
			 struct err *err)
{
	struct http1_head head = {0};
	struct verdict v = {0};

	if (!parse_response(bytes, len, method, a, &head, &v))
		return err_set(err, ERR_INVALID, "not an HTTP answer: %s", v.what);
	*ret = head;
	return 0;
}

const char *http1_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{100, "Continue"},
		{101, "Switching Protocols"},
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{301, "Moved Permanently"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{413, "Request Entity Too Large"},
		{417, "Expectation Failed"},
		{431, "Request Header Fields Too Large"},
		{499, "Client Closed Request"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}
