/* cells.c - cells on cache lines of their own, out of slabs that grow, chained while they are spare. Takes sizes, gives memory; never looks into it. */
#include "flow/cells.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/arena.h"

#include "base/banned.h"

enum { SMALLEST = 16 * 1024 }; /* and then as much as there is, up to MEMORY_LARGE */

struct cell {
	struct cell *next;
};

struct cell_slab {
	alignas(CACHE_LINE) struct cell_slab *older;
	alignas(CACHE_LINE) uint8_t bytes[];
};

static void slab_add(struct cells *cells)
{
	size_t size = cells->size < SMALLEST ? SMALLEST : cells->size < MEMORY_LARGE ? cells->size : MEMORY_LARGE;
	struct cell_slab *slab = size < MEMORY_LARGE ? memory_aligned(alignof(struct cell_slab), size) : memory_large(size);
	slab->older = cells->slabs;
	cells->slabs = slab;
	cells->at = slab->bytes;
	cells->end = (uint8_t *)slab + size;
	cells->size += size;
}

static void *cell_new(struct cells *cells, size_t size)
{
	if ((size_t)(cells->end - cells->at) < size)
		slab_add(cells);
	void *cell = cells->at;
	cells->at += size;
	return cell;
}

void *cells_take(struct cells *cells, enum cell_kind kind, size_t size)
{
	if (kind == CELL_NONE)
		return memory_grow(NULL, 1, size);
	struct cell *cell = cells->spare[kind];
	if (!cell)
		return cell_new(cells, cell_size(kind, 0));
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
