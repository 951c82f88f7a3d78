/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of api_docs.h. The order of members is Docker's own in an inspect reply (seen with 28.5). */
#include "codec/api_docs.h"

static const struct json_field set_member_fields[] = {};
static const struct json_shape set_member_shape = {
	.name = "set member", .size = sizeof(struct api_set_member), .fields = set_member_fields, .n_fields = 0};

#define C struct container_config
#define OMIT .flags = JSON_OMIT_EMPTY

static const struct json_field health_config_fields[] = {
	JSON_FIELD("Test", struct api_health_config, test, JSON_STRINGS, OMIT),
	JSON_FIELD("Interval", struct api_health_config, interval, JSON_INT64, OMIT),
	JSON_FIELD("Timeout", struct api_health_config, timeout, JSON_INT64, OMIT),
	JSON_FIELD("StartPeriod", struct api_health_config, start_period, JSON_INT64, OMIT),
	JSON_FIELD("StartInterval", struct api_health_config, start_interval, JSON_INT64, OMIT),
	JSON_FIELD("Retries", struct api_health_config, retries, JSON_INT64, OMIT),
};
const struct json_shape api_health_config_shape = JSON_SHAPE("Healthcheck", struct api_health_config, health_config_fields);

static const struct json_field container_config_fields[] = {
	JSON_FIELD("Hostname", C, hostname, JSON_STRING),
	JSON_FIELD("Domainname", C, domainname, JSON_STRING),
	JSON_FIELD("User", C, user, JSON_STRING),
	JSON_FIELD("AttachStdin", C, attach_stdin, JSON_BOOL),
	JSON_FIELD("AttachStdout", C, attach_stdout, JSON_BOOL),
	JSON_FIELD("AttachStderr", C, attach_stderr, JSON_BOOL),
	JSON_FIELD("ExposedPorts", C, exposed_ports, JSON_OBJECT_MAP, OMIT, .shape = &set_member_shape),
	JSON_FIELD("Tty", C, tty, JSON_BOOL),
	JSON_FIELD("OpenStdin", C, open_stdin, JSON_BOOL),
	JSON_FIELD("StdinOnce", C, stdin_once, JSON_BOOL),
	JSON_FIELD("Env", C, env, JSON_STRINGS),
	JSON_FIELD("Cmd", C, cmd, JSON_STRINGS),
	JSON_FIELD("Healthcheck", C, healthcheck, JSON_OBJECT, OMIT, .shape = &api_health_config_shape),
	JSON_FIELD("ArgsEscaped", C, args_escaped, JSON_BOOL, OMIT),
	JSON_FIELD("Image", C, image, JSON_STRING),
	JSON_FIELD("Volumes", C, volumes, JSON_OBJECT_MAP, .shape = &set_member_shape),
	JSON_FIELD("WorkingDir", C, working_dir, JSON_STRING),
	JSON_FIELD("Entrypoint", C, entrypoint, JSON_STRINGS),
	JSON_FIELD("NetworkDisabled", C, network_disabled, JSON_BOOL, OMIT),
	JSON_FIELD("MacAddress", C, mac_address, JSON_STRING, OMIT),
	JSON_FIELD("OnBuild", C, on_build, JSON_STRINGS),
	JSON_FIELD("Labels", C, labels, JSON_STRING_MAP),
	JSON_FIELD("StopSignal", C, stop_signal, JSON_STRING, OMIT),
	JSON_FIELD("StopTimeout", C, stop_timeout, JSON_OPT_INT64, OMIT),
	JSON_FIELD("Shell", C, shell, JSON_STRINGS, OMIT),
};
const struct json_shape container_config_shape = JSON_SHAPE("", C, container_config_fields);

/* ---- HostConfig's parts ---- */

static const struct json_field log_config_fields[] = {
	JSON_FIELD("Type", struct api_log_config, type, JSON_STRING),
	JSON_FIELD("Config", struct api_log_config, config, JSON_STRING_MAP),
};
static const struct json_shape log_config_shape = JSON_SHAPE("LogConfig", struct api_log_config, log_config_fields);

static const struct json_field restart_policy_fields[] = {
	JSON_FIELD("Name", struct api_restart_policy, name, JSON_STRING),
	JSON_FIELD("MaximumRetryCount", struct api_restart_policy, maximum_retry_count, JSON_INT64),
};
static const struct json_shape restart_policy_shape =
	JSON_SHAPE("RestartPolicy", struct api_restart_policy, restart_policy_fields);

