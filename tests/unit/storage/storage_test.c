/* SPDX-License-Identifier: Apache-2.0 */
/* The store from outside: blobs, references, layers, containers' directories, and what a start finds after a crash. */
#include "storage/storage.h"

#include <sqlite3.h>

#include "tree_fixture.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct store {
	struct fixture *f;
	struct db *db;
	struct storage *s;
};

static void store_open(struct store *st)
{
	struct err err = {0};

	if (db_open(st->f->dir, &st->db, &err) < 0 || storage_open(st->f->dir, st->db, &st->s, &err) < 0)
		fail_msg("%s", err.msg);
}

static void store_close(struct store *st)
{
	storage_close(st->s);
	db_close(st->db);
}

static int setup(void **state)
{
	struct store *st = calloc(1, sizeof(*st));
	void *f = NULL;
	int r = fixture_make(&f);

	st->f = f;
	*state = st;
	if (r == 0)
		store_open(st);
	return r;
}

static int teardown(void **state)
{
	struct store *st = *state;
	void *f = st->f;

	store_close(st);
	free(st);
	return fixture_remove(&f);
}

static void put_blob(struct store *st, const char *text, char digest[DIGEST_TEXT_MAX])
{
	struct blob_writer *w;
	struct err err = {0};

	if (blob_begin(st->s, NULL, 0, &w, &err) < 0 || blob_write(w, text, strlen(text), &err) < 0 ||
	    blob_commit(w, digest, &err) < 0)
		fail_msg("%s", err.msg);
}

static void hold(struct store *st, const char *holder, const char *kind, const char *what)
{
	char text[100];

	snprintf(text, sizeof(text), "%s:%s", kind, what);
	assert_int_equal(storage_reference_add(st->s, holder, text, NULL), 0);
}

static void test_blobs(void **state)
{
	struct store *st = *state;
	_cleanup_buf_ struct buf b = BUF_INIT;
	char digest[DIGEST_TEXT_MAX], path[200];
	struct blob_writer *w;
	struct err err = {0};
	uint64_t size;
	int fd;

	put_blob(st, "abc", digest);
	assert_string_equal(digest, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	put_blob(st, "abc", digest);
	snprintf(path, sizeof(path), "content/blobs/sha256/%s", digest_hex(digest));
	assert_int_equal(faccessat(st->f->dir, path, F_OK, 0), 0);
	assert_int_equal(faccessat(st->f->dir, "content/oci-layout", F_OK, 0), 0);
	assert_int_equal(blob_read(st->s, digest, 3, &b, &err), 0);
	assert_string_equal(b.data, "abc");
	assert_true(blob_read(st->s, digest, 2, &b, &err) < 0);
	fd = blob_open(st->s, digest, &size, &err);
	assert_true(fd >= 0);
	assert_int_equal(size, 3);
	close(fd);
	/* Wrong content, too much of it, a digest that is none, one that isn't there. */
	assert_int_equal(blob_begin(st->s, digest, 0, &w, &err), 0);
	assert_int_equal(blob_write(w, "abd", 3, &err), 0);
	assert_true(blob_commit(w, path, &err) < 0);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(blob_begin(st->s, NULL, 4, &w, &err), 0);
	assert_int_equal(blob_write(w, "abcd", 4, &err), 0);
	assert_true(blob_write(w, "e", 1, &err) < 0);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	blob_abort(w);
	assert_true(blob_begin(st->s, "sha256:../../x", 0, &w, &err) < 0);
	assert_true(blob_open(st->s, "sha256:../../x", NULL, &err) < 0);
	digest[10] = digest[10] == '0' ? '1' : '0';
	assert_true(blob_open(st->s, digest, NULL, &err) < 0);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static bool has_blob(struct store *st, const char *digest)
{
	int fd = blob_open(st->s, digest, NULL, NULL);

	fd_close(fd);
	return fd >= 0;
}

static void test_what_nobody_holds_is_collected(void **state)
{
	struct store *st = *state;
	char a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX], c[DIGEST_TEXT_MAX], manifest[100];
	uint64_t freed;

	put_blob(st, "a", a);
	put_blob(st, "bb", b);
	put_blob(st, "ccc", c);
	hold(st, "image:x", "blob", a);
	snprintf(manifest, sizeof(manifest), "blob:%s", a);
	hold(st, manifest, "blob", b); /* a names b */
	assert_int_equal(storage_collect(st->s, &freed, NULL), 0);
	assert_int_equal(freed, 3);
	assert_true(has_blob(st, a));
	assert_true(has_blob(st, b));
	assert_false(has_blob(st, c));
	store_close(st);
	store_open(st);
	assert_true(has_blob(st, b));
	assert_int_equal(storage_reference_drop_all(st->s, "image:x", NULL), 0);
	assert_int_equal(storage_collect(st->s, &freed, NULL), 0);
	assert_int_equal(freed, 3);
	assert_false(has_blob(st, a));
	assert_false(has_blob(st, b));
	assert_true(storage_reference_add(st->s, "image:x", "nonsense", NULL) < 0);
}

static void add_layer(struct store *st, const char *parent, const struct item *items, char chain[DIGEST_TEXT_MAX])
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_close_ int fd = memfd_create("layer", MFD_CLOEXEC);
	char diff[DIGEST_TEXT_MAX];
	struct err err = {0};
	uint64_t size;

	tar_of(&b, items);
	assert_int_equal(fd_write_all(fd, b.data, b.len), 0);
	if (layer_unpack(st->s, parent, fd, NULL, diff, chain, &size, &err) < 0)
		fail_msg("%s", err.msg);
}

