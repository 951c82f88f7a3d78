/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit.h"

/* A source that hands out `step` bytes at a time. */
struct pieces {
	const char *bytes;
	size_t len, step;
};

static int next_piece(void *arg, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	struct pieces *p = arg;

	if (p->len == 0)
		return 0;
	*ret_bytes = p->bytes;
	*ret_len = p->len < p->step ? p->len : p->step;
	p->bytes += *ret_len;
	p->len -= *ret_len;
	return 1;
}

static struct tar_reader *reader(struct pieces *p, const struct buf *b, size_t step)
{
	*p = (struct pieces){b->data, b->len, step};
	return tar_reader_new((struct byte_source){next_piece, p});
}

static void add(struct buf *b, struct tar_entry e, const char *content)
{
	if (content)
		e.size = strlen(content);
	assert_int_equal(tar_write_header(b, &e, NULL), 0);
	if (content) {
		buf_adds(b, content);
		tar_write_padding(b, e.size);
	}
}

/* A header by hand, as the writer would never make it. */
static char *raw(struct buf *b, const char *name, char type, uint64_t size)
{
	char *h = buf_reserve(b, TAR_BLOCK);

	memset(h, 0, TAR_BLOCK);
	strncpy(h, name, 100);
	strcpy(h + 100, "0000644");
	strcpy(h + 108, "0000000");
	strcpy(h + 116, "0000000");
	snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
	strcpy(h + 136, "00000000001");
	h[156] = type;
	memcpy(h + 257, "ustar  ", 8);
	buf_grew(b, TAR_BLOCK);
	return h;
}

static void seal(char *h)
{
	unsigned int sum = 0;

	memset(h + 148, ' ', 8);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 7, "%06o", sum);
}

static void put(struct buf *b, const char *text)
{
	buf_adds(b, text);
	tar_write_padding(b, strlen(text));
}

static void expect(struct tar_reader *r, struct tar_entry *e)
{
	struct err err = {0};

	if (tar_reader_next(r, e, &err) != 1)
		fail_msg("%s", err.msg);
}

/* The whole content, holes as '.'. */
static void expect_content(struct tar_reader *r, const struct tar_entry *e, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const void *bytes;
	uint64_t offset;
	size_t len;
	struct err err = {0};
	int status;

	while ((status = tar_reader_data(r, &bytes, &len, &offset, &err)) > 0) {
		while (b.len < offset)
			buf_addc(&b, '.');
		buf_add(&b, bytes, len);
	}
	if (status < 0)
		fail_msg("%s", err.msg);
	while (b.len < e->size)
		buf_addc(&b, '.');
	assert_string_equal(b.data, want);
}

static const struct tar_xattr xattrs[] = {{"user.a", "1\0\n2", 4}, {"security.capability", "\1\0\0\2", 4}};

static void fill(struct buf *b, char *long_name)
{
	memset(long_name, 'n', 300);
	memcpy(long_name + 150, "/", 1);
	long_name[300] = '\0';
	add(b, (struct tar_entry){.type = TAR_DIRECTORY, .name = "dir/", .mode = 02755, .uid = 7, .gid = 8, .mtime_s = 5},
	    NULL);
	add(b, (struct tar_entry){.type = TAR_FILE, .name = "dir/f", .mode = 04711, .mtime_s = 1700000000, .mtime_ns = 120},
	    "hello");
	add(b,
	    (struct tar_entry){.type = TAR_FILE,
			       .name = long_name,
			       .uid = 3000000000,
			       .gid = 4294967294,
			       .mtime_s = -2,
			       .mtime_ns = 500000000,
			       .xattrs = xattrs,
			       .n_xattrs = 2},
	    "");
	add(b, (struct tar_entry){.type = TAR_SYMLINK, .name = "l\xff", .link_name = long_name}, NULL);
	add(b, (struct tar_entry){.type = TAR_HARD_LINK, .name = "h", .link_name = "dir/f"}, NULL);
	add(b, (struct tar_entry){.type = TAR_CHAR, .name = "c", .major = 1, .minor = 2097151}, NULL);
	tar_write_end(b);
}

