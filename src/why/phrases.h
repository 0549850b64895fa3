/* phrases - one text that is asked for many phrases.
 * In:    the text, once; then phrases of ours, a list at a time. ASCII case ignored.
 * Out:   whether one of them stands in the text.
 * Never: misses one: what three letters in a row cannot exclude is searched for.
 * Lives: a view of the text. */
#ifndef SMTPWHY_WHY_PHRASES_H
#define SMTPWHY_WHY_PHRASES_H

#include "base/bytes.h"

/* A triple's place: ten bits of its three letters. Letters of either case have the same, and so do others: what stands in a text by its triples
 * is told apart by the search. */
enum { PHRASE_LETTERS = 32, PHRASE_TRIPLES = PHRASE_LETTERS * PHRASE_LETTERS };
#define TRIPLE(a, b, c) (((unsigned)(b) + 3 * (unsigned)(c)) % PHRASE_LETTERS + (unsigned)(a) % PHRASE_LETTERS * PHRASE_LETTERS)

struct phrases {
	struct bytes text;
	bool triples[PHRASE_TRIPLES]; /* which three neighbours stand in it */
};

struct told { /* a phrase of ours; most texts lack its last three letters already, or else its first */
	struct bytes words;
	uint16_t first, last; /* triples */
};

#define TOLD_OCTET(string, at) (string)[sizeof(string) > 3 ? (at) : 0]
#define TOLD_TRIPLE(string, at) (uint16_t)TRIPLE(TOLD_OCTET(string, at), TOLD_OCTET(string, (at) + 1), TOLD_OCTET(string, (at) + 2))
#define TOLD(string) /* of three letters or more; of none, which ends a list */ \
	{ { (const uint8_t *)(string), sizeof(string) - 1 }, TOLD_TRIPLE(string, 0), TOLD_TRIPLE(string, sizeof(string) - 4) }

void phrases_of(struct phrases *, struct bytes text);

static inline bool phrases_tell(const struct phrases *p, const struct told *wanted)
{
	return p->triples[wanted->last] && p->triples[wanted->first] && bytes_find(p->text, wanted->words) != BYTES_NONE;
}

bool phrases_say(const struct phrases *, const struct told *wanted); /* one of them, ended by TOLD("") */

#endif
