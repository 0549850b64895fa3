/* map.c - a hash map from bytes to a pointer: open addressing over a table of entry numbers. Never removes. */
#include "base/map.h"

#include <stdlib.h>

static size_t slot_of(const struct map *m, struct bytes key, uint64_t hash)
{
	size_t mask = m->nslots - 1, i = hash & mask;
	for (; m->slots[i].entry; i = (i + 1) & mask)
		if (m->slots[i].tag == hash >> 32 && bytes_equal(m->entries[m->slots[i].entry - 1].key, key))
			break;
	return i;
}

static void rehash(struct map *m)
{
	m->nslots = m->nslots ? m->nslots * 2 : 16;
	free(m->slots);
	m->slots = memory_new(m->nslots, sizeof *m->slots);
	for (size_t e = 0; e < m->count; e++)
		m->slots[slot_of(m, m->entries[e].key, m->entries[e].hash)] = (struct map_slot){ (uint32_t)(m->entries[e].hash >> 32), (uint32_t)e + 1 };
}

void **map_get_hashed(const struct map *m, struct bytes key, uint64_t hash)
{
	if (m->count == 0)
		return NULL;
	uint32_t found = m->slots[slot_of(m, key, hash)].entry;
	return found ? &m->entries[found - 1].value : NULL;
}

void **map_get(const struct map *m, struct bytes key)
{
	return m->count ? map_get_hashed(m, key, bytes_hash(key)) : NULL;
}

void **map_put(struct map *m, struct bytes key)
{
	return map_put_hashed(m, key, bytes_hash(key));
}

void **map_put_hashed(struct map *m, struct bytes key, uint64_t hash)
{
	if ((m->count + 1) * 4 > m->nslots * 3)
		rehash(m);
	size_t slot = slot_of(m, key, hash);
	if (m->slots[slot].entry)
		return &m->entries[m->slots[slot].entry - 1].value;
	if (m->count == m->room) {
		m->room = m->room ? m->room * 2 : 16;
		m->entries = memory_grow(m->entries, m->room, sizeof *m->entries);
	}
	m->entries[m->count] = (struct map_entry){ .key = arena_copy(&m->keys, key), .hash = hash };
	m->slots[slot] = (struct map_slot){ (uint32_t)(hash >> 32), (uint32_t)++m->count };
	return &m->entries[m->count - 1].value;
}

void map_free(struct map *m)
{
	arena_drop(&m->keys);
	free(m->entries);
	free(m->slots);
	*m = (struct map){ 0 };
}