static const struct item base_items[] = {
	{"etc", TAR_DIRECTORY, NULL},
	{"etc/passwd", TAR_FILE, "root"},
	{"etc/gone", TAR_FILE, "x"},
	{"etc/link", TAR_SYMLINK, "../usr/share/text"},
	{"loop", TAR_SYMLINK, "loop"},
	{"up", TAR_SYMLINK, "../../../../etc/passwd"},
	{"usr", TAR_DIRECTORY, NULL, 0700},
	{"usr/share", TAR_DIRECTORY, NULL},
	{"usr/share/text", TAR_FILE, "old text"},
	{"opaque", TAR_DIRECTORY, NULL},
	{"opaque/hidden", TAR_FILE, "x"},
	{"file", TAR_DIRECTORY, NULL},
	{"file/below", TAR_FILE, "x"},
	{NULL},
};
static const struct item top_items[] = {
	{"etc/.wh.gone", TAR_FILE, ""},
	{"usr/share/text", TAR_FILE, "new text"},
	{"opaque", TAR_DIRECTORY, NULL},
	{"opaque/.wh..wh..opq", TAR_FILE, ""},
	{"opaque/shown", TAR_FILE, "y"},
	{"file", TAR_FILE, "a file now"},
	{NULL},
};

static void expect_file(struct store *st, const char *chain, const char *path, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err err = {0};
	int r = storage_chain_read_file(st->s, chain, path, 100, &b, &err);

	if (r < 0 && want)
		fail_msg("%s", err.msg);
	if (r >= 0 && !want)
		fail_msg("%s is there", path);
	if (want)
		assert_string_equal(b.data, want);
}

