/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup of the floor program. v1: a directory in each hierarchy that Docker uses, with the limits a container has
 * when memory, pids and cpu are asked for and Docker's device list; the child writes 0 to each `tasks` itself, which is
 * far cheaper than a parent's write to cgroup.procs. Without v1 hierarchies (a v2 host) it makes none, and says so.
 */
#include "floor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"
#define HIERARCHIES 9

struct floor_cgroup {
	char name[32];
	int hierarchy[HIERARCHIES]; /* -EBADF where the kernel has none */
	int tasks[HIERARCHIES];     /* open while a container is being made */
};

static const char *const hierarchies[HIERARCHIES] = {"cpu",     "cpuacct", "cpuset", "memory", "devices",
						     "freezer", "blkio",   "pids",   "systemd"};

static const struct {
	const char *hierarchy, *file, *value;
} limits[] = {
	{"cpu", "cpu.shares", "1024"},
	{"memory", "memory.limit_in_bytes", "268435456"},
	{"pids", "pids.max", "512"},
	{"devices", "devices.deny", "a"},
	{"devices", "devices.allow", "c *:* m"},
	{"devices", "devices.allow", "b *:* m"},
	{"devices", "devices.allow", "c 1:3 rwm"},
	{"devices", "devices.allow", "c 1:5 rwm"},
	{"devices", "devices.allow", "c 1:7 rwm"},
	{"devices", "devices.allow", "c 1:8 rwm"},
	{"devices", "devices.allow", "c 1:9 rwm"},
	{"devices", "devices.allow", "c 5:0 rwm"},
	{"devices", "devices.allow", "c 5:2 rwm"},
	{"devices", "devices.allow", "c 136:* rwm"},
};

/* A new cpuset is empty: nothing can join before it has the parent's processors and memory nodes. */
static void cpuset_inherit(int parent, int child)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (size_t i = 0; i < 2; i++) {
		char text[256];
		int fd = openat(parent, files[i], O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (n < 0)
			floor_die(files[i]);
		text[n] = 0;
		close(fd);
		floor_write(child, files[i], text, false);
	}
}

struct floor_cgroup *floor_cgroup_find(void)
{
	struct floor_cgroup *cgroup = calloc(1, sizeof(*cgroup));
	char path[64];

	if (!cgroup)
		floor_die("memory");
	snprintf(cgroup->name, sizeof(cgroup->name), "lighter-floor-%d", (int)getpid());
	for (size_t i = 0; i < HIERARCHIES; i++) {
		snprintf(path, sizeof(path), ROOT "/%s", hierarchies[i]);
		cgroup->hierarchy[i] = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	}
	if (cgroup->hierarchy[3] < 0)
		fprintf(stderr, "floor: no cgroup v1 here: measured without a cgroup\n");
	return cgroup;
}

static void limits_set(int dir, const char *hierarchy)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!strcmp(limits[i].hierarchy, hierarchy))
			floor_write(dir, limits[i].file, limits[i].value, false);
}

void floor_cgroup_make(struct floor_cgroup *cgroup)
{
	for (size_t i = 0; i < HIERARCHIES; i++) {
		int dir;

		if (cgroup->hierarchy[i] < 0)
			continue;
		if (mkdirat(cgroup->hierarchy[i], cgroup->name, 0755) < 0)
			floor_die("mkdir cgroup");
		dir = openat(cgroup->hierarchy[i], cgroup->name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
		if (dir < 0)
			floor_die("open cgroup");
		if (i == 2)
			cpuset_inherit(cgroup->hierarchy[i], dir);
		limits_set(dir, hierarchies[i]);
		cgroup->tasks[i] = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);
		if (cgroup->tasks[i] < 0)
			floor_die("tasks");
		close(dir);
	}
}

void floor_cgroup_join(const struct floor_cgroup *cgroup)
{
	for (size_t i = 0; i < HIERARCHIES; i++)
		if (cgroup->hierarchy[i] >= 0 && write(cgroup->tasks[i], "0", 1) != 1)
			floor_die(hierarchies[i]);
}

void floor_cgroup_remove(struct floor_cgroup *cgroup)
{
	for (size_t i = 0; i < HIERARCHIES; i++) {
		if (cgroup->hierarchy[i] < 0)
			continue;
		close(cgroup->tasks[i]);
		if (unlinkat(cgroup->hierarchy[i], cgroup->name, AT_REMOVEDIR) < 0)
			floor_die("remove cgroup");
	}
}
