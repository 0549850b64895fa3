/* arena - zeroed memory that is dropped as a whole.
 * In:    sizes.
 * Out:   zeroed, 16-byte aligned memory, never NULL.
 * Keeps: blocks of 1 to 64 KiB, so that a small session stays small; a pool, POOL_MOST blocks.
 * Never: frees a single allocation. When the system has no memory left it says so on stderr and exits with status 4.
 * Lives: until arena_drop (everything goes, the arena can be used again; it keeps its pool). */
#ifndef SMTPWHY_BASE_ARENA_H
#define SMTPWHY_BASE_ARENA_H

#include "base/bytes.h"

enum { ARENA_ALIGNMENT = 16, CACHE_LINE = 64 };
struct arena_block;
/* Blocks of 1 KiB that some arenas of one thread give back and take again, the last one first: it is still in the caches. It outlives them. */
struct arena_pool { /* zeroed storage is an empty pool */
	struct arena_block *spare;
	size_t n;
};
void arena_pool_drop(struct arena_pool *);

struct arena {
	struct arena_block *blocks; /* the newest first */
	struct arena_pool *pool;    /* NULL: none */
	uint8_t *at, *end;          /* the free part of the newest */
	size_t size;                /* bytes held from the system, for caps */
};

static inline void *arena_alloc(struct arena *, size_t count, size_t size); /* count * size is checked for overflow */
struct bytes arena_copy(struct arena *, struct bytes);
uint8_t *arena_octets(struct arena *, size_t); /* more than none; neither zeroed nor aligned */
void arena_drop(struct arena *);
void arena_fetch(const struct arena *, unsigned block); /* that one, 0 the newest, into the caches; those before it are there */

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), (count), sizeof(type)))

void *arena_alloc_more(struct arena *, size_t count, size_t size); /* arena_alloc, where the newest block has no room for it */
void *arena_zeroed(void *, size_t); /* memset, always called: for more than some octets compilers repeat an instruction that starts slowly */

static inline void *arena_alloc(struct arena *a, size_t count, size_t size)
{
	size_t need, gap = -(uintptr_t)a->at & (ARENA_ALIGNMENT - 1); /* behind octets of any number */
	if (__builtin_mul_overflow(count, size, &need) || need == 0 || (size_t)(a->end - a->at) < gap || (size_t)(a->end - a->at) - gap < need)
		return arena_alloc_more(a, count, size);
	void *p = a->at + gap;
	a->at += gap + need;
	enum { FEW = 64 };
	return __builtin_constant_p(need) && need <= FEW ? memset(p, 0, need) : arena_zeroed(p, need);
}

/* Heap memory for things with a life of their own: zeroed or grown, never NULL, as above. */
void *memory_new(size_t count, size_t size);
void *memory_aligned(size_t alignment, size_t size); /* not zeroed; the size is a multiple of the alignment */
/* For things that are many and looked up in any order, not zeroed: in large pages, which take fewer faults and fewer steps to find, where the
 * system has them. */
enum { MEMORY_LARGE = 2 * 1024 * 1024 };
void *memory_large(size_t size); /* a multiple of MEMORY_LARGE; free() it */
void *memory_grow(void *old, size_t count, size_t size); /* realloc; new bytes are not zeroed */

/* Room for one more in an array of n with room for so many. */
#define MEMORY_ROOM(pointer, n, room)                                                            \
	do {                                                                                     \
		if ((n) == (room)) {                                                             \
			(room) = (room) ? 2 * (room) : 64;                                       \
			(pointer) = memory_grow((pointer), (room), sizeof *(pointer));           \
		}                                                                                \
	} while (0)

#endif
