/* SPDX-License-Identifier: Apache-2.0 */
/* A network of the test's own: the process leaves for a fresh network namespace, as root or in a user namespace. */
#ifndef LIGHTER_TESTS_NETNS_FIXTURE_H
#define LIGHTER_TESTS_NETNS_FIXTURE_H

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux/netns.h"

static inline void fixture_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

/* Call it first in main(): what follows can't touch the host's network. */
static inline void fixture_own_network(void)
{
	char map[64];
	uid_t uid = geteuid();

	if (unshare(uid == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		perror("unshare");
		exit(1);
	}
	if (uid == 0)
		return;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	fixture_write("/proc/self/uid_map", map);
}

static inline int fixture_unshare(void *unused)
{
	return unshare(CLONE_NEWNET) < 0 ? -1 : netns_open_own();
}

/* One more namespace, which lives as long as the fd. The caller stays where it is. */
static inline int fixture_new_netns(void)
{
	int own = netns_open_own();
	int fd = fixture_unshare(NULL);

	if (own < 0 || fd < 0 || setns(own, CLONE_NEWNET) < 0) {
		perror("new network namespace");
		exit(1);
	}
	close(own);
	return fd;
}

/* What a command prints; the caller frees. For ip(8) and nft(8) as witnesses that are not ours. */
static inline char *fixture_output(const char *command)
{
	char *text = calloc(1, 65536);
	FILE *f = popen(command, "re");
	size_t n;

	if (!text || !f) {
		perror(command);
		exit(1);
	}
	n = fread(text, 1, 65535, f);
	text[n] = '\0';
	if (pclose(f) != 0) {
		fprintf(stderr, "%s failed: %s\n", command, text);
		exit(1);
	}
	return text;
}

#endif
