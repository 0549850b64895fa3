/* order.c - takes keys, gives their ascending order: a radix sort, of indexes or of records, from the lowest digit on. Never compares. */
#include "base/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RADIX = 11, DIGITS = 1 << RADIX };

static unsigned digit_of(int64_t key, int64_t least, unsigned shift)
{
	return (unsigned)(((uint64_t)key - (uint64_t)least) >> shift) & (DIGITS - 1);
}

static void pass(const int64_t *keys, int64_t least, unsigned shift, const uint32_t *from, uint32_t *to, size_t n, struct bulk *bulk)
{
	size_t next[DIGITS + 1] = { 0 };
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < n; i++) {
		bulk_rest(bulk, &pace);
		next[digit_of(keys[i], least, shift) + 1]++;
	}
	for (size_t d = 0; d < DIGITS; d++)
		next[d + 1] += next[d];
	for (size_t i = 0; i < n; i++) {
		bulk_rest(bulk, &pace);
		to[next[digit_of(keys[from[i]], least, shift)]++] = from[i];
	}
}

static uint32_t *sorted(const int64_t *keys, size_t n, struct bulk *bulk)
{
	uint32_t *order = BULK_BARE(bulk, uint32_t, n);
	int64_t least = n ? keys[0] : 0, greatest = least;
	struct bulk_pace pace = { 0 };
	bool ascending = true;
	for (size_t i = 0; i < n; i++) {
		bulk_rest(bulk, &pace);
		order[i] = (uint32_t)i;
		ascending = ascending && (i == 0 || keys[i - 1] <= keys[i]);
		least = keys[i] < least ? keys[i] : least;
		greatest = keys[i] > greatest ? keys[i] : greatest;
	}
	if (ascending)
		return order;
	uint32_t *other = BULK_BARE(bulk, uint32_t, n);
	for (unsigned shift = 0; shift < 64 && ((uint64_t)greatest - (uint64_t)least) >> shift; shift += RADIX) {
		pass(keys, least, shift, order, other, n, bulk);
		uint32_t *swap = order;
		order = other;
		other = swap;
	}
	bulk_free(bulk, other);
	return order;
}

/* The keys are looked at often and in any order: they are put close together. */
uint32_t *order_of_keys(const void *first, size_t size, size_t n, struct bulk *bulk)
{
	int64_t *keys = BULK_BARE(bulk, int64_t, n);
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < n; i++) {
		bulk_rest(bulk, &pace);
		memcpy(&keys[i], (const uint8_t *)first + i * size, sizeof *keys);
	}
	uint32_t *order = sorted(keys, n, bulk);
	bulk_free(bulk, keys);
	return order;
}

/* ---- records by a number of theirs ---- */

struct digits {
	size_t at;           /* where the number stands in a record */
	unsigned shift, mask;
};

static size_t digits_of(const uint8_t *record, const struct digits *d)
{
	uint32_t number;
	memcpy(&number, record + d->at, sizeof number);
	return number >> d->shift & d->mask;
}

static uint8_t *distributed(struct bulk *bulk, const uint8_t *from, size_t n, size_t size, const struct digits *d)
{
	uint8_t *to = bulk_bare(bulk, n, size);
	size_t *next = memory_new((size_t)d->mask + 2, sizeof *next); /* where the next with these digits goes */
	struct bulk_pace pace = { 0 };
	for (size_t i = 0; i < n; i++, bulk_rest(bulk, &pace))
		next[digits_of(from + i * size, d) + 1]++;
	for (size_t k = 0; k <= d->mask; k++)
		next[k + 1] += next[k];
	for (size_t i = 0; i < n; i++, bulk_rest(bulk, &pace))
		memcpy(to + next[digits_of(from + i * size, d)]++ * size, from + i * size, size);
	free(next);
	return to;
}

/* What is short goes to its place at once. Of what is long, some digits at a time, the lowest first: no more pages are written in turn than may
 * stay in memory. */
void *order_by_number(struct bulk *bulk, const void *from, size_t n, size_t size, size_t at, size_t below)
{
	enum { SOME = 8, SHORT = BULK_RESIDENT / 4 };
	unsigned width = 0;
	while (below > (size_t)1 << width)
		width++;
	unsigned step = n <= SHORT / size || width < SOME ? width : SOME;
	uint8_t *last = NULL;
	for (unsigned shift = 0; !last || shift < width; shift += step) {
		unsigned now = width - shift < step ? width - shift : step;
		uint8_t *to = distributed(bulk, last ? last : from, n, size, &(struct digits){ at, shift, (1u << now) - 1 });
		bulk_free(bulk, last);
		last = to;
	}
	return last;
}
