/* SPDX-License-Identifier: Apache-2.0 */
/* Getting, keeping and loading seccomp filters; see seccomp_filter.h. Compiling is in seccomp_compile.c. */
#include "linux/seccomp_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "codec/json.h"

#define CACHE_MAGIC "LSC1"
#define CACHE_FILE_MAX (8u << 20)

/* An entry: this, the key, the instructions. */
struct cache_header {
	char magic[4];
	uint32_t key_len;
	uint32_t insns;
	uint32_t flags;
};

void seccomp_filter_done(struct seccomp_filter *f)
{
	free(f->insns);
	*f = (struct seccomp_filter)SECCOMP_FILTER_INIT;
}

int seccomp_cache_key(const struct oci_seccomp *section, struct buf *out)
{
	struct json_writer w = {.out = out};
	char library[64];
	struct utsname u;
	ssize_t len;

	if (uname(&u) < 0)
		return -errno;
	/* The library's version without loading it: what its name points to. */
	len = readlink(LIBSECCOMP_PATH, library, sizeof(library) - 1);
	library[len < 0 ? 0 : len] = '\0';
	buf_addf(out, "%s\n%s\n%s\n%s\n%s\n", LIGHTER_VERSION, u.release, u.version, u.machine, library);
	json_encode(&w, &oci_seccomp_shape, section);
	return out->failed ? -ENOMEM : 0;
}

/* FNV-1a: names the file, nothing more. */
static void cache_name(const struct buf *key, char ret_name[24])
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key->len; i++)
		h = (h ^ (unsigned char)key->data[i]) * UINT64_C(0x100000001b3);
	snprintf(ret_name, 24, "%016" PRIx64 ".bpf", h);
}

/* True when the file is one that only root could have written. */
static bool is_trusted(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

static int cache_read(int cache_fd, const char *name, const struct buf *key, struct seccomp_filter *ret)
{
	_cleanup_close_ int fd = openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct cache_header h;
	size_t size;

	if (fd < 0)
		return -errno;
	if (!is_trusted(fd))
		return -EPERM;
	if (file_read_fd(fd, CACHE_FILE_MAX, &text) < 0 || text.len < sizeof(h))
		return -EBADMSG;
	memcpy(&h, text.data, sizeof(h));
	size = (size_t)h.insns * sizeof(struct sock_filter);
	if (memcmp(h.magic, CACHE_MAGIC, 4) != 0 || h.insns == 0 || h.insns > BPF_MAXINSNS || h.key_len != key->len ||
	    text.len != sizeof(h) + h.key_len + size || memcmp(text.data + sizeof(h), key->data, key->len) != 0)
		return -EBADMSG;
	ret->insns = malloc(size);
	if (!ret->insns)
		return -ENOMEM;
	memcpy(ret->insns, text.data + sizeof(h) + h.key_len, size);
	ret->len = h.insns;
	ret->flags = h.flags;
	return 0;
}

static int cache_write(int cache_fd, const char *name, const struct buf *key, const struct seccomp_filter *f)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct cache_header h = {.key_len = (uint32_t)key->len, .insns = (uint32_t)f->len, .flags = f->flags};

	memcpy(h.magic, CACHE_MAGIC, 4);
	buf_add(&text, &h, sizeof(h));
	buf_add(&text, key->data, key->len);
	buf_add(&text, f->insns, f->len * sizeof(*f->insns));
	if (text.failed)
		return -ENOMEM;
	return file_write_atomic_at(cache_fd, name, text.data, text.len, 0600, 0);
}

int seccomp_filter_get(const struct oci_seccomp *section, int cache_fd, struct seccomp_filter *ret, struct err *err)
{
	_cleanup_buf_ struct buf key = BUF_INIT;
	char name[24];
	int r;

	if (cache_fd < 0)
		return seccomp_filter_compile(section, ret, err);
	r = seccomp_cache_key(section, &key);
	if (r < 0)
		return err_sys(err, r, "look for a compiled seccomp filter");
	cache_name(&key, name);
	if (cache_read(cache_fd, name, &key, ret) == 0)
		return 0;
	r = seccomp_filter_compile(section, ret, err);
	if (r < 0)
		return r;
	/* Without the entry the next start compiles again; that is all. */
	if (cache_write(cache_fd, name, &key, ret) < 0)
		return 0;
	return 0;
}

int seccomp_filter_load(const struct seccomp_filter *f)
{
	struct sock_fprog program = {.len = (unsigned short)f->len, .filter = f->insns};

	if (!f->insns)
		return 0;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, f->flags, &program) < 0 ? -errno : 0;
}
