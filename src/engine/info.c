/* SPDX-License-Identifier: Apache-2.0 */
/* GET /version and GET /info: every key of Docker 28's replies, with what is true here or Docker's zero value. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/timefmt.h"
#include "engine/container.h"
#include "engine/events.h"
#include "engine/images.h"
#include "engine/seccomp_profile.h"
#include "network/network.h"
#include "runtime/oci_features.h"

/* A key of os-release. `ret` empty when it isn't there. */
static void os_release(const char *key, char *ret, size_t size)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t len = strlen(key);
	char *save = NULL;

	ret[0] = '\0';
	if (file_read_at(AT_FDCWD, "/etc/os-release", 65536, &text) < 0 &&
	    file_read_at(AT_FDCWD, "/usr/lib/os-release", 65536, &text) < 0)
		return;
	for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *value = line + len + 1;
		size_t n;

		if (strncmp(line, key, len) != 0 || line[len] != '=')
			continue;
		n = strlen(value);
		if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
			value++;
			n -= 2;
		}
		snprintf(ret, size, "%.*s", (int)n, value);
	}
}

/* ---- version ---- */

static void component_details(struct json_writer *w, const struct utsname *u)
{
	json_key(w, "Details");
	json_begin_object(w);
	json_member_string(w, "ApiVersion", ENGINE_API_VERSION);
	json_member_string(w, "Arch", seccomp_this_arch());
	json_member_string(w, "BuildTime", "");
	json_member_string(w, "Experimental", "false");
	json_member_string(w, "GitCommit", "");
	json_member_string(w, "GoVersion", "");
	json_member_string(w, "KernelVersion", u->release);
	json_member_string(w, "MinAPIVersion", ENGINE_API_MIN_VERSION);
	json_member_string(w, "Os", "linux");
	json_end_object(w);
}

void engine_version_json(struct engine *e, struct buf *ret_json)
{
	struct json_writer w = {.out = ret_json, .escape_html = true};
	struct utsname u = {0};

	(void)e;
	if (uname(&u) < 0)
		u.release[0] = '\0';
	json_begin_object(&w);
	json_key(&w, "Platform");
	json_begin_object(&w);
	json_member_string(&w, "Name", "Lighter");
	json_end_object(&w);
	json_key(&w, "Components");
	json_begin_array(&w);
	json_begin_object(&w);
	json_member_string(&w, "Name", "Engine");
	json_member_string(&w, "Version", ENGINE_VERSION);
	component_details(&w, &u);
	json_end_object(&w);
	json_end_array(&w);
	json_member_string(&w, "Version", ENGINE_VERSION);
	json_member_string(&w, "ApiVersion", ENGINE_API_VERSION);
	json_member_string(&w, "MinAPIVersion", ENGINE_API_MIN_VERSION);
	json_member_string(&w, "GitCommit", "");
	json_member_string(&w, "GoVersion", "");
	json_member_string(&w, "Os", "linux");
	json_member_string(&w, "Arch", seccomp_this_arch());
	json_member_string(&w, "KernelVersion", u.release);
	json_member_string(&w, "BuildTime", "");
	json_end_object(&w);
}

/* ---- info ---- */

static void write_counts(struct json_writer *w, struct engine *e)
{
	int64_t total = 0, running = 0, images = 0;
	void *value;

	engine_lock(e);
	for (size_t pos = 0; map_next(e->by_id, &pos, NULL, &value);) {
		total++;
		running += ((struct container *)value)->state == CONTAINER_RUNNING;
	}
	images = (int64_t)map_len(e->images->by_id);
	engine_unlock(e);
	json_member_int(w, "Containers", total);
	json_member_int(w, "ContainersRunning", running);
	json_member_int(w, "ContainersPaused", 0);
	json_member_int(w, "ContainersStopped", total - running);
	json_member_int(w, "Images", images);
}

static const char *backing_name(long magic)
{
	static const struct {
		long magic;
		const char *name;
	} known[] = {{0xef53, "extfs"},    {0x58465342, "xfs"}, {0x9123683e, "btrfs"},    {0x01021994, "tmpfs"},
		     {0xf2f52010, "f2fs"}, {0x2fc12fc1, "zfs"}, {0x794c7630, "overlayfs"}};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].magic == magic)
			return known[i].name;
	return "unknown";
}

static void write_pair(struct json_writer *w, const char *key, const char *value)
{
	json_begin_array(w);
	json_string(w, key);
	json_string(w, value);
	json_end_array(w);
}