static void test_round_trip(void **state)
{
	static const size_t steps[] = {1, 7, 511, 512, 513, 1 << 20};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_(tar_reader_freep) struct tar_reader *r = NULL;
		struct pieces p;
		struct tar_entry e;
		char long_name[301];

		fill(&b, long_name);
		r = reader(&p, &b, steps[i]);
		expect(r, &e);
		assert_int_equal(e.type, TAR_DIRECTORY);
		assert_string_equal(e.name, "dir/");
		assert_int_equal(e.mode, 02755);
		assert_int_equal(e.uid, 7);
		assert_int_equal(e.gid, 8);
		expect(r, &e);
		assert_int_equal(e.mode, 04711);
		assert_int_equal(e.mtime_s, 1700000000);
		assert_int_equal(e.mtime_ns, 120);
		expect_content(r, &e, "hello");
		expect(r, &e);
		assert_string_equal(e.name, long_name);
		assert_int_equal(e.uid, 3000000000);
		assert_int_equal(e.gid, 4294967294);
		assert_int_equal(e.mtime_s, -2);
		assert_int_equal(e.mtime_ns, 500000000);
		assert_int_equal(e.n_xattrs, 2);
		assert_string_equal(e.xattrs[0].name, "user.a");
		assert_int_equal(e.xattrs[0].len, 4);
		assert_memory_equal(e.xattrs[0].value, "1\0\n2", 4);
		expect(r, &e);
		assert_int_equal(e.type, TAR_SYMLINK);
		assert_string_equal(e.name, "l\xff");
		assert_string_equal(e.link_name, long_name);
		assert_int_equal(e.n_xattrs, 0);
		expect(r, &e);
		assert_string_equal(e.link_name, "dir/f");
		expect(r, &e);
		assert_int_equal(e.major, 1);
		assert_int_equal(e.minor, 2097151);
		assert_int_equal(tar_reader_next(r, &e, NULL), 0);
		assert_int_equal(tar_reader_next(r, &e, NULL), 0);
	}
}

static void test_truncated_anywhere(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	char long_name[301];
	size_t whole;

	fill(&b, long_name);
	whole = b.len - 1024;
	for (size_t len = 0; len < whole; len++) {
		_cleanup_(tar_reader_freep) struct tar_reader *r = NULL;
		struct buf cut = b;
		struct pieces p;
		struct tar_entry e;
		struct err err = {0};
		int status, entries = 0;

		cut.len = len;
		r = reader(&p, &cut, 600);
		while ((status = tar_reader_next(r, &e, &err)) > 0)
			entries++;
		if (status < 0)
			assert_string_equal(err.msg, "unexpected EOF in the tar archive");
		else
			assert_int_equal(len % 512, 0); /* between entries */
		assert_true(entries < 6);
	}
}

static void test_gnu_names_and_numbers(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_(tar_reader_freep) struct tar_reader *r = NULL;
	struct pieces p;
	struct tar_entry e;
	char *h;

	seal(raw(&b, "././@LongLink", 'K', 6));
	put(&b, "target");
	seal(raw(&b, "././@LongLink", 'L', 10));
	put(&b, "a/longname");
	h = raw(&b, "short", '2', 0);
	memcpy(h + 108, "\x80\0\0\0\xff\xff\xff\xfe", 8);                        /* uid 2^32-2 */
	memcpy(h + 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12); /* mtime -1 */
	seal(h);
	seal(raw(&b, "plain/", '0', 3));
	put(&b, "abc");
	h = raw(&b, "v7", '\0', 1);
	memset(h + 257, 'p', 100); /* not ustar: no prefix */
	seal(h);
	put(&b, "x");
	r = reader(&p, &b, 512);
	expect(r, &e);
	assert_string_equal(e.name, "a/longname");
	assert_string_equal(e.link_name, "target");
	assert_int_equal(e.uid, 4294967294);
	assert_int_equal(e.mtime_s, -1);
	expect(r, &e);
	assert_int_equal(e.type, TAR_DIRECTORY);
	assert_int_equal(e.size, 0);
	expect(r, &e);
	assert_string_equal(e.name, "v7");
	expect_content(r, &e, "x");
	assert_int_equal(tar_reader_next(r, &e, NULL), 0);
}

static void pax(struct buf *b, const char *const *records)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (; *records; records++) {
		size_t rest = strlen(*records) + 2, len = rest + (rest + 1 < 10 ? 1 : rest + 2 < 100 ? 2 : 3);

		buf_addf(&text, "%zu %s\n", len, *records);
	}
	seal(raw(b, "pax", 'x', text.len));
	put(b, text.data);
}

