/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unpacker. What is accepted and refused was first asked of Docker 28.5 with the same archives; the differences on
 * purpose are those of unpack.h.
 */
#include "storage/unpack.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "tree_fixture.h"

#define F TAR_FILE
#define D TAR_DIRECTORY
#define S TAR_SYMLINK
#define L TAR_HARD_LINK

struct trees {
	int below; /* what the lower layers have */
	int layer;
};

static int open_below(void *arg, const char *path)
{
	struct trees *t = arg;
	int fd = openat(t->below, *path ? path : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int unpack_buf(int root_fd, const struct buf *b, const struct unpack_lower *lower, struct err *err)
{
	struct buf_source s = {b, 0};
	uint64_t size;

	return unpack_layer((struct byte_source){buf_source_next, &s}, root_fd, lower, &size, err);
}

static int unpack_items(int root_fd, const struct item *items, const struct unpack_lower *lower, struct err *err)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	tar_of(&b, items);
	return unpack_buf(root_fd, &b, lower, err);
}

static int layer_dir(struct fixture *f, const char *name)
{
	int fd = file_open_dir_at(f->dir, name, true, 0755);

	assert_true(fd >= 0);
	return fd;
}

#define MAX_ITEMS 6

static void test_refused(void **state)
{
	static const struct {
		struct item items[MAX_ITEMS];
		const char *why;
	} rows[] = {
		{{{"../x", F, "a"}}, "invalid entry name \"../x\""},
		{{{"a/../../x", F, "a"}}, "invalid entry name"},
		{{{"l", S, "../../../tmp"}, {"l/x", F, "a"}}, "path escapes from parent"},
		{{{"a", S, "b"}, {"b", S, "a"}, {"a/x", F, "a"}}, "Too many levels"},
		{{{"a", F, "x"}, {"a/b", F, "x"}}, "Not a directory"},
		{{{"h", L, "../../etc/passwd"}}, "invalid hardlink target \"../../etc/passwd\""},
		{{{"h", L, "/etc/passwd"}}, "No such file"},
		{{{"l", S, "/etc"}, {"h", L, "l/passwd"}}, "No such file"},
		{{{"l", S, "../../etc"}, {"h", L, "l/passwd"}}, "path escapes from parent"},
		{{{"d", D, NULL}, {"h", L, "d"}}, "Operation not permitted"},
		{{{"h", L, "h"}}, "No such file"},
		{{{"h", L, ""}}, "invalid hardlink target"},
		{{{".wh.", F, ""}}, "invalid whiteout entry \".wh.\""},
		{{{"a/.wh..", F, ""}}, "invalid whiteout entry"},
		{{{"a/.wh...", F, ""}}, "invalid whiteout entry"},
	};

	NEEDS_ROOT();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture *f = *state;
		_cleanup_close_ int fd = layer_dir(f, "layer");
		struct err err = {0};

		assert_true(unpack_items(fd, rows[i].items, NULL, &err) < 0);
		assert_int_equal(err.kind, ERR_INVALID);
		if (!strstr(err.msg, rows[i].why))
			assert_string_equal(err.msg, rows[i].why);
		assert_int_equal(file_remove_tree_at(f->dir, "layer"), 0);
	}
}

static void expect_text(int dir, const char *path, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (file_read_at(dir, path, 1000, &b) < 0)
		fail_msg("no %s", path);
	assert_string_equal(b.data, want);
}

static void test_accepted(void **state)
{
	static const struct {
		struct item items[MAX_ITEMS];
		const char *path, *content;
	} rows[] = {
		{{{"/abs", F, "a"}}, "abs", "a"},
		{{{"a", D, NULL}, {"a/../x", F, "a"}}, "x", "a"},
		{{{"a/./b//c", F, "x"}}, "a/b/c", "x"},
		{{{"d", D, NULL}, {"l", S, "d"}, {"l/x", F, "a"}}, "d/x", "a"},
		{{{"l", S, "/tmp"}, {"l/x", F, "a"}}, "tmp/x", "a"},
		{{{"l", S, "nowhere"}, {"l/y/x", F, "a"}}, "nowhere/y/x", "a"},
		{{{"a", F, "1"}, {"h", L, "/a"}}, "h", "1"},
		{{{"a", F, "1"}, {"d", D, NULL}, {"d/h", L, "d/../a"}}, "d/h", "1"},
		{{{"d", D, NULL}, {"d/x", F, "a"}, {"d", F, "b"}}, "d", "b"},
		{{{"e", D, NULL}, {"d", S, "e"}, {"d", D, NULL}, {"d/x", F, "1"}}, "d/x", "1"},
		{{{"e", F, "old"}, {"d", S, "e"}, {"d", F, "new"}}, "e", "old"},
		{{{"a", F, "1"}, {"a", F, "22"}}, "a", "22"},
		{{{"./", S, "/tmp"}, {".", F, "x"}, {"", F, "x"}, {"x", F, "x"}}, "x", "x"},
	};

	NEEDS_ROOT();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture *f = *state;
		_cleanup_close_ int fd = layer_dir(f, "layer");
		struct item items[MAX_ITEMS];
		struct err err = {0};

		memcpy(items, rows[i].items, sizeof(items));
		for (struct item *one = items; one < items + MAX_ITEMS; one++)
			if (one->name && !*one->name) /* the writer makes no empty name */
				one->name = "./.";
		if (unpack_items(fd, items, NULL, &err) < 0)
			fail_msg("%s: %s", rows[i].path, err.msg);
		expect_text(fd, rows[i].path, rows[i].content);
		assert_int_equal(file_remove_tree_at(f->dir, "layer"), 0);
	}
}

