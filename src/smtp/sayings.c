/* sayings.c - takes the octets of lines, gives what was made of them before. Never keeps more than a fixed number. */
#include "smtp/sayings.h"

#include "base/arena.h"

#include <stdlib.h>

#include "base/banned.h"

enum { SAYINGS_KEPT = 64 };

struct sayings {
	struct {
		struct arena arena;
		struct said said;
	} kept[SAYINGS_KEPT];
};

struct sayings *sayings_new(void)
{
	return memory_new(1, sizeof(struct sayings));
}

const struct said *sayings_find(const struct sayings *h, struct bytes wire)
{
	const struct said *said = &h->kept[bytes_hash(wire) % SAYINGS_KEPT].said;
	return said->wire.n && bytes_equal(said->wire, wire) ? said : NULL;
}

void sayings_keep(struct sayings *h, const struct said *said)
{
	size_t slot = bytes_hash(said->wire) % SAYINGS_KEPT;
	struct arena *arena = &h->kept[slot].arena;
	arena_drop(arena);
	h->kept[slot].said = (struct said){ arena_copy(arena, said->wire), arena_copy(arena, said->raw), arena_copy(arena, said->text), said->nlines };
}

void sayings_free(struct sayings *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < SAYINGS_KEPT; i++)
		arena_drop(&h->kept[i].arena);
	free(h);
}
