/* SPDX-License-Identifier: Apache-2.0 */
/* See oci_features.h; names as the specification's features document has them. */
#include "runtime/oci_features.h"

#include "codec/json.h"
#include "codec/oci_spec.h"
#include "linux/capabilities.h"
#include "runtime/mount_options.h"

static void member_list(struct json_writer *w, const char *key, const char *const *names)
{
	json_key(w, key);
	json_begin_array(w);
	for (; *names; names++)
		json_string(w, *names);
	json_end_array(w);
}

static void member_enabled(struct json_writer *w, const char *key, bool enabled)
{
	json_key(w, key);
	json_begin_object(w);
	json_member_bool(w, "enabled", enabled);
	json_end_object(w);
}

static void write_linux_features(struct json_writer *w)
{
	static const char *const namespaces[] = {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts", NULL};
	static const char *const actions[] = {"SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",       "SCMP_ACT_KILL",
					      "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
					      "SCMP_ACT_TRACE",        "SCMP_ACT_TRAP",        NULL};
	static const char *const operators[] = {"SCMP_CMP_EQ", "SCMP_CMP_GE",        "SCMP_CMP_GT", "SCMP_CMP_LE",
						"SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL};
	static const char *const flags[] = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
					    "SECCOMP_FILTER_FLAG_SPEC_ALLOW", NULL};

	json_begin_object(w);
	member_list(w, "namespaces", namespaces);
	json_key(w, "capabilities");
	json_begin_array(w);
	for (int cap = 0; cap <= cap_last() && cap_name(cap); cap++)
		json_string(w, cap_name(cap));
	json_end_array(w);
	json_key(w, "cgroup");
	json_begin_object(w);
	json_member_bool(w, "v1", true);
	json_member_bool(w, "v2", true);
	json_member_bool(w, "systemd", false);
	json_member_bool(w, "systemdUser", false);
	json_member_bool(w, "rdma", true);
	json_end_object(w);
	json_key(w, "seccomp");
	json_begin_object(w);
	json_member_bool(w, "enabled", true);
	member_list(w, "actions", actions);
	member_list(w, "operators", operators);
	member_list(w, "knownFlags", flags);
	member_list(w, "supportedFlags", flags);
	json_end_object(w);
	member_enabled(w, "apparmor", true);
	member_enabled(w, "selinux", false);
	member_enabled(w, "intelRdt", false);
	json_key(w, "mountExtensions");
	json_begin_object(w);
	member_enabled(w, "idmap", false);
	json_end_object(w);
	json_end_object(w);
}

void runtime_features_write(struct buf *out)
{
	struct json_writer w = {.out = out};
	const char *name;

	json_begin_object(&w);
	json_member_string(&w, "ociVersionMin", "1.0.0");
	json_member_string(&w, "ociVersionMax", OCI_SPEC_VERSION);
	json_key(&w, "mountOptions");
	json_begin_array(&w);
	for (size_t i = 0; (name = mount_options_name(i)); i++)
		json_string(&w, name);
	json_end_array(&w);
	json_key(&w, "linux");
	write_linux_features(&w);
	json_end_object(&w);
}
