/* words_memo.c - remembers judged texts. Takes a folded text and its result, gives the result again; a table of sets, as a processor's cache. */
#include "why/words_memo.h"

#include "base/arena.h"

#include <stdlib.h>

#include "base/banned.h"

struct memory {
	uint64_t hash;
	struct asked asked;
	struct words_result result; /* matched: not kept as a view, but by its place */
	size_t matched_at;
	size_t n;
	uint8_t *text;              /* NULL: an empty place */
};

struct words_memo {
	struct memory all[MEMO_SETS][MEMO_WAYS];
	uint8_t oldest[MEMO_SETS];
};

struct words_memo *words_memo_new(void)
{
	return memory_new(1, sizeof(struct words_memo));
}

void words_memo_free(struct words_memo *memo)
{
	for (size_t i = 0; memo && i < MEMO_SLOTS; i++)
		free(memo->all[i / MEMO_WAYS][i % MEMO_WAYS].text);
	free(memo);
}

static uint64_t hash_of(const struct asked *asked, struct bytes text)
{
	const struct enhanced *e = &asked->enhanced;
	uint64_t codes = (uint64_t)asked->code << 8 ^ (uint64_t)asked->stage;
	if (e->present)
		codes ^= (uint64_t)e->class << 56 ^ (uint64_t)e->subject << 44 ^ (uint64_t)e->detail << 24 ^ 1u << 20;
	uint64_t h = (bytes_hash(text) ^ codes) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static bool is_same_question(const struct asked *a, const struct asked *b)
{
	const struct enhanced *x = &a->enhanced, *y = &b->enhanced;
	if (a->stage != b->stage || a->code != b->code || x->present != y->present)
		return false;
	return !x->present || (x->class == y->class && x->subject == y->subject && x->detail == y->detail);
}

bool words_memo_find(const struct words_memo *memo, const struct asked *asked, struct bytes text, struct words_result *result)
{
	if (!memo || text.n == 0 || text.n > MEMO_TEXT)
		return false;
	uint64_t hash = hash_of(asked, text);
	for (size_t way = 0; way < MEMO_WAYS; way++) {
		const struct memory *m = &memo->all[hash % MEMO_SETS][way];
		if (!m->text || m->hash != hash || m->n != text.n || !is_same_question(&m->asked, asked) || memcmp(m->text, text.p, text.n) != 0)
			continue;
		*result = m->result;
		result->matched = bytes_first(bytes_from(text, m->matched_at), m->result.matched.n);
		return true;
	}
	return false;
}

void words_memo_put(struct words_memo *memo, const struct asked *asked, struct bytes text, const struct words_result *result)
{
	if (!memo || text.n == 0 || text.n > MEMO_TEXT)
		return;
	uint64_t hash = hash_of(asked, text);
	uint8_t *oldest = &memo->oldest[hash % MEMO_SETS];
	struct memory *m = &memo->all[hash % MEMO_SETS][*oldest];
	*oldest = (uint8_t)((*oldest + 1) % MEMO_WAYS);
	m->text = memory_grow(m->text, text.n, 1);
	memcpy(m->text, text.p, text.n);
	m->n = text.n;
	m->hash = hash;
	m->asked = *asked;
	m->result = *result;
	m->matched_at = result->matched.n ? (size_t)(result->matched.p - text.p) : 0;
	m->result.matched.p = NULL;
}
