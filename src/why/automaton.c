/* automaton.c - Aho-Corasick over a trie. Takes words, gives their occurrences.
 * A complete transition table would be read faster, but with words of many scripts it has tens of megabytes and costs more to build
 * than a run's texts cost to scan. So states are numbered breadth first: the children of one stand together, and the octets that lead to
 * them are a string to look in. The root, where most scans begin anew, has a row of its own. */
#include "why/automaton.h"

#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

#include "base/banned.h"

struct automaton_draft {
	struct map numbers; /* word -> number + 1 */
	struct automaton_state *states;
	uint8_t *octets;
	uint32_t root[256];
};

struct node { /* of the trie, as it grows */
	uint32_t word, child, sibling; /* 0 none */
	uint8_t octet;
};

struct automaton_draft *automaton_draft_new(void)
{
	return memory_new(1, sizeof(struct automaton_draft));
}

uint32_t automaton_add(struct automaton_draft *a, struct bytes word)
{
	assert(word.n > 0 && !a->states);
	size_t known = a->numbers.count;
	void **slot = map_put(&a->numbers, word);
	if (!*slot)
		*slot = (void *)(uintptr_t)(known + 1);
	return (uint32_t)((uintptr_t)*slot - 1);
}

size_t automaton_words(const struct automaton_draft *a)
{
	return a->numbers.count;
}

struct bytes automaton_word(const struct automaton_draft *a, uint32_t number)
{
	return a->numbers.entries[number]->key;
}

static uint32_t node_child(struct node *nodes, uint32_t at, uint8_t octet, uint32_t *count)
{
	uint32_t *link = &nodes[at].child;
	while (*link && nodes[*link].octet != octet)
		link = &nodes[*link].sibling;
	if (*link == 0) {
		nodes[*count] = (struct node){ .octet = octet };
		*link = (*count)++;
	}
	return *link;
}

/* The trie: a node for each prefix of a word. */
static struct node *trie_grow(const struct automaton_draft *a, uint32_t *count)
{
	size_t most = 1;
	uint32_t root[256] = { 0 };
	for (size_t w = 0; w < a->numbers.count; w++)
		most += a->numbers.entries[w]->key.n;
	struct node *nodes = memory_new(most, sizeof *nodes);
	*count = 1;
	for (size_t w = 0; w < a->numbers.count; w++) {
		struct bytes word = a->numbers.entries[w]->key;
		uint32_t *first = &root[word.p[0]], at = *first ? *first : node_child(nodes, 0, word.p[0], count);
		*first = at;
		for (size_t i = 1; i < word.n; i++)
			at = node_child(nodes, at, word.p[i], count);
		nodes[at].word = (uint32_t)w + 1;
	}
	return nodes;
}

static inline uint32_t child_find(const struct automaton *a, uint32_t at, uint8_t octet)
{
	const struct automaton_state *s = &a->states[at];
	const uint8_t *octets = a->octets + s->children;
	for (uint32_t i = 0; i < s->n; i++)
		if (octets[i] == octet)
			return s->children + i;
	return 0;
}

static inline uint32_t step(const struct automaton *a, uint32_t at, uint8_t octet)
{
	while (at) {
		uint32_t child = child_find(a, at, octet);
		if (child)
			return child;
		at = a->states[at].fail;
	}
	return a->root[octet];
}

/* Breadth first, so that a state's suffixes are done before it. */
struct automaton automaton_build(struct automaton_draft *draft)
{
	uint32_t count, next = 1;
	struct node *nodes = trie_grow(draft, &count);
	uint32_t *node_of = memory_new(count, sizeof *node_of);
	draft->states = memory_new(count, sizeof *draft->states);
	draft->octets = memory_new(count, 1);
	const struct automaton a = { draft->states, draft->octets, draft->root, count, (uint32_t)draft->numbers.count };
	for (uint32_t at = 0; at < count; at++) {
		struct automaton_state *s = &draft->states[at];
		s->word = nodes[node_of[at]].word;
		s->children = next;
		for (uint32_t child = nodes[node_of[at]].child; child; child = nodes[child].sibling) {
			uint8_t octet = nodes[child].octet;
			draft->states[next].fail = at ? step(&a, s->fail, octet) : 0;
			node_of[next] = child;
			draft->octets[next] = octet;
			if (at == 0)
				draft->root[octet] = next;
			next++;
		}
		s->n = next - s->children;
		s->shorter = draft->states[s->fail].word ? s->fail : draft->states[s->fail].shorter;
	}
	free(node_of);
	free(nodes);
	return a;
}

void automaton_scan(const struct automaton *a, struct bytes text, void (*hit)(void *to, uint32_t number, size_t end), void *to)
{
	uint32_t at = 0;
	for (size_t i = 0; i < text.n; i++) {
		at = step(a, at, text.p[i]);
		for (uint32_t s = at; s; s = a->states[s].shorter)
			if (a->states[s].word)
				hit(to, a->states[s].word - 1, i + 1);
	}
}

void automaton_draft_free(struct automaton_draft *a)
{
	if (!a)
		return;
	map_free(&a->numbers);
	free(a->states);
	free(a->octets);
	free(a);
}
