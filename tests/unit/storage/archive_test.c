/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and importing image archives: those that Docker, podman and skopeo made (tests/data/images), and broken ones,
 * after which the data root has the files it had before. Messages marked * are Docker 28.5's own.
 */
#include <dirent.h>
#include <sqlite3.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "codec/image_docs.h"
#include "storage/storage.h"
#include "tree_fixture.h"

struct store {
	struct fixture *f;
	struct db *db;
	struct storage *s;
	struct arena *a;
};

static int setup(void **state)
{
	struct store *st = calloc(1, sizeof(*st));
	void *f = NULL;
	int r = fixture_make(&f);

	st->f = f;
	st->a = arena_new(0);
	*state = st;
	if (r < 0 || db_open(st->f->dir, &st->db, NULL) < 0)
		return -1;
	return storage_open(st->f->dir, st->db, &st->s, NULL);
}

static int teardown(void **state)
{
	struct store *st = *state;
	void *f = st->f;

	storage_close(st->s);
	db_close(st->db);
	arena_free(st->a);
	free(st);
	return fixture_remove(&f);
}

/* Names of all files below, but those of the database. */
static void list(int dirfd, const char *prefix, struct buf *out)
{
	DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	char names[100][256];
	struct dirent *d;
	int n = 0;

	while ((d = readdir(dir)) && n < 100)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 && strncmp(d->d_name, "state.db", 8) != 0)
			strcpy(names[n++], d->d_name);
	qsort(names, (size_t)n, sizeof(names[0]), (int (*)(const void *, const void *))strcmp);
	for (int i = 0; i < n; i++) {
		char path[1024];
		int fd = openat(dirfd, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		snprintf(path, sizeof(path), "%.700s/%.255s", prefix, names[i]);
		buf_addf(out, "%s\n", path);
		if (fd >= 0)
			list(fd, path, out);
		fd_close(fd);
	}
	closedir(dir);
}

static void count_progress(void *arg, const char *json)
{
	++*(int *)arg;
	assert_non_null(strstr(json, "\"status\":\"Loading layer\""));
}

static int load(struct store *st, const struct buf *b, int *progress, struct loaded_image **images, size_t *n, struct err *err)
{
	struct buf_source source = {b, 0};

	return storage_load_archive(st->s, buf_read, &source, "lease:test", progress ? count_progress : NULL, progress, st->a,
				    images, n, err);
}

/* ---- what other tools made ---- */

static void check_tree(struct store *st, const struct loaded_image *image)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct stat st_text, st_srv, st_gone;
	struct err err = {0};

	if (storage_chain_read_file(st->s, image->chain_ids[1], "etc/soft", 2000, &b, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(b.len, 1024);
	buf_reset(&b);
	assert_int_equal(storage_chain_read_file(st->s, image->chain_ids[1], "etc/changed", 10, &b, &err), 0);
	assert_string_equal(b.data, "new\n");
	assert_int_equal(fstatat(st->f->dir, "layers/1/fs/etc/text", &st_text, 0), 0);
	assert_int_equal(st_text.st_nlink, 2);
	assert_int_equal(st_text.st_mtim.tv_sec, 1700000000);
	assert_int_equal(fstatat(st->f->dir, "layers/1/fs/srv", &st_srv, 0), 0);
	assert_int_equal(st_srv.st_mode & 07777, 02750);
	assert_int_equal(st_srv.st_uid, 1000);
	assert_int_equal(st_srv.st_gid, 2000);
	assert_int_equal(fstatat(st->f->dir, "layers/2/fs/etc", &st_gone, 0), 0);
	assert_int_equal(image->size_bytes, 1075);
}

static void load_tool(struct store *st, const char *file, const char *name, const char *id)
{
	_cleanup_buf_ struct buf b = BUF_INIT, manifest = BUF_INIT;
	struct loaded_image *images;
	struct image_manifest m;
	struct err err = {0};
	int progress = 0;
	size_t n;

	assert_int_equal(file_read_at(AT_FDCWD, file, 1 << 20, &b), 0);
	if (load(st, &b, &progress, &images, &n, &err) < 0)
		fail_msg("%s: %s", file, err.msg);
	assert_int_equal(n, 1);
	assert_string_equal(images[0].config_digest, id);
	if (strcmp(name, "-") == 0)
		assert_null(images[0].repo_tags[0]);
	else
		assert_string_equal(images[0].repo_tags[0], name);
	assert_non_null(images[0].chain_ids[1]);
	assert_null(images[0].chain_ids[2]);
	assert_true(progress >= 4);
	check_tree(st, &images[0]);
	/* The manifest is there, and so is all it names. */
	assert_int_equal(blob_read(st->s, images[0].manifest_digest, 10000, &manifest, &err), 0);
	assert_int_equal(image_manifest_parse(manifest.data, manifest.len, NULL, st->a, &m, &err), 0);
	assert_string_equal(m.config->digest, id);
	assert_int_equal(storage_collect(st->s, NULL, &err), 0);
	for (size_t i = 0; i < m.layers.len; i++) {
		uint64_t size;
		int fd = blob_open(st->s, m.layers.items[i].digest, &size, &err);

		assert_true(fd >= 0);
		assert_int_equal(size, m.layers.items[i].size);
		close(fd);
	}
	progress = 0;
	assert_int_equal(load(st, &b, &progress, &images, &n, &err), 0);
	assert_int_equal(progress, 0); /* as Docker: nothing is said of layers that are there */
}

static void test_archives_of_other_tools(void **state)
{
	static const char docker_id[] = "sha256:e5bf049274869e2d03d754e7c0c697f3f1d05c0519404660cacd2863c859426e",
			  oci_id[] = "sha256:3e9e4648d904e8673b36dcf60450c103bbc1aa746f7d76a0adc1260baba1a3a8";
	static const struct {
		const char *file, *name, *id;
	} rows[] = {
		{"docker-20.10.tar", "docker.io/lighter-test/tiny:1", docker_id},
		{"docker-20.10-untagged.tar", "-", docker_id},
		{"docker-28.tar", "docker.io/lighter-test/tiny:1", docker_id},
		{"podman-docker-archive.tar", "localhost/lighter-test/tiny:1", docker_id},
		{"skopeo-docker-archive.tar", "docker.io/lighter-test/tiny:1", docker_id},
		{"podman-oci-archive.tar", "localhost/lighter-test/tiny:1", oci_id},
		{"skopeo-oci-archive.tar", "docker.io/lighter-test/tiny:1", oci_id},
		{"skopeo-oci-dir.tar", "-", oci_id},
		{"skopeo-oci-zstd.tar", "-", oci_id},
	};

	NEEDS_ROOT();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[300];
		void *st;

		assert_int_equal(setup(&st), 0);
		snprintf(path, sizeof(path), "%s/images/%s", TEST_DATA, rows[i].file);
		load_tool(st, path, rows[i].name, rows[i].id);
		assert_int_equal(teardown(&st), 0);
	}
}

