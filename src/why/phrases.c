/* phrases.c - takes a text and phrases, says whether one stands in it. Most do not, and one or two of their triples of letters tell. */
#include "why/phrases.h"

#include "base/arena.h"

#include "base/banned.h"

void phrases_of(struct phrases *p, struct bytes text)
{
	p->text = text;
	arena_zeroed(p->triples, sizeof p->triples);
	unsigned a = text.n > 2 ? LETTER(text.p[0]) : 0, b = text.n > 2 ? LETTER(text.p[1]) : 0;
	for (size_t i = 2; i < text.n; i++) {
		unsigned c = LETTER(text.p[i]);
		p->triples[b] |= (uint64_t)1 << TRIPLE_BIT(a, c);
		a = b;
		b = c;
	}
}

static inline bool has_triple(const struct phrases *p, const uint8_t *at)
{
	return p->triples[TRIPLE_ROW(at[1])] >> TRIPLE_BIT(at[0], at[2]) & 1;
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
