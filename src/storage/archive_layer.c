/* SPDX-License-Identifier: Apache-2.0 */
/* One layer of an archive that is being loaded, and what the client is told meanwhile. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/timefmt.h"
#include "storage/archive_internal.h"
#include "storage/decompress.h"

#define BAR 50
#define TICK_MS 100

/* "10.24kB": four significant digits, powers of a thousand. */
static void human_size(uint64_t bytes, char text[24])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	double n = (double)bytes;
	size_t unit = 0;

	while (n >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		n /= 1000;
		unit++;
	}
	snprintf(text, 24, "%.4g%s", n, units[unit]);
}

struct ticker {
	struct load *load;
	const char *id;
	uint64_t total;
	int64_t next_ms;
};

/* Docker's own bar: 50 wide, the numbers behind it. */
static void tell(const struct ticker *t, uint64_t current)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct json_writer w = {.out = &json, .escape_html = true};
	char have[24], all[24], bar[BAR + 4] = "[", text[160];
	int filled = t->total > 0 ? (int)(current * 100 / t->total) / 2 : BAR;

	memset(bar + 1, ' ', BAR + 1);
	memset(bar + 1, '=', (size_t)filled);
	bar[1 + filled] = '>';
	memcpy(bar + BAR + 2, "]", 2);
	human_size(current, have);
	human_size(t->total, all);
	snprintf(text, sizeof(text), "%s %8s/%s", bar, have, all);
	json_begin_object(&w);
	json_member_string(&w, "status", "Loading layer");
	json_key(&w, "progressDetail");
	json_begin_object(&w);
	json_member_int(&w, "current", (int64_t)current);
	json_member_int(&w, "total", (int64_t)t->total);
	json_end_object(&w);
	json_member_string(&w, "progress", text);
	json_member_string(&w, "id", t->id);
	json_end_object(&w);
	if (!json.failed)
		t->load->progress(t->load->progress_arg, json.data);
}

static void tick(void *arg, uint64_t offset)
{
	struct ticker *t = arg;
	int64_t now = timefmt_monotonic_ms();

	if (now < t->next_ms || offset > t->total)
		return;
	t->next_ms = now + TICK_MS;
	tell(t, offset);
}

static int unpack(struct load *l, struct spool_file *file, const char *diff_id, char chain[DIGEST_TEXT_MAX],
		  uint64_t *size_bytes, struct err *err)
{
	_cleanup_close_ int fd = spool_open(&l->spool, file, err);
	char id[13], diff[DIGEST_TEXT_MAX], parent[DIGEST_TEXT_MAX], next[DIGEST_TEXT_MAX];
	struct ticker t = {.load = l, .id = id, .total = file->size};
	struct layer_source from = {.parent_chain = *chain ? parent : NULL,
				    .archive_fd = fd,
				    .expected_diff_id = diff_id,
				    .archive_digest = file->digest};
	bool tells;
	int r;

	if (fd < 0)
		return fd;
	strcpy(parent, chain);
	snprintf(id, sizeof(id), "%.12s", digest_hex(diff_id));
	digest_chain(chain, diff_id, next);
	tells = l->progress && !layer_exists(l->s, next);
	if (tells) {
		from.tick = tick;
		from.tick_arg = &t;
		t.next_ms = timefmt_monotonic_ms() + TICK_MS;
		tell(&t, MIN(file->size, UINT64_C(32768)));
	}
	r = layer_add(l->s, &from, diff, chain, size_bytes, err);
	if (r == 0 && tells)
		tell(&t, t.total);
	return r;
}

int archive_layer_unpack(struct load *l, struct spool_file *file, const char *diff_id, char chain[DIGEST_TEXT_MAX],
			 uint64_t *size_bytes, struct err *err)
{
	char what[DIGEST_TEXT_MAX + 8] = "layer:", next[DIGEST_TEXT_MAX];
	int r;

	digest_chain(chain, diff_id, next);
	strcat(what, next);
	r = storage_reference_add(l->s, l->holder, what, err); /* before it is there, so that it is never without one */
	if (r == 0)
		r = unpack(l, file, diff_id, chain, size_bytes, err);
	return r < 0 ? err_wrap(err, "layer %.19s", diff_id) : 0;
}

int archive_layer_media_type(struct load *l, const struct spool_file *file, const char **ret, struct err *err)
{
	_cleanup_close_ int fd = spool_open(&l->spool, file, err);
	unsigned char head[8];
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, head, sizeof(head));
	if (n < 0)
		return err_sys(err, errno, "read %.200s", file->name);
	switch (compression_detect(head, (size_t)n)) {
	case COMPRESSION_GZIP:
		*ret = MEDIA_OCI_LAYER "+gzip";
		break;
	case COMPRESSION_ZSTD:
		*ret = MEDIA_OCI_LAYER "+zstd";
		break;
	default:
		*ret = MEDIA_OCI_LAYER;
	}
	return 0;
}
