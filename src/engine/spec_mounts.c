/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of a container: Docker's own, then binds, tmpfs mounts and the three files of its network, ordered by depth
 * so that none is hidden by one that comes later.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "engine/spec.h"

static char **options(struct arena *a, const char *text)
{
	size_t n = 1;
	char **v;

	for (const char *p = text; *p; p++)
		n += *p == ',';
	v = arena_array(a, n + 1, sizeof(*v));
	if (!v)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(text, ",");

		v[i] = arena_strndup(a, text, len);
		text += len + (text[len] == ',');
	}
	return v;
}

static void add(struct oci_mounts *m, struct arena *a, const char *destination, const char *type, const char *source,
		const char *opts)
{
	m->items[m->len++] = (struct oci_mount){.destination = arena_strdup(a, destination),
						.type = (char *)type,
						.source = arena_strdup(a, source),
						.options = options(a, opts)};
}

static void add_defaults(const struct spec_input *in, struct oci_mounts *m, struct arena *a)
{
	const struct host_config *h = in->host;
	const char *ro = h->privileged ? "" : "ro,";

	add(m, a, "/proc", "proc", "proc", "nosuid,noexec,nodev");
	add(m, a, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	add(m, a, "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add(m, a, "/sys", "sysfs", "sysfs", arena_printf(a, "%snosuid,noexec,nodev", ro));
	add(m, a, "/sys/fs/cgroup", "cgroup", "cgroup", arena_printf(a, "%snosuid,noexec,nodev", ro));
	/* a new mount shows the queues of the IPC namespace it is made in, be it the host's own */
	add(m, a, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	if (strcmp(h->ipc_mode, "host") == 0) {
		add(m, a, "/dev/shm", "bind", "/dev/shm", "rbind,nosuid,noexec,nodev");
		return;
	}
	if (strcmp(h->ipc_mode, "none") != 0)
		add(m, a, "/dev/shm", "tmpfs", "shm",
		    arena_printf(a, "nosuid,noexec,nodev,mode=1777,size=%lld", (long long)h->shm_size));
}

/* ---- binds ---- */

static bool propagation_word(const char *w)
{
	static const char *const words[] = {"private", "rprivate", "shared", "rshared", "slave", "rslave", NULL};

	for (const char *const *p = words; *p; p++)
		if (strcmp(*p, w) == 0)
			return true;
	return false;
}

static int bind_mode(struct spec_bind *b, struct arena *a, struct err *err)
{
	char **words = options(a, b->mode);

	for (; words && *words; words++) {
		if (strcmp(*words, "ro") == 0)
			b->read_only = true;
		else if (propagation_word(*words))
			b->propagation = *words;
		else if (strcmp(*words, "z") == 0 || strcmp(*words, "Z") == 0)
			return err_set(err, ERR_NOT_IMPLEMENTED, "relabeling of bind mounts (%s) is not supported yet", *words);
		else if (strcmp(*words, "rw") != 0 && strcmp(*words, "nocopy") != 0 && strcmp(*words, "consistent") != 0 &&
			 strcmp(*words, "cached") != 0 && strcmp(*words, "delegated") != 0 && **words)
			return err_set(err, ERR_SYSTEM, "invalid mode: %s", b->mode);
	}
	return 0;
}

int spec_bind_parse(const char *text, struct arena *a, struct spec_bind *ret, struct err *err)
{
	struct spec_bind b = {.propagation = "rprivate", .recursive = true};
	const char *first = strchr(text, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	int r;

	if (!first || text[0] != '/')
		return err_set(err, ERR_NOT_IMPLEMENTED, "volumes are not supported yet: %s", text);
	b.source = arena_strndup(a, text, (size_t)(first - text));
	b.target = arena_strndup(a, first + 1, second ? (size_t)(second - first - 1) : strlen(first + 1));
	b.mode = arena_strdup(a, second ? second + 1 : "");
	if (!b.source || !b.target || !b.mode)
		return err_set(err, ERR_SYSTEM, "out of memory for bind %s", text);
	if (second && !*b.mode)
		return err_set(err, ERR_SYSTEM, "invalid volume specification: '%s'", text);
	r = bind_mode(&b, a, err);
	if (r < 0)
		return r;
	if (b.target[0] != '/')
		return err_set(
			err, ERR_SYSTEM,
			"invalid volume specification: '%s': invalid mount config for type \"bind\": invalid mount path: '%s' "
			"mount path must be absolute",
			text, b.target);
	if (strcmp(b.target, "/") == 0)
		return err_set(
			err, ERR_SYSTEM,
			"invalid volume specification: '%s': invalid mount config for type \"bind\": invalid specification: "
			"destination can't be '/'",
			text);
	*ret = b;
	return 0;
}

static void add_bind(struct oci_mounts *m, struct arena *a, const char *source, const char *target, bool read_only,
		     bool recursive, const char *propagation)
{
	const char *ro = read_only ? (recursive ? "rro," : "ro,") : "";

	add(m, a, target, "bind", source, arena_printf(a, "%s,%s%s", recursive ? "rbind" : "bind", ro, propagation));
}

static void add_tmpfs(struct oci_mounts *m, struct arena *a, const char *target, const char *opts)
{
	const char *exec = strstr(opts, "exec") && !strstr(opts, "noexec") ? "" : "noexec,";

	add(m, a, target, "tmpfs", "tmpfs", arena_printf(a, "%snosuid,nodev,rprivate%s%s", exec, *opts ? "," : "", opts));
}

static int add_mount(struct oci_mounts *m, struct arena *a, const struct api_mount *mount, struct err *err)
{
	const struct api_bind_options *b = mount->bind_options;

	if (strcmp(mount->type, "bind") == 0) {
		struct stat st;

		if (stat(mount->source, &st) < 0)
			return err_set(err, ERR_INVALID,
				       "invalid mount config for type \"bind\": bind source path does not exist: %s",
				       mount->source);
		add_bind(m, a, mount->source, mount->target, mount->read_only, !(b && b->non_recursive),
			 b && *b->propagation ? b->propagation : "rprivate");
	} else {
		const struct api_tmpfs_options *t = mount->tmpfs_options;
		char *opts = arena_strdup(a, mount->read_only ? "ro" : "");

		if (t && t->size_bytes)
			opts = arena_printf(a, "%s%ssize=%lld", opts, *opts ? "," : "", (long long)t->size_bytes);
		if (t && t->mode)
			opts = arena_printf(a, "%s%smode=%o", opts, *opts ? "," : "", t->mode);
		add_tmpfs(m, a, mount->target, opts);
	}
	return 0;
}

/* ---- order ---- */

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

/* Stable, by insertion: there are few. */
static void sort_by_depth(struct oci_mount *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct oci_mount moving = items[i];
		size_t k = i;

		for (; k > 0 && depth(items[k - 1].destination) > depth(moving.destination); k--)
			items[k] = items[k - 1];
		items[k] = moving;
	}
}

static void add_files(const struct spec_input *in, struct oci_mounts *m, struct arena *a)
{
	static const char *const names[] = {"resolv.conf", "hostname", "hosts"};

	for (size_t i = 0; in->files_dir && i < ARRAY_SIZE(names); i++) {
		char *target = arena_printf(a, "/etc/%s", names[i]);
		bool taken = false;

		for (size_t k = 0; k < m->len; k++)
			taken |= strcmp(m->items[k].destination, target) == 0;
		if (!taken)
			add_bind(m, a, arena_printf(a, "%s/%s", in->files_dir, names[i]), target, in->host->readonly_rootfs,
				 true, "rprivate");
	}
}

/* A mount of the user's own takes the place of a default one. Returns how many defaults are left. */
static size_t drop_replaced(struct oci_mounts *m, size_t own)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->len; i++) {
		bool replaced = false;

		for (size_t k = own; i < own && k < m->len; k++)
			replaced |= strcmp(m->items[i].destination, m->items[k].destination) == 0;
		if (!replaced)
			m->items[kept++] = m->items[i];
	}
	own -= m->len - kept;
	m->len = kept;
	return own;
}

int spec_mounts(const struct spec_input *in, struct arena *a, struct oci_mounts *ret, struct err *err)
{
	const struct host_config *h = in->host;
	size_t most = 16 + strv_len(h->binds) + h->tmpfs.len + h->mounts.len, own;
	struct oci_mounts m = {.items = arena_array(a, most, sizeof(*m.items))};
	int r = 0;

	if (!m.items)
		return err_set(err, ERR_SYSTEM, "out of memory for the container's mounts");
	add_defaults(in, &m, a);
	own = m.len;
	for (size_t i = 0; i < h->tmpfs.len; i++)
		add_tmpfs(&m, a, h->tmpfs.items[i].key, h->tmpfs.items[i].value);
	for (char **bind = h->binds; bind && *bind; bind++) {
		struct spec_bind b;

		r = spec_bind_parse(*bind, a, &b, err);
		if (r < 0)
			return r;
		add_bind(&m, a, b.source, b.target, b.read_only, b.recursive, b.propagation);
	}
	for (size_t i = 0; i < h->mounts.len && r >= 0; i++)
		r = add_mount(&m, a, &h->mounts.items[i], err);
	if (r < 0)
		return r;
	add_files(in, &m, a);
	own = drop_replaced(&m, own);
	if (arena_failed(a))
		return err_set(err, ERR_SYSTEM, "out of memory for the container's mounts");
	sort_by_depth(m.items + own, m.len - own);
	*ret = m;
	return 0;
}