/* ---- broken ones ---- */

static void layer_archive(struct buf *b, const char *content)
{
	tar_of(b, (const struct item[]){{"f", TAR_FILE, content}, {NULL}});
}

struct parts {
	struct buf good, bad; /* two layers, the second climbs out */
	char good_id[DIGEST_TEXT_MAX], bad_id[DIGEST_TEXT_MAX];
};

static void add_bytes(struct buf *b, const char *name, const void *bytes, size_t len)
{
	struct tar_entry e = {.type = TAR_FILE, .name = name, .mode = 0644, .size = len};

	assert_int_equal(tar_write_header(b, &e, NULL), 0);
	buf_add(b, bytes, len);
	tar_write_padding(b, len);
}

static void add_text(struct buf *b, const char *name, const char *text)
{
	add_bytes(b, name, text, strlen(text));
}

/* "GOOD" and "BAD" in the texts become the layers' digests. */
static void add_with_ids(struct buf *b, const struct parts *p, const char *name, const char *text)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	while (*text) {
		bool good = strncmp(text, "GOOD", 4) == 0, bad = strncmp(text, "BAD", 3) == 0;

		if (good || bad)
			buf_adds(&out, good ? p->good_id : p->bad_id);
		else
			buf_addc(&out, *text);
		text += good ? 4 : bad ? 3 : 1;
	}
	add_text(b, name, out.data);
}

#define CONFIG(ids) "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" ids "]}}"
#define MANIFEST(layers) "[{\"Config\":\"c.json\",\"RepoTags\":[\"x:1\"],\"Layers\":[" layers "]}]"

