/* automaton.c - Aho-Corasick as a complete transition table over octet classes. Takes words, gives their occurrences. */
#include "why/automaton.h"

#include <assert.h>
#include <stdlib.h>

#include "base/banned.h"

struct state {
	uint32_t word;   /* number + 1 of the word that ends here, 0 none */
	uint32_t shorter; /* the next state, by suffixes, in which a word ends; 0 none */
	uint32_t fail;
};

struct automaton {
	struct map numbers;     /* word -> number + 1 */
	uint8_t class_of[256];  /* 0: in no word */
	unsigned classes;       /* with class 0 */
	struct state *states;
	uint32_t *next;         /* [state * classes + class] */
	uint32_t count;
};

struct automaton *automaton_new(void)
{
	return memory_new(1, sizeof(struct automaton));
}

uint32_t automaton_add(struct automaton *a, struct bytes word)
{
	assert(word.n > 0 && !a->states);
	size_t known = a->numbers.count;
	void **slot = map_put(&a->numbers, word);
	if (!*slot)
		*slot = (void *)(uintptr_t)(known + 1);
	return (uint32_t)((uintptr_t)*slot - 1);
}

size_t automaton_words(const struct automaton *a)
{
	return a->numbers.count;
}

struct bytes automaton_word(const struct automaton *a, uint32_t number)
{
	return a->numbers.entries[number].key;
}

static void classes_find(struct automaton *a)
{
	a->classes = 1;
	for (size_t w = 0; w < a->numbers.count; w++) {
		struct bytes word = a->numbers.entries[w].key;
		for (size_t i = 0; i < word.n; i++)
			if (!a->class_of[word.p[i]] && a->classes < 256)
				a->class_of[word.p[i]] = (uint8_t)a->classes++;
	}
}

/* The trie: a state for each prefix of a word. */
static void trie_grow(struct automaton *a)
{
	size_t most = 1;
	for (size_t w = 0; w < a->numbers.count; w++)
		most += a->numbers.entries[w].key.n;
	a->states = memory_new(most, sizeof *a->states);
	a->next = memory_new(most * a->classes, sizeof *a->next);
	a->count = 1;
	for (size_t w = 0; w < a->numbers.count; w++) {
		struct bytes word = a->numbers.entries[w].key;
		uint32_t at = 0;
		for (size_t i = 0; i < word.n; i++) {
			uint32_t *to = &a->next[(size_t)at * a->classes + a->class_of[word.p[i]]];
			if (!*to)
				*to = a->count++;
			at = *to;
		}
		a->states[at].word = (uint32_t)w + 1;
	}
}

/* Breadth first: a missing transition is the one of the longest proper suffix that is a prefix of some word. */
void automaton_build(struct automaton *a)
{
	classes_find(a);
	trie_grow(a);
	uint32_t *queue = memory_new(a->count, sizeof *queue);
	size_t head = 0, tail = 0;
	for (unsigned c = 0; c < a->classes; c++)
		if (a->next[c])
			queue[tail++] = a->next[c];
	while (head < tail) {
		uint32_t at = queue[head++], fail = a->states[at].fail;
		a->states[at].shorter = a->states[fail].word ? fail : a->states[fail].shorter;
		for (unsigned c = 0; c < a->classes; c++) {
			uint32_t *to = &a->next[(size_t)at * a->classes + c];
			uint32_t other = a->next[(size_t)fail * a->classes + c];
			if (*to) {
				a->states[*to].fail = other;
				queue[tail++] = *to;
			} else {
				*to = other;
			}
		}
	}
	free(queue);
}

void automaton_scan(const struct automaton *a, struct bytes text, void (*hit)(void *to, uint32_t number, size_t end), void *to)
{
	uint32_t at = 0;
	for (size_t i = 0; i < text.n; i++) {
		at = a->next[(size_t)at * a->classes + a->class_of[text.p[i]]];
		for (uint32_t s = at; s; s = a->states[s].shorter)
			if (a->states[s].word)
				hit(to, a->states[s].word - 1, i + 1);
	}
}

void automaton_free(struct automaton *a)
{
	if (!a)
		return;
	map_free(&a->numbers);
	free(a->states);
	free(a->next);
	free(a);
}