static const struct json_field device_mapping_fields[] = {
	JSON_FIELD("PathOnHost", struct api_device_mapping, path_on_host, JSON_STRING),
	JSON_FIELD("PathInContainer", struct api_device_mapping, path_in_container, JSON_STRING),
	JSON_FIELD("CgroupPermissions", struct api_device_mapping, cgroup_permissions, JSON_STRING),
};
static const struct json_shape device_mapping_shape = JSON_SHAPE("Devices", struct api_device_mapping, device_mapping_fields);

static const struct json_field weight_device_fields[] = {
	JSON_FIELD("Path", struct api_weight_device, path, JSON_STRING),
	JSON_FIELD("Weight", struct api_weight_device, weight, JSON_UINT32),
};
static const struct json_shape weight_device_shape =
	JSON_SHAPE("BlkioWeightDevice", struct api_weight_device, weight_device_fields);

static const struct json_field throttle_device_fields[] = {
	JSON_FIELD("Path", struct api_throttle_device, path, JSON_STRING),
	JSON_FIELD("Rate", struct api_throttle_device, rate, JSON_UINT64),
};
static const struct json_shape throttle_device_shape =
	JSON_SHAPE("BlkioDevice", struct api_throttle_device, throttle_device_fields);

static const struct json_field ulimit_fields[] = {
	JSON_FIELD("Name", struct api_ulimit, name, JSON_STRING),
	JSON_FIELD("Hard", struct api_ulimit, hard, JSON_INT64),
	JSON_FIELD("Soft", struct api_ulimit, soft, JSON_INT64),
};
static const struct json_shape ulimit_shape = JSON_SHAPE("Ulimits", struct api_ulimit, ulimit_fields);

static const struct json_field bind_options_fields[] = {
	JSON_FIELD("Propagation", struct api_bind_options, propagation, JSON_STRING, OMIT),
	JSON_FIELD("NonRecursive", struct api_bind_options, non_recursive, JSON_BOOL, OMIT),
	JSON_FIELD("CreateMountpoint", struct api_bind_options, create_mountpoint, JSON_BOOL, OMIT),
	JSON_FIELD("ReadOnlyNonRecursive", struct api_bind_options, read_only_non_recursive, JSON_BOOL, OMIT),
	JSON_FIELD("ReadOnlyForceRecursive", struct api_bind_options, read_only_force_recursive, JSON_BOOL, OMIT),
};
static const struct json_shape bind_options_shape = JSON_SHAPE("BindOptions", struct api_bind_options, bind_options_fields);

static const struct json_field tmpfs_options_fields[] = {
	JSON_FIELD("SizeBytes", struct api_tmpfs_options, size_bytes, JSON_INT64, OMIT),
	JSON_FIELD("Mode", struct api_tmpfs_options, mode, JSON_UINT32, OMIT),
	JSON_FIELD("Options", struct api_tmpfs_options, options, JSON_TEXT, OMIT),
};
static const struct json_shape tmpfs_options_shape = JSON_SHAPE("TmpfsOptions", struct api_tmpfs_options, tmpfs_options_fields);

static const struct json_field mount_fields[] = {
	JSON_FIELD("Type", struct api_mount, type, JSON_STRING, OMIT),
	JSON_FIELD("Source", struct api_mount, source, JSON_STRING, OMIT),
	JSON_FIELD("Target", struct api_mount, target, JSON_STRING, OMIT),
	JSON_FIELD("ReadOnly", struct api_mount, read_only, JSON_BOOL, OMIT),
	JSON_FIELD("Consistency", struct api_mount, consistency, JSON_STRING, OMIT),
	JSON_FIELD("BindOptions", struct api_mount, bind_options, JSON_OBJECT, OMIT, .shape = &bind_options_shape),
	JSON_FIELD("VolumeOptions", struct api_mount, volume_options, JSON_TEXT, OMIT),
	JSON_FIELD("ImageOptions", struct api_mount, image_options, JSON_TEXT, OMIT),
	JSON_FIELD("TmpfsOptions", struct api_mount, tmpfs_options, JSON_OBJECT, OMIT, .shape = &tmpfs_options_shape),
	JSON_FIELD("ClusterOptions", struct api_mount, cluster_options, JSON_TEXT, OMIT),
};
static const struct json_shape mount_shape = JSON_SHAPE("Mounts", struct api_mount, mount_fields);

/* ---- HostConfig ---- */

#define H struct host_config

