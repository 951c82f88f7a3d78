/* SPDX-License-Identifier: Apache-2.0 */
/* See capabilities.h. Sets are bit masks by the kernel's numbers. "Available" is what is in our own bounding set. */
#include "engine/capabilities.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

#include "base/array.h"
#include "linux/capabilities.h"

#define CAPS_MAX 64

/* Docker's default set. */
static const char *const defaults[] = {
	"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
	"CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
	"CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
	"CAP_KILL",    "CAP_AUDIT_WRITE",
};

static int number_of(const char *name)
{
	const char *bare = strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;

	for (int i = 0; cap_name(i); i++)
		if (strcasecmp(cap_name(i) + 4, bare) == 0)
			return i;
	return -1;
}

static bool is_all(const char *name)
{
	return strcasecmp(name, "ALL") == 0 || strcasecmp(name, "CAP_ALL") == 0;
}

static bool available(int number)
{
	return prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1;
}

int capabilities_check(const char *what, char *const *list, struct err *err)
{
	for (; list && *list; list++) {
		const char *bare = strncasecmp(*list, "CAP_", 4) == 0 ? *list + 4 : *list;
		char upper[64];
		size_t i;
		int number;

		if (is_all(*list))
			continue;
		number = number_of(*list);
		for (i = 0; i < sizeof(upper) - 1 && bare[i]; i++)
			upper[i] = bare[i] >= 'a' && bare[i] <= 'z' ? (char)(bare[i] - 32) : bare[i];
		upper[i] = '\0';
		if (number < 0)
			return err_set(err, ERR_INVALID, "invalid %s: unknown capability: \"CAP_%s\"", what, upper);
		if (!available(number))
			return err_set(err, ERR_INVALID,
				       "invalid %s: capability not supported by your kernel or not available in the current "
				       "environment: \"CAP_%s\"",
				       what, upper);
	}
	return 0;
}

static uint64_t mask_of(char *const *list, bool *ret_all)
{
	uint64_t mask = 0;

	*ret_all = false;
	for (; list && *list; list++) {
		int number = number_of(*list);

		if (is_all(*list))
			*ret_all = true;
		else if (number >= 0)
			mask |= (uint64_t)1 << number;
	}
	return mask;
}

static uint64_t all_available(void)
{
	uint64_t mask = 0;

	for (int i = 0; cap_name(i); i++)
		if (available(i))
			mask |= CAP_BIT(i);
	return mask;
}

char **capabilities_resolve(char *const *add, char *const *drop, bool privileged, struct arena *a)
{
	uint64_t everything = all_available(), set, added, dropped, standard = 0;
	bool add_all, drop_all;
	char **v = arena_array(a, CAPS_MAX + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		standard |= (uint64_t)1 << number_of(defaults[i]);
	added = mask_of(add, &add_all);
	dropped = mask_of(drop, &drop_all);
	if (privileged)
		set = everything;
	else if (add_all)
		set = everything & ~dropped;
	else if (drop_all)
		set = added;
	else
		set = (standard & ~dropped) | added;
	set &= everything;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		int number = number_of(defaults[i]);

		if (set & ((uint64_t)1 << number))
			v[n++] = (char *)defaults[i];
		set &= ~((uint64_t)1 << number);
	}
	for (int i = 0; cap_name(i); i++)
		if (set & CAP_BIT(i))
			v[n++] = (char *)cap_name(i);
	return v;
}
