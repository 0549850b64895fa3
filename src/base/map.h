/* map - a hash map from bytes to a pointer.
 * In:    keys of any length, copied; values that the caller owns.
 * Out:   the address of a key's value slot.
 * Never: removes a key, keeps an order (walk gives insertion order).
 * Lives: until map_free. Zeroed storage is an empty map. A slot's address holds until the next map_put. */
#ifndef SMTPWHY_BASE_MAP_H
#define SMTPWHY_BASE_MAP_H

#include "base/arena.h"

struct map_entry {
	struct bytes key;
	uint64_t hash;
	void *value;
};

struct map_slot {
	uint32_t tag;   /* a part of the hash: most entries that are not the one are passed over without a look at them */
	uint32_t entry; /* number + 1, or 0 */
};

struct map {
	struct arena keys;
	struct map_entry *entries; /* in order of insertion */
	struct map_slot *slots;
	size_t count, room, nslots;
};

void **map_get(const struct map *, struct bytes key); /* NULL when absent */
void **map_put(struct map *, struct bytes key);       /* made, with a NULL value, when absent */
/* The same where bytes_hash(key) is known already. */
void **map_get_hashed(const struct map *, struct bytes key, uint64_t hash);
void **map_put_hashed(struct map *, struct bytes key, uint64_t hash);
void map_free(struct map *);

#endif
