/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the tar reader share: the raw header, PAX records and sparse maps. */
#ifndef LIGHTER_CODEC_TAR_INTERNAL_H
#define LIGHTER_CODEC_TAR_INTERNAL_H

#include "codec/tar.h"

/* The header block as POSIX.1-1988 lays it out; GNU's sparse fields lie in `prefix`. */
struct tar_raw {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link_name[100];
	char magic[8]; /* "ustar\0" "00", or GNU's "ustar  " */
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char pad[12];
};

struct tar_extent {
	uint64_t offset;
	uint64_t len;
};

struct tar_extents {
	struct tar_extent *items;
	size_t len, cap;
};

/* What a PAX header said. Pointers into the header's text. */
struct tar_pax {
	const char *path, *link_path;
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	int64_t mtime_s;
	uint32_t mtime_ns;
	struct tar_xattr *xattrs;
	size_t n_xattrs, cap_xattrs;
	/* GNU sparse: -1 for "not said". */
	int64_t sparse_major, sparse_minor;
	uint64_t sparse_real_size;
	bool has_sparse_real_size, has_sparse_map;
	struct tar_extents map;
	const char *sparse_name;
};

/* Octal, or base-256 when the first bit is set. -EINVAL when it is neither or doesn't fit. */
int tar_number(const char *field, size_t len, int64_t *ret) _must_check_;

/* Parses records ("LEN KEY=VALUE\n"...) in place: `text` is written to. Adds to `pax`. 0 or -EINVAL, -E2BIG, -ENOMEM. */
int tar_pax_parse(char *text, size_t len, struct tar_pax *pax) _must_check_;
/* Forgets everything but the memory. */
void tar_pax_reset(struct tar_pax *pax);
void tar_pax_done(struct tar_pax *pax);

/* Decimal digits only, up to `end`; *at is moved. -EINVAL or -ERANGE. */
int tar_decimal(const char **at, const char *end, uint64_t *ret) _must_check_;

int tar_extents_add(struct tar_extents *e, uint64_t offset, uint64_t len) _must_check_;
/* Whether they are in order, apart, inside `real_size`, and `stored` bytes in all. */
bool tar_extents_hold(const struct tar_extents *e, uint64_t real_size, uint64_t stored);

#endif
