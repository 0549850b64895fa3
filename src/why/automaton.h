/* automaton - many words found in one pass over a text (Aho and Corasick, 1975).
 * In:    words, then texts.
 * Out:   each occurrence of each word, by the octet after its end; overlapping and nested ones too.
 * Keeps: a state a prefix of a word.
 * Never: fails; looks at case or word boundaries.
 * Lives: until automaton_free; read-only after automaton_build (once, after the last word), so that several threads may scan. */
#ifndef SMTPWHY_WHY_AUTOMATON_H
#define SMTPWHY_WHY_AUTOMATON_H

#include "base/map.h"

struct automaton;
struct automaton *automaton_new(void);
uint32_t automaton_add(struct automaton *, struct bytes word); /* its number, 0..; the same for the same word; not empty */
size_t automaton_words(const struct automaton *);
struct bytes automaton_word(const struct automaton *, uint32_t number);
void automaton_build(struct automaton *);
void automaton_scan(const struct automaton *, struct bytes text, void (*hit)(void *to, uint32_t number, size_t end), void *to);
void automaton_free(struct automaton *);

#endif
