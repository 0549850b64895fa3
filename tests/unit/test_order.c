/* test_order - indexes in the order of their keys, beside an insertion sort; records by a number, whatever passes that takes. */
#include "base/order.h"
#include "support/table.h"

#include <stdbool.h>
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
	uint32_t *order = order_of_keys(&elements[0].key, sizeof *elements, row->n, NULL);
	for (size_t i = 0; i < row->n; i++)
		assert_int_equal(order[i], want[i]);
	free(order);
	free(want);
	free(keys);
	free(elements);
}

/* ---- records ---- */

static const struct record_row {
	const char *name;
	size_t n;
	uint32_t below;
	bool in_files;
} record_rows[] = {
	{ "no record", 0, 5, false },
	{ "one number", 50, 1, false },
	{ "few", 1000, 7, false },
	{ "many numbers, one pass", 5000, 4000, false },
	{ "many records, few numbers", 300000, 200, false },
	{ "many of both: some digits at a time", 300000, 70000, false },
	{ "numbers that just need a digit more", 300000, 257, false },
	{ "in files", 300000, 3000, true },
};

struct record {
	uint32_t before, number, serial;
};

static void orders(void **state)
{
	const struct record_row *row = *state;
	struct bulk *bulk = bulk_new("/tmp/test_order", row->in_files ? 0 : BULK_HEAP);
	struct record *all = BULK_ARRAY(bulk, struct record, row->n);
	for (size_t i = 0; i < row->n; i++)
		all[i] = (struct record){ 7, (uint32_t)((i * 0x9e3779b97f4a7c15u) >> 40) % row->below, (uint32_t)i };
	struct record *sorted = ORDER_BY(bulk, struct record, all, row->n, number, row->below);
	uint64_t sum = 0;
	for (size_t i = 0; i < row->n; i++) {
		const struct record *x = &sorted[i], *of = &all[x->serial];
		assert_true(x->serial < row->n && x->number == of->number && x->before == 7);
		assert_true(i == 0 || x[-1].number < x->number || (x[-1].number == x->number && x[-1].serial < x->serial));
		assert_int_equal(all[i].serial, i);
		sum += x->serial;
	}
	assert_int_equal(sum, row->n ? (uint64_t)row->n * (row->n - 1) / 2 : 0);
	bulk_free(bulk, sorted);
	bulk_free(bulk, all);
	bulk_drop(bulk);
}

int main(void)
{
	int failed = TABLE_RUN("order of keys", rows, sorts);
	return TABLE_RUN("order of records", record_rows, orders) + failed;
}
