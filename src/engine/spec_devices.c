/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and the rules of the device cgroup: Docker's default list, --device, --device-cgroup-rule, and for a
 * privileged container everything that the host's /dev holds. (The runtime itself makes null, zero, full, random,
 * urandom, tty and ptmx.)
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "engine/spec.h"

#define DEVICES_MAX 4096
#define DEPTH_MAX 8

struct collector {
	struct arena *arena;
	struct oci_devices *devices;
	struct oci_device_rules *rules; /* NULL: no rules (privileged) */
	const char *access;
};

static int64_t *number(struct arena *a, int64_t n)
{
	int64_t *p = arena_new_object(a, int64_t);

	if (p)
		*p = n;
	return p;
}

static uint32_t *number32(struct arena *a, uint32_t n)
{
	uint32_t *p = arena_new_object(a, uint32_t);

	if (p)
		*p = n;
	return p;
}

static void rule_add(struct oci_device_rules *rules, struct arena *a, bool allow, const char *type, int64_t major,
		     int64_t minor, const char *access)
{
	rules->items[rules->len++] = (struct oci_device_rule){
		.allow = allow,
		.type = (char *)type,
		.major = major < 0 ? NULL : number(a, major),
		.minor = minor < 0 ? NULL : number(a, minor),
		.access = arena_strdup(a, access),
	};
}

static void node_add(struct collector *c, const char *path, const struct stat *st)
{
	const char *type = S_ISBLK(st->st_mode) ? "b" : "c";

	if (c->devices->len >= DEVICES_MAX || (c->rules && c->rules->len >= DEVICES_MAX))
		return;
	c->devices->items[c->devices->len++] = (struct oci_device){
		.type = (char *)type,
		.path = arena_strdup(c->arena, path),
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
		.file_mode = number32(c->arena, st->st_mode & 07777),
		.uid = number32(c->arena, st->st_uid),
		.gid = number32(c->arena, st->st_gid),
	};
	if (c->rules)
		rule_add(c->rules, c->arena, true, type, major(st->st_rdev), minor(st->st_rdev), c->access);
}

/* What is no device of the host's, and what the runtime makes itself. */
static bool skipped(const char *name)
{
	static const char *const names[] = {"null", "zero", "full", "random", "urandom", "tty",  "ptmx",        ".",     "..",
					    "pts",  "shm",  "fd",   "mqueue", "console", ".lxc", ".lxd-mounts", ".udev", NULL};

	for (const char *const *n = names; *n; n++)
		if (strcmp(*n, name) == 0)
			return true;
	return false;
}

/* Every device node below a directory, as `target`/... Consumes dir_fd. */
static void tree_add(struct collector *c, int dir_fd, const char *target, int depth_left)
{
	DIR *dir = fdopendir(dir_fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(dir_fd);
		return;
	}
	while ((entry = readdir(dir))) {
		char *path;
		struct stat st;
		int sub;

		if (skipped(entry->d_name) || fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		path = arena_printf(c->arena, "%s/%s", target, entry->d_name);
		if (!path)
			break;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			node_add(c, path, &st);
		if (!S_ISDIR(st.st_mode) || depth_left == 0)
			continue;
		sub = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			tree_add(c, sub, path, depth_left - 1);
	}
	closedir(dir);
}

static int mapping_add(struct collector *c, const struct api_device_mapping *d, struct err *err)
{
	const char *target = *d->path_in_container ? d->path_in_container : d->path_on_host;
	struct stat st;
	int fd;

	c->access = *d->cgroup_permissions ? d->cgroup_permissions : "rwm";
	if (stat(d->path_on_host, &st) < 0)
		return err_set(err, ERR_SYSTEM, "error gathering device information while adding custom device \"%s\": %s",
			       d->path_on_host, errno == ENOENT ? "no such file or directory" : strerror(errno));
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		node_add(c, target, &st);
		return 0;
	}
	fd = S_ISDIR(st.st_mode) ? open(d->path_on_host, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		return err_set(err, ERR_SYSTEM,
			       "error gathering device information while adding custom device \"%s\": not a device node",
			       d->path_on_host);
	tree_add(c, fd, target, DEPTH_MAX);
	return 0;
}

/* "c 1:3 rwm", "b *:* r". */
static int rule_parse(const char *text, struct oci_device_rules *rules, struct arena *a, struct err *err)
{
	char type, major_text[12], minor_text[12], access[4], rest;
	const char *types = "acb";

	if (sscanf(text, "%c %11[0-9*]:%11[0-9*] %3[rwm]%c", &type, major_text, minor_text, access, &rest) != 4 ||
	    !strchr(types, type) || !type)
		return err_set(err, ERR_SYSTEM, "invalid device cgroup rule format: '%s'", text);
	rule_add(rules, a, true,
		 type == 'a'   ? "a"
		 : type == 'b' ? "b"
			       : "c",
		 *major_text == '*' ? -1 : atoll(major_text), *minor_text == '*' ? -1 : atoll(minor_text), access);
	return 0;
}

static void default_rules(struct oci_device_rules *rules, struct arena *a)
{
	static const int allowed[][2] = {{1, 5}, {1, 3}, {1, 9}, {1, 8}, {5, 0}, {5, 1}};

	rule_add(rules, a, false, NULL, -1, -1, "rwm");
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		rule_add(rules, a, true, "c", allowed[i][0], allowed[i][1], "rwm");
	rule_add(rules, a, false, "c", 10, 229, "rwm");
}

int spec_devices(const struct spec_input *in, struct arena *a, struct oci_linux *l, struct err *err)
{
	const struct host_config *h = in->host;
	struct oci_device_rules *rules = &l->resources->devices;
	bool many = h->privileged || h->devices.len > 0;
	struct collector c = {.arena = a, .devices = &l->devices, .rules = rules};
	int r = 0;

	rules->items = arena_array(a, 32 + strv_len(h->device_cgroup_rules) + (many ? DEVICES_MAX : 0), sizeof(*rules->items));
	l->devices.items = arena_array(a, many ? DEVICES_MAX : 1, sizeof(*l->devices.items));
	if (!rules->items || !l->devices.items)
		return err_set(err, ERR_SYSTEM, "out of memory for the container's devices");
	if (h->privileged) {
		int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		rule_add(rules, a, true, NULL, -1, -1, "rwm");
		c.rules = NULL;
		if (fd >= 0)
			tree_add(&c, fd, "/dev", DEPTH_MAX);
		return 0;
	}
	default_rules(rules, a);
	for (size_t i = 0; i < h->devices.len && r >= 0; i++)
		r = mapping_add(&c, &h->devices.items[i], err);
	for (char **rule = h->device_cgroup_rules; rule && *rule && r >= 0; rule++)
		r = rule_parse(*rule, rules, a, err);
	return r;
}
