/* SPDX-License-Identifier: Apache-2.0 */
/* See compat.h. Documents are edited as json-c's trees: old clients are rare, so that this need not be fast. */
#include "api/compat.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "codec/json.h"
#include "codec/json_c.h"

/* Replaces a member; `value` is given away. */
static void set(struct json_object *o, const char *name, struct json_object *value)
{
	json_object_object_add(o, name, value);
}

static struct json_object *get(const struct json_object *o, const char *name)
{
	return json_object_object_get(o, name);
}

static struct json_object *list_of(const char *item)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, json_object_new_string(item));
	return list;
}

static bool is_empty_list(const struct json_object *o)
{
	return json_object_is_type(o, json_type_array) && json_object_array_length(o) == 0;
}

/* Runs an edit over the document. */
static int edit(struct buf *json, int version, void (*fn)(struct json_object *o, int version), struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	const char *text;
	int r = json_parse(json->data, json->len, &o, err);

	if (r < 0)
		return err_wrap(err, "write an answer for an older version of the API");
	fn(o, version);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return err_sys(err, ENOMEM, "write an answer for an older version of the API");
	buf_reset(json);
	buf_adds(json, text);
	return 0;
}

/* ---- images ---- */

static void add_virtual_size(struct json_object *image)
{
	struct json_object *size = get(image, "Size");

	if (size)
		set(image, "VirtualSize", json_object_get(size));
}

static void edit_listed_image(struct json_object *image, int version)
{
	if (version < 151 && json_object_get_int64(get(image, "Containers")) == 0)
		set(image, "Containers", json_object_new_int64(-1));
	if (version < 144)
		add_virtual_size(image);
	if (version >= 143 || !is_empty_list(get(image, "RepoDigests")))
		return;
	if (is_empty_list(get(image, "RepoTags"))) {
		set(image, "RepoTags", list_of("<none>:<none>"));
		set(image, "RepoDigests", list_of("<none>@<none>"));
	} else {
		set(image, "RepoDigests", NULL);
	}
}

static void edit_image_list(struct json_object *list, int version)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		edit_listed_image(json_object_array_get_idx(list, i), version);
}

int api_compat_image_list(struct buf *json, int version, struct err *err)
{
	return version < 151 ? edit(json, version, edit_image_list, err) : 0;
}

/* Members of the container configuration that say nothing of an image. */
static void add_container_members(struct json_object *config)
{
	static const char *const strings[] = {"Domainname", "Hostname", "Image"};
	static const char *const bools[] = {"AttachStderr", "AttachStdin", "AttachStdout", "OpenStdin", "StdinOnce", "Tty"};

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (!get(config, strings[i]))
			set(config, strings[i], json_object_new_string(""));
	for (size_t i = 0; i < ARRAY_SIZE(bools); i++)
		if (!get(config, bools[i]))
			set(config, bools[i], json_object_new_boolean(0));
}

static struct json_object *empty_container_config(void)
{
	static const char *const nulls[] = {"Cmd", "Entrypoint", "Env", "Labels", "OnBuild", "Volumes"};
	struct json_object *config = json_object_new_object();

	add_container_members(config);
	set(config, "User", json_object_new_string(""));
	set(config, "WorkingDir", json_object_new_string(""));
	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
		set(config, nulls[i], NULL);
	return config;
}

static void edit_image(struct json_object *image, int version)
{
	struct json_object *config = get(image, "Config");

	if (json_object_is_type(config, json_type_object))
		add_container_members(config);
	if (version < 145)
		set(image, "ContainerConfig", empty_container_config());
	if (version < 144)
		add_virtual_size(image);
}

int api_compat_image_inspect(struct buf *json, int version, struct err *err)
{
	return version < 150 ? edit(json, version, edit_image, err) : 0;
}

/* ---- info ---- */

static void add_expected_commit(struct json_object *info, const char *name)
{
	struct json_object *commit = get(info, name), *id = get(commit, "ID");

	if (id && *json_object_get_string(id))
		set(commit, "Expected", json_object_get(id));
}

static void drop_runtime_status(const struct json_object *info)
{
	struct json_object *runtimes = get(info, "Runtimes");

	if (!json_object_is_type(runtimes, json_type_object))
		return;
	json_object_object_foreach(runtimes, name, runtime)
	{
		(void)name;
		json_object_object_del(runtime, "status");
	}
}

/* "name=seccomp,profile=builtin" was "seccomp". */
static void shorten_security_options(const struct json_object *info)
{
	struct json_object *options = get(info, "SecurityOptions");

	for (size_t i = 0; options && i < json_object_array_length(options); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(options, i));

		if (strncmp(text, "name=", 5) == 0)
			json_object_array_put_idx(options, i,
						  json_object_new_string_len(text + 5, (int)strcspn(text + 5, ",")));
	}
}

/* Accounting of kernel memory comes with the memory controller of cgroup v1. */
static bool has_kernel_memory(const struct json_object *info)
{
	const char *version = json_object_get_string(get(info, "CgroupVersion"));

	return version && strcmp(version, "1") == 0 && json_object_get_boolean(get(info, "MemoryLimit"));
}

static void edit_info(struct json_object *info, int version)
{
	struct json_object *registries = get(info, "RegistryConfig");

	set(info, "BridgeNfIptables", json_object_new_boolean(0));
	set(info, "BridgeNfIp6tables", json_object_new_boolean(0));
	if (version < 149) {
		json_object_object_del(info, "FirewallBackend");
		add_expected_commit(info, "RuncCommit");
		add_expected_commit(info, "ContainerdCommit");
		add_expected_commit(info, "InitCommit");
	}
	if (version < 147 && registries) {
		set(registries, "AllowNondistributableArtifactsCIDRs", NULL);
		set(registries, "AllowNondistributableArtifactsHostnames", NULL);
	}
	if (version < 146)
		json_object_object_del(info, "Containerd");
	if (version < 144)
		drop_runtime_status(info);
	if (version < 142)
		set(info, "KernelMemory", json_object_new_boolean(has_kernel_memory(info)));
	if (version < 125)
		shorten_security_options(info);
}

int api_compat_info(struct buf *json, int version, struct err *err)
{
	return version < 150 ? edit(json, version, edit_info, err) : 0;
}
