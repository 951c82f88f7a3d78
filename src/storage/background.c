/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's own thread: deletes what lies in trash/, and takes the boot id off the rows of what was published, once a
 * syncfs that began after it is through. Neither is ever waited for, but by storage_close, which lets the present step end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "storage/storage_internal.h"

static bool stopping(struct storage *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static void empty_trash(struct storage *s)
{
	int fd = openat(s->trash_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		log_warn("cannot read trash in the data root: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	while (!stopping(s) && (d = readdir(dir))) {
		int r;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		r = file_remove_tree_at(s->trash_fd, d->d_name);
		if (r < 0)
			log_warn("cannot delete trash/%s: %s", d->d_name, strerror(-r));
	}
	closedir(dir);
}

static void sync_published(struct storage *s)
{
	static const char *const updates[] = {"UPDATE blobs SET boot = NULL WHERE boot IS NOT NULL AND seq <= ?",
					      "UPDATE layers SET boot = NULL WHERE boot IS NOT NULL AND seq <= ?"};
	struct db_statement st[ARRAY_SIZE(updates)] = {0};
	struct err err;
	int64_t sequence;

	pthread_mutex_lock(&s->lock);
	sequence = (int64_t)s->sequence;
	pthread_mutex_unlock(&s->lock);
	if (syncfs(s->root_fd) < 0) {
		log_warn("cannot sync the data root: %s", strerror(errno));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
		st[i].sql = updates[i];
		st[i].values[0] = DB_VALUE_INT(sequence);
		st[i].n_values = 1;
	}
	if (db_write(s->db, st, ARRAY_SIZE(st), false, &err) < 0)
		log_warn("%s", err.msg);
}

static void *background_main(void *arg)
{
	struct storage *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		bool sync, trash;

		while (!s->stop && !s->trash_waits && !s->sync_waits)
			pthread_cond_wait(&s->wake, &s->lock);
		if (s->stop)
			break;
		sync = s->sync_waits;
		trash = s->trash_waits;
		s->sync_waits = s->trash_waits = false;
		s->trash_busy = trash;
		pthread_mutex_unlock(&s->lock);
		if (trash)
			empty_trash(s);
		pthread_mutex_lock(&s->lock);
		s->trash_busy = false;
		pthread_cond_broadcast(&s->idle);
		pthread_mutex_unlock(&s->lock);
		if (sync)
			sync_published(s);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int storage_background_start(struct storage *s, struct err *err)
{
	int r = pthread_create(&s->background, NULL, background_main, s);

	s->running = r == 0;
	return r == 0 ? 0 : err_sys(err, r, "start the thread that empties the trash");
}

void storage_background_stop(struct storage *s)
{
	if (!s->running)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->background, NULL);
	s->running = false;
}