static void test_broken_archives_leave_nothing(void **state)
{
	static const struct {
		const char *config, *manifest, *why;
	} rows[] = {
		{CONFIG("\"GOOD\",\"BAD\""), MANIFEST("\"good.tar\",\"bad.tar\""), "load image x:1: layer sha256:"},
		{CONFIG("\"GOOD\",\"BAD\""), MANIFEST("\"good.tar\",\"bad.tar\""), "invalid entry name \"../x\""},
		{CONFIG("\"GOOD\",\"GOOD\""), MANIFEST("\"good.tar\",\"bad.tar\""), "the archive's digest is"},
		{CONFIG("\"GOOD\""), MANIFEST("\"good.tar\",\"bad.tar\""),
		 "invalid manifest, layers length mismatch: expected 2, got 1" /* * */},
		{CONFIG("\"GOOD\""), MANIFEST("\"none.tar\""), "open none.tar: no such file or directory"},
		{CONFIG("\"GOOD\""), MANIFEST("\"../../../etc/passwd\""), "no such file or directory"},
		{CONFIG("\"GOOD\""), MANIFEST("\"out\""), "leads out of the archive"},
		{CONFIG("\"GOOD\""), "{}", "manifest.json"},
		{CONFIG("\"GOOD\""), "[{]", "manifest.json"},
		{CONFIG("\"GOOD\""), "[{\"Config\":5}]", "manifest.json"},
		{"{}", MANIFEST("\"good.tar\""), "invalid image JSON, no RootFS key" /* * */},
		{"[]", MANIFEST("\"good.tar\""), "config"},
		{CONFIG("\"sha256:../../x\""), MANIFEST("\"good.tar\""), "invalid diff id"},
		{"{\"os\":\"windows\",\"rootfs\":{\"diff_ids\":[\"GOOD\"]}}", MANIFEST("\"good.tar\""),
		 "cannot load windows image on linux" /* * */},
		{CONFIG("\"GOOD\""), "[{\"Config\":\"c.json\",\"RepoTags\":[\"X y\"],\"Layers\":[\"good.tar\"]}]",
		 "invalid reference format"},
		{CONFIG("\"GOOD\""), NULL, "neither a manifest.json nor an index.json"},
	};
	struct store *st = *state;
	_cleanup_buf_ struct buf before = BUF_INIT;
	struct parts p = {.good = BUF_INIT, .bad = BUF_INIT};

	NEEDS_ROOT();
	layer_archive(&p.good, "content");
	tar_of(&p.bad, (const struct item[]){{"y", TAR_FILE, "y"}, {"../x", TAR_FILE, "x"}, {NULL}});
	digest_of(p.good.data, p.good.len, p.good_id);
	digest_of(p.bad.data, p.bad.len, p.bad_id);
	list(st->f->dir, "", &before);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT, after = BUF_INIT;
		struct loaded_image *images;
		struct err err = {0};
		size_t n;

		add_bytes(&b, "good.tar", p.good.data, p.good.len);
		add_bytes(&b, "bad.tar", p.bad.data, p.bad.len);
		add_with_ids(&b, &p, "c.json", rows[i].config);
		if (strstr(rows[i].why, "leads out"))
			tar_add(&b, &(struct item){"out", TAR_SYMLINK, "../../etc/passwd"});
		if (rows[i].manifest)
			add_text(&b, "manifest.json", rows[i].manifest);
		tar_write_end(&b);
		assert_true(load(st, &b, NULL, &images, &n, &err) < 0);
		if (!strstr(err.msg, rows[i].why))
			assert_string_equal(err.msg, rows[i].why);
		list(st->f->dir, "", &after);
		assert_string_equal(after.data, before.data);
	}
	buf_done(&p.good);
	buf_done(&p.bad);
}

static ssize_t fail_late(void *arg, void *bytes, size_t len)
{
	ssize_t n = buf_read(arg, bytes, len);

	return n > 0 ? n : -ECONNRESET;
}

static void test_a_client_that_leaves(void **state)
{
	struct store *st = *state;
	_cleanup_buf_ struct buf b = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
	struct buf_source source = {&b, 0};
	struct loaded_image *images;
	struct err err = {0};
	size_t n;

	list(st->f->dir, "", &before);
	add_text(&b, "a", "some text");
	assert_true(storage_load_archive(st->s, fail_late, &source, "lease:x", NULL, NULL, st->a, &images, &n, &err) < 0);
	assert_int_equal(err.kind, ERR_CANCELLED);
	list(st->f->dir, "", &after);
	assert_string_equal(after.data, before.data);
}

static void test_import(void **state)
{
	struct store *st = *state;
	_cleanup_buf_ struct buf b = BUF_INIT, config = BUF_INIT;
	struct buf_source source = {&b, 0};
	struct loaded_image image;
	struct image_config parsed;
	struct err err = {0};

	NEEDS_ROOT();
	layer_archive(&b, "hello");
	if (storage_import_archive(st->s, buf_read, &source, "image:x", "{\"Cmd\":[\"/bin/sh\"]}", "Imported from -", st->a,
				   &image, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(image.size_bytes, 5);
	assert_null(image.repo_tags[0]);
	assert_int_equal(blob_read(st->s, image.config_digest, 10000, &config, &err), 0);
	assert_int_equal(image_config_parse(config.data, config.len, st->a, &parsed, &err), 0);
	assert_string_equal(parsed.config_json, "{\"Cmd\":[\"/bin/sh\"]}");
	assert_string_equal(parsed.os, "linux");
	assert_string_equal(parsed.rootfs->diff_ids[0], image.chain_ids[0]);
	assert_string_equal(parsed.history.items[0].comment, "Imported from -");
	buf_reset(&b);
	buf_adds(&b, "this is no archive, however long this text goes on");
	source.at = 0;
	assert_true(storage_import_archive(st->s, buf_read, &source, "image:y", NULL, NULL, st->a, &image, &err) < 0);
	assert_non_null(strstr(err.msg, "import image: "));
	assert_int_equal(blob_read(st->s, image.config_digest, 10000, &config, &err), 0); /* the first is as it was */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_archives_of_other_tools),
		cmocka_unit_test_setup_teardown(test_broken_archives_leave_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_client_that_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_import, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
