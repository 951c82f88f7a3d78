/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the kernel charges for a container like Docker's, with nothing else around it. One static program, no
 * sleep, no fsync, no helper. Per container: cgroup with limits, clone3 into new mount, pid, net, ipc, uts and cgroup
 * namespaces, overlay root, mounts, veth, capabilities, seccomp by BPF that was compiled before, exec, wait, clean-up.
 * It runs in a network and mount namespace of its own, so the host sees nothing of it. What it prints are
 * microseconds: `exit` from the first step to the exit of the program, `total` with the clean-up. A namespace's
 * destruction is the kernel's, in the background, for everybody alike.
 *
 * floor [--net veth|none] [--filter FILE] [-n N] [-q] --dir DIR --lower LAYER [--lower LAYER...] -- COMMAND [ARG...]
 */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
/* Docker's 14: chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod
 * audit_write setfcap. */
#define DOCKER_CAPS 0xa80425fbULL

void floor_die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

void floor_write(int dirfd, const char *name, const char *text, bool create)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0644);
	size_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		floor_die(name);
	close(fd);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void filter_read(struct floor *floor)
{
	struct stat st;
	int fd;

	if (!floor->filter_path)
		return;
	fd = open(floor->filter_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		floor_die(floor->filter_path);
	floor->filter_size = (size_t)st.st_size;
	floor->filter = malloc(floor->filter_size);
	if (!floor->filter || read(fd, floor->filter, floor->filter_size) != st.st_size)
		floor_die(floor->filter_path);
	close(fd);
}

static void caps_drop(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	for (unsigned long cap = 0; cap < 64; cap++)
		if (!(DOCKER_CAPS >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL)
			floor_die("bounding set");
	data[0].effective = data[0].permitted = (uint32_t)DOCKER_CAPS;
	if (syscall(SYS_capset, &head, data) < 0)
		floor_die("capset");
}

/* Before the capabilities go: loading a filter without no_new_privs needs CAP_SYS_ADMIN. */
static void filter_load(const struct floor *floor)
{
	struct sock_fprog program = {.len = (unsigned short)(floor->filter_size / sizeof(struct sock_filter)),
				     .filter = floor->filter};

	if (floor->filter && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		floor_die("seccomp");
}

static void child_run(const struct floor *floor, const struct floor_cgroup *cgroup, int ready)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", hostname[] = "HOSTNAME=floor", home[] = "HOME=/root";
	char *const environment[] = {path, hostname, home, NULL};
	char byte;

	floor_cgroup_join(cgroup);
	if (unshare(CLONE_NEWCGROUP) < 0)
		floor_die("cgroup namespace");
	floor_root_enter(floor);
	if (sethostname("floor", 5) < 0 || setsid() < 0)
		floor_die("hostname, session");
	if (floor->veth) {
		if (read(ready, &byte, 1) != 1)
			floor_die("the parent's word");
		floor_net_configure();
	} else {
		floor_net_loopback();
	}
	umask(0022);
	if (syscall(SYS_setgroups, 0, NULL) < 0 || setgid(0) < 0 || setuid(0) < 0)
		floor_die("ids");
	syscall(SYS_close_range, 3, ~0U, 0);
	filter_load(floor);
	caps_drop();
	execve(floor->argv[0], floor->argv, environment);
	floor_die(floor->argv[0]);
}

struct sample {
	double exit_us, total_us;
};

static void wait_for(int pidfd)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		floor_die("wait");
	if (info.si_code != CLD_EXITED || info.si_status != 0) {
		fprintf(stderr, "floor: the command ended with %d\n", info.si_status);
		exit(info.si_status ? info.si_status : 1);
	}
}

static struct sample container_run(const struct floor *floor, struct floor_cgroup *cgroup, int nl, int bridge)
{
	struct sample sample;
	double begin = now_us();
	int ready[2], pidfd = -EBADF;
	struct clone_args args = {.flags =
					  CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD,
				  .pidfd = (uint64_t)(uintptr_t)&pidfd,
				  .exit_signal = SIGCHLD};
	pid_t child;

	floor_cgroup_make(cgroup);
	floor_root_make(floor);
	if (pipe2(ready, O_CLOEXEC) < 0)
		floor_die("pipe");
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (child < 0)
		floor_die("clone3");
	if (child == 0) {
		close(ready[1]);
		child_run(floor, cgroup, ready[0]);
	}
	if (floor->veth) {
		floor_net_veth(nl, bridge, child);
		if (write(ready[1], "x", 1) != 1)
			floor_die("pipe");
	}
	wait_for(pidfd);
	sample.exit_us = now_us() - begin;
	close(ready[0]);
	close(ready[1]);
	close(pidfd);
	floor_root_remove(floor);
	floor_cgroup_remove(cgroup);
	sample.total_us = now_us() - begin;
	return sample;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *name, double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	printf("%s median %.0f p90 %.0f us (%d runs)\n", name, values[count / 2], values[(int)(count * 0.9)], count);
}

static void measure(const struct floor *floor)
{
	struct floor_cgroup *cgroup = floor_cgroup_find();
	double *exits = calloc((size_t)floor->iterations, sizeof(*exits));
	double *totals = calloc((size_t)floor->iterations, sizeof(*totals));
	int nl = floor_net_open(), bridge = floor->veth ? floor_net_bridge(nl) : 0;

	if (!exits || !totals)
		floor_die("memory");
	for (int i = 0; i < floor->iterations; i++) {
		struct sample sample = container_run(floor, cgroup, nl, bridge);

		exits[i] = sample.exit_us;
		totals[i] = sample.total_us;
	}
	if (!floor->quiet) {
		report("exit", exits, floor->iterations);
		report("total", totals, floor->iterations);
	}
	free(exits);
	free(totals);
	free(cgroup);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: floor [--net veth|none] [--filter FILE] [-n N] [-q] --dir DIR --lower LAYER... -- COMMAND [ARG...]\n");
	exit(2);
}

static void options_parse(struct floor *floor, int argc, char **argv)
{
	static const struct option options[] = {{"net", 1, NULL, 'N'},
						{"filter", 1, NULL, 'f'},
						{"dir", 1, NULL, 'd'},
						{"lower", 1, NULL, 'l'},
						{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "+n:q", options, NULL)) != -1) {
		if (c == 'N' && (!strcmp(optarg, "veth") || !strcmp(optarg, "none")))
			floor->veth = !strcmp(optarg, "veth");
		else if (c == 'f')
			floor->filter_path = optarg;
		else if (c == 'd')
			floor->dir = optarg;
		else if (c == 'l' && floor->lower_count < FLOOR_LAYERS_MAX)
			floor->lower[floor->lower_count++] = optarg;
		else if (c == 'n' && (floor->iterations = atoi(optarg)) > 0)
			continue;
		else if (c == 'q')
			floor->quiet = true;
		else
			usage();
	}
	floor->argv = argv + optind;
	if (!floor->lower_count || !floor->dir || !floor->argv[0])
		usage();
}

int main(int argc, char **argv)
{
	struct floor floor = {.iterations = 1, .veth = true};

	options_parse(&floor, argc, argv);
	filter_read(&floor);
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		floor_die("a world of its own");
	measure(&floor);
	free(floor.filter);
	return 0;
}
