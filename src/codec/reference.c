/* SPDX-License-Identifier: Apache-2.0 */
/* Image references; see reference.h. One pass over the text, no regular expressions: the grammar has no ambiguity left
 * once '@', the first '/' and the first ':' behind it are found. */
#include "codec/reference.h"

#include <string.h>

#include "codec/digest.h"

#define PATH_MAX_LEN 255
#define DIGEST_HEX_LEAST 32
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN "index.docker.io"
#define OFFICIAL "library/"

static bool is_alnum(char c)
{
	return c && strchr(LOWER UPPER DIGITS, c);
}

static bool has_upper(const char *s)
{
	return strpbrk(s, UPPER) != NULL;
}

/* Components of letters, digits and inner '-', joined by '.'; or a bracketed IPv6 address. Returns what follows, or NULL. */
static const char *skip_host(const char *s)
{
	if (*s == '[') {
		size_t n = strspn(s + 1, "abcdefABCDEF:" DIGITS);

		return n > 0 && s[1 + n] == ']' ? s + n + 2 : NULL;
	}
	for (;;) {
		size_t n = strspn(s, LOWER UPPER DIGITS "-");

		if (n == 0 || s[0] == '-' || s[n - 1] == '-')
			return NULL;
		s += n;
		if (*s != '.')
			return s;
		s++;
	}
}

static bool domain_valid(const char *s)
{
	s = skip_host(s);
	if (!s)
		return false;
	if (*s == '\0')
		return true;
	return *s == ':' && s[1] && s[1 + strspn(s + 1, DIGITS)] == '\0';
}

/* Lower-case letters and digits, with one '.', one or two '_' or any number of '-' between; components joined by '/'. */
static bool path_valid(const char *s)
{
	for (;;) {
		size_t n = strspn(s, LOWER DIGITS);

		if (n == 0)
			return false;
		s += n;
		if (*s == '\0')
			return true;
		if (*s == '/' || *s == '.')
			s++;
		else if (*s == '_')
			s += s[1] == '_' ? 2 : 1;
		else if (*s == '-')
			s += strspn(s, "-");
		else
			return false;
	}
}

bool reference_tag_valid(const char *tag)
{
	size_t n = strspn(tag, LOWER UPPER DIGITS "_.-");

	return n > 0 && n <= 128 && tag[n] == '\0' && tag[0] != '.' && tag[0] != '-';
}

/* The shape alone; whether algorithm and length fit is digest_check's to say, in other words. */
static bool digest_shaped(const char *s)
{
	for (;;) {
		if (!*s || !strchr(LOWER UPPER, *s))
			return false;
		while (is_alnum(*s))
			s++;
		if (*s == ':')
			break;
		if (!*s || !strchr("-_+.", *s))
			return false;
		s++;
	}
	s++;
	return strspn(s, "abcdefABCDEF" DIGITS) >= DIGEST_HEX_LEAST && s[strspn(s, "abcdefABCDEF" DIGITS)] == '\0';
}

static int bad(struct err *err)
{
	return err_set(err, ERR_INVALID, "invalid reference format");
}

/* Splits off the registry; `rest` is what follows, with the default's "library/" put in. */
static void split_domain(const char *text, struct arena *a, char **ret_domain, char **ret_rest)
{
	const char *slash = strchr(text, '/');
	char *first = slash ? arena_strndup(a, text, (size_t)(slash - text)) : NULL;

	if (first && (strpbrk(first, ".:") || strcmp(first, "localhost") == 0 || has_upper(first))) {
		*ret_domain = strcmp(first, LEGACY_DOMAIN) == 0 ? arena_strdup(a, DEFAULT_DOMAIN) : first;
		*ret_rest = arena_strdup(a, slash + 1);
	} else {
		*ret_domain = arena_strdup(a, DEFAULT_DOMAIN);
		*ret_rest = arena_strdup(a, text);
	}
	if (*ret_domain && *ret_rest && strcmp(*ret_domain, DEFAULT_DOMAIN) == 0 && !strchr(*ret_rest, '/'))
		*ret_rest = arena_printf(a, OFFICIAL "%s", *ret_rest);
}

static int split_rest(char *rest, struct reference *r, struct err *err)
{
	char *at = strchr(rest, '@'), *colon = strchr(rest, ':'), saved = '\0';

	if (colon) {
		saved = *colon;
		*colon = '\0';
	}
	if (has_upper(rest))
		return err_set(err, ERR_INVALID, "invalid reference format: repository name (%s) must be lowercase", rest);
	if (colon)
		*colon = saved;
	if (at) {
		*at = '\0';
		r->digest = at + 1;
		if (!digest_shaped(r->digest))
			return bad(err);
	}
	colon = strchr(rest, ':');
	if (colon) {
		*colon = '\0';
		r->tag = colon + 1;
		if (!reference_tag_valid(r->tag))
			return bad(err);
	}
	r->path = rest;
	return path_valid(r->path) ? 0 : bad(err);
}

int reference_parse(const char *text, struct arena *a, struct reference *ret, struct err *err)
{
	struct reference r = {0};
	char *rest;
	int status;

	if (digest_is_hex(text))
		return err_set(err, ERR_INVALID, "invalid repository name (%s), cannot specify 64-byte hexadecimal strings",
			       text);
	split_domain(text, a, &r.domain, &rest);
	if (arena_failed(a))
		return err_set(err, ERR_INVALID, "invalid reference format: too long");
	status = split_rest(rest, &r, err);
	if (status < 0)
		return status;
	if (!domain_valid(r.domain))
		return bad(err);
	if (strlen(r.path) > PATH_MAX_LEN)
		return err_set(err, ERR_INVALID, "repository name must not be more than %d characters", PATH_MAX_LEN);
	if (r.digest) {
		status = digest_check(r.digest, err);
		if (status < 0)
			return status;
	}
	*ret = r;
	return 0;
}

void reference_default_tag(struct reference *r)
{
	static char latest[] = "latest";

	if (!r->tag && !r->digest)
		r->tag = latest;
}

char *reference_name(const struct reference *r, struct arena *a)
{
	return arena_printf(a, "%s/%s", r->domain, r->path);
}

char *reference_familiar_name(const struct reference *r, struct arena *a)
{
	const char *path = r->path;

	if (strcmp(r->domain, DEFAULT_DOMAIN) != 0)
		return reference_name(r, a);
	/* Only one component behind "library/" may lose it: docker.io/library/a/b stays library/a/b. */
	if (strncmp(path, OFFICIAL, strlen(OFFICIAL)) == 0 && !strchr(path + strlen(OFFICIAL), '/'))
		path += strlen(OFFICIAL);
	return arena_strdup(a, path);
}

static char *with_rest(const struct reference *r, const char *name, struct arena *a)
{
	if (!name)
		return NULL;
	return arena_printf(a, "%s%s%s%s%s", name, r->tag ? ":" : "", r->tag ? r->tag : "", r->digest ? "@" : "",
			    r->digest ? r->digest : "");
}

char *reference_text(const struct reference *r, struct arena *a)
{
	return with_rest(r, reference_name(r, a), a);
}

char *reference_familiar(const struct reference *r, struct arena *a)
{
	return with_rest(r, reference_familiar_name(r, a), a);
}
