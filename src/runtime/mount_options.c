/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount options by table. A later option overrides an earlier one of the same kind, as in mount(8): "ro" then "rw" is
 * rw. "rw", "suid" and their like only take back: they don't lift what the source of a bind mount has.
 */
#include "runtime/mount_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { ATTR_SET, ATTR_CLEAR, REC_SET, REC_CLEAR, PROPAGATION, REC_PROPAGATION, BIND, RBIND, COPY_UP, NOTHING };

static const struct {
	const char *name;
	enum kind kind;
	uint64_t value;
} table[] = {
	{"async", NOTHING, 0},
	{"atime", ATTR_CLEAR, MOUNT_ATTR_NOATIME},
	{"bind", BIND, 0},
	{"defaults", NOTHING, 0},
	{"dev", ATTR_CLEAR, MOUNT_ATTR_NODEV},
	{"diratime", ATTR_CLEAR, MOUNT_ATTR_NODIRATIME},
	{"exec", ATTR_CLEAR, MOUNT_ATTR_NOEXEC},
	{"noatime", ATTR_SET, MOUNT_ATTR_NOATIME},
	{"nodev", ATTR_SET, MOUNT_ATTR_NODEV},
	{"nodiratime", ATTR_SET, MOUNT_ATTR_NODIRATIME},
	{"noexec", ATTR_SET, MOUNT_ATTR_NOEXEC},
	{"norelatime", ATTR_CLEAR, 0},
	{"nostrictatime", ATTR_CLEAR, MOUNT_ATTR_STRICTATIME},
	{"nosuid", ATTR_SET, MOUNT_ATTR_NOSUID},
	{"nosymfollow", ATTR_SET, MOUNT_ATTR_NOSYMFOLLOW},
	{"private", PROPAGATION, MS_PRIVATE},
	{"ratime", REC_CLEAR, MOUNT_ATTR_NOATIME},
	{"rbind", RBIND, 0},
	{"rdev", REC_CLEAR, MOUNT_ATTR_NODEV},
	{"rdiratime", REC_CLEAR, MOUNT_ATTR_NODIRATIME},
	{"relatime", ATTR_CLEAR, MOUNT_ATTR__ATIME},
	{"rexec", REC_CLEAR, MOUNT_ATTR_NOEXEC},
	{"rnoatime", REC_SET, MOUNT_ATTR_NOATIME},
	{"rnodev", REC_SET, MOUNT_ATTR_NODEV},
	{"rnodiratime", REC_SET, MOUNT_ATTR_NODIRATIME},
	{"rnoexec", REC_SET, MOUNT_ATTR_NOEXEC},
	{"rnorelatime", REC_CLEAR, MOUNT_ATTR__ATIME},
	{"rnostrictatime", REC_CLEAR, MOUNT_ATTR_STRICTATIME},
	{"rnosuid", REC_SET, MOUNT_ATTR_NOSUID},
	{"rnosymfollow", REC_SET, MOUNT_ATTR_NOSYMFOLLOW},
	{"ro", ATTR_SET, MOUNT_ATTR_RDONLY},
	{"rprivate", REC_PROPAGATION, MS_PRIVATE},
	{"rrelatime", REC_CLEAR, MOUNT_ATTR__ATIME},
	{"rro", REC_SET, MOUNT_ATTR_RDONLY},
	{"rrw", REC_CLEAR, MOUNT_ATTR_RDONLY},
	{"rshared", REC_PROPAGATION, MS_SHARED},
	{"rslave", REC_PROPAGATION, MS_SLAVE},
	{"rstrictatime", REC_SET, MOUNT_ATTR_STRICTATIME},
	{"rsuid", REC_CLEAR, MOUNT_ATTR_NOSUID},
	{"rsymfollow", REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
	{"runbindable", REC_PROPAGATION, MS_UNBINDABLE},
	{"rw", ATTR_CLEAR, MOUNT_ATTR_RDONLY},
	{"shared", PROPAGATION, MS_SHARED},
	{"slave", PROPAGATION, MS_SLAVE},
	{"strictatime", ATTR_SET, MOUNT_ATTR_STRICTATIME},
	{"suid", ATTR_CLEAR, MOUNT_ATTR_NOSUID},
	{"symfollow", ATTR_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},
	{"tmpcopyup", COPY_UP, 0},
	{"unbindable", PROPAGATION, MS_UNBINDABLE},
};

const char *mount_options_name(size_t index)
{
	return index < ARRAY_SIZE(table) ? table[index].name : NULL;
}

/* The access time mode is a number in the middle of the bits: setting one replaces another. */
static uint64_t with_attr(uint64_t attr, uint64_t value)
{
	if (value & MOUNT_ATTR__ATIME)
		attr &= ~(uint64_t)MOUNT_ATTR__ATIME;
	return attr | value;
}

static bool apply_flag(struct mount_options *o, const char *name)
{
	size_t i = 0;
	uint64_t value;

	while (i < ARRAY_SIZE(table) && strcmp(table[i].name, name) != 0)
		i++;
	if (i == ARRAY_SIZE(table))
		return false;
	value = table[i].value;
	switch (table[i].kind) {
	case ATTR_SET:
		o->attr = with_attr(o->attr, value);
		break;
	case ATTR_CLEAR:
		o->attr &= ~value;
		break;
	case REC_SET:
		o->rec_set = with_attr(o->rec_set, value);
		o->rec_clear &= ~value;
		break;
	case REC_CLEAR:
		o->rec_clear |= value;
		o->rec_set &= ~value;
		break;
	case PROPAGATION:
	case REC_PROPAGATION:
		o->propagation = value;
		o->propagation_recursive = table[i].kind == REC_PROPAGATION;
		break;
	case BIND:
	case RBIND:
		o->bind = true;
		o->recursive = table[i].kind == RBIND;
		break;
	case COPY_UP:
		o->copy_up = true;
		break;
	case NOTHING:
		break;
	}
	return true;
}

static int add_data(struct mount_options *o, char *copy, struct err *err)
{
	char *value = strchr(copy, '=');

	if (o->n_data == MOUNT_DATA_MAX)
		return err_set(err, ERR_INVALID, "more than %d file system options", MOUNT_DATA_MAX);
	if (value)
		*value++ = '\0';
	o->data_options[o->n_data++] = (struct mount_option){copy, value};
	return 0;
}

int mount_options_parse(char *const *options, struct mount_options *ret, struct err *err)
{
	struct mount_options o = {0};
	size_t size = 1;
	char *at;

	for (char *const *p = options; p && *p; p++)
		size += strlen(*p) + 1;
	at = o.data = malloc(size);
	if (!o.data)
		return err_sys(err, ENOMEM, "mount options");
	for (; options && *options; options++) {
		size_t len = strlen(*options) + 1;
		int r;

		if (len == 1 || apply_flag(&o, *options))
			continue;
		memcpy(at, *options, len);
		r = add_data(&o, at, err);
		at += len;
		if (r < 0) {
			free(o.data);
			return r;
		}
	}
	*ret = o;
	return 0;
}

void mount_options_done(struct mount_options *o)
{
	free(o->data);
	o->data = NULL;
}
