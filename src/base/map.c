/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing over an insertion-ordered entry vector: the table holds indexes (+1) into `entries`; a removed entry
 * keeps its place with a NULL key until the next rebuild. Seeded FNV-1a with a final mix.
 */
#include "base/map.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"

struct entry {
	char *key;
	void *value;
	uint32_t hash;
};

struct map {
	struct entry *entries;
	size_t used; /* entries with their removed ones */
	size_t live;
	uint32_t *table; /* index + 1, 0 for none */
	size_t table_size;
	uint64_t seed;
};

static uint32_t hash_key(const struct map *m, const char *key)
{
	uint64_t h = 0xcbf29ce484222325u ^ m->seed;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu ^ m->seed << 1;
	return (uint32_t)(h ^ h >> 29);
}

static void rebuild(struct map *m, size_t table_size)
{
	struct entry *entries = xcalloc(table_size, sizeof(*entries));
	size_t used = 0;

	free(m->table);
	m->table = xcalloc(table_size, sizeof(*m->table));
	m->table_size = table_size;
	for (size_t i = 0; i < m->used; i++) {
		size_t slot;

		if (!m->entries[i].key)
			continue;
		entries[used] = m->entries[i];
		slot = entries[used].hash & (table_size - 1);
		while (m->table[slot])
			slot = (slot + 1) & (table_size - 1);
		m->table[slot] = (uint32_t)++used;
	}
	free(m->entries);
	m->entries = entries;
	m->used = used;
}

struct map *map_new(void)
{
	struct map *m = xcalloc(1, sizeof(*m));

	if (getrandom(&m->seed, sizeof(m->seed), GRND_NONBLOCK) != sizeof(m->seed))
		m->seed = (uintptr_t)m ^ (uint64_t)getpid();
	rebuild(m, 16);
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->used; i++)
		free(m->entries[i].key);
	free(m->entries);
	free(m->table);
	free(m);
}

static struct entry *find(const struct map *m, const char *key, uint32_t hash)
{
	size_t slot = hash & (m->table_size - 1);

	for (; m->table[slot]; slot = (slot + 1) & (m->table_size - 1)) {
		struct entry *e = &m->entries[m->table[slot] - 1];

		if (e->key && e->hash == hash && strcmp(e->key, key) == 0)
			return e;
	}
	return NULL;
}

void *map_get(const struct map *m, const char *key)
{
	struct entry *e = find(m, key, hash_key(m, key));

	return e ? e->value : NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	uint32_t hash = hash_key(m, key);
	struct entry *e = find(m, key, hash);
	size_t slot;

	if (e) {
		void *old = e->value;

		e->value = value;
		return old;
	}
	if ((m->used + 1) * 4 > m->table_size * 3)
		rebuild(m, (m->live + 1) * 2 > m->table_size ? m->table_size * 2 : m->table_size);
	m->entries[m->used] = (struct entry){.key = xstrdup(key), .value = value, .hash = hash};
	slot = hash & (m->table_size - 1);
	while (m->table[slot])
		slot = (slot + 1) & (m->table_size - 1);
	m->table[slot] = (uint32_t)++m->used;
	m->live++;
	return NULL;
}

void *map_remove(struct map *m, const char *key)
{
	struct entry *e = find(m, key, hash_key(m, key));
	void *old;

	if (!e)
		return NULL;
	old = e->value;
	free(e->key);
	e->key = NULL;
	e->value = NULL;
	m->live--;
	return old;
}

size_t map_len(const struct map *m)
{
	return m->live;
}

bool map_next(const struct map *m, size_t *pos, const char **ret_key, void **ret_value)
{
	while (*pos < m->used) {
		struct entry *e = &m->entries[(*pos)++];

		if (!e->key)
			continue;
		if (ret_key)
			*ret_key = e->key;
		*ret_value = e->value;
		return true;
	}
	return false;
}