static const struct json_field host_config_fields[] = {
	JSON_FIELD("Binds", H, binds, JSON_STRINGS),
	JSON_FIELD("ContainerIDFile", H, container_id_file, JSON_STRING),
	JSON_FIELD("LogConfig", H, log_config, JSON_OBJECT, .shape = &log_config_shape),
	JSON_FIELD("NetworkMode", H, network_mode, JSON_STRING),
	JSON_FIELD("PortBindings", H, port_bindings, JSON_TEXT),
	JSON_FIELD("RestartPolicy", H, restart_policy, JSON_OBJECT, .shape = &restart_policy_shape),
	JSON_FIELD("AutoRemove", H, auto_remove, JSON_BOOL),
	JSON_FIELD("VolumeDriver", H, volume_driver, JSON_STRING),
	JSON_FIELD("VolumesFrom", H, volumes_from, JSON_STRINGS),
	JSON_FIELD("ConsoleSize", H, console_size, JSON_TEXT),
	JSON_FIELD("Annotations", H, annotations, JSON_STRING_MAP, OMIT),
	JSON_FIELD("CapAdd", H, cap_add, JSON_STRINGS),
	JSON_FIELD("CapDrop", H, cap_drop, JSON_STRINGS),
	JSON_FIELD("CgroupnsMode", H, cgroupns_mode, JSON_STRING),
	JSON_FIELD("Dns", H, dns, JSON_STRINGS),
	JSON_FIELD("DnsOptions", H, dns_options, JSON_STRINGS),
	JSON_FIELD("DnsSearch", H, dns_search, JSON_STRINGS),
	JSON_FIELD("ExtraHosts", H, extra_hosts, JSON_STRINGS),
	JSON_FIELD("GroupAdd", H, group_add, JSON_STRINGS),
	JSON_FIELD("IpcMode", H, ipc_mode, JSON_STRING),
	JSON_FIELD("Cgroup", H, cgroup, JSON_STRING),
	JSON_FIELD("Links", H, links, JSON_STRINGS),
	JSON_FIELD("OomScoreAdj", H, oom_score_adj, JSON_INT32),
	JSON_FIELD("PidMode", H, pid_mode, JSON_STRING),
	JSON_FIELD("Privileged", H, privileged, JSON_BOOL),
	JSON_FIELD("PublishAllPorts", H, publish_all_ports, JSON_BOOL),
	JSON_FIELD("ReadonlyRootfs", H, readonly_rootfs, JSON_BOOL),
	JSON_FIELD("SecurityOpt", H, security_opt, JSON_STRINGS),
	JSON_FIELD("StorageOpt", H, storage_opt, JSON_STRING_MAP, OMIT),
	JSON_FIELD("Tmpfs", H, tmpfs, JSON_STRING_MAP, OMIT),
	JSON_FIELD("UTSMode", H, uts_mode, JSON_STRING),
	JSON_FIELD("UsernsMode", H, userns_mode, JSON_STRING),
	JSON_FIELD("ShmSize", H, shm_size, JSON_INT64),
	JSON_FIELD("Sysctls", H, sysctls, JSON_STRING_MAP, OMIT),
	JSON_FIELD("Runtime", H, runtime, JSON_STRING),
	JSON_FIELD("Isolation", H, isolation, JSON_STRING),
	JSON_FIELD("CpuShares", H, cpu_shares, JSON_INT64),
	JSON_FIELD("Memory", H, memory, JSON_INT64),
	JSON_FIELD("NanoCpus", H, nano_cpus, JSON_INT64),
	JSON_FIELD("CgroupParent", H, cgroup_parent, JSON_STRING),
	JSON_FIELD("BlkioWeight", H, blkio_weight, JSON_UINT32),
	JSON_FIELD("BlkioWeightDevice", H, blkio_weight_device, JSON_OBJECTS, .shape = &weight_device_shape),
	JSON_FIELD("BlkioDeviceReadBps", H, blkio_device_read_bps, JSON_OBJECTS, .shape = &throttle_device_shape),
	JSON_FIELD("BlkioDeviceWriteBps", H, blkio_device_write_bps, JSON_OBJECTS, .shape = &throttle_device_shape),
	JSON_FIELD("BlkioDeviceReadIOps", H, blkio_device_read_iops, JSON_OBJECTS, .shape = &throttle_device_shape),
	JSON_FIELD("BlkioDeviceWriteIOps", H, blkio_device_write_iops, JSON_OBJECTS, .shape = &throttle_device_shape),
	JSON_FIELD("CpuPeriod", H, cpu_period, JSON_INT64),
	JSON_FIELD("CpuQuota", H, cpu_quota, JSON_INT64),
	JSON_FIELD("CpuRealtimePeriod", H, cpu_realtime_period, JSON_INT64),
	JSON_FIELD("CpuRealtimeRuntime", H, cpu_realtime_runtime, JSON_INT64),
	JSON_FIELD("CpusetCpus", H, cpuset_cpus, JSON_STRING),
	JSON_FIELD("CpusetMems", H, cpuset_mems, JSON_STRING),
	JSON_FIELD("Devices", H, devices, JSON_OBJECTS, .shape = &device_mapping_shape),
	JSON_FIELD("DeviceCgroupRules", H, device_cgroup_rules, JSON_STRINGS),
	JSON_FIELD("DeviceRequests", H, device_requests, JSON_TEXT),
	JSON_FIELD("KernelMemoryTCP", H, kernel_memory_tcp, JSON_INT64, OMIT),
	JSON_FIELD("MemoryReservation", H, memory_reservation, JSON_INT64),
	JSON_FIELD("MemorySwap", H, memory_swap, JSON_INT64),
	JSON_FIELD("MemorySwappiness", H, memory_swappiness, JSON_OPT_INT64),
	JSON_FIELD("OomKillDisable", H, oom_kill_disable, JSON_OPT_BOOL),
	JSON_FIELD("PidsLimit", H, pids_limit, JSON_OPT_INT64),
	JSON_FIELD("Ulimits", H, ulimits, JSON_OBJECTS, .shape = &ulimit_shape),
	JSON_FIELD("CpuCount", H, cpu_count, JSON_INT64),
	JSON_FIELD("CpuPercent", H, cpu_percent, JSON_INT64),
	JSON_FIELD("IOMaximumIOps", H, io_maximum_iops, JSON_UINT64),
	JSON_FIELD("IOMaximumBandwidth", H, io_maximum_bandwidth, JSON_UINT64),
	JSON_FIELD("Mounts", H, mounts, JSON_OBJECTS, OMIT, .shape = &mount_shape),
	JSON_FIELD("MaskedPaths", H, masked_paths, JSON_STRINGS),
	JSON_FIELD("ReadonlyPaths", H, readonly_paths, JSON_STRINGS),
	JSON_FIELD("Init", H, init, JSON_OPT_BOOL, OMIT),
};
const struct json_shape host_config_shape = JSON_SHAPE("HostConfig", H, host_config_fields);