static void test_reading_through_a_chain(void **state)
{
	struct store *st = *state;
	char base[DIGEST_TEXT_MAX], top[DIGEST_TEXT_MAX];
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err err = {0};

	NEEDS_ROOT();
	add_layer(st, NULL, base_items, base);
	add_layer(st, base, top_items, top);
	assert_true(layer_exists(st->s, top));
	expect_file(st, top, "/etc/passwd", "root");
	expect_file(st, top, "etc/link", "new text");
	expect_file(st, base, "etc/link", "old text");
	expect_file(st, top, "up", "root");
	expect_file(st, top, "etc/../usr/./share/text", "new text");
	expect_file(st, top, "file", "a file now");
	expect_file(st, top, "opaque/shown", "y");
	expect_file(st, base, "etc/gone", "x");
	expect_file(st, top, "etc/gone", NULL);
	expect_file(st, top, "opaque/hidden", NULL);
	expect_file(st, top, "file/below", NULL);
	expect_file(st, top, "loop", NULL);
	expect_file(st, top, "etc", NULL);
	assert_true(storage_chain_read_file(st->s, top, "nothing", 10, &b, &err) < 0);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_true(storage_chain_read_file(st->s, top, "usr/share/text", 3, &b, &err) < 0);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

static void test_containers(void **state)
{
	struct store *st = *state;
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_close_ int layers = -EBADF, container = -EBADF, file = -EBADF;
	char base[DIGEST_TEXT_MAX], top[DIGEST_TEXT_MAX], **lower;
	struct item root[] = {{"./", TAR_DIRECTORY, NULL, 01751}, {NULL}};
	struct err err = {0};
	struct stat stat;
	uint64_t size;

	NEEDS_ROOT();
	add_layer(st, NULL, root, base);
	add_layer(st, base, top_items, top);
	if (storage_container_create(st->s, ID, top, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(storage_container_create(st->s, ID, top, &err) < 0);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_true(storage_container_create(st->s, "../x", top, &err) < 0);
	assert_true(storage_container_create(st->s, "ab", "sha256:nothing", &err) < 0);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(storage_container_recipe(st->s, ID, a, &lower, &layers, &container, &err), 0);
	assert_string_equal(lower[0], "2");
	assert_string_equal(lower[1], "1");
	assert_null(lower[2]);
	assert_int_equal(faccessat(layers, "2/fs/file", F_OK, 0), 0);
	assert_int_equal(fstatat(container, "upper", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 07777, 0755); /* whatever the chain has, as Docker */
	assert_int_equal(fstatat(container, "work", &stat, 0), 0);
	file = openat(container, "upper/x", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(file, "12345", 5), 5);
	assert_int_equal(linkat(container, "upper/x", container, "upper/y", 0), 0);
	assert_int_equal(storage_container_size(st->s, ID, &size, &err), 0);
	assert_int_equal(size, 5);
	store_close(st);
	store_open(st); /* collects at start: the container holds its layers */
	assert_true(layer_exists(st->s, top));
	assert_true(layer_exists(st->s, base));
	assert_int_equal(storage_container_remove(st->s, ID, &err), 0);
	assert_int_equal(storage_container_remove(st->s, ID, &err), 0);
	assert_int_equal(storage_collect(st->s, NULL, &err), 0);
	assert_false(layer_exists(st->s, top));
	assert_false(layer_exists(st->s, base));
	assert_int_equal(faccessat(st->f->dir, "layers/1", F_OK, 0), -1);
	assert_true(storage_container_size(st->s, ID, &size, &err) < 0);
}

static void test_same_chain_twice(void **state)
{
	struct store *st = *state;
	char one[DIGEST_TEXT_MAX], two[DIGEST_TEXT_MAX], diff[DIGEST_TEXT_MAX], chain[DIGEST_TEXT_MAX];
	_cleanup_close_ int fd = memfd_create("layer", MFD_CLOEXEC);
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err err = {0};
	uint64_t size;

	NEEDS_ROOT();
	add_layer(st, NULL, base_items, one);
	add_layer(st, NULL, base_items, two);
	assert_string_equal(one, two);
	assert_int_equal(faccessat(st->f->dir, "layers/2", F_OK, 0), -1);
	tar_of(&b, top_items);
	assert_int_equal(fd_write_all(fd, b.data, b.len), 0);
	assert_true(layer_unpack(st->s, NULL, fd, one, diff, chain, &size, &err) < 0); /* `one` is this base's diff id too */
	assert_non_null(strstr(err.msg, "the archive's digest is"));
	assert_true(layer_unpack(st->s, "sha256:nothing", fd, NULL, diff, chain, &size, &err) < 0);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void run_sql(struct store *st, const char *sql)
{
	struct db_statement statement = {.sql = sql};

	assert_int_equal(db_write(st->db, &statement, 1, true, NULL), 0);
}

/* Rows of another boot, as after a power cut. */
static void test_after_a_power_cut(void **state)
{
	struct store *st = *state;
	char good[DIGEST_TEXT_MAX], bad[DIGEST_TEXT_MAX], lost[DIGEST_TEXT_MAX], chain[DIGEST_TEXT_MAX], path[200];

	NEEDS_ROOT();
	put_blob(st, "good", good);
	put_blob(st, "bad", bad);
	put_blob(st, "lost", lost);
	hold(st, "image:x", "blob", good);
	hold(st, "image:x", "blob", bad);
	hold(st, "image:x", "blob", lost);
	add_layer(st, NULL, base_items, chain);
	hold(st, "image:x", "layer", chain);
	hold(st, "lease:y", "blob", good);
	storage_close(st->s);
	run_sql(st, "UPDATE blobs SET boot = 'another'");
	run_sql(st, "UPDATE layers SET boot = 'another'");
	db_close(st->db);
	snprintf(path, sizeof(path), "content/blobs/sha256/%s", digest_hex(bad));
	assert_int_equal(file_write_atomic_at(st->f->dir, path, "", 0, 0400, 0), 0);
	snprintf(path, sizeof(path), "content/blobs/sha256/%s", digest_hex(lost));
	assert_int_equal(unlinkat(st->f->dir, path, 0), 0);
	assert_int_equal(file_mkdir_p_at(st->f->dir, "tmp/half/made", 0700), 0);
	assert_int_equal(file_mkdir_p_at(st->f->dir, "layers/77/fs", 0700), 0);
	assert_int_equal(file_mkdir_p_at(st->f->dir, "containers/abab/upper", 0700), 0);
	store_open(st);
	assert_true(has_blob(st, good));
	assert_false(has_blob(st, bad));
	assert_false(has_blob(st, lost));
	assert_false(layer_exists(st->s, chain)); /* it had no blob to be made from again */
	assert_int_equal(faccessat(st->f->dir, "tmp/half", F_OK, 0), -1);
	assert_int_equal(faccessat(st->f->dir, "layers/1", F_OK, 0), -1);
	assert_int_equal(faccessat(st->f->dir, "layers/77", F_OK, 0), -1);
	assert_int_equal(faccessat(st->f->dir, "containers/abab", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blobs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_nobody_holds_is_collected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reading_through_a_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_containers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_chain_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_after_a_power_cut, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
