/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lighterd's settings, from its command line and from daemon.json, which share one table: a key is the option's name
 * (lists: with an s, "hosts", "labels"), as dockerd has it. A key the table doesn't have is refused by name; so is a
 * setting that both give.
 */
#ifndef LIGHTER_MAIN_DAEMON_CONFIG_H
#define LIGHTER_MAIN_DAEMON_CONFIG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define DAEMON_CONFIG_FILE "/etc/lighter/daemon.json"
#define DAEMON_DEFAULT_SOCKET "/run/lighter/lighter.sock"
#define DAEMON_DOCKER_SOCKET "/var/run/docker.sock"

struct daemon_config {
	const char *bip, *bridge, *config_file, *data_root, *exec_root, *group, *instance, *log_format, *log_level, *pidfile;
	char **hosts, **labels;
	bool debug, docker_socket, help, version;
	bool config_file_given, bip_given, bridge_given, data_root_given, exec_root_given, group_given, instance_given,
		log_format_given, log_level_given, pidfile_given, debug_given, docker_socket_given;
};
#define DAEMON_CONFIG_INIT                                                                                    \
	{                                                                                                     \
		.docker_socket = true, .config_file = DAEMON_CONFIG_FILE, .data_root = "/var/lib/lighter",    \
		.exec_root = "/run/lighter", .log_level = "info", .log_format = "text", .instance = "default" \
	}

/* Fills the settings; strings live in argv or the arena. `--help` and `--version` are left to the caller. */
int daemon_config_read(int argc, char **argv, struct arena *a, struct daemon_config *ret, struct err *err) _must_check_;
/* The text of --help. */
void daemon_config_help(void);
void daemon_config_done(struct daemon_config *c);

#endif
