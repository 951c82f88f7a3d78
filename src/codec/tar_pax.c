/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, PAX records and sparse maps of the tar reader; see tar_internal.h. */
#include "codec/tar_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XATTR_PREFIX "SCHILY.xattr."
#define EXTENTS_MAX 100000

static int base256(const unsigned char *field, size_t len, int64_t *ret)
{
	bool negative = field[0] & 0x40;
	uint64_t n = negative ? UINT64_MAX : 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = field[i];

		if (i == 0)
			byte = negative ? byte | 0x80 : byte & 0x7f;
		/* What is shifted out has to be the sign. */
		if ((n >> 56) != (negative ? 0xff : 0))
			return -EINVAL;
		n = n << 8 | byte;
	}
	if ((n >> 63) != negative)
		return -EINVAL;
	*ret = (int64_t)n;
	return 0;
}

int tar_number(const char *field, size_t len, int64_t *ret)
{
	uint64_t n = 0;
	size_t i = 0;

	if ((unsigned char)field[0] & 0x80)
		return base256((const unsigned char *)field, len, ret);
	while (i < len && (field[i] == ' ' || field[i] == '\0'))
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		n = n << 3 | (uint64_t)(field[i] - '0'); /* 12 digits at most: 36 bits */
	for (; i < len; i++)
		if (field[i] != ' ' && field[i] != '\0')
			return -EINVAL;
	*ret = (int64_t)n;
	return 0;
}