static struct stat stat_of(int dir, const char *path)
{
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("no %s", path);
	return st;
}

static void add_all(struct buf *b)
{
	static const struct tar_xattr xattrs[] = {{"user.note", "hi", 2},
						  {"trusted.overlay.redirect", "/etc", 4},
						  {"security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20}};
	struct tar_entry entries[] = {
		{.type = D, .name = "./", .mode = 0555, .mtime_s = 10},
		{.type = D, .name = "d", .mode = 03770, .uid = 5, .gid = 6, .mtime_s = 1500000000, .mtime_ns = 1},
		{.type = F,
		 .name = "d/suid",
		 .mode = 06755,
		 .uid = 70000,
		 .gid = 4000000000,
		 .mtime_s = -5,
		 .mtime_ns = 999999999,
		 .xattrs = xattrs,
		 .n_xattrs = 3},
		{.type = S, .name = "d/l", .link_name = "/nowhere", .uid = 1, .gid = 2, .mtime_s = 7, .mtime_ns = 8},
		{.type = TAR_CHAR, .name = "d/c", .mode = 0620, .gid = 5, .major = 4, .minor = 300, .mtime_s = 9},
		{.type = TAR_BLOCK_DEVICE, .name = "d/b", .mode = 0600, .major = 7, .minor = 1},
		{.type = TAR_FIFO, .name = "d/p", .mode = 0666, .mtime_s = 11},
	};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		assert_int_equal(tar_write_header(b, &entries[i], NULL), 0);
	tar_write_end(b);
}

static void test_metadata(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_close_ int fd = layer_dir(*state, "layer");
	struct err err = {0};
	struct stat st;
	char value[64], link[64];
	mode_t old = umask(077);

	NEEDS_ROOT();
	add_all(&b);
	if (unpack_buf(fd, &b, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	umask(old);
	st = stat_of(fd, ".");
	assert_int_equal(st.st_mode, S_IFDIR | 0555);
	assert_int_equal(st.st_mtim.tv_sec, 10);
	st = stat_of(fd, "d");
	assert_int_equal(st.st_mode, S_IFDIR | 03770);
	assert_int_equal(st.st_uid, 5);
	assert_int_equal(st.st_mtim.tv_sec, 1500000000);
	assert_int_equal(st.st_mtim.tv_nsec, 1);
	st = stat_of(fd, "d/suid");
	assert_int_equal(st.st_mode, S_IFREG | 06755);
	assert_int_equal(st.st_gid, 4000000000);
	assert_int_equal(st.st_mtim.tv_sec, -5);
	assert_int_equal(st.st_mtim.tv_nsec, 999999999);
	snprintf(link, sizeof(link), "/proc/self/fd/%d/d/suid", fd);
	assert_int_equal(getxattr(link, "user.note", value, sizeof(value)), 2);
	assert_int_equal(getxattr(link, "security.capability", value, sizeof(value)), 20);
	assert_int_equal(getxattr(link, "trusted.overlay.redirect", value, sizeof(value)), -1);
	st = stat_of(fd, "d/l");
	assert_int_equal(st.st_uid, 1);
	assert_int_equal(st.st_mtim.tv_nsec, 8);
	st = stat_of(fd, "d/c");
	assert_int_equal(st.st_mode, S_IFCHR | 0620);
	assert_int_equal(st.st_rdev, makedev(4, 300));
	assert_int_equal(stat_of(fd, "d/b").st_mode, S_IFBLK | 0600);
	assert_int_equal(stat_of(fd, "d/p").st_mode, S_IFIFO | 0666);
}

static bool is_whiteout(int dir, const char *path)
{
	struct stat st = stat_of(dir, path);

	return S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

static bool is_opaque(int dir, const char *path)
{
	char link[128], value[4];

	snprintf(link, sizeof(link), "/proc/self/fd/%d/%s", dir, path);
	return getxattr(link, "trusted.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y';
}

static void test_whiteouts(void **state)
{
	static const struct item items[] = {
		{"gone", F, ""},         {".wh.gone", F, ""}, /* the same layer has it: it stays */
		{"sub/.wh.file", F, ""}, {"o", D, NULL},      {"o/.wh..wh..opq", F, ""}, {".wh.replaced", F, ""},
		{"replaced", D, NULL},   {"kept", D, NULL},   {".wh.kept", F, ""},       {".wh.again", F, ""},
		{"again", F, "new"},     {".wh.way", F, ""},  {"way/x", F, "x"},         {NULL},
	};
	struct fixture *f = *state;
	_cleanup_close_ int below = layer_dir(f, "below"), fd = layer_dir(f, "layer"), base = layer_dir(f, "base");
	struct trees t = {below, fd};
	struct unpack_lower lower = {open_below, &t};
	struct err err = {0};

	NEEDS_ROOT();
	if (unpack_items(fd, items, &lower, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(S_ISREG(stat_of(fd, "gone").st_mode));
	assert_true(is_whiteout(fd, "sub/file"));
	assert_true(is_opaque(fd, "o"));
	assert_true(is_opaque(fd, "replaced"));
	assert_true(is_opaque(fd, "kept"));
	expect_text(fd, "again", "new");
	assert_true(is_opaque(fd, "way"));
	/* A base layer's hide nothing, and would show as devices in a container without a second layer. */
	assert_int_equal(unpack_items(base, items, NULL, &err), 0);
	assert_int_equal(faccessat(base, "sub/file", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_false(is_opaque(base, "o"));
}

static void test_lower_layers_fill_gaps(void **state)
{
	static const struct item items[] = {{"p/q/x", F, "x"}, {"link", L, "p/data"}, {"l2", L, "p/sym"}, {NULL}};
	struct fixture *f = *state;
	_cleanup_close_ int below = layer_dir(f, "below"), fd = layer_dir(f, "layer"), data = -EBADF;
	struct trees t = {below, fd};
	struct unpack_lower lower = {open_below, &t};
	struct err err = {0};
	char link[64];

	NEEDS_ROOT();
	assert_int_equal(file_mkdir_p_at(below, "p/q", 0700), 0);
	assert_int_equal(fchownat(below, "p/q", 11, 12, 0), 0);
	assert_int_equal(fchmodat(below, "p", 01777, 0), 0);
	assert_int_equal(fchmodat(below, ".", 0511, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", below, "p/sym"), 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d/p/q", below);
	assert_int_equal(setxattr(link, "user.k", "v", 1, 0), 0);
	data = openat(below, "p/data", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(pwrite(data, "end", 3, 1 << 20), 3);
	assert_int_equal(fchown(data, 3, 4), 0);
	if (unpack_items(fd, items, &lower, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(stat_of(fd, ".").st_mode & 07777, 0511);
	assert_int_equal(stat_of(fd, "p").st_mode & 07777, 01777);
	assert_int_equal(stat_of(fd, "p/q").st_uid, 11);
	assert_int_equal(stat_of(fd, "p/q").st_mtim.tv_nsec, stat_of(below, "p/q").st_mtim.tv_nsec);
	snprintf(link, sizeof(link), "/proc/self/fd/%d/p/q", fd);
	assert_int_equal(getxattr(link, "user.k", link, 1), 1);
	assert_int_equal(stat_of(fd, "link").st_ino, stat_of(fd, "p/data").st_ino);
	assert_int_equal(stat_of(fd, "link").st_uid, 3);
	assert_int_equal(stat_of(fd, "link").st_size, (1 << 20) + 3);
	assert_true(stat_of(fd, "link").st_blocks < 100);
	assert_true(S_ISLNK(stat_of(fd, "l2").st_mode));
}

static void test_zeros_become_holes(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_close_ int fd = layer_dir(*state, "layer"), file = -EBADF;
	struct tar_entry e = {.type = F, .name = "big", .mode = 0644, .size = (8 << 20) + 5};
	struct err err = {0};
	char *at, ends[5];

	NEEDS_ROOT();
	assert_int_equal(tar_write_header(&b, &e, NULL), 0);
	at = buf_reserve(&b, e.size);
	memset(at, 0, e.size);
	memcpy(at + 5000, "abc", 3);
	memcpy(at + (8 << 20), "\0\0xyz", 5);
	buf_grew(&b, e.size);
	tar_write_padding(&b, e.size);
	tar_write_end(&b);
	if (unpack_buf(fd, &b, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(stat_of(fd, "big").st_size, e.size);
	assert_true(stat_of(fd, "big").st_blocks <= 32);
	file = openat(fd, "big", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(file, ends, 3, 5000), 3);
	assert_memory_equal(ends, "abc", 3);
	assert_int_equal(pread(file, ends, 5, 8 << 20), 5);
	assert_memory_equal(ends, "\0\0xyz", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, fixture_make, fixture_remove),
		cmocka_unit_test_setup_teardown(test_accepted, fixture_make, fixture_remove),
		cmocka_unit_test_setup_teardown(test_metadata, fixture_make, fixture_remove),
		cmocka_unit_test_setup_teardown(test_whiteouts, fixture_make, fixture_remove),
		cmocka_unit_test_setup_teardown(test_lower_layers_fill_gaps, fixture_make, fixture_remove),
		cmocka_unit_test_setup_teardown(test_zeros_become_holes, fixture_make, fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
