/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the store, and the two directories everything passes through: tmp/ and trash/. See storage.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/random_id.h"
#include "storage/storage_internal.h"

#define OCI_LAYOUT "{\"imageLayoutVersion\":\"1.0.0\"}"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS blobs (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, boot TEXT, seq INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS layers (number INTEGER PRIMARY KEY, chain TEXT NOT NULL UNIQUE, diff TEXT NOT NULL,"
	" parent TEXT NOT NULL, archive TEXT NOT NULL, size INTEGER NOT NULL, boot TEXT, seq INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS refs (holder TEXT NOT NULL, what TEXT NOT NULL, PRIMARY KEY (holder, what)) WITHOUT ROWID;";

void storage_tmp_name(char ret_name[TMP_NAME_MAX])
{
	uint64_t random[2];

	random_bytes(random, sizeof(random));
	snprintf(ret_name, TMP_NAME_MAX, "%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
}

int storage_trash(struct storage *s, int dirfd, const char *name, struct err *err)
{
	char to[TMP_NAME_MAX];

	storage_tmp_name(to);
	if (renameat(dirfd, name, s->trash_fd, to) < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "move %s into trash", name);
	pthread_mutex_lock(&s->lock);
	s->trash_waits = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

void storage_trash_wait(struct storage *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->running && !s->stop && (s->trash_waits || s->trash_busy))
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void storage_sync_later(struct storage *s)
{
	pthread_mutex_lock(&s->lock);
	s->sync_waits = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static int open_directories(struct storage *s, struct err *err)
{
	struct {
		const char *name;
		mode_t mode;
		int *fd;
	} dirs[] = {
		{"content", 0700, &s->content_fd}, {"content/blobs/sha256", 0700, &s->blobs_fd},
		{"layers", 0710, &s->layers_fd},   {"containers", 0710, &s->containers_fd},
		{"tmp", 0700, &s->tmp_fd},         {"trash", 0700, &s->trash_fd},
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		*dirs[i].fd = file_open_dir_at(s->root_fd, dirs[i].name, true, dirs[i].mode);
		if (*dirs[i].fd < 0)
			return err_sys(err, *dirs[i].fd, "open %s in the data root", dirs[i].name);
	}
	if (faccessat(s->content_fd, "oci-layout", F_OK, 0) < 0) {
		int r = file_write_atomic_at(s->content_fd, "oci-layout", OCI_LAYOUT, strlen(OCI_LAYOUT), 0644, 0);

		if (r < 0)
			return err_sys(err, r, "write content/oci-layout");
	}
	return 0;
}

static int read_boot_id(struct storage *s, struct err *err)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	int r = file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, &b);

	if (r < 0)
		return err_sys(err, r, "read the boot id");
	snprintf(s->boot_id, sizeof(s->boot_id), "%.*s", (int)strcspn(b.data, "\n"), b.data);
	return 0;
}

int storage_open(int data_root_fd, struct db *db, struct storage **ret, struct err *err)
{
	struct storage *s = xcalloc(1, sizeof(*s));
	int r;

	s->db = db;
	s->content_fd = s->blobs_fd = s->layers_fd = s->containers_fd = s->tmp_fd = s->trash_fd = -EBADF;
	pthread_mutex_init(&s->change, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	pthread_cond_init(&s->idle, NULL);
	s->blobs = map_new();
	s->layers = map_new();
	s->holders = map_new();
	s->root_fd = fcntl(data_root_fd, F_DUPFD_CLOEXEC, 3);
	r = s->root_fd < 0 ? err_sys(err, errno, "open the data root") : read_boot_id(s, err);
	if (r == 0)
		r = open_directories(s, err);
	if (r == 0)
		r = db_schema(db, schema, err);
	if (r == 0)
		r = references_load(s, err);
	if (r == 0)
		r = storage_recover(s, err);
	if (r == 0)
		r = storage_background_start(s, err);
	if (r < 0) {
		storage_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

static void free_map(struct map *m)
{
	void *value;

	for (size_t pos = 0; map_next(m, &pos, NULL, &value);)
		free(value);
	map_free(m);
}

void storage_close(struct storage *s)
{
	if (!s)
		return;
	storage_background_stop(s);
	references_free(s);
	free_map(s->blobs);
	free_map(s->layers);
	fd_close(s->trash_fd);
	fd_close(s->tmp_fd);
	fd_close(s->containers_fd);
	fd_close(s->layers_fd);
	fd_close(s->blobs_fd);
	fd_close(s->content_fd);
	fd_close(s->root_fd);
	pthread_cond_destroy(&s->idle);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->change);
	free(s);
}
