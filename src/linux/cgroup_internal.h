/* SPDX-License-Identifier: Apache-2.0 */
/* What the cgroup files share; private to them. */
#ifndef LIGHTER_LINUX_CGROUP_INTERNAL_H
#define LIGHTER_LINUX_CGROUP_INTERNAL_H

#include "linux/cgroup.h"

#define CGROUP_HIERARCHIES_MAX 24
#define CGROUP_NAME_MAX 64
#define CGROUP_ROOT "/sys/fs/cgroup"

struct cgroup_hierarchy {
	char name[CGROUP_NAME_MAX];        /* directory under /sys/fs/cgroup; "" for a pure v2 host */
	char controllers[CGROUP_NAME_MAX]; /* "cpu,cpuacct", "name=systemd", "" for v2 */
	char *own_path;                    /* the caller's own cgroup in it */
	bool v2;
	int root_fd; /* its mount point; -EBADF once the cgroup's own is open */
	int fd;      /* the cgroup's directory */
	bool made;   /* by cgroup_create, so removed when that fails */
};

struct cgroup {
	char *path;
	bool v2; /* v2 has the controllers */
	size_t n;
	struct cgroup_hierarchy h[CGROUP_HIERARCHIES_MAX];
};

/* Fills in the hierarchies that are mounted, with their root_fd. */
int cgroup_find_hierarchies(struct cgroup *cg, struct err *err) _must_check_;

/* The v1 hierarchy that has this controller, or NULL. */
const struct cgroup_hierarchy *cgroup_v1_find(const struct cgroup *cg, const char *controller);

/* The v2 hierarchy, with or without controllers, or NULL. */
const struct cgroup_hierarchy *cgroup_v2_find(const struct cgroup *cg);

/* Sets a file of the cgroup; the error names file and value. */
int cgroup_set(int dir_fd, const char *file, struct err *err, const char *fmt, ...) _must_check_ _printf_(4, 5);

/* True when the cgroup has this file. */
bool cgroup_has(int dir_fd, const char *file);

/* A number behind "key " in a file of lines, or 0. */
uint64_t cgroup_read_counter(int dir_fd, const char *file, const char *key);

int cgroup_v1_apply(const struct cgroup *cg, const struct oci_resources *r, struct err *err) _must_check_;
int cgroup_v1_prepare_cpuset(int parent_fd, int fd, struct err *err) _must_check_;
int cgroup_v1_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct err *err) _must_check_;
int cgroup_v1_devices(const struct cgroup *cg, const struct oci_device_rules *rules, struct err *err) _must_check_;

int cgroup_v2_apply(int fd, const struct oci_resources *r, struct err *err) _must_check_;
int cgroup_v2_enable_controllers(int parent_fd, struct err *err) _must_check_;
int cgroup_v2_freeze(int fd, bool frozen, int timeout_ms, struct err *err) _must_check_;
int cgroup_v2_devices(int fd, const struct oci_device_rules *rules, struct err *err) _must_check_;

/* Waits until nobody is in it or below. 1 empty, 0 not in time, or -errno. */
int cgroup_v2_wait_empty(int fd, int timeout_ms) _must_check_;

/* The rules every container gets behind its own. */
extern const struct oci_device_rules cgroup_default_devices;

/* Kernel block I/O device lists: "MAJOR:MINOR value". */
struct cgroup_throttle {
	const char *v1_file;
	const char *v2_key;
	const struct oci_throttle_devices *devices;
};
#define CGROUP_THROTTLES 4
void cgroup_throttles(const struct oci_block_io *b, struct cgroup_throttle ret[CGROUP_THROTTLES]);

#endif
