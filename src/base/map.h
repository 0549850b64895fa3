/* map - a hash map from bytes to a pointer.
 * In:    keys of any length, copied; values that the caller owns.
 * Out:   the address of a key's value slot.
 * Never: removes a key, keeps an order (walk gives insertion order).
 * Lives: until map_free, keys and the addresses of value slots as well. Zeroed storage is an empty map. */
#ifndef SMTPWHY_BASE_MAP_H
#define SMTPWHY_BASE_MAP_H

#include "base/arena.h"

struct map_entry {
	void *value;
	struct bytes key; /* its octets stand behind the entry */
};

struct map_slot {
	uint64_t hash;           /* entries that are not the one are passed over without a look at them */
	struct map_entry *entry; /* NULL: none */
};

struct map {
	struct arena keys;          /* entries */
	struct map_entry **entries; /* in order of insertion */
	struct map_slot *slots;
	size_t count, room, nslots;
};

void **map_get(const struct map *, struct bytes key); /* NULL when absent */
void **map_put(struct map *, struct bytes key);       /* made, with a NULL value, when absent */
/* The same where bytes_hash(key) is known already. */
void **map_get_hashed(const struct map *, struct bytes key, uint64_t hash);
void **map_put_hashed(struct map *, struct bytes key, uint64_t hash);
/* A look-up that is sure to come, in two steps some time before it, for a map larger than the caches: each brings what the next one reads. */
void map_fetch(const struct map *, uint64_t hash);
void map_fetch_entry(const struct map *, uint64_t hash);
void map_free(struct map *);

#endif
