/* test_cells.c - cells are as large as was asked for, apart from each other, and taken again in turn. */
#include "flow/cells.h"

#include "support/table.h"

#include <stdalign.h>
#include <string.h>

enum { MANY = 1000, LARGEST = 4096 };

static const struct kase {
	const char *name;
	size_t size;
	enum cell_kind kind;
	size_t held;
} cases[] = {
	{ "one octet", 1, CELL_LINE, CELL_LINE_BYTES },
	{ "a small cell filled", CELL_LINE_BYTES, CELL_LINE, CELL_LINE_BYTES },
	{ "one octet more", CELL_LINE_BYTES + 1, CELL_LINES, CELL_LINES_BYTES },
	{ "a large cell filled", CELL_LINES_BYTES, CELL_LINES, CELL_LINES_BYTES },
	{ "more than a cell", CELL_LINES_BYTES + 1, CELL_NONE, CELL_LINES_BYTES + 1 },
	{ "much more", LARGEST, CELL_NONE, LARGEST },
};

static void taken(void **state)
{
	const struct kase *k = *state;
	static uint8_t *all[MANY];
	static uint8_t want[LARGEST];
	struct cells cells = { 0 };
	assert_int_equal(cell_kind(k->size), k->kind);
	assert_int_equal(cell_size(k->kind, k->size), k->held);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			all[i] = cells_take(&cells, k->kind, k->size);
			assert_int_equal((uintptr_t)all[i] % alignof(max_align_t), 0);
			memset(all[i], (int)(i & 255), k->size);
		}
		for (unsigned i = 0; i < MANY; i++) { /* nobody wrote into another one's */
			memset(want, (int)(i & 255), k->size);
			assert_memory_equal(all[i], want, k->size);
		}
		for (unsigned i = 0; i < MANY; i++)
			cells_give(&cells, k->kind, all[i]);
	}
	uint8_t *last = cells_take(&cells, k->kind, k->size);
	if (k->kind != CELL_NONE)
		assert_ptr_equal(last, all[MANY - 1]); /* what was given last is still in the caches */
	cells_give(&cells, k->kind, last);
	cells_drop(&cells);
	assert_null(cells.slabs);
}

int main(void)
{
	return TABLE_RUN("cells", cases, taken);
}
