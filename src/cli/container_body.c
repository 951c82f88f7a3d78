/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of POST /containers/create out of the options of `run` and `create`. Values that the command line has to take
 * apart itself (ports, ulimits, devices, restart policies) are parsed here; everything else is the engine's to judge.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/file.h"
#include "cli/container_options.h"
#include "codec/json.h"

#define LINES_FILE_MAX (1024 * 1024)

int container_streams_choose(const struct container_options *o, struct container_streams *ret, struct err *err)
{
	struct container_streams s = {0};

	for (size_t i = 0; o->attach && o->attach[i]; i++) {
		if (strcasecmp(o->attach[i], "stdin") == 0)
			s.in = true;
		else if (strcasecmp(o->attach[i], "stdout") == 0)
			s.out = true;
		else if (strcasecmp(o->attach[i], "stderr") == 0)
			s.err = true;
		else
			return err_set(
				err, ERR_INVALID,
				"invalid argument \"%s\" for \"-a, --attach\" flag: valid streams are STDIN, STDOUT and STDERR",
				o->attach[i]);
	}
	if (o->detach && o->attach)
		return err_set(err, ERR_INVALID, "conflicting options: cannot specify both --attach and --detach");
	if (!o->attach && !o->detach)
		s = (struct container_streams){.in = o->interactive, .out = true, .err = true};
	*ret = s;
	return 0;
}

/* Lines "NAME=value"; "NAME" alone takes the client's own value when `from_environment`; '#' starts a comment line. */
static int add_lines(char ***list, const char *path, bool from_environment, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = file_read_at(AT_FDCWD, path, LINES_FILE_MAX, &text);
	char *save = NULL;

	if (r < 0)
		return err_sys_kind(err, ERR_INVALID, r, "open %s", path);
	for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(line);

		if (len && line[len - 1] == '\r')
			line[len - 1] = '\0';
		while (isspace((unsigned char)*line))
			line++;
		if (!*line || *line == '#')
			continue;
		if (strcspn(line, " \t") < strcspn(line, "="))
			return err_set(err, ERR_INVALID, "variable '%.*s' contains whitespaces", (int)strcspn(line, "="), line);
		if (strchr(line, '=') || !from_environment) {
			strv_add(list, line);
		} else if (getenv(line)) {
			_cleanup_free_ char *pair = xasprintf("%s=%s", line, getenv(line));

			strv_add(list, pair);
		}
	}
	return 0;
}

