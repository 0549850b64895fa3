/* phrases - one text that is asked for many phrases.
 * In:    the text, once; then phrases of ours, a list at a time. ASCII case ignored.
 * Out:   whether one of them stands in the text.
 * Never: misses one: what three letters in a row cannot exclude is searched for.
 * Lives: a view of the text. */
#ifndef SMTPWHY_WHY_PHRASES_H
#define SMTPWHY_WHY_PHRASES_H

#include "base/bytes.h"

enum { TRIPLES = 4096 };

struct phrases {
	struct bytes text;
	uint64_t triples[TRIPLES / 64]; /* bits: which three neighbours stand in it, by their hash */
};

/* Letters of either case give the same; what else does is told apart by the search. */
#define TRIPLE(a, b, c) ((unsigned)(a) << 24 | (unsigned)(b) << 16 | (unsigned)(c) << 8)
#define TRIPLE_HASH(triple) (((triple) | 0x20202000u) * 0x9e3779b1u >> 20)
_Static_assert(TRIPLES == 1 << (32 - 20), "the hash has as many values");

struct told { /* a phrase that is asked for often: most texts lack its last three letters already */
	struct bytes words;
	unsigned end; /* their hash */
};

#define TOLD_OCTET(string, back) (string)[sizeof(string) > (back) ? sizeof(string) - (back) : 0]
#define TOLD(string) /* of three letters or more; or of none, which is never asked for */ \
	{ { (const uint8_t *)(string), sizeof(string) - 1 }, TRIPLE_HASH(TRIPLE(TOLD_OCTET(string, 4), TOLD_OCTET(string, 3), TOLD_OCTET(string, 2))) }

void phrases_of(struct phrases *, struct bytes text);
bool phrases_say(const struct phrases *, const char *const *wanted); /* one of them, ended by NULL */
bool phrases_have(const struct phrases *, struct bytes wanted);

static inline bool phrases_tell(const struct phrases *p, const struct told *wanted)
{
	return p->triples[wanted->end / 64] >> wanted->end % 64 & 1 && phrases_have(p, wanted->words);
}

#endif
