/* arena.c - zeroed memory dropped as a whole. Takes sizes, gives memory; the one place that meets "out of memory". */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BLOCK = 1024, POOL_MOST = 1024, SMALL = 8 * 1024, LARGEST_BLOCK = 64 * 1024, AT_HAND = 1032 };

struct arena_block {
	struct arena_block *older;
	size_t size;
	alignas(ARENA_ALIGNMENT) uint8_t bytes[];
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

/* Blocks of 1 KiB until there are some, since most arenas stay small and malloc keeps such blocks at hand; then they double. */
static size_t block_size(const struct arena *a)
{
	if (a->size < SMALL)
		return BLOCK;
	return a->size < LARGEST_BLOCK ? a->size : LARGEST_BLOCK;
}

static struct arena_block *block_take(struct arena_pool *pool, size_t size)
{
	struct arena_block *block = pool && size == BLOCK ? pool->spare : NULL;
	if (block) {
		pool->spare = block->older;
		pool->n--;
		return block;
	}
	block = malloc(size);
	if (!block)
		out_of_memory();
	block->size = size;
	return block;
}

static void block_give(struct arena_pool *pool, struct arena_block *block)
{
	if (!pool || block->size != BLOCK || pool->n == POOL_MOST) {
		free(block);
		return;
	}
	block->older = pool->spare;
	pool->spare = block;
	pool->n++;
}

static void arena_grow(struct arena *a, size_t need)
{
	size_t size = block_size(a);
	if (size < sizeof(struct arena_block) + need)
		size = sizeof(struct arena_block) + need;
	struct arena_block *block = block_take(a->pool, size);
	block->older = a->blocks;
	a->blocks = block;
	a->at = block->bytes;
	a->end = (uint8_t *)block + size;
	a->size += size;
}

void *arena_zeroed(void *p, size_t n)
{
	return memset(p, 0, n);
}

void *arena_alloc_more(struct arena *a, size_t count, size_t size)
{
	size_t need = product(count, size);
	if (need == 0)
		return arena_alloc(a, 1, 1);
	arena_grow(a, need);
	return arena_alloc(a, 1, need);
}

uint8_t *arena_octets(struct arena *a, size_t n)
{
	if ((size_t)(a->end - a->at) < n)
		arena_grow(a, n);
	uint8_t *p = a->at;
	a->at += n;
	return p;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	if (b.n == 0)
		return (struct bytes){ 0 };
	return (struct bytes){ memcpy(arena_octets(a, b.n), b.p, b.n), b.n };
}

void arena_drop(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *older = a->blocks->older;
		block_give(a->pool, a->blocks);
		a->blocks = older;
	}
	*a = (struct arena){ .pool = a->pool };
}

/* A long arena is not for the caches: nothing of its large blocks. */
void arena_fetch(const struct arena *a, unsigned n)
{
	const struct arena_block *block = a->blocks;
	for (; block && n; n--)
		block = block->older;
	for (size_t at = 0; block && at < BLOCK; at += CACHE_LINE)
		__builtin_prefetch((const uint8_t *)block + at);
}

void arena_pool_drop(struct arena_pool *pool)
{
	for (struct arena_block *older; pool->spare; pool->spare = older) {
		older = pool->spare->older;
		free(pool->spare);
	}
	pool->n = 0;
}

/* A function of its own, never inlined: a compiler that sees malloc and memset together makes calloc of them. */
__attribute__((noinline)) static void *take(size_t size)
{
	void *p = malloc(size);
	if (!p)
		out_of_memory();
	return p;
}

/* The calloc of the GNU C library (before 2.41) passes by the small blocks that malloc keeps at hand for each thread, which then fill
 * up with what is freed, so that each free goes the long way as well. */
void *memory_new(size_t count, size_t size)
{
	size_t total = product(count, size);
	if (total > 0 && total <= AT_HAND)
		return memset(take(total), 0, total);
	void *p = calloc(1, total ? total : 1);
	if (!p)
		out_of_memory();
	return p;
}

void *memory_aligned(size_t alignment, size_t size)
{
	void *p = aligned_alloc(alignment, size);
	if (!p)
		out_of_memory();
	return p;
}

void *memory_large(size_t size)
{
	void *p = memory_aligned(MEMORY_LARGE, size);
#ifdef MADV_HUGEPAGE
	(void)madvise(p, size, MADV_HUGEPAGE); /* where it cannot, nothing is lost but time */
#endif
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
