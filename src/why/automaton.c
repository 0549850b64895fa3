/* automaton.c - Aho-Corasick over a trie of child lists. Takes words, gives their occurrences.
 * A complete transition table would be read faster, but with words of many scripts it has tens of megabytes and costs more to build
 * than a run's texts cost to scan. Only the root, where most scans begin anew, has a row of its own. */
#include "why/automaton.h"

#include <assert.h>
#include <stdlib.h>

#include "base/banned.h"

struct state {
	uint32_t word;    /* number + 1 of the word that ends here, 0 none */
	uint32_t shorter; /* the next state, by suffixes, in which a word ends; 0 none */
	uint32_t fail;    /* the longest proper suffix that begins a word */
	uint32_t child, sibling; /* 0 none: the root is nobody's child */
	uint8_t octet;    /* that leads here */
};

struct automaton {
	struct map numbers; /* word -> number + 1 */
	struct state *states;
	uint32_t count;
	uint32_t root[256];
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

static uint32_t child_find(const struct automaton *a, uint32_t at, uint8_t octet)
{
	if (at == 0)
		return a->root[octet];
	for (uint32_t child = a->states[at].child; child; child = a->states[child].sibling)
		if (a->states[child].octet == octet)
			return child;
	return 0;
}

static uint32_t child_add(struct automaton *a, uint32_t at, uint8_t octet)
{
	uint32_t child = a->count++;
	a->states[child] = (struct state){ .octet = octet, .sibling = a->states[at].child };
	a->states[at].child = child;
	if (at == 0)
		a->root[octet] = child;
	return child;
}

/* The trie: a state for each prefix of a word. */
static void trie_grow(struct automaton *a)
{
	size_t most = 1;
	for (size_t w = 0; w < a->numbers.count; w++)
		most += a->numbers.entries[w].key.n;
	a->states = memory_new(most, sizeof *a->states);
	a->count = 1;
	for (size_t w = 0; w < a->numbers.count; w++) {
		struct bytes word = a->numbers.entries[w].key;
		uint32_t at = 0;
		for (size_t i = 0; i < word.n; i++) {
			uint32_t child = child_find(a, at, word.p[i]);
			at = child ? child : child_add(a, at, word.p[i]);
		}
		a->states[at].word = (uint32_t)w + 1;
	}
}

static uint32_t step(const struct automaton *a, uint32_t at, uint8_t octet)
{
	for (;;) {
		uint32_t child = child_find(a, at, octet);
		if (child || at == 0)
			return child;
		at = a->states[at].fail;
	}
}

/* Breadth first, so that a state's suffixes are done before it. */
void automaton_build(struct automaton *a)
{
	trie_grow(a);
	uint32_t *queue = memory_new(a->count, sizeof *queue);
	size_t head = 0, tail = 0;
	queue[tail++] = 0;
	while (head < tail) {
		uint32_t at = queue[head++];
		for (uint32_t child = a->states[at].child; child; child = a->states[child].sibling) {
			struct state *s = &a->states[child];
			s->fail = at ? step(a, a->states[at].fail, s->octet) : 0;
			s->shorter = a->states[s->fail].word ? s->fail : a->states[s->fail].shorter;
			queue[tail++] = child;
		}
	}
	free(queue);
}

void automaton_scan(const struct automaton *a, struct bytes text, void (*hit)(void *to, uint32_t number, size_t end), void *to)
{
	uint32_t at = 0;
	if (!a->states)
		return;
	for (size_t i = 0; i < text.n; i++) {
		at = step(a, at, text.p[i]);
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
	free(a);
}
