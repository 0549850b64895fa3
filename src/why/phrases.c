/* phrases.c - takes a text and phrases, says whether one stands in it. Most do not, and one or two of their triples of letters tell. */
#include "why/phrases.h"

#include "base/arena.h"

#include "base/banned.h"

void phrases_of(struct phrases *p, struct bytes text)
{
	p->text = text;
	arena_zeroed(p->triples, sizeof p->triples);
	unsigned triple = text.n > 2 ? TRIPLE(0, text.p[0], text.p[1]) : 0;
	for (size_t i = 2; i < text.n; i++) {
		triple = (triple | text.p[i]) << 8;
		unsigned hash = TRIPLE_HASH(triple);
		p->triples[hash / 64] |= (uint64_t)1 << hash % 64;
	}
}

static inline bool has_triple(const struct phrases *p, const uint8_t *at)
{
	unsigned hash = TRIPLE_HASH(TRIPLE(at[0], at[1], at[2]));
	return p->triples[hash / 64] >> hash % 64 & 1;
}

static bool may_hold(const struct phrases *p, const char *phrase)
{
	for (; phrase[0] && phrase[1] && phrase[2]; phrase++)
		if (!has_triple(p, (const uint8_t *)phrase))
			return false;
	return true;
}

bool phrases_say(const struct phrases *p, const char *const *wanted)
{
	for (; *wanted; wanted++)
		if (may_hold(p, *wanted) && bytes_find(p->text, bytes_of(*wanted)) != BYTES_NONE)
			return true;
	return false;
}

bool phrases_have(const struct phrases *p, struct bytes wanted)
{
	for (size_t i = wanted.n; i > 2; i--)
		if (!has_triple(p, wanted.p + i - 3))
			return false;
	return bytes_find(p->text, wanted) != BYTES_NONE;
}
