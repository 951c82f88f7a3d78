/* SPDX-License-Identifier: Apache-2.0 */
/* The option strings of an OCI mount, sorted into what the kernel's mount calls take. */
#ifndef LIGHTER_RUNTIME_MOUNT_OPTIONS_H
#define LIGHTER_RUNTIME_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "linux/mounts.h"

#define MOUNT_DATA_MAX 64

struct mount_options {
	bool bind;
	bool recursive;   /* rbind */
	uint64_t attr;    /* MOUNT_ATTR_ to set on the mount itself */
	uint64_t rec_set; /* the same for all mounts below it ("rro", ...) */
	uint64_t rec_clear;
	uint64_t propagation; /* MS_PRIVATE, ...; 0: not asked for */
	bool propagation_recursive;
	bool copy_up; /* tmpcopyup */
	char *data;   /* owns what data_options points into */
	struct mount_option data_options[MOUNT_DATA_MAX];
	size_t n_data;
};

/* Options may be NULL. What isn't a mount flag is the file system's own. mount_options_done() releases. */
int mount_options_parse(char *const *options, struct mount_options *ret, struct err *err) _must_check_;
void mount_options_done(struct mount_options *o);

/* The names of all flags, for `features`: index from 0, NULL past the last. */
const char *mount_options_name(size_t index);

#endif
