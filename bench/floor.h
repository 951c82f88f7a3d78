/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the floor program. Everything here exits with a message on the first failure (floor_die): a measurement
 * of something that did not happen would be worth nothing.
 */
#ifndef LIGHTER_BENCH_FLOOR_H
#define LIGHTER_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FLOOR_LAYERS_MAX 127

struct floor {
	const char *lower[FLOOR_LAYERS_MAX]; /* the topmost layer first */
	size_t lower_count;
	const char *dir;         /* where upper directories are made: a directory of our own */
	const char *filter_path; /* compiled BPF, as bench/filter writes it; NULL: none */
	char *const *argv;       /* what is executed */
	int iterations;
	bool veth;
	bool quiet;
	void *filter; /* the BPF in memory */
	size_t filter_size;
};

void floor_die(const char *what) __attribute__((noreturn));

/* Write text to dirfd/name, which must exist unless create. */
void floor_write(int dirfd, const char *name, const char *text, bool create);

/* -- floor_cgroup.c: one directory per hierarchy -- */

struct floor_cgroup;                                       /* opaque */
struct floor_cgroup *floor_cgroup_find(void);              /* which hierarchies there are; once */
void floor_cgroup_make(struct floor_cgroup *cgroup);       /* directories and limits of one container */
void floor_cgroup_join(const struct floor_cgroup *cgroup); /* called by the child: it moves itself */
void floor_cgroup_remove(struct floor_cgroup *cgroup);     /* after the container's exit */

/* -- floor_root.c: what is mounted -- */

void floor_root_make(const struct floor *floor);   /* upper, work, hosts files of one container, in floor->dir */
void floor_root_enter(const struct floor *floor);  /* the child: overlay, /proc, /sys, /dev, masks, pivot_root */
void floor_root_remove(const struct floor *floor); /* afterwards */

/* -- floor_net.c: raw rtnetlink -- */

int floor_net_open(void);                             /* a netlink socket of the caller's namespace */
int floor_net_bridge(int nl);                         /* makes the bridge with its address; its index */
void floor_net_veth(int nl, int bridge, pid_t child); /* a pair whose peer is born in the child's namespace as eth0 */
void floor_net_configure(void);                       /* the child: lo up, eth0 address, up, default route */
void floor_net_loopback(void);                        /* the child without a veth: lo up */

#endif
