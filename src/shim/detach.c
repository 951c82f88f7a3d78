/* SPDX-License-Identifier: Apache-2.0 */
/* Detach keys; see detach.h. What is accepted and what goes through was compared with a Docker 28. */
#include "shim/detach.h"

#include <errno.h>
#include <string.h>

/* One key's name, not NUL-terminated. Its byte or -1. */
static int key_byte(const char *name, size_t len)
{
	if (len == 1)
		return (unsigned char)name[0] < 0x80 ? name[0] : -1;
	if (len == 3 && memcmp(name, "DEL", 3) == 0)
		return 127;
	if (len != 6 || memcmp(name, "ctrl-", 5) != 0)
		return -1;
	if ((name[5] >= 'a' && name[5] <= 'z') || (name[5] && strchr("@[\\]^_", name[5])))
		return name[5] & 0x1f;
	return -1;
}

int detach_parse(const char *text, struct detach *ret)
{
	struct detach d = {0};

	if (!text || !*text)
		text = "ctrl-p,ctrl-q";
	for (;;) {
		size_t len = strcspn(text, ",");
		int key = key_byte(text, len);

		if (key < 0 || d.n_keys == DETACH_KEYS_MAX)
			return -EINVAL;
		d.keys[d.n_keys++] = (unsigned char)key;
		text += len;
		if (!*text)
			break;
		text++;
	}
	*ret = d;
	return 0;
}

bool detach_filter(struct detach *d, const char *bytes, size_t len, char *to, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)bytes[i] == d->keys[d->matched]) {
			if (++d->matched < d->n_keys)
				continue;
			d->matched = 0;
			*ret_len = n;
			return true;
		}
		memcpy(to + n, d->keys, d->matched);
		n += d->matched;
		d->matched = 0;
		to[n++] = bytes[i];
	}
	*ret_len = n;
	return false;
}
