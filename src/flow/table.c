/* table.c - open addressing over 8-byte slots, entries in slabs, queues by index; never moves an entry. */
#include "flow/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { SLAB = 32 * 1024, FIRST_SLOTS = 1024, NO_QUEUE = 7 }; /* SLAB: of entries; what is not touched takes no memory */
_Static_assert(SLAB * sizeof(struct entry) % MEMORY_LARGE == 0, "slabs fill large pages");

static struct entry *at(const struct table *t, uint32_t index)
{
	return &t->slabs[index / SLAB][index % SLAB];
}

void table_init(struct table *t)
{
	*t = (struct table){ .mask = FIRST_SLOTS - 1 };
	t->slots = memory_new(FIRST_SLOTS, sizeof *t->slots);
}

/* ---- keys ---- */

static uint64_t hash_end(const struct endpoint *end)
{
	uint64_t high, low;
	memcpy(&high, end->address.octets, 8);
	memcpy(&low, end->address.octets + 8, 8);
	high ^= end->port;
	unsigned __int128 product = (unsigned __int128)(high ^ UINT64_C(0x9e3779b97f4a7c15)) * (low ^ UINT64_C(0xd6e8feb86659fd93));
	return ((uint64_t)product ^ (uint64_t)(product >> 64)) + high + (low << 32 | low >> 32); /* a factor of 0 would hide the other */
}

uint32_t table_hash(const struct packet *p)
{
	uint64_t h = (hash_end(&p->from) + hash_end(&p->to)) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)((h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

static bool same_address(const struct address *a, const struct address *b)
{
	uint64_t x[2], y[2];
	memcpy(x, a->octets, sizeof x);
	memcpy(y, b->octets, sizeof y);
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]));
}

static bool are_ends(const struct endpoint *a, const struct endpoint *b, const struct packet *p)
{
	return a->port == p->from.port && b->port == p->to.port && same_address(&a->address, &p->from.address) && same_address(&b->address, &p->to.address);
}

struct entry *table_find(struct table *t, const struct packet *p, uint32_t hash, unsigned *side)
{
	const struct slot *slots = t->slots;
	for (uint32_t i = hash & t->mask; slots[i].index; i = (i + 1) & t->mask) {
		if (slots[i].hash != hash)
			continue;
		struct entry *e = at(t, slots[i].index - 1);
		*side = FROM_CLIENT;
		if (are_ends(&e->ends[0], &e->ends[1], p))
			return e;
		*side = FROM_SERVER;
		if (are_ends(&e->ends[1], &e->ends[0], p))
			return e;
	}
	return NULL;
}

/* ---- slots ---- */

static void slot_put(struct table *t, struct slot slot)
{
	uint32_t i = slot.hash & t->mask;
	while (t->slots[i].index)
		i = (i + 1) & t->mask;
	t->slots[i] = slot;
}

static struct slot *slots_new(uint32_t n)
{
	size_t size = (size_t)n * sizeof(struct slot);
	return size % MEMORY_LARGE ? memory_new(n, sizeof(struct slot)) : memset(memory_large(size), 0, size);
}

static void slots_grow(struct table *t)
{
	struct slot *old = t->slots;
	uint32_t n = t->mask + 1;
	t->mask = n * 2 - 1;
	t->slots = slots_new(n * 2);
	for (uint32_t i = 0; i < n; i++)
		if (old[i].index)
			slot_put(t, old[i]);
	free(old);
}

/* What follows moves back, so that no probe meets a false end (Knuth 6.4, algorithm R). */
static void slot_remove(struct table *t, const struct entry *e)
{
	uint32_t hole = e->hash & t->mask;
	while (t->slots[hole].index != e->self + 1)
		hole = (hole + 1) & t->mask;
	for (uint32_t i = (hole + 1) & t->mask; t->slots[i].index; i = (i + 1) & t->mask) {
		uint32_t home = t->slots[i].hash & t->mask;
		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = (struct slot){ 0 };
}

/* ---- entries ---- */

static uint32_t take_vacant(struct table *t)
{
	if (t->vacant) {
		uint32_t index = t->vacant - 1;
		t->vacant = at(t, index)->newer;
		return index;
	}
	if (t->used == t->nslabs * SLAB) {
		t->slabs = memory_grow(t->slabs, t->nslabs + 1, sizeof *t->slabs);
		size_t size = SLAB * sizeof **t->slabs;
		t->slabs[t->nslabs] = t->nslabs ? memory_large(size) : memory_aligned(alignof(struct entry), size);
		t->nslabs++;
	}
	return t->used++;
}

struct entry *table_add(struct table *t, uint32_t hash)
{
	if ((uint64_t)t->live * 4 >= (uint64_t)t->mask * 3)
		slots_grow(t);
	uint32_t index = take_vacant(t);
	struct entry *e = at(t, index);
	*e = (struct entry){ .hash = hash, .self = index, .queue = NO_QUEUE };
	slot_put(t, (struct slot){ hash, index + 1 });
	t->live++;
	return e;
}

static void unqueue(struct table *t, struct entry *e)
{
	if (e->queue == NO_QUEUE)
		return;
	unsigned list = table_list(e->queue, table_ward(e->hash));
	*(e->older ? &at(t, e->older - 1)->newer : &t->oldest[list]) = e->newer;
	*(e->newer ? &at(t, e->newer - 1)->older : &t->newest[list]) = e->older;
	t->queued[list]--;
	e->queue = NO_QUEUE;
}

void table_queue(struct table *t, struct entry *e, unsigned queue, int64_t time)
{
	unsigned list = table_list(queue, table_ward(e->hash));
	unqueue(t, e);
	e->queue = queue & 7;
	e->queued = time;
	e->newer = 0;
	e->older = t->newest[list];
	*(e->older ? &at(t, e->older - 1)->newer : &t->oldest[list]) = e->self + 1;
	t->newest[list] = e->self + 1;
	t->queued[list]++;
}

struct entry *table_oldest(struct table *t, unsigned list)
{
	return t->oldest[list] ? at(t, t->oldest[list] - 1) : NULL;
}

struct entry *table_newest(struct table *t, unsigned list)
{
	return t->newest[list] ? at(t, t->newest[list] - 1) : NULL;
}

struct entry *table_after(struct table *t, const struct entry *e)
{
	return e->newer ? at(t, e->newer - 1) : NULL;
}

struct entry *table_each(const struct table *t, uint32_t *at_index)
{
	while (*at_index < t->used) {
		struct entry *e = at(t, (*at_index)++);
		if (e->queue != NO_QUEUE)
			return e;
	}
	return NULL;
}

void table_remove(struct table *t, struct entry *e)
{
	unqueue(t, e);
	slot_remove(t, e);
	e->newer = t->vacant;
	t->vacant = e->self + 1;
	t->live--;
}

void table_free(struct table *t)
{
	for (uint32_t i = 0; i < t->nslabs; i++)
		free(t->slabs[i]);
	free(t->slabs);
	free(t->slots);
	*t = (struct table){ 0 };
}
