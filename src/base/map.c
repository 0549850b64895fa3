/* map.c - a hash map from bytes to a pointer: open addressing over a table of hashes and entries. Never removes. */
#include "base/map.h"

#include <stdlib.h>

/* Where the hash is the same the key is compared: it lies behind its entry. */
static size_t slot_of(const struct map *m, struct bytes key, uint64_t hash)
{
	size_t mask = m->nslots - 1, i = hash & mask;
	for (; m->slots[i].entry; i = (i + 1) & mask)
		if (m->slots[i].hash == hash && bytes_equal(m->slots[i].entry->key, key))
			break;
	return i;
}

static void rehash(struct map *m)
{
	struct map_slot *old = m->slots;
	size_t nold = m->nslots;
	m->nslots = nold ? nold * 2 : 16;
	m->slots = memory_new(m->nslots, sizeof *m->slots);
	for (size_t o = 0; o < nold; o++) {
		size_t i = old[o].hash & (m->nslots - 1);
		if (!old[o].entry)
			continue;
		while (m->slots[i].entry)
			i = (i + 1) & (m->nslots - 1);
		m->slots[i] = old[o];
	}
	free(old);
}

void map_fetch(const struct map *m, uint64_t hash)
{
	if (m->count)
		__builtin_prefetch(&m->slots[hash & (m->nslots - 1)]);
}

void map_fetch_entry(const struct map *m, uint64_t hash)
{
	enum { PASSED_MOST = CACHE_LINE / sizeof(struct map_slot) }; /* others at the same place, of the slots that came */
	size_t mask = m->nslots - 1, i = hash & mask;
	if (!m->count)
		return;
	for (unsigned passed = 0; passed < PASSED_MOST && m->slots[i].entry && m->slots[i].hash != hash; passed++)
		i = (i + 1) & mask;
	if (m->slots[i].hash != hash || !m->slots[i].entry)
		return;
	__builtin_prefetch(m->slots[i].entry);
	__builtin_prefetch((const uint8_t *)m->slots[i].entry + CACHE_LINE);
	__builtin_prefetch((const uint8_t *)m->slots[i].entry + 2 * CACHE_LINE);
}

void **map_get_hashed(const struct map *m, struct bytes key, uint64_t hash)
{
	if (m->count == 0)
		return NULL;
	struct map_entry *found = m->slots[slot_of(m, key, hash)].entry;
	return found ? &found->value : NULL;
}

void **map_get(const struct map *m, struct bytes key)
{
	return m->count ? map_get_hashed(m, key, bytes_hash(key)) : NULL;
}

void **map_put(struct map *m, struct bytes key)
{
	return map_put_hashed(m, key, bytes_hash(key));
}

static struct map_entry *entry_new(struct map *m, struct bytes key)
{
	struct map_entry *entry = arena_alloc(&m->keys, 1, sizeof *entry + key.n);
	uint8_t *copy = (uint8_t *)(entry + 1);
	if (key.n)
		memcpy(copy, key.p, key.n);
	entry->key = (struct bytes){ copy, key.n };
	return entry;
}

void **map_put_hashed(struct map *m, struct bytes key, uint64_t hash)
{
	if ((m->count + 1) * 4 > m->nslots * 3)
		rehash(m);
	size_t slot = slot_of(m, key, hash);
	if (m->slots[slot].entry)
		return &m->slots[slot].entry->value;
	MEMORY_ROOM(m->entries, m->count, m->room);
	m->slots[slot] = (struct map_slot){ hash, entry_new(m, key) };
	m->entries[m->count++] = m->slots[slot].entry;
	return &m->slots[slot].entry->value;
}

void map_free(struct map *m)
{
	arena_drop(&m->keys);
	free(m->entries);
	free(m->slots);
	*m = (struct map){ 0 };
}
