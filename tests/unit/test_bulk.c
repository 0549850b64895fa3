/* test_bulk - arrays keep what was written when they grow, when they move into a file, and when the memory lets go of them. */
#include "base/bulk.h"
#include "support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB };

static const struct kase {
	const char *name, *beside;
	size_t heap;          /* octets that may lie there */
	size_t from, to;      /* numbers in the array, before and after it grew */
} cases[] = {
	{ "short", "/tmp/x", MIB, 10, 100 },
	{ "into a file when it grows", "/tmp/x", MIB, 1000, 500000 },
	{ "in a file from the start", "/tmp/x", 0, 1000, 500000 },
	{ "shorter again", "/tmp/x", 0, 500000, 300 },
	{ "no folder: on the heap", "/nowhere/at/all/x", 0, 1000, 500000 },
	{ "a name without a folder", "x", 0, 1000, 500000 },
};

static uint64_t number(size_t i)
{
	return (uint64_t)i * 0x9e3779b97f4a7c15u + 1;
}

static void grows(void **state)
{
	const struct kase *k = *state;
	struct bulk *bulk = bulk_new(k->beside, k->heap);
	uint64_t *all = BULK_ARRAY(bulk, uint64_t, k->from), *other = BULK_ARRAY(bulk, uint64_t, k->from);
	for (size_t i = 0; i < k->from; i++) {
		assert_true(all[i] == 0 && other[i] == 0);
		all[i] = number(i);
		other[i] = ~number(i);
	}
	all = bulk_grow(bulk, all, k->to, sizeof *all);
	for (size_t i = k->from; i < k->to; i++)
		all[i] = number(i);
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < k->to; i++, bulk_rest(bulk, &pace))
		assert_true(all[i] == number(i));
	for (size_t i = 0; i < k->from; i++)
		assert_true(other[i] == ~number(i));
	bulk_free(bulk, other);
	bulk_free(bulk, NULL);
	bulk_drop(bulk); /* what was not freed goes with it */
}

/* One that was given back and is taken again holds anything, unless zeroes were asked for. */
static void comes_again(void **state)
{
	(void)state;
	struct bulk *bulk = bulk_new("/tmp/x", 0);
	for (unsigned round = 0; round < 12; round++) {
		size_t n = 20000 + 3000 * (round % 3);
		uint64_t *bare = BULK_BARE(bulk, uint64_t, n), *zeroed = BULK_ARRAY(bulk, uint64_t, n);
		assert_true(bare + n <= zeroed || zeroed + n <= bare);
		for (size_t i = 0; i < n; i++) {
			assert_true(zeroed[i] == 0);
			bare[i] = zeroed[i] = number(i + round);
		}
		for (size_t i = 0; i < n; i++)
			assert_true(bare[i] == number(i + round) && zeroed[i] == bare[i]);
		bulk_free(bulk, bare);
		bulk_free(bulk, zeroed);
	}
	bulk_drop(bulk);
}

/* Octets of mapped files that are in memory; 0: cannot be told here. */
static size_t resident(void)
{
	unsigned long all, here, shared = 0;
	FILE *status = fopen("/proc/self/statm", "r");
	if (!status || fscanf(status, "%lu %lu %lu", &all, &here, &shared) != 3)
		shared = 0;
	if (status)
		fclose(status);
	return shared * (size_t)sysconf(_SC_PAGESIZE);
}

static void lets_go(void **state)
{
	(void)state;
	enum { OCTETS = 48 * MIB, NUMBERS = OCTETS / 8, SLACK = 8 * MIB };
	struct bulk *bulk = bulk_new("/tmp/x", 0);
	uint64_t *all = BULK_BARE(bulk, uint64_t, NUMBERS);
	struct bulk_pace pace = { 0 };
	size_t before = resident(), most = 0;
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < NUMBERS; i++, bulk_rest(bulk, &pace)) {
			if (pass == 0)
				all[i] = number(i);
			else if (all[i] != number(i))
				fail_msg("number %zu is lost", i);
			if (i % (MIB / 8) == 0 && resident() > most)
				most = resident();
		}
	if (before)
		assert_in_range(most - before, MIB, BULK_RESIDENT + SLACK);
	bulk_drop(bulk);
}

static const struct { const char *name; } whole[] = { { "an array that was given back" } }, large[] = { { "what is done with leaves the memory" } };

int main(void)
{
	int failed = TABLE_RUN("bulk arrays", cases, grows);
	failed += TABLE_RUN("bulk arrays again", whole, comes_again);
	return failed + TABLE_RUN("large bulk arrays", large, lets_go);
}
