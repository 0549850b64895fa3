/* phrases - one text that is asked for many phrases.
 * In:    the text, once; then phrases of ours, a list at a time. ASCII case ignored.
 * Out:   whether one of them stands in the text.
 * Never: misses one: what three letters in a row cannot exclude is searched for.
 * Lives: a view of the text. */
#ifndef SMTPWHY_WHY_PHRASES_H
#define SMTPWHY_WHY_PHRASES_H

#include "base/bytes.h"

/* A triple's place: a row by its middle letter, in it a bit by the two others. Letters of either case have the same; what else does is told apart by
 * the search. */
enum { PHRASE_ROWS = 32, PHRASE_BITS = 64 };
#define LETTER(octet) ((unsigned)(octet) % PHRASE_ROWS)
#define TRIPLE_ROW(b) LETTER(b)
#define TRIPLE_BIT(a, c) ((LETTER(a) + 2 * LETTER(c)) % PHRASE_BITS)

struct phrases {
	struct bytes text;
	uint64_t triples[PHRASE_ROWS]; /* bits: which three neighbours stand in it */
};

struct told { /* a phrase that is asked for often: most texts lack its last three letters already */
	struct bytes words;
	uint8_t row, bit; /* of these */
};

#define TOLD_OCTET(string, back) (string)[sizeof(string) > (back) ? sizeof(string) - (back) : 0]
#define TOLD(string) /* of three letters or more; or of none, which is never asked for */ \
	{ { (const uint8_t *)(string), sizeof(string) - 1 }, TRIPLE_ROW(TOLD_OCTET(string, 3)), TRIPLE_BIT(TOLD_OCTET(string, 4), TOLD_OCTET(string, 2)) }

void phrases_of(struct phrases *, struct bytes text);
bool phrases_say(const struct phrases *, const char *const *wanted); /* one of them, ended by NULL */
bool phrases_have(const struct phrases *, struct bytes wanted);

static inline bool phrases_tell(const struct phrases *p, const struct told *wanted)
{
	return p->triples[wanted->row] >> wanted->bit & 1 && phrases_have(p, wanted->words);
}

#endif