/* ---- networks ---- */

static const struct json_field ipam_config_fields[] = {
	JSON_FIELD("IPv4Address", struct endpoint_ipam_config, ipv4_address, JSON_STRING, OMIT),
	JSON_FIELD("IPv6Address", struct endpoint_ipam_config, ipv6_address, JSON_STRING, OMIT),
	JSON_FIELD("LinkLocalIPs", struct endpoint_ipam_config, link_local_ips, JSON_STRINGS, OMIT),
};
static const struct json_shape ipam_config_shape = JSON_SHAPE("IPAMConfig", struct endpoint_ipam_config, ipam_config_fields);

#define E struct endpoint_settings
static const struct json_field endpoint_settings_fields[] = {
	JSON_FIELD("IPAMConfig", E, ipam_config, JSON_OBJECT, .shape = &ipam_config_shape),
	JSON_FIELD("Links", E, links, JSON_STRINGS),
	JSON_FIELD("Aliases", E, aliases, JSON_STRINGS),
	JSON_FIELD("MacAddress", E, mac_address, JSON_STRING),
	JSON_FIELD("DriverOpts", E, driver_opts, JSON_STRING_MAP),
	JSON_FIELD("GwPriority", E, gw_priority, JSON_INT64),
	JSON_FIELD("NetworkID", E, network_id, JSON_STRING),
	JSON_FIELD("EndpointID", E, endpoint_id, JSON_STRING),
	JSON_FIELD("Gateway", E, gateway, JSON_STRING),
	JSON_FIELD("IPAddress", E, ip_address, JSON_STRING),
	JSON_FIELD("IPPrefixLen", E, ip_prefix_len, JSON_INT64),
	JSON_FIELD("IPv6Gateway", E, ipv6_gateway, JSON_STRING),
	JSON_FIELD("GlobalIPv6Address", E, global_ipv6_address, JSON_STRING),
	JSON_FIELD("GlobalIPv6PrefixLen", E, global_ipv6_prefix_len, JSON_INT64),
	JSON_FIELD("DNSNames", E, dns_names, JSON_STRINGS),
};
const struct json_shape endpoint_settings_shape = JSON_SHAPE("EndpointsConfig", E, endpoint_settings_fields);

static const struct json_field networking_config_fields[] = {
	JSON_FIELD("EndpointsConfig", struct networking_config, endpoints_config, JSON_OBJECT_MAP,
		   .shape = &endpoint_settings_shape),
};
const struct json_shape networking_config_shape =
	JSON_SHAPE("NetworkingConfig", struct networking_config, networking_config_fields);
