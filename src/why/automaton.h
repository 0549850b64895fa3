/* automaton - many words found in one pass over a text (Aho and Corasick, 1975).
 * In:    words, then texts.
 * Out:   each occurrence of each word, by the octet after its end; overlapping and nested ones too.
 * Keeps: a state a prefix of a word.
 * Never: fails; looks at case or word boundaries.
 * Lives: the automaton is a view of its draft, or of constants; read-only, so that several threads may scan. */
#ifndef SMTPWHY_WHY_AUTOMATON_H
#define SMTPWHY_WHY_AUTOMATON_H

#include "base/bytes.h"

struct automaton_state {
	uint32_t word;     /* number + 1 of the word that ends here, 0 none */
	uint32_t shorter;  /* the next state, by suffixes, in which a word ends; 0 none */
	uint32_t fail;     /* the longest proper suffix that begins a word */
	uint32_t children; /* the first one; the root is nobody's child */
	uint32_t n;        /* of them */
};

struct automaton {
	const struct automaton_state *states;
	const uint8_t *octets;  /* that lead to each state */
	const uint32_t *root;   /* the state behind each first octet */
	uint32_t count, words;  /* states, words */
};

struct automaton_draft; /* words, as they are added */
struct automaton_draft *automaton_draft_new(void);
uint32_t automaton_add(struct automaton_draft *, struct bytes word); /* its number, 0..; the same for the same word; not empty */
size_t automaton_words(const struct automaton_draft *);
struct bytes automaton_word(const struct automaton_draft *, uint32_t number);
struct automaton automaton_build(struct automaton_draft *); /* once, after the last word */
void automaton_draft_free(struct automaton_draft *);

void automaton_scan(const struct automaton *, struct bytes text, void (*hit)(void *to, uint32_t number, size_t end), void *to);

#endif