static void write_driver(struct json_writer *w, struct engine *e)
{
	struct statfs fs = {0};

	if (fstatfs(e->data_fd, &fs) < 0)
		fs.f_type = 0;
	json_member_string(w, "Driver", "overlay2");
	json_key(w, "DriverStatus");
	json_begin_array(w);
	write_pair(w, "Backing Filesystem", backing_name((long)fs.f_type));
	write_pair(w, "Supports d_type", "true");
	write_pair(w, "Using metacopy", "false");
	write_pair(w, "Native Overlay Diff", "true");
	write_pair(w, "userxattr", "false");
	json_end_array(w);
}

static void write_plugins(struct json_writer *w)
{
	static char *const networks[] = {(char *)"bridge", (char *)"host", (char *)"null", NULL};
	static char *const logs[] = {(char *)"json-file", (char *)"none", NULL};
	static char *const none[] = {NULL};

	json_key(w, "Plugins");
	json_begin_object(w);
	json_member_strings(w, "Volume", none);
	json_member_strings(w, "Network", networks);
	json_member_strings(w, "Authorization", NULL);
	json_member_strings(w, "Log", logs);
	json_end_object(w);
}

static bool have(const struct engine *e, const char *v1_path)
{
	return e->cgroup_v2 || access(v1_path, F_OK) == 0;
}

static int64_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3; /* ".", "..", and the directory itself */
}

static int64_t threads(void)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	const char *line;

	if (file_read_at(AT_FDCWD, "/proc/self/status", 65536, &text) < 0)
		return 0;
	line = strstr(text.data, "\nThreads:");
	return line ? atol(line + 9) : 0;
}

static bool forwarding(void)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	return file_read_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", 16, &text) >= 0 && text.data[0] == '1';
}

