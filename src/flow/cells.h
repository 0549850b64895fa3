/* cells - memory for small things that come and go in great number, without what the heap keeps beside each and looks at when it is given back.
 * In:    sizes.
 * Out:   memory, not zeroed, never NULL; of which kind it is: giving it back needs that.
 * Keeps: what is given back, to be taken again, the last one first: it is still in the caches.
 * Never: gives anything back to the heap before cells_drop, but for what is larger than a cell, which is the heap's own.
 * Lives: until cells_drop; then nothing of it may be in use. */
#ifndef SMTPWHY_FLOW_CELLS_H
#define SMTPWHY_FLOW_CELLS_H

#include <stddef.h>
#include <stdint.h>

/* On the heap; a segment with a word or two; one with a line of usual length; some of such; what a dialogue begins with. */
enum cell_kind { CELL_NONE, CELL_LINE, CELL_LINES, CELL_HALF, CELL_PAGE, CELL_KINDS };
enum { CELL_LINE_BYTES = 128, CELL_LINES_BYTES = 192, CELL_HALF_BYTES = 256, CELL_PAGE_BYTES = 512 };

struct cell;
struct cell_slab;
struct cells { /* zeroed storage has none */
	struct cell *spare[CELL_KINDS];
	struct cell_slab *slabs;
	uint8_t *at, *end; /* of the newest one, what nobody has had yet */
	size_t size;       /* of all */
};

/* For a segment that waits. */
static inline enum cell_kind cell_kind(size_t size)
{
	return size <= CELL_LINE_BYTES ? CELL_LINE : size <= CELL_LINES_BYTES ? CELL_LINES : CELL_NONE;
}

/* What it takes: more than was asked for. */
static inline size_t cell_size(enum cell_kind kind, size_t size)
{
	static const uint16_t sizes[CELL_KINDS] = { 0, CELL_LINE_BYTES, CELL_LINES_BYTES, CELL_HALF_BYTES, CELL_PAGE_BYTES };
	return kind == CELL_NONE ? size : sizes[kind];
}

void *cells_take(struct cells *, enum cell_kind, size_t size);
void cells_give(struct cells *, enum cell_kind, void *);
void cells_drop(struct cells *);

#endif
