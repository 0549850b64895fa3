/* phrases.c - takes a text and phrases, says whether one stands in it. Most do not, and one or two of their triples of letters tell. */
#include "why/phrases.h"

#include "base/banned.h"

enum { TRIPLE = 3 };

void phrases_of(struct phrases *p, struct bytes text)
{
	p->text = text;
	memset(p->triples, 0, sizeof p->triples);
	for (size_t i = TRIPLE - 1; i < text.n; i++) {
		unsigned hash = TRIPLE_HASH(text.p[i - 2], text.p[i - 1], text.p[i]);
		p->triples[hash / 64] |= (uint64_t)1 << hash % 64;
	}
}

static inline bool has_triple(const struct phrases *p, const uint8_t *at)
{
	unsigned hash = TRIPLE_HASH(at[0], at[1], at[2]);
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
	for (size_t i = wanted.n; i >= TRIPLE; i--)
		if (!has_triple(p, wanted.p + i - TRIPLE))
			return false;
	return bytes_find(p->text, wanted) != BYTES_NONE;
}
