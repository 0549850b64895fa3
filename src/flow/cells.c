/* cells.c - slabs of small cells on cache lines of their own, chained while they are spare. Takes sizes, gives memory; never looks into it. */
#include "flow/cells.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/arena.h"

#include "base/banned.h"

enum { SLAB_BYTES = 6 * 1024 };
_Static_assert(SLAB_BYTES % CELL_LINE_BYTES == 0 && SLAB_BYTES % CELL_LINES_BYTES == 0 && SLAB_BYTES % CELL_HALF_BYTES == 0
               && SLAB_BYTES % CELL_PAGE_BYTES == 0, "of each kind a whole number");

struct cell {
	struct cell *next;
};

struct cell_slab {
	alignas(CACHE_LINE) uint8_t bytes[SLAB_BYTES];
	struct cell_slab *older;
};

static void slab_add(struct cells *cells, enum cell_kind kind)
{
	struct cell_slab *slab = memory_aligned(alignof(struct cell_slab), sizeof *slab);
	slab->older = cells->slabs;
	cells->slabs = slab;
	size_t size = cell_size(kind, 0);
	for (size_t at = SLAB_BYTES; at > 0; at -= size) {
		struct cell *cell = (struct cell *)(void *)(slab->bytes + at - size);
		cell->next = cells->spare[kind];
		cells->spare[kind] = cell;
	}
}

void *cells_take(struct cells *cells, enum cell_kind kind, size_t size)
{
	if (kind == CELL_NONE)
		return memory_grow(NULL, 1, size);
	if (!cells->spare[kind])
		slab_add(cells, kind);
	struct cell *cell = cells->spare[kind];
	cells->spare[kind] = cell->next;
	return cell;
}

void cells_give(struct cells *cells, enum cell_kind kind, void *memory)
{
	struct cell *cell = memory;
	if (kind == CELL_NONE) {
		free(memory);
		return;
	}
	cell->next = cells->spare[kind];
	cells->spare[kind] = cell;
}

void cells_drop(struct cells *cells)
{
	for (struct cell_slab *older; cells->slabs; cells->slabs = older) {
		older = cells->slabs->older;
		free(cells->slabs);
	}
	*cells = (struct cells){ 0 };
}
