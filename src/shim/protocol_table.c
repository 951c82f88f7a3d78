/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of protocol.h as field tables. A name here is on the wire and on disk: it is never changed. */
#include "shim/protocol.h"

static const struct json_field log_fields[] = {
	JSON_FIELD("driver", struct shim_log, driver, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("path", struct shim_log, path, JSON_STRING),
	JSON_FIELD("max_size", struct shim_log, max_size, JSON_UINT64, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("max_file", struct shim_log, max_file, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape log_shape = JSON_SHAPE("log", struct shim_log, log_fields);

static const struct json_field net_fields[] = {
	JSON_FIELD("mode", struct shim_net, mode, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("bridge", struct shim_net, bridge, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("host_if", struct shim_net, host_if, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("address", struct shim_net, address, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("prefix", struct shim_net, prefix, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("gateway", struct shim_net, gateway, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("gateway_mac", struct shim_net, gateway_mac, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("mac", struct shim_net, mac, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("mtu", struct shim_net, mtu, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
};
static const struct json_shape net_shape = JSON_SHAPE("net", struct shim_net, net_fields);

static const struct json_field start_fields[] = {
	JSON_FIELD("version", struct shim_start, version, JSON_INT32, .flags = JSON_REQUIRED),
	JSON_FIELD("id", struct shim_start, id, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("instance", struct shim_start, instance, JSON_STRING),
	JSON_FIELD("spec", struct shim_start, spec, JSON_TEXT),
	JSON_FIELD("lower", struct shim_start, lower, JSON_STRINGS, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("runtime_id", struct shim_start, runtime_id, JSON_STRING),
	JSON_FIELD("tty", struct shim_start, tty, JSON_BOOL),
	JSON_FIELD("open_stdin", struct shim_start, open_stdin, JSON_BOOL),
	JSON_FIELD("stdin_once", struct shim_start, stdin_once, JSON_BOOL),
	JSON_FIELD("rows", struct shim_start, rows, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("cols", struct shim_start, cols, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("detach_keys", struct shim_start, detach_keys, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("log", struct shim_start, log, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &log_shape),
	JSON_FIELD("net", struct shim_start, net, JSON_OBJECT, .flags = JSON_OMIT_EMPTY, .shape = &net_shape),
	JSON_FIELD("auto_remove", struct shim_start, auto_remove, JSON_BOOL),
	JSON_FIELD("stop_deadline_ms", struct shim_start, stop_deadline_ms, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("seccomp_cache", struct shim_start, seccomp_cache, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
const struct json_shape shim_start_shape = JSON_SHAPE("start", struct shim_start, start_fields);

static const struct json_field attach_fields[] = {
	JSON_FIELD("stdin", struct shim_attach, stdin_, JSON_BOOL),
	JSON_FIELD("stdout", struct shim_attach, stdout_, JSON_BOOL),
	JSON_FIELD("stderr", struct shim_attach, stderr_, JSON_BOOL),
	JSON_FIELD("stream", struct shim_attach, stream, JSON_BOOL),
	JSON_FIELD("logs", struct shim_attach, logs, JSON_BOOL),
	JSON_FIELD("raw", struct shim_attach, raw, JSON_BOOL),
	JSON_FIELD("detach_keys", struct shim_attach, detach_keys, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
const struct json_shape shim_attach_shape = JSON_SHAPE("attach", struct shim_attach, attach_fields);

static const struct json_field exec_fields[] = {
	JSON_FIELD("exec_id", struct shim_exec, exec_id, JSON_STRING, .flags = JSON_REQUIRED),
	JSON_FIELD("process", struct shim_exec, process, JSON_TEXT, .flags = JSON_REQUIRED),
	JSON_FIELD("tty", struct shim_exec, tty, JSON_BOOL),
	JSON_FIELD("stdin", struct shim_exec, stdin_, JSON_BOOL),
	JSON_FIELD("stdout", struct shim_exec, stdout_, JSON_BOOL),
	JSON_FIELD("stderr", struct shim_exec, stderr_, JSON_BOOL),
	JSON_FIELD("rows", struct shim_exec, rows, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("cols", struct shim_exec, cols, JSON_UINT32, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("detach_keys", struct shim_exec, detach_keys, JSON_STRING, .flags = JSON_OMIT_EMPTY),
};
const struct json_shape shim_exec_shape = JSON_SHAPE("exec", struct shim_exec, exec_fields);

static const struct json_field state_fields[] = {
	JSON_FIELD("status", struct shim_state, status, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("pid", struct shim_state, pid, JSON_INT32),
	JSON_FIELD("started_at", struct shim_state, started_at, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("exit_code", struct shim_state, exit_code, JSON_INT32),
	JSON_FIELD("finished_at", struct shim_state, finished_at, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("oom_killed", struct shim_state, oom_killed, JSON_BOOL),
	JSON_FIELD("error", struct shim_state, error, JSON_STRING, .flags = JSON_OMIT_EMPTY),
	JSON_FIELD("log_dropped", struct shim_state, log_dropped, JSON_UINT64, .flags = JSON_OMIT_EMPTY),
};
const struct json_shape shim_state_shape = JSON_SHAPE("state", struct shim_state, state_fields);
