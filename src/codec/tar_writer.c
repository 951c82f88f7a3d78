/* SPDX-License-Identifier: Apache-2.0 */
/* The tar writer; see tar.h. The same entry always gives the same bytes. */
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "codec/tar_internal.h"

#define OCTAL_MAX(digits) ((UINT64_C(1) << (3 * (digits))) - 1)

static void put_octal(char *field, size_t len, uint64_t n)
{
	/* What doesn't fit stands in the PAX header; the field then says 0. */
	if (n > OCTAL_MAX(len - 1))
		n = 0;
	field[len - 1] = '\0';
	for (size_t i = len - 1; i-- > 0; n >>= 3)
		field[i] = (char)('0' + (n & 7));
}

static void finish_header(struct tar_raw *raw)
{
	unsigned int sum = 0;

	memcpy(raw->magic, "ustar\00000", 8);
	memset(raw->checksum, ' ', sizeof(raw->checksum));
	for (size_t i = 0; i < sizeof(*raw); i++)
		sum += ((unsigned char *)raw)[i];
	put_octal(raw->checksum, 7, sum);
}

/* "LEN KEY=VALUE\n", where LEN counts its own digits. */
static void put_record(struct buf *b, const char *key, const char *key2, const void *value, size_t len)
{
	size_t rest = strlen(key) + strlen(key2) + len + 3, total = rest + 1;
	char digits[24];

	while (total != rest + (size_t)snprintf(digits, sizeof(digits), "%zu", total))
		total = rest + strlen(digits);
	buf_addf(b, "%s %s%s=", digits, key, key2);
	buf_add(b, value, len);
	buf_addc(b, '\n');
}

static void put_text(struct buf *b, const char *key, const char *value)
{
	put_record(b, key, "", value, strlen(value));
}

static void put_number(struct buf *b, const char *key, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	put_text(b, key, text);
}

static void put_time(struct buf *b, const struct tar_entry *e)
{
	bool negative = e->mtime_s < 0;
	uint64_t s = negative ? -(uint64_t)e->mtime_s : (uint64_t)e->mtime_s;
	uint32_t ns = e->mtime_ns;
	char text[40];
	int len;

	if (negative && ns > 0) {
		s -= 1;
		ns = 1000000000 - ns;
	}
	len = snprintf(text, sizeof(text), "%s%llu.%09u", negative ? "-" : "", (unsigned long long)s, ns);
	while (text[len - 1] == '0')
		len--;
	text[text[len - 1] == '.' ? len - 1 : len] = '\0';
	put_text(b, "mtime", text);
}

/* Splits at a '/' so that both halves fit; false when there is none such. */
static bool split_name(struct tar_raw *raw, const char *name)
{
	size_t len = strlen(name);

	if (len <= sizeof(raw->name)) {
		memcpy(raw->name, name, len);
		return true;
	}
	for (size_t i = len - 1; i > 0; i--)
		if (i <= sizeof(raw->prefix) && name[i] == '/' && len - i - 1 <= sizeof(raw->name) && len - i - 1 > 0) {
			memcpy(raw->prefix, name, i);
			memcpy(raw->name, name + i + 1, len - i - 1);
			return true;
		}
	return false;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if (*s & 0x80)
			return false;
	return true;
}

/* What ustar can't hold, as PAX records. */
static void put_pax(struct buf *b, const struct tar_entry *e, bool name_fits, bool link_fits)
{
	if (!name_fits)
		put_text(b, "path", e->name);
	if (!link_fits)
		put_text(b, "linkpath", e->link_name);
	if (e->size > OCTAL_MAX(11))
		put_number(b, "size", e->size);
	if (e->uid > OCTAL_MAX(7))
		put_number(b, "uid", e->uid);
	if (e->gid > OCTAL_MAX(7))
		put_number(b, "gid", e->gid);
	if (e->mtime_ns > 0 || e->mtime_s < 0 || (uint64_t)e->mtime_s > OCTAL_MAX(11))
		put_time(b, e);
	for (size_t i = 0; i < e->n_xattrs; i++)
		put_record(b, "SCHILY.xattr.", e->xattrs[i].name, e->xattrs[i].value, e->xattrs[i].len);
}

static void put_pax_entry(struct buf *out, const struct buf *pax, const char *name)
{
	const char *slash = strrchr(name, '/');
	struct tar_raw raw = {.type = 'x'};
	char title[100 + sizeof("PaxHeaders.0/")];

	snprintf(title, sizeof(title), "PaxHeaders.0/%.80s", slash && slash[1] ? slash + 1 : "entry");
	memcpy(raw.name, title, MIN(strlen(title), sizeof(raw.name)));
	put_octal(raw.mode, sizeof(raw.mode), 0644);
	put_octal(raw.uid, sizeof(raw.uid), 0);
	put_octal(raw.gid, sizeof(raw.gid), 0);
	put_octal(raw.size, sizeof(raw.size), pax->len);
	put_octal(raw.mtime, sizeof(raw.mtime), 0);
	finish_header(&raw);
	buf_add(out, &raw, sizeof(raw));
	buf_add(out, pax->data, pax->len);
	tar_write_padding(out, pax->len);
}

int tar_write_header(struct buf *out, const struct tar_entry *e, struct err *err)
{
	_cleanup_buf_ struct buf pax = BUF_INIT;
	struct tar_raw raw = {.type = (char)e->type};
	const char *link = e->link_name ? e->link_name : "";
	bool name_fits, link_fits = strlen(link) <= sizeof(raw.link_name) && is_ascii(link);

	if (!e->name || !*e->name || strlen(e->name) > TAR_META_MAX || strlen(link) > TAR_META_MAX)
		return err_set(err, ERR_INVALID, "a tar entry's name is empty or too long");
	name_fits = split_name(&raw, e->name) && is_ascii(e->name);
	if (!name_fits && !raw.name[0])
		memcpy(raw.name, e->name, sizeof(raw.name));
	memcpy(raw.link_name, link, MIN(strlen(link), sizeof(raw.link_name)));
	put_octal(raw.mode, sizeof(raw.mode), e->mode & 07777);
	put_octal(raw.uid, sizeof(raw.uid), e->uid);
	put_octal(raw.gid, sizeof(raw.gid), e->gid);
	put_octal(raw.size, sizeof(raw.size), e->type == TAR_FILE ? e->size : 0);
	put_octal(raw.mtime, sizeof(raw.mtime), e->mtime_s > 0 ? (uint64_t)e->mtime_s : 0);
	put_octal(raw.major, sizeof(raw.major), e->major);
	put_octal(raw.minor, sizeof(raw.minor), e->minor);
	finish_header(&raw);
	put_pax(&pax, e, name_fits, link_fits);
	if (pax.len > 0)
		put_pax_entry(out, &pax, e->name);
	buf_add(out, &raw, sizeof(raw));
	return 0;
}

void tar_write_padding(struct buf *out, uint64_t size)
{
	static const char zeros[TAR_BLOCK];

	buf_add(out, zeros, (size_t)(-size & (TAR_BLOCK - 1)));
}

void tar_write_end(struct buf *out)
{
	static const char zeros[2 * TAR_BLOCK];

	buf_add(out, zeros, sizeof(zeros));
}
