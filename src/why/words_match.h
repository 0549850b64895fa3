/* words_match - phrases in one text.
 * In:    a table that is built, and a folded text.
 * Out:   whether and where a phrase stands.
 * Keeps: the words of the text by where they begin; at most HITS_MOST, the rest of a longer text is not looked at.
 * Never: fails; searches without bound (a phrase has TRIES_MOST tries).
 * Lives: on the caller's stack; holds views of the table and the text. */
#ifndef SMTPWHY_WHY_WORDS_MATCH_H
#define SMTPWHY_WHY_WORDS_MATCH_H

#include "why/fold.h"
#include "why/words_reader.h"

enum { HITS_MOST = 2048, REACH = 80, TRIES_MOST = 400 }; /* REACH: octets between two fragments of a phrase */

struct hit {
	uint32_t word;
	uint16_t start, end;
	uint16_t next; /* hit + 1 that begins at the same octet; 0 none */
};

struct hits {
	const struct words_table *table;
	struct bytes text;
	size_t n;
	struct hit all[HITS_MOST];
	uint16_t at[FOLD_MOST + 1]; /* hit + 1 that begins at this octet */
	uint8_t words[WORDS_TOTAL / 8 + 1]; /* bits: the words there are */
};

static inline bool hits_word(const struct hits *h, uint32_t word)
{
	return h->words[word / 8] >> word % 8 & 1;
}

bool hits_may_have(const struct hits *, const struct phrase *); /* each step has a word in the text: cheap, and mostly false */
void hits_find(struct hits *, const struct words_table *, struct bytes text);
size_t hits_phrase(const struct hits *, const struct phrase *, uint32_t step, size_t hit); /* the phrase's step at this hit: where the phrase ends; 0 not there */
bool hits_anywhere(const struct hits *, const struct phrase *);

#endif
