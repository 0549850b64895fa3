/* test_order - indexes in the order of their keys, beside an insertion sort. */
#include "base/order.h"
#include "support/table.h"

#include <stdlib.h>

struct row {
	const char *name;
	size_t n;
	int64_t (*key)(size_t i);
};

static int64_t ascending(size_t i) { return (int64_t)i * 3; }
static int64_t descending(size_t i) { return -(int64_t)i; }
static int64_t equal(size_t i) { return (int64_t)(i % 3); }
static int64_t scattered(size_t i) { return (int64_t)(i * 0x9e3779b97f4a7c15u) >> 20; }
static int64_t far_apart(size_t i) { return i % 2 ? INT64_MAX - (int64_t)i : INT64_MIN + (int64_t)i; }
static int64_t nearly(size_t i) { return (int64_t)(i ^ 5) + ((int64_t)1 << 40); }

static const struct row rows[] = {
	{ "nothing", 0, ascending },
	{ "one", 1, descending },
	{ "ascending", 500, ascending },
	{ "descending", 500, descending },
	{ "equal keys keep their order", 500, equal },
	{ "scattered, negative among them", 3000, scattered },
	{ "the whole range", 400, far_apart },
	{ "nearly in order, large", 1000, nearly },
};

static void sorts(void **state)
{
	const struct row *row = *state;
	struct element {
		int32_t other;
		int64_t key;
	} *elements = calloc(row->n + 1, sizeof *elements);
	int64_t *keys = calloc(row->n + 1, sizeof *keys);
	uint32_t *want = calloc(row->n + 1, sizeof *want);
	for (size_t i = 0; i < row->n; i++) {
		size_t at = i;
		keys[i] = elements[i].key = row->key(i);
		for (; at > 0 && keys[want[at - 1]] > keys[i]; at--)
			want[at] = want[at - 1];
		want[at] = (uint32_t)i;
	}
	uint32_t *order = order_of_keys(&elements[0].key, sizeof *elements, row->n);
	for (size_t i = 0; i < row->n; i++)
		assert_int_equal(order[i], want[i]);
	free(order);
	free(want);
	free(keys);
	free(elements);
}

int main(void)
{
	return TABLE_RUN("order of keys", rows, sorts);
}
