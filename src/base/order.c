/* order.c - takes keys, gives their ascending order: a radix sort of indexes from the lowest digit on. */
#include "base/order.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RADIX = 11, DIGITS = 1 << RADIX };

static unsigned digit_of(int64_t key, int64_t least, unsigned shift)
{
	return (unsigned)(((uint64_t)key - (uint64_t)least) >> shift) & (DIGITS - 1);
}

static void pass(const int64_t *keys, int64_t least, unsigned shift, const uint32_t *from, uint32_t *to, size_t n)
{
	size_t next[DIGITS + 1] = { 0 };
	for (size_t i = 0; i < n; i++)
		next[digit_of(keys[i], least, shift) + 1]++;
	for (size_t d = 0; d < DIGITS; d++)
		next[d + 1] += next[d];
	for (size_t i = 0; i < n; i++)
		to[next[digit_of(keys[from[i]], least, shift)]++] = from[i];
}

static uint32_t *sorted(const int64_t *keys, size_t n)
{
	uint32_t *order = memory_new(n, sizeof *order);
	int64_t least = n ? keys[0] : 0, greatest = least;
	bool ascending = true;
	for (size_t i = 0; i < n; i++) {
		order[i] = (uint32_t)i;
		ascending = ascending && (i == 0 || keys[i - 1] <= keys[i]);
		least = keys[i] < least ? keys[i] : least;
		greatest = keys[i] > greatest ? keys[i] : greatest;
	}
	if (ascending)
		return order;
	uint32_t *other = memory_new(n, sizeof *other);
	for (unsigned shift = 0; shift < 64 && ((uint64_t)greatest - (uint64_t)least) >> shift; shift += RADIX) {
		pass(keys, least, shift, order, other, n);
		uint32_t *swap = order;
		order = other;
		other = swap;
	}
	free(other);
	return order;
}

/* The keys are looked at often and in any order: they are put close together. */
uint32_t *order_of_keys(const void *first, size_t size, size_t n)
{
	int64_t *keys = memory_new(n, sizeof *keys);
	for (size_t i = 0; i < n; i++)
		memcpy(&keys[i], (const uint8_t *)first + i * size, sizeof *keys);
	uint32_t *order = sorted(keys, n);
	free(keys);
	return order;
}