int tar_decimal(const char **at, const char *end, uint64_t *ret)
{
	const char *s = *at;
	uint64_t n = 0;

	for (; s < end && *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return -ERANGE;
	if (s == *at)
		return -EINVAL;
	*at = s;
	*ret = n;
	return 0;
}

static int whole_number(const char *value, size_t len, uint64_t *ret)
{
	const char *at = value;
	int r = tar_decimal(&at, value + len, ret);

	if (r == 0 && (at != value + len || *ret > INT64_MAX))
		return -EINVAL;
	return r;
}

/* "-12.5" is 12.5 seconds before 1970: seconds -13, nanoseconds 500000000. Digits behind the ninth are cut. */
static int pax_time(const char *value, size_t len, int64_t *ret_s, uint32_t *ret_ns)
{
	const char *at = value, *end = value + len;
	bool negative = at < end && *at == '-';
	uint64_t s;
	uint32_t ns = 0, unit = 100000000;
	int r;

	if (negative)
		at++;
	r = tar_decimal(&at, end, &s);
	if (r < 0 || s > INT64_MAX)
		return -EINVAL;
	if (at < end && *at == '.')
		for (at++; at < end && *at >= '0' && *at <= '9'; at++, unit /= 10)
			ns += unit * (uint32_t)(*at - '0');
	if (at != end)
		return -EINVAL;
	*ret_s = negative ? -(int64_t)s : (int64_t)s;
	if (negative && ns > 0) {
		*ret_s -= 1;
		ns = 1000000000 - ns;
	}
	*ret_ns = ns;
	return 0;
}

int tar_extents_add(struct tar_extents *e, uint64_t offset, uint64_t len)
{
	if (e->len == EXTENTS_MAX)
		return -E2BIG;
	if (e->len == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 16;
		struct tar_extent *items = realloc(e->items, cap * sizeof(*items));

		if (!items)
			return -ENOMEM;
		e->items = items;
		e->cap = cap;
	}
	e->items[e->len++] = (struct tar_extent){.offset = offset, .len = len};
	return 0;
}

bool tar_extents_hold(const struct tar_extents *e, uint64_t real_size, uint64_t stored)
{
	uint64_t at = 0, sum = 0;

	for (size_t i = 0; i < e->len; i++) {
		uint64_t end;

		if (__builtin_add_overflow(e->items[i].offset, e->items[i].len, &end))
			return false;
		if (e->items[i].offset < at || end > real_size)
			return false;
		at = end;
		sum += e->items[i].len; /* at most real_size: the extents don't overlap */
	}
	return sum == stored;
}

/* "offset,length,offset,length" */
static int sparse_map(struct tar_pax *pax, const char *value, size_t len)
{
	const char *at = value, *end = value + len;

	pax->has_sparse_map = true;
	while (at < end) {
		uint64_t offset, n;
		int r = tar_decimal(&at, end, &offset);

		if (r < 0 || at == end || *at++ != ',')
			return -EINVAL;
		r = tar_decimal(&at, end, &n);
		if (r < 0 || (at < end && *at++ != ','))
			return -EINVAL;
		r = tar_extents_add(&pax->map, offset, n);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Version 0.0 has a record for each offset and one for each length behind it. */
static int sparse_pair(struct tar_pax *pax, bool is_offset, uint64_t n)
{
	pax->has_sparse_map = true;
	if (is_offset)
		return tar_extents_add(&pax->map, n, UINT64_MAX);
	if (pax->map.len == 0 || pax->map.items[pax->map.len - 1].len != UINT64_MAX)
		return -EINVAL;
	pax->map.items[pax->map.len - 1].len = n;
	return 0;
}

static int sparse_record(struct tar_pax *pax, const char *key, char *value, size_t len)
{
	uint64_t n = 0;
	int r;

	if (strcmp(key, "name") == 0) {
		pax->sparse_name = value;
		return memchr(value, '\0', len) ? -EINVAL : 0;
	}
	if (strcmp(key, "map") == 0)
		return sparse_map(pax, value, len);
	r = whole_number(value, len, &n);
	if (r < 0)
		return r;
	if (strcmp(key, "major") == 0)
		pax->sparse_major = (int64_t)n;
	else if (strcmp(key, "minor") == 0)
		pax->sparse_minor = (int64_t)n;
	else if (strcmp(key, "offset") == 0 || strcmp(key, "numbytes") == 0)
		return sparse_pair(pax, key[0] == 'o', n);
	else if (strcmp(key, "realsize") == 0 || strcmp(key, "size") == 0) {
		pax->sparse_real_size = n;
		pax->has_sparse_real_size = true;
	}
	return 0;
}

static int xattr_record(struct tar_pax *pax, const char *name, const char *value, size_t len)
{
	if (pax->n_xattrs == pax->cap_xattrs) {
		size_t cap = pax->cap_xattrs ? pax->cap_xattrs * 2 : 8;
		struct tar_xattr *items = realloc(pax->xattrs, cap * sizeof(*items));

		if (!items)
			return -ENOMEM;
		pax->xattrs = items;
		pax->cap_xattrs = cap;
	}
	pax->xattrs[pax->n_xattrs++] = (struct tar_xattr){.name = name, .value = value, .len = len};
	return 0;
}

/* An empty value takes back what an earlier record said. */
static int record(struct tar_pax *pax, const char *key, char *value, size_t len)
{
	if (strcmp(key, "path") == 0 || strcmp(key, "linkpath") == 0) {
		if (memchr(value, '\0', len))
			return -EINVAL;
		*(key[0] == 'p' ? &pax->path : &pax->link_path) = len > 0 ? value : NULL;
		return 0;
	}
	if (strcmp(key, "size") == 0)
		return (pax->has_size = len > 0) ? whole_number(value, len, &pax->size) : 0;
	if (strcmp(key, "uid") == 0)
		return (pax->has_uid = len > 0) ? whole_number(value, len, &pax->uid) : 0;
	if (strcmp(key, "gid") == 0)
		return (pax->has_gid = len > 0) ? whole_number(value, len, &pax->gid) : 0;
	if (strcmp(key, "mtime") == 0)
		return (pax->has_mtime = len > 0) ? pax_time(value, len, &pax->mtime_s, &pax->mtime_ns) : 0;
	if (strncmp(key, XATTR_PREFIX, sizeof(XATTR_PREFIX) - 1) == 0)
		return xattr_record(pax, key + sizeof(XATTR_PREFIX) - 1, value, len);
	if (strncmp(key, "GNU.sparse.", 11) == 0)
		return sparse_record(pax, key + 11, value, len);
	return 0;
}

int tar_pax_parse(char *text, size_t len, struct tar_pax *pax)
{
	char *end = text + len;

	while (text < end) {
		const char *digits = text;
		char *key, *equals;
		uint64_t n;
		int r = tar_decimal(&digits, end, &n);

		if (r < 0 || digits == end || *digits != ' ' || n > (uint64_t)(end - text) || n < 5)
			return -EINVAL;
		if (text[n - 1] != '\n' || digits + 1 >= text + n)
			return -EINVAL;
		key = text + (digits - text) + 1;
		text += n;
		equals = memchr(key, '=', (size_t)(text - key));
		if (!equals || equals == key || memchr(key, '\0', (size_t)(equals - key)))
			return -EINVAL;
		*equals = '\0';
		text[-1] = '\0';
		r = record(pax, key, equals + 1, (size_t)(text - 1 - (equals + 1)));
		if (r < 0)
			return r;
	}
	return 0;
}

void tar_pax_reset(struct tar_pax *pax)
{
	struct tar_xattr *xattrs = pax->xattrs;
	size_t cap_xattrs = pax->cap_xattrs;
	struct tar_extents map = pax->map;

	map.len = 0;
	*pax = (struct tar_pax){.xattrs = xattrs, .cap_xattrs = cap_xattrs, .map = map, .sparse_major = -1, .sparse_minor = -1};
}

void tar_pax_done(struct tar_pax *pax)
{
	free(pax->xattrs);
	free(pax->map.items);
	*pax = (struct tar_pax){0};
}
