/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include "codec/digest.h"
#include "tree_fixture.h"

static void add_gzip(struct buf *b, const void *bytes, size_t len)
{
	z_stream z = {0};
	char *at = buf_reserve(b, len + 1000);

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)bytes;
	z.avail_in = (unsigned int)len;
	z.next_out = (unsigned char *)at;
	z.avail_out = (unsigned int)len + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_grew(b, len + 1000 - z.avail_out);
	deflateEnd(&z);
}

static void add_zstd(struct buf *b, const void *bytes, size_t len)
{
	size_t room = ZSTD_compressBound(len);
	char *at = buf_reserve(b, room);

	buf_grew(b, ZSTD_compress(at, room, bytes, len, 3));
}

static int expand(const struct buf *b, uint64_t floor_bytes, struct buf *out, struct err *err)
{
	struct buf_source s = {b, 0};
	_cleanup_(decompress_closep) struct decompress *d = NULL;
	struct byte_source source;
	const void *bytes;
	size_t len;
	int r = decompress_open((struct byte_source){buf_source_next, &s}, &d, err);

	if (r < 0)
		return r;
	if (floor_bytes)
		decompress_set_floor(d, floor_bytes);
	source = decompress_source(d);
	while ((r = source.next(source.arg, &bytes, &len, err)) > 0)
		buf_add(out, bytes, len);
	return r < 0 ? r : source.next(source.arg, &bytes, &len, err);
}

static void expect(const struct buf *b, const struct buf *want)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = {0};

	if (expand(b, 0, &out, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(out.len, want->len);
	assert_memory_equal(out.data, want->data, want->len);
}

static void fill(struct buf *b, size_t len)
{
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245 + 12345;
		buf_addc(b, i % 3000 < 1500 ? 'a' : (char)(x >> 16));
	}
}

static void test_every_kind(void **state)
{
	static const size_t sizes[] = {0, 1, 511, 512, 513, 700000};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_buf_ struct buf plain = BUF_INIT, gzip = BUF_INIT, zstd = BUF_INIT;

		fill(&plain, sizes[i]);
		add_gzip(&gzip, plain.data, plain.len);
		add_zstd(&zstd, plain.data, plain.len);
		expect(&plain, &plain);
		expect(&gzip, &plain);
		expect(&zstd, &plain);
	}
}

static void test_members_and_frames(void **state)
{
	_cleanup_buf_ struct buf plain = BUF_INIT, gzip = BUF_INIT, zstd = BUF_INIT;

	for (int i = 0; i < 40; i++) {
		size_t before = plain.len;

		fill(&plain, (size_t)i * 777);
		add_gzip(&gzip, plain.data + before, plain.len - before);
		add_zstd(&zstd, plain.data + before, plain.len - before);
	}
	buf_add(&gzip, "\0\0\0\0", 4); /* padding */
	expect(&gzip, &plain);
	expect(&zstd, &plain);
}

static void test_damage(void **state)
{
	_cleanup_buf_ struct buf plain = BUF_INIT, gzip = BUF_INIT, zstd = BUF_INIT, out = BUF_INIT;
	struct buf cut;
	struct err err = {0};

	fill(&plain, 5000);
	add_gzip(&gzip, plain.data, plain.len);
	add_zstd(&zstd, plain.data, plain.len);
	for (size_t len = 6; len < gzip.len; len++) {
		cut = gzip;
		cut.len = len;
		if (expand(&cut, 0, &out, &err) >= 0)
			fail_msg("gzip cut at %zu", len);
		assert_int_equal(err.kind, ERR_INVALID);
	}
	for (size_t len = 6; len < zstd.len; len++) {
		cut = zstd;
		cut.len = len;
		if (expand(&cut, 0, &out, &err) >= 0)
			fail_msg("zstd cut at %zu", len);
	}
	gzip.data[gzip.len - 6] ^= 1; /* the checksum */
	assert_true(expand(&gzip, 0, &out, &err) < 0);
	gzip.data[gzip.len - 6] ^= 1;
	buf_adds(&gzip, "rubbish");
	assert_true(expand(&gzip, 0, &out, &err) < 0);
	buf_adds(&zstd, "rubbish");
	assert_true(expand(&zstd, 0, &out, &err) < 0);
}

static void test_bombs_stop(void **state)
{
	_cleanup_buf_ struct buf zeros = BUF_INIT, zstd = BUF_INIT, out = BUF_INIT;
	struct err err = {0};

	memset(buf_reserve(&zeros, 10 << 20), 0, 10 << 20);
	buf_grew(&zeros, 10 << 20);
	add_zstd(&zstd, zeros.data, zeros.len);
	assert_int_equal(expand(&zstd, 10 << 20, &out, &err), 0);
	buf_reset(&out);
	assert_true(expand(&zstd, 1 << 20, &out, &err) < 0);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	assert_true(out.len <= 2 << 20);
}

static void test_others_are_named(void **state)
{
	struct buf xz = {.data = (char *)"\xfd\x37\x7a\x58\x5a\0\0\0", .len = 8},
		   bzip2 = {.data = (char *)"BZh91AY&", .len = 8};
	struct err err = {0};

	assert_true(expand(&xz, 0, NULL, &err) < 0);
	assert_int_equal(err.kind, ERR_NOT_IMPLEMENTED);
	assert_non_null(strstr(err.msg, "xz"));
	assert_true(expand(&bzip2, 0, NULL, &err) < 0);
	assert_non_null(strstr(err.msg, "bzip2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind), cmocka_unit_test(test_members_and_frames),
					   cmocka_unit_test(test_damage), cmocka_unit_test(test_bombs_stop),
					   cmocka_unit_test(test_others_are_named)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
