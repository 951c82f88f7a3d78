/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI runtime specification's config.json (1.2, with what 1.3 adds for Linux) as C structs, member for member, and
 * the tables (json.h) that decode and encode it. The daemon writes a spec with them, shim and lighter-runtime read it.
 *
 * Names are the specification's in C's spelling (noNewPrivileges: no_new_privileges). What is absent is NULL, 0, false
 * or, where that would be a value of its own, a NULL pointer to a number. Lists are {items, len}; lists of strings end
 * with NULL. Everything lives in the arena it was decoded into; whoever builds one by hand owns it.
 *
 * Decoding checks types and ranges; oci_spec_check() checks what the schema says beyond that (enumerations, patterns,
 * absolute paths). What a kernel or this runtime does not support is the runtime's to refuse.
 */
#ifndef LIGHTER_CODEC_OCI_SPEC_H
#define LIGHTER_CODEC_OCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#define OCI_SPEC_VERSION "1.2.1"
#define OCI_SPEC_MAX_BYTES (4u << 20) /* a config.json larger than this is refused unread */

struct oci_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};
struct oci_id_mappings {
	struct oci_id_mapping *items;
	size_t len;
};

/* ---- process ---- */

struct oci_console_size {
	uint64_t height; /* rows */
	uint64_t width;  /* columns */
};

struct oci_user {
	uint32_t uid;
	uint32_t gid;
	uint32_t *umask;
	JSON_ARRAY(uint32_t) additional_gids;
	char *username; /* of other systems; ignored on Linux, as the specification has it */
};

/* Lists of "CAP_..." names. An absent list is an empty set. */
struct oci_capabilities {
	char **bounding;
	char **effective;
	char **inheritable;
	char **permitted;
	char **ambient;
};

struct oci_rlimit {
	char *type; /* "RLIMIT_NOFILE" */
	uint64_t hard;
	uint64_t soft;
};

struct oci_scheduler {
	char *policy; /* "SCHED_OTHER", ... */
	int32_t nice;
	int32_t priority;
	char **flags;
	uint64_t runtime; /* SCHED_DEADLINE's, nanoseconds */
	uint64_t deadline;
	uint64_t period;
};

struct oci_io_priority {
	char *class_name; /* "IOPRIO_CLASS_RT", ... */
	int32_t priority;
};

struct oci_cpu_affinity {
	char *initial; /* "0-3,7" */
	char *final;
};

struct oci_process {
	bool terminal;
	struct oci_console_size *console_size;
	struct oci_user *user; /* NULL: root */
	char **args;
	char **env;
	char *cwd;
	struct oci_capabilities *capabilities; /* NULL: no capability is changed */
	JSON_ARRAY(struct oci_rlimit) rlimits;
	bool no_new_privileges;
	char *apparmor_profile;
	char *selinux_label;
	int32_t *oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_cpu_affinity *exec_cpu_affinity;
	char *command_line; /* of other systems */
};

/* ---- root, mounts, hooks ---- */

struct oci_root {
	char *path;
	bool readonly;
};

struct oci_mount {
	char *destination; /* absolute, in the container */
	char *type;
	char *source; /* relative: to the bundle */
	char **options;
	struct oci_id_mappings uid_mappings;
	struct oci_id_mappings gid_mappings;
};
struct oci_mounts {
	struct oci_mount *items;
	size_t len;
};

struct oci_hook {
	char *path;
	char **args;
	char **env;
	int64_t *timeout; /* seconds */
};
struct oci_hook_list {
	struct oci_hook *items;
	size_t len;
};
struct oci_hooks {
	struct oci_hook_list prestart;
	struct oci_hook_list create_runtime;
	struct oci_hook_list create_container;
	struct oci_hook_list start_container;
	struct oci_hook_list poststart;
	struct oci_hook_list poststop;
};

/* ---- linux ---- */

struct oci_namespace {
	char *type; /* "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time" */
	char *path; /* join this one; NULL or "": a new one */
};
struct oci_namespaces {
	struct oci_namespace *items;
	size_t len;
};

struct oci_time_offset {
	int64_t secs;
	uint32_t nanosecs;
};
struct oci_time_offsets {
	struct oci_time_offset *boottime;
	struct oci_time_offset *monotonic;
};

struct oci_device {
	char *type; /* "c", "b", "u", "p" */
	char *path; /* absolute, in the container */
	int64_t major;
	int64_t minor;
	uint32_t *file_mode;
	uint32_t *uid;
	uint32_t *gid;
};
struct oci_devices {
	struct oci_device *items;
	size_t len;
};

struct oci_net_device {
	char *key;  /* its name on the host */
	char *name; /* in the container; NULL: the same */
};

struct oci_device_rule {
	bool allow;
	char *type;     /* "a", "c", "b"; NULL: "a" */
	int64_t *major; /* NULL or -1: any */
	int64_t *minor;
	char *access; /* of "rwm"; NULL or "": all */
};
struct oci_device_rules {
	struct oci_device_rule *items;
	size_t len;
};

struct oci_memory {
	int64_t *limit; /* bytes; -1: none */
	int64_t *reservation;
	int64_t *swap; /* memory and swap together */
	int64_t *kernel;
	int64_t *kernel_tcp;
	uint64_t *swappiness;
	bool *disable_oom_killer;
	bool *use_hierarchy;
	bool *check_before_update;
};