static int collect(char *const *files, char *const *given, bool from_environment, char ***ret, struct err *err)
{
	for (size_t i = 0; files && files[i]; i++) {
		int r = add_lines(ret, files[i], from_environment, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; given && given[i]; i++) {
		const char *own = from_environment && !strchr(given[i], '=') ? getenv(given[i]) : NULL;
		_cleanup_free_ char *pair = own ? xasprintf("%s=%s", given[i], own) : xstrdup(given[i]);

		if (from_environment && *given[i] == '=')
			return err_set(err, ERR_INVALID,
				       "invalid argument \"%s\" for \"-e, --env\" flag: invalid environment variable: %s",
				       given[i], given[i]);
		if (own || strchr(given[i], '=') || !from_environment)
			strv_add(ret, pair);
	}
	return 0;
}

/* ["a=b"] as {"a":"b"}. */
static void write_pairs(struct json_writer *w, const char *key, char *const *pairs)
{
	json_key(w, key);
	json_begin_object(w);
	for (size_t i = 0; pairs && pairs[i]; i++) {
		size_t len = strcspn(pairs[i], "=");
		_cleanup_free_ char *name = xstrndup(pairs[i], len);

		json_member_string(w, name, pairs[i][len] ? pairs[i] + len + 1 : "");
	}
	json_end_object(w);
}

static int write_config(struct json_writer *w, const struct container_options *o, char *const *args,
			const struct container_streams *s, struct err *err)
{
	_cleanup_strv_ char **env = NULL, **labels = NULL;
	int r = collect(o->env_file, o->env, true, &env, err);

	if (r == 0)
		r = collect(o->label_file, o->label, false, &labels, err);
	if (r < 0)
		return r;
	json_member_string(w, "Hostname", o->hostname ? o->hostname : "");
	json_member_string(w, "Domainname", o->domainname ? o->domainname : "");
	json_member_string(w, "User", o->user ? o->user : "");
	json_member_bool(w, "AttachStdin", s->in);
	json_member_bool(w, "AttachStdout", s->out);
	json_member_bool(w, "AttachStderr", s->err);
	json_member_bool(w, "Tty", o->tty);
	json_member_bool(w, "OpenStdin", o->interactive);
	json_member_bool(w, "StdinOnce", o->interactive && s->in);
	json_member_strings(w, "Env", env);
	json_member_strings(w, "Cmd", args[1] ? args + 1 : NULL);
	json_member_string(w, "Image", args[0]);
	json_member_string(w, "WorkingDir", o->workdir ? o->workdir : "");
	if (o->entrypoint_given)
		json_member_strings(w, "Entrypoint", (char *[]){(char *)o->entrypoint, NULL});
	write_pairs(w, "Labels", labels);
	if (o->stop_signal)
		json_member_string(w, "StopSignal", o->stop_signal);
	if (o->stop_timeout_given)
		json_member_int(w, "StopTimeout", o->stop_timeout);
	if (o->mac_address)
		json_member_string(w, "MacAddress", o->mac_address);
	if (o->no_healthcheck)
		json_raw((json_key(w, "Healthcheck"), w), "{\"Test\":[\"NONE\"]}");
	return 0;
}

/* "[ip:][host:]container[/proto]"; ranges are the engine's business when it has ports. */
static void write_port(struct json_writer *w, const char *spec)
{
	const char *proto = strchr(spec, '/'), *end = proto ? proto : spec + strlen(spec), *container, *host = NULL, *ip = NULL;
	size_t host_len = 0, ip_len = 0;
	_cleanup_free_ char *key = NULL, *host_text = NULL, *ip_text = NULL;

	for (container = end; container > spec && container[-1] != ':'; container--)
		;
	if (container > spec) {
		for (host = container - 1; host > spec && host[-1] != ':'; host--)
			;
		host_len = (size_t)(container - 1 - host);
	}
	if (host && host > spec) {
		ip = spec;
		ip_len = (size_t)(host - 1 - spec);
	}
	key = xasprintf("%.*s%s", (int)(end - container), container, proto ? proto : "/tcp");
	host_text = xstrndup(host ? host : "", host_len);
	ip_text = xstrndup(ip ? ip : "", ip_len);
	json_key(w, key);
	json_begin_array(w);
	json_begin_object(w);
	json_member_string(w, "HostIp", ip_text);
	json_member_string(w, "HostPort", host_text);
	json_end_object(w);
	json_end_array(w);
}

static int write_restart(struct json_writer *w, const char *text, struct err *err)
{
	size_t len = text ? strcspn(text, ":") : 0;
	_cleanup_free_ char *name = text ? xstrndup(text, len) : xstrdup("no");
	int64_t most = 0;

	if (text && text[len]) {
		char *end;

		most = strtoll(text + len + 1, &end, 10);
		if (*end || end == text + len + 1)
			return err_set(err, ERR_INVALID, "maximum retry count must be an integer");
	}
	json_key(w, "RestartPolicy");
	json_begin_object(w);
	json_member_string(w, "Name", name);
	json_member_int(w, "MaximumRetryCount", most);
	json_end_object(w);
	return 0;
}

static int write_ulimits(struct json_writer *w, char *const *limits, struct err *err)
{
	json_key(w, "Ulimits");
	json_begin_array(w);
	for (size_t i = 0; limits && limits[i]; i++) {
		size_t len = strcspn(limits[i], "=");
		_cleanup_free_ char *name = xstrndup(limits[i], len);
		char *end = NULL;
		int64_t soft, hard;

		soft = limits[i][len] ? strtoll(limits[i] + len + 1, &end, 10) : 0;
		hard = end && *end == ':' ? strtoll(end + 1, &end, 10) : soft;
		if (!end || *end || end == limits[i] + len + 1)
			return err_set(err, ERR_INVALID,
				       "invalid argument \"%s\" for \"--ulimit\" flag: invalid ulimit argument: %s", limits[i],
				       limits[i]);
		json_begin_object(w);
		json_member_string(w, "Name", name);
		json_member_int(w, "Hard", hard);
		json_member_int(w, "Soft", soft);
		json_end_object(w);
	}
	json_end_array(w);
	return 0;
}

/* "host[:container[:permissions]]" */
static void write_devices(struct json_writer *w, char *const *devices)
{
	json_key(w, "Devices");
	json_begin_array(w);
	for (size_t i = 0; devices && devices[i]; i++) {
		size_t host_len = strcspn(devices[i], ":");
		const char *inside = devices[i][host_len] ? devices[i] + host_len + 1 : devices[i];
		size_t inside_len = strcspn(inside, ":");
		const char *permissions = inside[inside_len] && inside != devices[i] ? inside + inside_len + 1 : "rwm";
		_cleanup_free_ char *host = xstrndup(devices[i], host_len), *path = xstrndup(inside, inside_len);

		if (*inside != '/' && inside != devices[i]) {
			permissions = inside;
			free(path);
			path = xstrdup(host);
		}
		json_begin_object(w);
		json_member_string(w, "PathOnHost", host);
		json_member_string(w, "PathInContainer", path);
		json_member_string(w, "CgroupPermissions", permissions);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_tmpfs(struct json_writer *w, char *const *mounts)
{
	json_key(w, "Tmpfs");
	json_begin_object(w);
	for (size_t i = 0; mounts && mounts[i]; i++) {
		size_t len = strcspn(mounts[i], ":");
		_cleanup_free_ char *path = xstrndup(mounts[i], len);

		json_member_string(w, path, mounts[i][len] ? mounts[i] + len + 1 : "");
	}
	json_end_object(w);
}

static void write_limits(struct json_writer *w, const struct container_options *o)
{
	const struct {
		const char *key;
		int64_t value;
	} numbers[] = {
		{"Memory", o->memory},
		{"MemoryReservation", o->memory_reservation},
		{"MemorySwap", o->memory_swap},
		{"ShmSize", o->shm_size},
		{"CpuShares", o->cpu_shares},
		{"CpuPeriod", o->cpu_period},
		{"CpuQuota", o->cpu_quota},
		{"NanoCpus", o->nano_cpus},
		{"PidsLimit", o->pids_limit},
		{"OomScoreAdj", o->oom_score_adj},
		{"BlkioWeight", o->blkio_weight},
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].value != 0)
			json_member_int(w, numbers[i].key, numbers[i].value);
	if (o->memory_swappiness_given)
		json_member_int(w, "MemorySwappiness", o->memory_swappiness);
}

static void write_modes(struct json_writer *w, const struct container_options *o)
{
	const struct {
		const char *key, *value;
	} texts[] = {
		{"IpcMode", o->ipc},
		{"PidMode", o->pid},
		{"UTSMode", o->uts},
		{"UsernsMode", o->userns},
		{"CgroupnsMode", o->cgroupns},
		{"CgroupParent", o->cgroup_parent},
		{"Runtime", o->runtime},
		{"VolumeDriver", o->volume_driver},
		{"CpusetCpus", o->cpuset_cpus},
		{"CpusetMems", o->cpuset_mems},
	};
	static char *const none[] = {NULL};
	static const char *const empty[] = {"BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps",
					    "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"};
	const struct {
		const char *key;
		char *const *value;
	} lists[] = {
		{"Binds", o->volume},
		{"CapAdd", o->cap_add},
		{"CapDrop", o->cap_drop},
		{"DeviceCgroupRules", o->device_cgroup_rule},
		{"Dns", o->dns},
		{"DnsOptions", o->dns_option},
		{"DnsSearch", o->dns_search},
		{"ExtraHosts", o->add_host},
		{"GroupAdd", o->group_add},
		{"Links", o->link},
		{"SecurityOpt", o->security_opt},
		{"VolumesFrom", o->volumes_from},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].value)
			json_member_string(w, texts[i].key, texts[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (lists[i].value || strncmp(lists[i].key, "Dns", 3) == 0) /* Docker's client sends these empty, too */
			json_member_strings(w, lists[i].key, lists[i].value ? lists[i].value : none);
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		json_member_strings(w, empty[i], none);
}

static int write_host_config(struct json_writer *w, const struct container_options *o, struct err *err)
{
	int r;

	json_key(w, "HostConfig");
	json_begin_object(w);
	write_modes(w, o);
	write_limits(w, o);
	json_key(w, "LogConfig");
	json_begin_object(w);
	json_member_string(w, "Type", o->log_driver ? o->log_driver : "");
	write_pairs(w, "Config", o->log_opt);
	json_end_object(w);
	json_member_string(w, "NetworkMode", o->network ? o->network : "default");
	json_key(w, "PortBindings");
	json_begin_object(w);
	for (size_t i = 0; o->publish && o->publish[i]; i++)
		write_port(w, o->publish[i]);
	json_end_object(w);
	json_member_bool(w, "AutoRemove", o->rm);
	json_member_bool(w, "Privileged", o->privileged);
	json_member_bool(w, "PublishAllPorts", o->publish_all);
	json_member_bool(w, "ReadonlyRootfs", o->read_only);
	json_member_bool(w, "OomKillDisable", o->oom_kill_disable);
	if (o->tty && o->rows) {
		json_key(w, "ConsoleSize");
		json_begin_array(w);
		json_int(w, o->rows);
		json_int(w, o->columns);
		json_end_array(w);
	}
	if (o->init_given)
		json_member_bool(w, "Init", o->init);
	if (o->storage_opt)
		write_pairs(w, "StorageOpt", o->storage_opt);
	if (o->sysctl)
		write_pairs(w, "Sysctls", o->sysctl);
	if (o->tmpfs)
		write_tmpfs(w, o->tmpfs);
	write_devices(w, o->device);
	r = write_restart(w, o->restart, err);
	if (r == 0)
		r = write_ulimits(w, o->ulimit, err);
	json_end_object(w);
	return r;
}

static void write_exposed(struct json_writer *w, const struct container_options *o)
{
	json_key(w, "ExposedPorts");
	json_begin_object(w);
	for (size_t i = 0; o->expose && o->expose[i]; i++) {
		_cleanup_free_ char *port =
			strchr(o->expose[i], '/') ? xstrdup(o->expose[i]) : xasprintf("%s/tcp", o->expose[i]);

		json_raw((json_key(w, port), w), "{}");
	}
	json_end_object(w);
}

static void write_network(struct json_writer *w, const struct container_options *o)
{
	json_key(w, "NetworkingConfig");
	json_begin_object(w);
	json_key(w, "EndpointsConfig");
	json_begin_object(w);
	if (o->network_alias) {
		json_key(w, o->network ? o->network : "default");
		json_begin_object(w);
		json_member_strings(w, "Aliases", o->network_alias);
		json_end_object(w);
	}
	json_end_object(w);
	json_end_object(w);
}

int container_body(const struct container_options *o, char *const *args, const struct container_streams *streams,
		   struct buf *out, struct err *err)
{
	struct json_writer w = {.out = out};
	int r;

	if (o->mount)
		return err_set(err, ERR_NOT_IMPLEMENTED, "--mount is not supported yet");
	json_begin_object(&w);
	r = write_config(&w, o, args, streams, err);
	if (r < 0)
		return r;
	write_exposed(&w, o);
	r = write_host_config(&w, o, err);
	if (r < 0)
		return r;
	write_network(&w, o);
	json_end_object(&w);
	return 0;
}
