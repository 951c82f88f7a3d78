/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Docker Engine API's documents (v1.51) that describe a container, as C structs, property for property, and the
 * tables (json.h) that decode requests and encode Docker's inspect form: same order, null where Docker says null.
 *
 * Maps are kept sorted by key, as Docker writes them. Properties whose inner form no part of the engine reads yet are
 * kept as JSON text (JSON_TEXT), so that they are given back as they came. Everything lives in the arena of the decode.
 */
#ifndef LIGHTER_CODEC_API_DOCS_H
#define LIGHTER_CODEC_API_DOCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "codec/json.h"

/* A Go `map[string]struct{}`: ports and volumes. */
struct api_set_member {
	char *key;
};
struct api_set {
	struct api_set_member *items;
	size_t len;
};

struct api_health_config {
	char **test;
	int64_t interval; /* nanoseconds, as the next three */
	int64_t timeout;
	int64_t start_period;
	int64_t start_interval;
	int64_t retries;
};

struct container_config {
	char *hostname;
	char *domainname;
	char *user;
	bool attach_stdin, attach_stdout, attach_stderr;
	struct api_set exposed_ports;
	bool tty, open_stdin, stdin_once;
	char **env;
	char **cmd;
	struct api_health_config *healthcheck;
	bool args_escaped;
	char *image;
	struct api_set volumes;
	char *working_dir;
	char **entrypoint;
	bool network_disabled;
	char *mac_address;
	char **on_build;
	struct json_string_map labels;
	char *stop_signal;
	int64_t *stop_timeout; /* seconds */
	char **shell;
};

struct api_log_config {
	char *type;
	struct json_string_map config;
};
struct api_restart_policy {
	char *name;
	int64_t maximum_retry_count;
};
struct api_device_mapping {
	char *path_on_host;
	char *path_in_container;
	char *cgroup_permissions;
};
struct api_weight_device {
	char *path;
	uint32_t weight;
};
struct api_throttle_device {
	char *path;
	uint64_t rate;
};
struct api_throttle_devices {
	struct api_throttle_device *items;
	size_t len;
};
struct api_ulimit {
	char *name;
	int64_t hard;
	int64_t soft;
};

struct api_bind_options {
	char *propagation;
	bool non_recursive;
	bool create_mountpoint;
	bool read_only_non_recursive;
	bool read_only_force_recursive;
};
struct api_tmpfs_options {
	int64_t size_bytes;
	uint32_t mode;
	char *options; /* text: [["name"],["name","value"]] */
};
struct api_mount {
	char *type;
	char *source;
	char *target;
	bool read_only;
	char *consistency;
	struct api_bind_options *bind_options;
	char *volume_options; /* text */
	char *image_options;  /* text */
	struct api_tmpfs_options *tmpfs_options;
	char *cluster_options; /* text */
};

struct host_config {
	char **binds;
	char *container_id_file;
	struct api_log_config *log_config;
	char *network_mode;
	char *port_bindings; /* text: {"80/tcp":[{"HostIp":"","HostPort":""}]} */
	struct api_restart_policy *restart_policy;
	bool auto_remove;
	char *volume_driver;
	char **volumes_from;
	char *console_size; /* text: [height,width] */
	struct json_string_map annotations;
	char **cap_add;
	char **cap_drop;
	char *cgroupns_mode;
	char **dns, **dns_options, **dns_search;
	char **extra_hosts;
	char **group_add;
	char *ipc_mode;
	char *cgroup;
	char **links;
	int32_t oom_score_adj;
	char *pid_mode;
	bool privileged;
	bool publish_all_ports;
	bool readonly_rootfs;
	char **security_opt;
	struct json_string_map storage_opt;
	struct json_string_map tmpfs;
	char *uts_mode;
	char *userns_mode;
	int64_t shm_size;
	struct json_string_map sysctls;
	char *runtime;
	char *isolation;
	/* resources */
	int64_t cpu_shares;
	int64_t memory; /* bytes */
	int64_t nano_cpus;
	char *cgroup_parent;
	uint32_t blkio_weight;
	JSON_ARRAY(struct api_weight_device) blkio_weight_device;
	struct api_throttle_devices blkio_device_read_bps, blkio_device_write_bps;
	struct api_throttle_devices blkio_device_read_iops, blkio_device_write_iops;
	int64_t cpu_period, cpu_quota; /* microseconds */
	int64_t cpu_realtime_period, cpu_realtime_runtime;
	char *cpuset_cpus, *cpuset_mems;
	JSON_ARRAY(struct api_device_mapping) devices;
	char **device_cgroup_rules;
	char *device_requests; /* text */
	int64_t kernel_memory_tcp;
	int64_t memory_reservation;
	int64_t memory_swap;
	int64_t *memory_swappiness;
	bool *oom_kill_disable;
	int64_t *pids_limit;
	JSON_ARRAY(struct api_ulimit) ulimits;
	int64_t cpu_count, cpu_percent;
	uint64_t io_maximum_iops, io_maximum_bandwidth;
	JSON_ARRAY(struct api_mount) mounts;
	char **masked_paths;
	char **readonly_paths;
	bool *init;
};

struct endpoint_ipam_config {
	char *ipv4_address;
	char *ipv6_address;
	char **link_local_ips;
};
struct endpoint_settings {
	char *key; /* the network's name */
	struct endpoint_ipam_config *ipam_config;
	char **links;
	char **aliases;
	char *mac_address;
	struct json_string_map driver_opts;
	int64_t gw_priority;
	char *network_id;
	char *endpoint_id;
	char *gateway;
	char *ip_address;
	int64_t ip_prefix_len;
	char *ipv6_gateway;
	char *global_ipv6_address;
	int64_t global_ipv6_prefix_len;
	char **dns_names;
};
struct networking_config {
	JSON_ARRAY(struct endpoint_settings) endpoints_config;
};

struct container_create_request {
	struct container_config config;
	struct host_config *host_config;             /* NULL when absent */
	struct networking_config *networking_config; /* NULL when absent */
	bool has_config; /* false for a body that is null or has no member of ContainerConfig at all */
};

extern const struct json_shape container_config_shape;
extern const struct json_shape host_config_shape;
extern const struct json_shape networking_config_shape;
extern const struct json_shape endpoint_settings_shape;
extern const struct json_shape api_health_config_shape;

/*
 * Decodes the body of POST /containers/create; member names match without regard to case; Cmd and Entrypoint may be one
 * string. ERR_INVALID names the member.
 */
int container_create_request_decode(const char *text, size_t len, struct arena *a, struct container_create_request *ret,
				    struct err *err) _must_check_;

/* Decodes a ContainerConfig or HostConfig that was encoded by the tables. ERR_INVALID names the member. */
int container_config_decode(const char *text, size_t len, struct arena *a, struct container_config **ret,
			    struct err *err) _must_check_;
int host_config_decode(const char *text, size_t len, struct arena *a, struct host_config **ret, struct err *err) _must_check_;

/*
 * Puts a document that was built or merged by hand into Docker's form: absent strings become "", maps are sorted by key.
 * Decoding does it itself.
 */
void api_doc_settle(const struct json_shape *shape, void *doc);

/* The value under `key`, or NULL. */
const char *json_map_get(const struct json_string_map *m, const char *key);

#endif
