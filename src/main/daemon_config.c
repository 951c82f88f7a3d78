/* SPDX-License-Identifier: Apache-2.0 */
/* lighterd's settings; see daemon_config.h. */
#include "main/daemon_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/file.h"
#include "cli/options.h"
#include "codec/json.h"
#include "codec/json_c.h"

#define CONFIG_MAX (1024 * 1024)
#define AT(member) offsetof(struct daemon_config, member)

static const struct option table[] = {
	{0, "bip", OPTION_STRING, AT(bip), NULL, "Address and prefix of the default bridge (\"172.17.0.1/16\")", AT(bip_given)},
	{'b', "bridge", OPTION_STRING, AT(bridge), NULL, "Name of the default bridge; \"none\" for none (default \"lighter0\")",
	 AT(bridge_given)},
	{0, "config-file", OPTION_STRING, AT(config_file), NULL, "Configuration file (default \"" DAEMON_CONFIG_FILE "\")",
	 AT(config_file_given)},
	{0, "data-root", OPTION_STRING, AT(data_root), NULL, "Directory of what lasts (default \"/var/lib/lighter\")",
	 AT(data_root_given)},
	{'D', "debug", OPTION_BOOL, AT(debug), NULL, "Enable debug mode", AT(debug_given)},
	{0, "docker-socket", OPTION_BOOL, AT(docker_socket), NULL,
	 "Serve " DAEMON_DOCKER_SOCKET " too when nobody else does (default true)", AT(docker_socket_given)},
	{0, "exec-root", OPTION_STRING, AT(exec_root), NULL, "Directory of what a reboot erases (default \"/run/lighter\")",
	 AT(exec_root_given)},
	{'G', "group", OPTION_STRING, AT(group), NULL, "Group of the unix socket (default \"lighter\", else \"docker\")",
	 AT(group_given)},
	{'H', "host", OPTION_LIST, AT(hosts), NULL,
	 "Sockets to serve: unix:///path, tcp://address:port, fd:// (default \"unix://" DAEMON_DEFAULT_SOCKET "\")"},
	{0, "instance", OPTION_STRING, AT(instance), NULL, "Name that keeps several engines apart (default \"default\")",
	 AT(instance_given)},
	{0, "label", OPTION_LIST, AT(labels), NULL, "Key=value labels of the daemon"},
	{0, "log-format", OPTION_STRING, AT(log_format), NULL, "Format of the daemon's log: text or json",
	 AT(log_format_given)},
	{'l', "log-level", OPTION_STRING, AT(log_level), NULL, "debug, info, warn, error or fatal (default \"info\")",
	 AT(log_level_given)},
	{'p', "pidfile", OPTION_STRING, AT(pidfile), NULL, "File to write the process id to", AT(pidfile_given)},
	{'v', "version", OPTION_BOOL, AT(version), NULL, "Print version information and quit"},
};

static const struct option *find_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		size_t len = strlen(table[i].name);
		bool list = table[i].type == OPTION_LIST;

		if (strncmp(key, table[i].name, len) == 0 && strcmp(key + len, list ? "s" : "") == 0 &&
		    strcmp(key, "version") != 0 && strcmp(key, "config-file") != 0)
			return &table[i];
	}
	return NULL;
}

static bool given(const struct daemon_config *c, const struct option *o)
{
	if (o->type == OPTION_LIST)
		return *(char ***)((char *)c + o->offset) != NULL;
	return o->given_offset && *(bool *)((char *)c + o->given_offset);
}

static int wrong_type(const char *file, const char *key, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s: %s: expected %s", file, key, wanted);
}

static int take_list(const char *file, const char *key, struct json_object *value, char ***list, struct err *err)
{
	if (!json_object_is_type(value, json_type_array))
		return wrong_type(file, key, "a list of strings", err);
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, json_type_string))
			return wrong_type(file, key, "a list of strings", err);
		strv_add(list, json_object_get_string(item));
	}
	return 0;
}

static int take_member(struct daemon_config *c, const char *key, struct json_object *value, struct arena *a, struct err *err)
{
	const struct option *o = find_key(key);
	void *to = o ? (char *)c + o->offset : NULL;

	if (!o)
		return err_set(err, ERR_INVALID,
			       "unable to configure the Lighter daemon with file %s: the following directives don't match any "
			       "configuration option: %s",
			       c->config_file, key);
	if (given(c, o))
		return err_set(
			err, ERR_INVALID,
			"unable to configure the Lighter daemon with file %s: the following directives are specified both "
			"as a flag and in the configuration file: %s",
			c->config_file, key);
	if (o->type == OPTION_LIST)
		return take_list(c->config_file, key, value, to, err);
	if (o->type == OPTION_BOOL) {
		if (!json_object_is_type(value, json_type_boolean))
			return wrong_type(c->config_file, key, "true or false", err);
		*(bool *)to = json_object_get_boolean(value);
		return 0;
	}
	if (!json_object_is_type(value, json_type_string))
		return wrong_type(c->config_file, key, "a string", err);
	*(const char **)to = arena_strdup(a, json_object_get_string(value));
	return *(const char **)to ? 0 : err_sys(err, ENOMEM, "read %s", c->config_file);
}

static int read_file(struct daemon_config *c, struct arena *a, struct err *err)
{
	_cleanup_(json_freep) struct json_object *o = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = file_read_at(AT_FDCWD, c->config_file, CONFIG_MAX, &text);

	if (r == -ENOENT && !c->config_file_given)
		return 0;
	if (r < 0)
		return err_sys(err, r, "open %s", c->config_file);
	r = json_parse(text.data, text.len, &o, err);
	if (r < 0)
		return err_wrap(err, "%s", c->config_file);
	if (!json_object_is_type(o, json_type_object))
		return wrong_type(c->config_file, "the document", "an object", err);
	json_object_object_foreach(o, key, value)
	{
		r = take_member(c, key, value, a, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int daemon_config_read(int argc, char **argv, struct arena *a, struct daemon_config *ret, struct err *err)
{
	_cleanup_free_ char **args = NULL;
	int r = options_parse(table, ARRAY_SIZE(table), ret, argc - 1, argv + 1, 0, &args, &ret->help, err);

	if (r < 0 || ret->help || ret->version)
		return r;
	if (args[0])
		return err_set(err, ERR_INVALID, "lighterd accepts no arguments, only options: %s", args[0]);
	return read_file(ret, a, err);
}

void daemon_config_help(void)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	options_help(table, ARRAY_SIZE(table), 80, &out);
	printf("Usage:  lighterd [OPTIONS]\n\nThe daemon of Lighter, a container engine.\n\nOptions:\n%s", out.data);
}

void daemon_config_done(struct daemon_config *c)
{
	options_done(table, ARRAY_SIZE(table), c);
}
