/* talk_slab.c - the memory of talks: what was used last is still in the caches, and is used again first. Takes and gives talks, zeroed; never
 * looks into one. */
#include "flow/talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { SLAB = 16 };
struct talk_slab {
	struct talk talks[SLAB];
	struct talk_slab *older;
};

static void slab_add(struct surroundings *around)
{
	struct talk_slab *slab = memory_aligned(alignof(struct talk_slab), sizeof *slab);
	slab->older = around->slabs;
	around->slabs = slab;
	for (unsigned i = SLAB; i-- > 0;) {
		slab->talks[i].session = around->spare;
		around->spare = &slab->talks[i];
	}
}

struct talk *talk_take(struct surroundings *around)
{
	if (!around->spare)
		slab_add(around);
	struct talk *t = around->spare;
	around->spare = t->session;
	memset(t, 0, sizeof *t);
	return t;
}

void talk_give(struct talk *t)
{
	struct surroundings *around = t->around;
	t->session = around->spare;
	around->spare = t;
}

void talks_free(struct surroundings *around)
{
	for (struct talk_slab *older; around->slabs; around->slabs = older) {
		older = around->slabs->older;
		free(around->slabs);
	}
	around->spare = NULL;
	spares_drop(&around->spares);
}