static void write_abilities(struct json_writer *w, struct engine *e)
{
	json_member_bool(w, "MemoryLimit", have(e, "/sys/fs/cgroup/memory/memory.limit_in_bytes"));
	json_member_bool(w, "SwapLimit", have(e, "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"));
	if (!e->cgroup_v2)
		json_member_bool(w, "KernelMemoryTCP", false);
	json_member_bool(w, "CpuCfsPeriod", have(e, "/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
	json_member_bool(w, "CpuCfsQuota", have(e, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"));
	json_member_bool(w, "CPUShares", have(e, "/sys/fs/cgroup/cpu/cpu.shares"));
	json_member_bool(w, "CPUSet", have(e, "/sys/fs/cgroup/cpuset/cpuset.cpus"));
	json_member_bool(w, "PidsLimit", have(e, "/sys/fs/cgroup/pids"));
	json_member_bool(w, "IPv4Forwarding", forwarding());
	json_member_bool(w, "Debug", e->debug);
	json_member_int(w, "NFd", open_descriptors());
	json_member_bool(w, "OomKillDisable", !e->cgroup_v2 && access("/sys/fs/cgroup/memory/memory.oom_control", F_OK) == 0);
	json_member_int(w, "NGoroutines", threads());
}

static void write_system(struct json_writer *w, struct engine *e)
{
	struct utsname u = {0};
	struct timespec now;
	char text[256];

	if (uname(&u) < 0)
		u.release[0] = u.machine[0] = '\0';
	clock_gettime(CLOCK_REALTIME, &now);
	timefmt_rfc3339nano(&now, text);
	json_member_string(w, "SystemTime", text);
	json_member_string(w, "LoggingDriver", "json-file");
	json_member_string(w, "CgroupDriver", "cgroupfs");
	json_member_string(w, "CgroupVersion", e->cgroup_v2 ? "2" : "1");
	json_member_int(w, "NEventsListener", events_readers(e->events));
	json_member_string(w, "KernelVersion", u.release);
	os_release("PRETTY_NAME", text, sizeof(text));
	json_member_string(w, "OperatingSystem", text);
	os_release("VERSION_ID", text, sizeof(text));
	json_member_string(w, "OSVersion", text);
	json_member_string(w, "OSType", "linux");
	json_member_string(w, "Architecture", u.machine);
}

static void write_registry(struct json_writer *w)
{
	static char *const cidrs[] = {(char *)"::1/128", (char *)"127.0.0.0/8", NULL};
	static char *const none[] = {NULL};

	json_member_string(w, "IndexServerAddress", "https://index.docker.io/v1/");
	json_key(w, "RegistryConfig");
	json_begin_object(w);
	json_key(w, "IndexConfigs");
	json_begin_object(w);
	json_key(w, "docker.io");
	json_begin_object(w);
	json_member_strings(w, "Mirrors", none);
	json_member_string(w, "Name", "docker.io");
	json_member_bool(w, "Official", true);
	json_member_bool(w, "Secure", true);
	json_end_object(w);
	json_end_object(w);
	json_member_strings(w, "InsecureRegistryCIDRs", cidrs);
	json_member_strings(w, "Mirrors", NULL);
	json_end_object(w);
}

static void write_commit(struct json_writer *w, const char *key)
{
	json_key(w, key);
	json_begin_object(w);
	json_member_string(w, "ID", "");
	json_end_object(w);
}

/* One runtime under two names: "runc", which everybody asks for, and its containerd name. */
static void write_runtime(struct json_writer *w, const char *name, const char *features)
{
	json_key(w, name);
	json_begin_object(w);
	json_member_string(w, "path", "lighter-runtime");
	json_key(w, "status");
	json_begin_object(w);
	json_member_string(w, "org.opencontainers.runtime-spec.features", features);
	json_end_object(w);
	json_end_object(w);
}

static void write_runtimes(struct json_writer *w)
{
	_cleanup_buf_ struct buf features = BUF_INIT;

	runtime_features_write(&features);
	json_key(w, "Runtimes");
	json_begin_object(w);
	write_runtime(w, "io.containerd.runc.v2", features.data);
	write_runtime(w, "runc", features.data);
	json_end_object(w);
	json_member_string(w, "DefaultRuntime", "runc");
	json_key(w, "Swarm");
	json_begin_object(w);
	json_member_string(w, "NodeID", "");
	json_member_string(w, "NodeAddr", "");
	json_member_string(w, "LocalNodeState", "inactive");
	json_member_bool(w, "ControlAvailable", false);
	json_member_string(w, "Error", "");
	json_member_strings(w, "RemoteManagers", NULL);
	json_end_object(w);
	json_member_bool(w, "LiveRestoreEnabled", true);
	json_member_string(w, "Isolation", "");
	json_member_string(w, "InitBinary", "lighter-init");
	write_commit(w, "ContainerdCommit");
	write_commit(w, "RuncCommit");
	write_commit(w, "InitCommit");
}

static void write_security(struct json_writer *w, const struct engine *e)
{
	static char *const v1[] = {(char *)"name=seccomp,profile=builtin", NULL};
	static char *const v2[] = {(char *)"name=seccomp,profile=builtin", (char *)"name=cgroupns", NULL};
	static char *const cdi[] = {NULL};

	json_member_strings(w, "SecurityOptions", e->cgroup_v2 ? v2 : v1);
	json_key(w, "FirewallBackend");
	json_begin_object(w);
	json_member_string(w, "Driver", "nftables");
	json_end_object(w);
	json_member_strings(w, "CDISpecDirs", cdi);
	json_key(w, "Containerd");
	json_begin_object(w);
	json_member_string(w, "Address", "");
	json_key(w, "Namespaces");
	json_begin_object(w);
	json_member_string(w, "Containers", "");
	json_member_string(w, "Plugins", "");
	json_end_object(w);
	json_end_object(w);
}

int engine_info_json(struct engine *e, struct buf *ret_json, struct err *err)
{
	struct json_writer w = {.out = ret_json, .escape_html = true};
	_cleanup_strv_ char **warnings = NULL;
	static char *const none[] = {NULL};

	if (e->network && network_warnings(e->network, &warnings, err) < 0)
		return err_wrap(err, "look at the firewall");
	json_begin_object(&w);
	json_member_string(&w, "ID", e->id);
	write_counts(&w, e);
	write_driver(&w, e);
	write_plugins(&w);
	write_abilities(&w, e);
	write_system(&w, e);
	write_registry(&w);
	json_member_int(&w, "NCPU", e->cpus);
	json_member_int(&w, "MemTotal", (int64_t)e->memory_bytes);
	json_member_strings(&w, "GenericResources", NULL);
	json_member_string(&w, "DockerRootDir", e->data_root);
	json_member_string(&w, "HttpProxy", "");
	json_member_string(&w, "HttpsProxy", "");
	json_member_string(&w, "NoProxy", "");
	json_member_string(&w, "Name", e->host_name);
	json_member_strings(&w, "Labels", e->labels ? e->labels : none);
	json_member_bool(&w, "ExperimentalBuild", false);
	json_member_string(&w, "ServerVersion", ENGINE_VERSION);
	write_runtimes(&w);
	write_security(&w, e);
	json_member_strings(&w, "Warnings", warnings);
	json_end_object(&w);
	return 0;
}
