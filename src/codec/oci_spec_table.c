/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI runtime specification's objects as field tables, in the order of the specification's own documents; leaves
 * first, config.json last. See oci_spec.h for the structs.
 */
#include "codec/oci_spec.h"

static const struct json_field id_mapping_fields[] = {
	JSON_FIELD("containerID", struct oci_id_mapping, container_id, JSON_UINT32, .flags = JSON_REQUIRED),
	JSON_FIELD("hostID", struct oci_id_mapping, host_id, JSON_UINT32, .flags = JSON_REQUIRED),
	JSON_FIELD("size", struct oci_id_mapping, size, JSON_UINT32, .flags = JSON_REQUIRED),
};
static const struct json_shape id_mapping_shape = JSON_SHAPE("id_mapping", struct oci_id_mapping, id_mapping_fields);

static const struct json_field console_size_fields[] = {
	JSON_FIELD("height", struct oci_console_size, height, JSON_UINT64, .flags = JSON_REQUIRED),
	JSON_FIELD("width", struct oci_console_size, width, JSON_UINT64, .flags = JSON_REQUIRED),
};
static const struct json_shape console_size_shape = JSON_SHAPE("console_size", struct oci_console_size, console_size_fields);

static const struct json_field user_fields[] = {
	JSON_FIELD("uid", struct oci_user, uid, JSON_UINT32),
	JSON_FIELD("gid", struct oci_user, gid, JSON_UINT32),
	JSON_FIELD("umask", struct oci_user, umask, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("additionalGids", struct oci_user, additional_gids, JSON_UINT32S, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("username", struct oci_user, username, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape user_shape = JSON_SHAPE("user", struct oci_user, user_fields);

static const struct json_field capabilities_fields[] = {
	JSON_FIELD("bounding", struct oci_capabilities, bounding, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("effective", struct oci_capabilities, effective, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("inheritable", struct oci_capabilities, inheritable, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("permitted", struct oci_capabilities, permitted, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("ambient", struct oci_capabilities, ambient, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape capabilities_shape = JSON_SHAPE("capabilities", struct oci_capabilities, capabilities_fields);

static const struct json_field rlimit_fields[] = {
	JSON_FIELD("type", struct oci_rlimit, type, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("hard", struct oci_rlimit, hard, JSON_UINT64, .flags = JSON_REQUIRED),
	JSON_FIELD("soft", struct oci_rlimit, soft, JSON_UINT64, .flags = JSON_REQUIRED),
};
static const struct json_shape rlimit_shape = JSON_SHAPE("rlimit", struct oci_rlimit, rlimit_fields);

static const struct json_field scheduler_fields[] = {
	JSON_FIELD("policy", struct oci_scheduler, policy, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("nice", struct oci_scheduler, nice, JSON_INT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("priority", struct oci_scheduler, priority, JSON_INT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("flags", struct oci_scheduler, flags, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("runtime", struct oci_scheduler, runtime, JSON_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("deadline", struct oci_scheduler, deadline, JSON_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("period", struct oci_scheduler, period, JSON_UINT64, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape scheduler_shape = JSON_SHAPE("scheduler", struct oci_scheduler, scheduler_fields);

static const struct json_field io_priority_fields[] = {
	JSON_FIELD("class", struct oci_io_priority, class_name, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("priority", struct oci_io_priority, priority, JSON_INT32),
};
static const struct json_shape io_priority_shape = JSON_SHAPE("io_priority", struct oci_io_priority, io_priority_fields);

static const struct json_field cpu_affinity_fields[] = {
	JSON_FIELD("initial", struct oci_cpu_affinity, initial, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("final", struct oci_cpu_affinity, final, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape cpu_affinity_shape = JSON_SHAPE("cpu_affinity", struct oci_cpu_affinity, cpu_affinity_fields);

static const struct json_field process_fields[] = {
	JSON_FIELD("terminal", struct oci_process, terminal, JSON_BOOL, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("consoleSize", struct oci_process, console_size, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &console_size_shape),
	JSON_FIELD("user", struct oci_process, user, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &user_shape),
	JSON_FIELD("args", struct oci_process, args, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("commandLine", struct oci_process, command_line, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("env", struct oci_process, env, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("cwd", struct oci_process, cwd, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("capabilities", struct oci_process, capabilities, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &capabilities_shape),
	JSON_FIELD("rlimits", struct oci_process, rlimits, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &rlimit_shape),
	JSON_FIELD("noNewPrivileges", struct oci_process, no_new_privileges, JSON_BOOL, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("apparmorProfile", struct oci_process, apparmor_profile, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("oomScoreAdj", struct oci_process, oom_score_adj, JSON_OPT_INT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("selinuxLabel", struct oci_process, selinux_label, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("scheduler", struct oci_process, scheduler, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &scheduler_shape),
	JSON_FIELD("ioPriority", struct oci_process, io_priority, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &io_priority_shape),
	JSON_FIELD("execCPUAffinity", struct oci_process, exec_cpu_affinity, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &cpu_affinity_shape),
};
const struct json_shape oci_process_shape = JSON_SHAPE("process", struct oci_process, process_fields);

static const struct json_field root_fields[] = {
	JSON_FIELD("path", struct oci_root, path, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("readonly", struct oci_root, readonly, JSON_BOOL, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape root_shape = JSON_SHAPE("root", struct oci_root, root_fields);

static const struct json_field mount_fields[] = {
	JSON_FIELD("destination", struct oci_mount, destination, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("type", struct oci_mount, type, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("source", struct oci_mount, source, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("options", struct oci_mount, options, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("uidMappings", struct oci_mount, uid_mappings, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &id_mapping_shape),
	JSON_FIELD("gidMappings", struct oci_mount, gid_mappings, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &id_mapping_shape),
};
static const struct json_shape mount_shape = JSON_SHAPE("mount", struct oci_mount, mount_fields);

static const struct json_field hook_fields[] = {
	JSON_FIELD("path", struct oci_hook, path, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("args", struct oci_hook, args, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("env", struct oci_hook, env, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("timeout", struct oci_hook, timeout, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape hook_shape = JSON_SHAPE("hook", struct oci_hook, hook_fields);

static const struct json_field hooks_fields[] = {
	JSON_FIELD("prestart", struct oci_hooks, prestart, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &hook_shape),
	JSON_FIELD("createRuntime", struct oci_hooks, create_runtime, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &hook_shape),
	JSON_FIELD("createContainer", struct oci_hooks, create_container, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &hook_shape),
	JSON_FIELD("startContainer", struct oci_hooks, start_container, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &hook_shape),
	JSON_FIELD("poststart", struct oci_hooks, poststart, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &hook_shape),
	JSON_FIELD("poststop", struct oci_hooks, poststop, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &hook_shape),
};
static const struct json_shape hooks_shape = JSON_SHAPE("hooks", struct oci_hooks, hooks_fields);

static const struct json_field namespace_fields[] = {
	JSON_FIELD("type", struct oci_namespace, type, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("path", struct oci_namespace, path, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape namespace_shape = JSON_SHAPE("namespace", struct oci_namespace, namespace_fields);

static const struct json_field time_offset_fields[] = {
	JSON_FIELD("secs", struct oci_time_offset, secs, JSON_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("nanosecs", struct oci_time_offset, nanosecs, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape time_offset_shape = JSON_SHAPE("time_offset", struct oci_time_offset, time_offset_fields);

static const struct json_field time_offsets_fields[] = {
	JSON_FIELD("boottime", struct oci_time_offsets, boottime, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &time_offset_shape),
	JSON_FIELD("monotonic", struct oci_time_offsets, monotonic, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &time_offset_shape),
};
static const struct json_shape time_offsets_shape = JSON_SHAPE("time_offsets", struct oci_time_offsets, time_offsets_fields);

static const struct json_field device_fields[] = {
	JSON_FIELD("path", struct oci_device, path, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("type", struct oci_device, type, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("major", struct oci_device, major, JSON_INT64),
	JSON_FIELD("minor", struct oci_device, minor, JSON_INT64),
	JSON_FIELD("fileMode", struct oci_device, file_mode, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("uid", struct oci_device, uid, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("gid", struct oci_device, gid, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape device_shape = JSON_SHAPE("device", struct oci_device, device_fields);

static const struct json_field net_device_fields[] = {
	JSON_FIELD("name", struct oci_net_device, name, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape net_device_shape = JSON_SHAPE("net_device", struct oci_net_device, net_device_fields);

static const struct json_field device_rule_fields[] = {
	JSON_FIELD("allow", struct oci_device_rule, allow, JSON_BOOL, .flags = JSON_REQUIRED),
	JSON_FIELD("type", struct oci_device_rule, type, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("major", struct oci_device_rule, major, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("minor", struct oci_device_rule, minor, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("access", struct oci_device_rule, access, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape device_rule_shape = JSON_SHAPE("device_rule", struct oci_device_rule, device_rule_fields);

static const struct json_field memory_fields[] = {
	JSON_FIELD("limit", struct oci_memory, limit, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("reservation", struct oci_memory, reservation, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("swap", struct oci_memory, swap, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("kernel", struct oci_memory, kernel, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("kernelTCP", struct oci_memory, kernel_tcp, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("swappiness", struct oci_memory, swappiness, JSON_OPT_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("disableOOMKiller", struct oci_memory, disable_oom_killer, JSON_OPT_BOOL, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("useHierarchy", struct oci_memory, use_hierarchy, JSON_OPT_BOOL, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("checkBeforeUpdate", struct oci_memory, check_before_update, JSON_OPT_BOOL, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape memory_shape = JSON_SHAPE("memory", struct oci_memory, memory_fields);

static const struct json_field cpu_fields[] = {
	JSON_FIELD("shares", struct oci_cpu, shares, JSON_OPT_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("quota", struct oci_cpu, quota, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("burst", struct oci_cpu, burst, JSON_OPT_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("period", struct oci_cpu, period, JSON_OPT_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("realtimeRuntime", struct oci_cpu, realtime_runtime, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("realtimePeriod", struct oci_cpu, realtime_period, JSON_OPT_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("cpus", struct oci_cpu, cpus, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("mems", struct oci_cpu, mems, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("idle", struct oci_cpu, idle, JSON_OPT_INT64, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape cpu_shape = JSON_SHAPE("cpu", struct oci_cpu, cpu_fields);

static const struct json_field pids_fields[] = {
	JSON_FIELD("limit", struct oci_pids, limit, JSON_INT64, .flags = JSON_REQUIRED),
};
static const struct json_shape pids_shape = JSON_SHAPE("pids", struct oci_pids, pids_fields);

static const struct json_field weight_device_fields[] = {
	JSON_FIELD("major", struct oci_weight_device, major, JSON_INT64, .flags = JSON_REQUIRED),
	JSON_FIELD("minor", struct oci_weight_device, minor, JSON_INT64, .flags = JSON_REQUIRED),
	JSON_FIELD("weight", struct oci_weight_device, weight, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("leafWeight", struct oci_weight_device, leaf_weight, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape weight_device_shape =
	JSON_SHAPE("weight_device", struct oci_weight_device, weight_device_fields);

static const struct json_field throttle_device_fields[] = {
	JSON_FIELD("major", struct oci_throttle_device, major, JSON_INT64, .flags = JSON_REQUIRED),
	JSON_FIELD("minor", struct oci_throttle_device, minor, JSON_INT64, .flags = JSON_REQUIRED),
	JSON_FIELD("rate", struct oci_throttle_device, rate, JSON_UINT64),
};
static const struct json_shape throttle_device_shape =
	JSON_SHAPE("throttle_device", struct oci_throttle_device, throttle_device_fields);

static const struct json_field block_io_fields[] = {
	JSON_FIELD("weight", struct oci_block_io, weight, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("leafWeight", struct oci_block_io, leaf_weight, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("weightDevice", struct oci_block_io, weight_device, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &weight_device_shape),
	JSON_FIELD("throttleReadBpsDevice", struct oci_block_io, throttle_read_bps_device, JSON_OBJECTS,
		   .flags = JSON_OMIT_EMPTY, .shape = &throttle_device_shape),
	JSON_FIELD("throttleWriteBpsDevice", struct oci_block_io, throttle_write_bps_device, JSON_OBJECTS,
		   .flags = JSON_OMIT_EMPTY, .shape = &throttle_device_shape),
	JSON_FIELD("throttleReadIOPSDevice", struct oci_block_io, throttle_read_iops_device, JSON_OBJECTS,
		   .flags = JSON_OMIT_EMPTY, .shape = &throttle_device_shape),
	JSON_FIELD("throttleWriteIOPSDevice", struct oci_block_io, throttle_write_iops_device, JSON_OBJECTS,
		   .flags = JSON_OMIT_EMPTY, .shape = &throttle_device_shape),
};
static const struct json_shape block_io_shape = JSON_SHAPE("block_io", struct oci_block_io, block_io_fields);

static const struct json_field hugepage_limit_fields[] = {
	JSON_FIELD("pageSize", struct oci_hugepage_limit, page_size, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("limit", struct oci_hugepage_limit, limit, JSON_UINT64, .flags = JSON_REQUIRED),
};
static const struct json_shape hugepage_limit_shape =
	JSON_SHAPE("hugepage_limit", struct oci_hugepage_limit, hugepage_limit_fields);

static const struct json_field net_priority_fields[] = {
	JSON_FIELD("name", struct oci_net_priority, name, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("priority", struct oci_net_priority, priority, JSON_UINT32, .flags = JSON_REQUIRED),
};
static const struct json_shape net_priority_shape = JSON_SHAPE("net_priority", struct oci_net_priority, net_priority_fields);

static const struct json_field net_resources_fields[] = {
	JSON_FIELD("classID", struct oci_net_resources, class_id, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("priorities", struct oci_net_resources, priorities, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &net_priority_shape),
};
static const struct json_shape net_resources_shape =
	JSON_SHAPE("net_resources", struct oci_net_resources, net_resources_fields);

static const struct json_field rdma_fields[] = {
	JSON_FIELD("hcaHandles", struct oci_rdma, hca_handles, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("hcaObjects", struct oci_rdma, hca_objects, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape rdma_shape = JSON_SHAPE("rdma", struct oci_rdma, rdma_fields);

static const struct json_field resources_fields[] = {
	JSON_FIELD("devices", struct oci_resources, devices, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &device_rule_shape),
	JSON_FIELD("memory", struct oci_resources, memory, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &memory_shape),
	JSON_FIELD("cpu", struct oci_resources, cpu, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &cpu_shape),
	JSON_FIELD("pids", struct oci_resources, pids, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &pids_shape),
	JSON_FIELD("blockIO", struct oci_resources, block_io, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &block_io_shape),
	JSON_FIELD("hugepageLimits", struct oci_resources, hugepage_limits, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &hugepage_limit_shape),
	JSON_FIELD("network", struct oci_resources, network, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &net_resources_shape),
	JSON_FIELD("rdma", struct oci_resources, rdma, JSON_OBJECT_MAP, .flags = JSON_OMIT_EMPTY, .shape = &rdma_shape),
	JSON_FIELD("unified", struct oci_resources, unified, JSON_STRING_MAP, .flags = JSON_OMIT_EMPTY),
};
const struct json_shape oci_resources_shape = JSON_SHAPE("resources", struct oci_resources, resources_fields);

static const struct json_field seccomp_arg_fields[] = {
	JSON_FIELD("index", struct oci_seccomp_arg, index, JSON_UINT32, .flags = JSON_REQUIRED),
	JSON_FIELD("value", struct oci_seccomp_arg, value, JSON_UINT64, .flags = JSON_REQUIRED),
	JSON_FIELD("valueTwo", struct oci_seccomp_arg, value_two, JSON_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("op", struct oci_seccomp_arg, op, JSON_STRING, .flags = JSON_REQUIRED),
};
static const struct json_shape seccomp_arg_shape = JSON_SHAPE("seccomp_arg", struct oci_seccomp_arg, seccomp_arg_fields);

static const struct json_field seccomp_rule_fields[] = {
	JSON_FIELD("names", struct oci_seccomp_rule, names, JSON_STRINGS, .flags = JSON_REQUIRED),
	JSON_FIELD("action", struct oci_seccomp_rule, action, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("errnoRet", struct oci_seccomp_rule, errno_ret, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("args", struct oci_seccomp_rule, args, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &seccomp_arg_shape),
};
static const struct json_shape seccomp_rule_shape = JSON_SHAPE("seccomp_rule", struct oci_seccomp_rule, seccomp_rule_fields);

static const struct json_field seccomp_fields[] = {
	JSON_FIELD("defaultAction", struct oci_seccomp, default_action, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("defaultErrnoRet", struct oci_seccomp, default_errno_ret, JSON_OPT_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("architectures", struct oci_seccomp, architectures, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("flags", struct oci_seccomp, flags, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("listenerPath", struct oci_seccomp, listener_path, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("listenerMetadata", struct oci_seccomp, listener_metadata, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("syscalls", struct oci_seccomp, syscalls, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &seccomp_rule_shape),
};
const struct json_shape oci_seccomp_shape = JSON_SHAPE("seccomp", struct oci_seccomp, seccomp_fields);

static const struct json_field intel_rdt_fields[] = {
	JSON_FIELD("closID", struct oci_intel_rdt, clos_id, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("schemata", struct oci_intel_rdt, schemata, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("l3CacheSchema", struct oci_intel_rdt, l3_cache_schema, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("memBwSchema", struct oci_intel_rdt, mem_bw_schema, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("enableMonitoring", struct oci_intel_rdt, enable_monitoring, JSON_BOOL, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape intel_rdt_shape = JSON_SHAPE("intel_rdt", struct oci_intel_rdt, intel_rdt_fields);

static const struct json_field memory_policy_fields[] = {
	JSON_FIELD("mode", struct oci_memory_policy, mode, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("nodes", struct oci_memory_policy, nodes, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("flags", struct oci_memory_policy, flags, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape memory_policy_shape =
	JSON_SHAPE("memory_policy", struct oci_memory_policy, memory_policy_fields);

static const struct json_field personality_fields[] = {
	JSON_FIELD("domain", struct oci_personality, domain, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("flags", struct oci_personality, flags, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape personality_shape = JSON_SHAPE("personality", struct oci_personality, personality_fields);

static const struct json_field linux_fields[] = {
	JSON_FIELD("uidMappings", struct oci_linux, uid_mappings, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &id_mapping_shape),
	JSON_FIELD("gidMappings", struct oci_linux, gid_mappings, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &id_mapping_shape),
	JSON_FIELD("sysctl", struct oci_linux, sysctl, JSON_STRING_MAP, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("resources", struct oci_linux, resources, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &oci_resources_shape),
	JSON_FIELD("cgroupsPath", struct oci_linux, cgroups_path, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("namespaces", struct oci_linux, namespaces, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY,
		   .shape = &namespace_shape),
	JSON_FIELD("devices", struct oci_linux, devices, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &device_shape),
	JSON_FIELD("netDevices", struct oci_linux, net_devices, JSON_OBJECT_MAP, .flags = JSON_OMIT_EMPTY,
		   .shape = &net_device_shape),
	JSON_FIELD("seccomp", struct oci_linux, seccomp, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &oci_seccomp_shape),
	JSON_FIELD("rootfsPropagation", struct oci_linux, rootfs_propagation, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("maskedPaths", struct oci_linux, masked_paths, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("readonlyPaths", struct oci_linux, readonly_paths, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("mountLabel", struct oci_linux, mount_label, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("intelRdt", struct oci_linux, intel_rdt, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &intel_rdt_shape),
	JSON_FIELD("memoryPolicy", struct oci_linux, memory_policy, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &memory_policy_shape),
	JSON_FIELD("personality", struct oci_linux, personality, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &personality_shape),
	JSON_FIELD("timeOffsets", struct oci_linux, time_offsets, JSON_OBJECT, .flags = JSON_OMIT_EMPTY,
		   .shape = &time_offsets_shape),
};
static const struct json_shape linux_shape = JSON_SHAPE("linux", struct oci_linux, linux_fields);

static const struct json_field spec_fields[] = {
	JSON_FIELD("ociVersion", struct oci_spec, oci_version, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("process", struct oci_spec, process, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &oci_process_shape),
	JSON_FIELD("root", struct oci_spec, root, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &root_shape),
	JSON_FIELD("hostname", struct oci_spec, hostname, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("domainname", struct oci_spec, domainname, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("mounts", struct oci_spec, mounts, JSON_OBJECTS, .flags = JSON_OMIT_EMPTY, .shape = &mount_shape),
	JSON_FIELD("hooks", struct oci_spec, hooks, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &hooks_shape),
	JSON_FIELD("annotations", struct oci_spec, annotations, JSON_STRING_MAP, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("linux", struct oci_spec, linux_, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &linux_shape),
	JSON_FIELD("vm", struct oci_spec, vm, JSON_TEXT, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("windows", struct oci_spec, windows, JSON_TEXT, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("solaris", struct oci_spec, solaris, JSON_TEXT, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("freebsd", struct oci_spec, freebsd, JSON_TEXT, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("zos", struct oci_spec, zos, JSON_TEXT, .flags = JSON_OMIT_EMPTY),
};
const struct json_shape oci_spec_shape = JSON_SHAPE("spec", struct oci_spec, spec_fields);
