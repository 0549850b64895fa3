/* arena.c - zeroed memory dropped as a whole. Takes sizes, gives memory; the one place that meets "out of memory". */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 512, LARGEST_BLOCK = 64 * 1024, ALIGNMENT = 16 };

struct arena_block {
	struct arena_block *older;
	size_t size;
	alignas(ALIGNMENT) uint8_t bytes[];
};

static _Noreturn void out_of_memory(void)
{
	fputs("smtpwhy: out of memory; nothing was written. Give it fewer captures at a time, or a lower --memory\n", stderr);
	exit(4);
}

static size_t product(size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX / 2)
		out_of_memory();
	return total;
}

static void arena_grow(struct arena *a, size_t need)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < need)
		size = need;
	struct arena_block *block = malloc(sizeof *block + size);
	if (!block)
		out_of_memory();
	block->older = a->blocks;
	block->size = size;
	a->blocks = block;
	a->at = block->bytes;
	a->end = block->bytes + size;
	a->size += sizeof *block + size;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
	size_t need = (product(count, size) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (need == 0)
		need = ALIGNMENT;
	if ((size_t)(a->end - a->at) < need)
		arena_grow(a, need);
	void *p = a->at;
	a->at += need;
	return memset(p, 0, need);
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	if (b.n == 0)
		return (struct bytes){ 0 };
	uint8_t *p = arena_alloc(a, b.n, 1);
	memcpy(p, b.p, b.n);
	return (struct bytes){ p, b.n };
}

void arena_drop(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *older = a->blocks->older;
		free(a->blocks);
		a->blocks = older;
	}
	*a = (struct arena){ 0 };
}

void *memory_new(size_t count, size_t size)
{
	size_t total = product(count, size);
	void *p = calloc(1, total ? total : 1);
	if (!p)
		out_of_memory();
	return p;
}

void *memory_grow(void *old, size_t count, size_t size)
{
	size_t total = product(count, size);
	void *p = realloc(old, total ? total : 1);
	if (!p)
		out_of_memory();
	return p;
}