static void test_sparse(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_(tar_reader_freep) struct tar_reader *r = NULL;
	struct pieces p;
	struct tar_entry e;
	char *h, map[TAR_BLOCK] = "2\n2\n3\n10\n1\n";

	h = raw(&b, "old", 'S', 4); /* 3 bytes at 2, 1 at 10, 12 in all */
	memcpy(h + 386, "00000000002\00000000000003\00000000000012\00000000000001", 47);
	strcpy(h + 483, "00000000014");
	seal(h);
	put(&b, "abcd");
	pax(&b, (const char *const[]){"GNU.sparse.size=12", "GNU.sparse.numblocks=2", "GNU.sparse.offset=2",
				      "GNU.sparse.numbytes=3", "GNU.sparse.offset=10", "GNU.sparse.numbytes=1", NULL});
	seal(raw(&b, "zero", '0', 4));
	put(&b, "abcd");
	pax(&b, (const char *const[]){"GNU.sparse.size=12", "GNU.sparse.map=2,3,10,1", "GNU.sparse.name=one", NULL});
	seal(raw(&b, "GNUSparseFile.1/one", '0', 4));
	put(&b, "abcd");
	pax(&b, (const char *const[]){"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=two",
				      "GNU.sparse.realsize=12", NULL});
	seal(raw(&b, "GNUSparseFile.1/two", '0', TAR_BLOCK + 4));
	buf_add(&b, map, sizeof(map));
	put(&b, "abcd");
	seal(raw(&b, "after", '0', 0));
	r = reader(&p, &b, 3);
	for (size_t i = 0; i < 4; i++) {
		expect(r, &e);
		assert_string_equal(e.name, ((const char *[]){"old", "zero", "one", "two"})[i]);
		assert_true(e.sparse);
		assert_int_equal(e.size, 12);
		expect_content(r, &e, "..abc.....d.");
	}
	expect(r, &e);
	assert_string_equal(e.name, "after");
	assert_false(e.sparse);
}

static void refuse(const struct buf *b, const char *want)
{
	_cleanup_(tar_reader_freep) struct tar_reader *r = NULL;
	struct pieces p;
	struct tar_entry e;
	struct err err = {0};
	int status;

	r = reader(&p, b, 4096);
	while ((status = tar_reader_next(r, &e, &err)) > 0)
		;
	assert_true(status < 0);
	assert_int_equal(err.kind, ERR_INVALID);
	if (!strstr(err.msg, want))
		assert_string_equal(err.msg, want);
}

static void test_refused(void **state)
{
	static const struct {
		const char *record, *want;
	} bad[] = {{"GNU.sparse.map=2,3,4", "PAX"},
		   {"GNU.sparse.numbytes=3", "PAX"},
		   {"size=-1", "PAX"},
		   {"mtime=x", "PAX"},
		   {"GNU.sparse.map=5,3,2,1", "sparse"},
		   {"GNU.sparse.map=0,9", "sparse"},
		   {"uid=1x", "PAX"},
		   {"size=99999999999999999999", "PAX"}};
	_cleanup_buf_ struct buf b = BUF_INIT;
	char *h;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		buf_reset(&b);
		pax(&b, (const char *const[]){bad[i].record, "GNU.sparse.size=8", NULL});
		seal(raw(&b, "f", '0', 4));
		put(&b, "abcd");
		refuse(&b, bad[i].want);
	}
	buf_reset(&b);
	seal(raw(&b, "x", 'x', TAR_META_MAX + 1));
	refuse(&b, "too large");
	buf_reset(&b);
	h = raw(&b, "x", '0', 0);
	memcpy(h + 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
	seal(h);
	refuse(&b, "wrong size");
	buf_reset(&b);
	raw(&b, "x", '0', 0);
	refuse(&b, "checksum");
	buf_reset(&b);
	seal(raw(&b, "x", 'M', 0));
	refuse(&b, "unhandled tar header type 77");
	buf_reset(&b);
	buf_add(&b, (char[TAR_BLOCK]){0}, TAR_BLOCK);
	seal(raw(&b, "x", '0', 0));
	refuse(&b, "zeros");
	buf_reset(&b);
	seal(raw(&b, "x", 'x', 12));
	put(&b, "99999 path=x");
	refuse(&b, "PAX");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_truncated_anywhere),
					   cmocka_unit_test(test_gnu_names_and_numbers), cmocka_unit_test(test_sparse),
					   cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
