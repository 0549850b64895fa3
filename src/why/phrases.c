/* phrases.c - takes a text and phrases, says whether one stands in it. Most do not, and two of their triples of letters tell. */
#include "why/phrases.h"

#include "base/arena.h"

#include "base/banned.h"

enum { AT_ONCE = 16 }; /* triples */
typedef uint8_t octets __attribute__((vector_size(AT_ONCE)));
typedef uint16_t places __attribute__((vector_size(2 * AT_ONCE)));

/* The triples of 18 octets. */
static inline void note_triples(struct phrases *p, const uint8_t *text)
{
	octets a, b, c;
	memcpy(&a, text, sizeof a);
	memcpy(&b, text + 1, sizeof b);
	memcpy(&c, text + 2, sizeof c);
	places at = __builtin_convertvector((b + 3 * c) % PHRASE_LETTERS, places) + __builtin_convertvector(a % PHRASE_LETTERS, places) * PHRASE_LETTERS;
	uint16_t each[AT_ONCE];
	memcpy(each, &at, sizeof each);
#pragma GCC unroll 16
	for (size_t i = 0; i < AT_ONCE; i++)
		p->triples[each[i]] = true;
}

/* The last group overlaps the one before it; that of a short text has triples of NULs too, which exclude nothing. */
void phrases_of(struct phrases *p, struct bytes text)
{
	uint8_t few[AT_ONCE + 2] = { 0 };
	p->text = text;
	arena_zeroed(p->triples, sizeof p->triples);
	if (text.n < sizeof few) {
		if (text.n)
			memcpy(few, text.p, text.n);
		note_triples(p, few);
		return;
	}
	size_t last = text.n - sizeof few;
	for (size_t i = 0; i < last; i += AT_ONCE)
		note_triples(p, text.p + i);
	note_triples(p, text.p + last);
}

bool phrases_say(const struct phrases *p, const struct told *wanted)
{
	for (; wanted->words.n; wanted++)
		if (phrases_tell(p, wanted))
			return true;
	return false;
}
