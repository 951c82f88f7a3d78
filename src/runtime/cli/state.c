/* SPDX-License-Identifier: Apache-2.0 */
/* The state directories of lighter-runtime; see state.h. */
#include "runtime/cli/state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "codec/json.h"
#include "linux/cgroup.h"
#include "linux/process.h"

#define STATE_MAX (64u << 10)

static const struct json_field state_fields[] = {
	JSON_FIELD("id", struct state, id, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("bundle", struct state, bundle, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("rootfs", struct state, rootfs, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("created", struct state, created, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("owner", struct state, owner, JSON_STRING),
	JSON_FIELD("cgroupPath", struct state, cgroup_path, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("pid", struct state, pid, JSON_INT32, .flags = JSON_REQUIRED),
	JSON_FIELD("startTime", struct state, start_time, JSON_UINT64, .flags = JSON_REQUIRED),
};
static const struct json_shape state_shape = JSON_SHAPE("state", struct state, state_fields);

int state_check_id(const char *id, struct err *err)
{
	bool ok = *id && strcmp(id, ".") != 0 && strcmp(id, "..") != 0 && strlen(id) <= 255;

	for (const char *p = id; ok && *p; p++)
		ok = isalnum((unsigned char)*p) || strchr("_+-.", *p);
	return ok ? 0 : err_set(err, ERR_INVALID, "invalid container ID format");
}

int state_make_dir(int root_fd, const char *id, struct err *err)
{
	int fd;

	if (mkdirat(root_fd, id, 0711) < 0) {
		if (errno == EEXIST)
			return err_set(err, ERR_CONFLICT, "container with given ID already exists");
		return err_sys(err, errno, "make the state directory of %s", id);
	}
	fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "open the state directory of %s", id) : fd;
}

int state_save(const struct state *s, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct json_writer w = {.out = &text};
	int r;

	json_encode(&w, &state_shape, s);
	r = text.failed ? -ENOMEM : file_write_atomic_at(s->dir_fd, STATE_FILE, text.data, text.len, 0600, 0);
	return r < 0 ? err_sys(err, r, "write the state of %s", s->id) : 0;
}

int state_load(int root_fd, const char *id, struct arena *a, struct state *ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_close_ int dir_fd = -EBADF;
	int r;

	r = state_check_id(id, err);
	if (r < 0)
		return r;
	dir_fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = dir_fd < 0 ? -errno : file_read_at(dir_fd, STATE_FILE, STATE_MAX, &text);
	if (r == -ENOENT)
		return err_set(err, ERR_NOT_FOUND, "container does not exist");
	if (r < 0)
		return err_sys(err, r, "read the state of %s", id);
	r = json_decode_text(text.data, text.len, &state_shape, 0, a, ret, err);
	if (r < 0)
		return err_wrap(err, "the state of %s", id);
	ret->dir_fd = TAKE_FD(dir_fd);
	return 0;
}

void state_done(struct state *s)
{
	fd_close(s->dir_fd);
	s->dir_fd = -EBADF;
}

int state_load_spec(const struct state *s, struct arena *a, struct oci_spec **ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = file_read_at(s->dir_fd, STATE_CONFIG, OCI_SPEC_MAX_BYTES, &text);

	if (r < 0)
		return err_sys(err, r, "read the config.json of %s", s->id);
	return oci_spec_parse(text.data, text.len, a, ret, err);
}

int state_remove(int root_fd, const char *id, struct err *err)
{
	int r = file_remove_tree_at(root_fd, id);

	return r < 0 ? err_sys(err, r, "remove the state directory of %s", id) : 0;
}

/* Fields 3 (state) and 22 (start time) of /proc/PID/stat; the name in field 2 may hold anything but ends with the last ")". */
uint64_t state_start_time(pid_t pid)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	unsigned long long start;
	char path[32], *at, status;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (pid <= 0 || file_read_at(AT_FDCWD, path, 4096, &text) < 0)
		return 0;
	at = strrchr(text.data, ')');
	if (!at || sscanf(at + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &status,
			  &start) != 2)
		return 0;
	return status == 'Z' || status == 'X' ? 0 : start;
}

enum state_status state_status(const struct state *s)
{
	struct cgroup *cg;
	bool frozen;

	if (state_start_time(s->pid) != s->start_time || s->start_time == 0)
		return STATUS_STOPPED;
	if (cgroup_open(s->cgroup_path, &cg, NULL) == 0) {
		frozen = cgroup_is_frozen(cg) == 1;
		cgroup_free(cg);
		if (frozen)
			return STATUS_PAUSED;
	}
	return faccessat(s->dir_fd, STATE_SOCKET, F_OK, 0) == 0 ? STATUS_CREATED : STATUS_RUNNING;
}

const char *state_status_name(enum state_status status)
{
	static const char *const names[] = {[STATUS_STOPPED] = "stopped",
					    [STATUS_CREATED] = "created",
					    [STATUS_RUNNING] = "running",
					    [STATUS_PAUSED] = "paused"};

	return names[status];
}

int state_open_process(const struct state *s, bool may_be_stopped, struct runtime_process *ret, struct err *err)
{
	struct runtime_process p = RUNTIME_PROCESS_INIT;
	int r;

	p.pidfd = process_pidfd_open(s->pid);
	p.pid = s->pid;
	/* Asked after it was opened: the pid can't change hands any more. */
	if (state_start_time(s->pid) != s->start_time) {
		fd_close(p.pidfd);
		p.pidfd = -EBADF;
	}
	if (p.pidfd < 0 && !may_be_stopped)
		return err_set(err, ERR_CONFLICT, "container not running");
	r = cgroup_open(s->cgroup_path, &p.cgroup, err);
	if (r < 0 && (r != -ENOENT || !may_be_stopped)) {
		runtime_process_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}