struct oci_cpu {
	uint64_t *shares;
	int64_t *quota;   /* microseconds */
	uint64_t *burst;  /* microseconds */
	uint64_t *period; /* microseconds */
	int64_t *realtime_runtime;
	uint64_t *realtime_period;
	char *cpus; /* "0-3,7" */
	char *mems;
	int64_t *idle;
};

struct oci_pids {
	int64_t limit; /* 0 or below: none */
};

struct oci_weight_device {
	int64_t major;
	int64_t minor;
	uint32_t *weight;
	uint32_t *leaf_weight;
};
struct oci_throttle_device {
	int64_t major;
	int64_t minor;
	uint64_t rate;
};
struct oci_throttle_devices {
	struct oci_throttle_device *items;
	size_t len;
};
struct oci_block_io {
	uint32_t *weight; /* 10..1000 */
	uint32_t *leaf_weight;
	JSON_ARRAY(struct oci_weight_device) weight_device;
	struct oci_throttle_devices throttle_read_bps_device;
	struct oci_throttle_devices throttle_write_bps_device;
	struct oci_throttle_devices throttle_read_iops_device;
	struct oci_throttle_devices throttle_write_iops_device;
};

struct oci_hugepage_limit {
	char *page_size; /* "2MB" */
	uint64_t limit;
};

struct oci_net_priority {
	char *name;
	uint32_t priority;
};
struct oci_net_resources {
	uint32_t *class_id;
	JSON_ARRAY(struct oci_net_priority) priorities;
};

struct oci_rdma {
	char *key; /* the device */
	uint32_t *hca_handles;
	uint32_t *hca_objects;
};

struct oci_resources {
	struct oci_device_rules devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	JSON_ARRAY(struct oci_hugepage_limit) hugepage_limits;
	struct oci_net_resources *network;
	JSON_ARRAY(struct oci_rdma) rdma;
	struct json_string_map unified; /* cgroup v2 file -> value */
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value;
	uint64_t value_two;
	char *op; /* "SCMP_CMP_EQ", ... */
};
struct oci_seccomp_rule {
	char **names;
	char *action; /* "SCMP_ACT_ALLOW", ... */
	uint32_t *errno_ret;
	JSON_ARRAY(struct oci_seccomp_arg) args;
};
struct oci_seccomp {
	char *default_action;
	uint32_t *default_errno_ret;
	char **architectures; /* "SCMP_ARCH_X86_64", ... */
	char **flags;
	char *listener_path;
	char *listener_metadata;
	JSON_ARRAY(struct oci_seccomp_rule) syscalls;
};
extern const struct json_shape oci_seccomp_shape;

struct oci_intel_rdt {
	char *clos_id;
	char **schemata;
	char *l3_cache_schema;
	char *mem_bw_schema;
	bool enable_monitoring;
};

struct oci_memory_policy {
	char *mode; /* "MPOL_BIND", ... */
	char *nodes;
	char **flags;
};

struct oci_personality {
	char *domain; /* "LINUX", "LINUX32" */
	char **flags;
};

struct oci_linux {
	struct oci_id_mappings uid_mappings;
	struct oci_id_mappings gid_mappings;
	struct json_string_map sysctl;
	struct oci_resources *resources;
	char *cgroups_path;
	struct oci_namespaces namespaces;
	struct oci_devices devices;
	JSON_ARRAY(struct oci_net_device) net_devices;
	struct oci_seccomp *seccomp;
	char *rootfs_propagation; /* "private", "shared", "slave", "unbindable" */
	char **masked_paths;
	char **readonly_paths;
	char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	struct oci_time_offsets *time_offsets;
};

struct oci_spec {
	char *oci_version;
	struct oci_process *process;
	struct oci_root *root;
	char *hostname;
	char *domainname;
	struct oci_mounts mounts;
	struct oci_hooks *hooks;
	struct json_string_map annotations;
	struct oci_linux *linux_;
	/* Sections of other systems, as text: there only so that they can be refused by name. */
	char *vm, *windows, *solaris, *freebsd, *zos;
};

extern const struct json_shape oci_spec_shape;
extern const struct json_shape oci_process_shape;
extern const struct json_shape oci_resources_shape;

/*
 * Decodes and checks a config.json (or a process.json) of at most OCI_SPEC_MAX_BYTES. ERR_INVALID names the member by its
 * path ("linux.namespaces[2].type: ..."), ERR_TOO_LARGE. The result and all it points to live in `a`.
 */
int oci_spec_parse(const char *text, size_t len, struct arena *a, struct oci_spec **ret_spec, struct err *err) _must_check_;
int oci_process_parse(const char *text, size_t len, struct arena *a, struct oci_process **ret_process,
		      struct err *err) _must_check_;

/* What the schema says beyond types. For a spec that was built by hand; oci_spec_parse() does it itself. */
int oci_spec_check(const struct oci_spec *spec, struct err *err) _must_check_;
int oci_process_check(const struct oci_process *process, struct err *err) _must_check_;

/* Appends the document, compact. Absent members are left out. Look at out->failed afterwards. */
void oci_spec_write(const struct oci_spec *spec, struct buf *out);

#endif
