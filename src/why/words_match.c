/* words_match.c - finds phrases in a text. Takes a table and a text, gives places; knows nothing of causes or codes. */
#include "why/words_match.h"

#include "base/banned.h"

struct search {
	const struct hits *hits;
	const struct step *steps;
	uint32_t n;
	unsigned tries;
};

static bool is_word_octet(uint8_t c)
{
	return octet_is_digit(c) || octet_is_alpha(c);
}

static void bit_set(uint8_t *bits, uint32_t i)
{
	bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << i % 8);
}

static bool starts_word(struct bytes text, size_t start)
{
	return start == 0 || !is_word_octet(text.p[start]) || !is_word_octet(text.p[start - 1]);
}

static bool ends_word(struct bytes text, size_t end)
{
	return end == text.n || !is_word_octet(text.p[end - 1]) || !is_word_octet(text.p[end]);
}

/* Most words found stand inside longer ones, where no phrase wants them: those are not even noted. */
static void hit_note(void *to, uint32_t word, size_t end)
{
	struct hits *h = to;
	const struct word_kind *kind = &h->table->kinds[word];
	size_t start = end - kind->length;
	if (h->n == HITS_MOST || (!kind->inner_start && !starts_word(h->text, start)) || (!kind->inner_end && !ends_word(h->text, end)))
		return;
	h->all[h->n] = (struct hit){ word, (uint16_t)start, (uint16_t)end, h->at[start] };
	h->at[start] = (uint16_t)++h->n;
	bit_set(h->words, word);
}

static bool has_word_of(const struct hits *h, const struct step *step)
{
	const struct choice *choices = h->table->choices + step->first;
	for (uint32_t i = 0; i < step->n; i++)
		if (hits_word(h, choices[i].word))
			return true;
	return false;
}

bool hits_may_have(const struct hits *h, const struct phrase *phrase)
{
	const struct step *steps = h->table->steps + phrase->first;
	if (!has_word_of(h, &steps[phrase->telling]))
		return false;
	for (uint32_t i = phrase->n; i-- > 0;) /* it is asked for where its beginning was seen */
		if (!steps[i].optional && i != phrase->telling && !has_word_of(h, &steps[i]))
			return false;
	return true;
}

void hits_find(struct hits *h, const struct words_table *table, struct bytes text)
{
	h->table = table;
	h->text = text;
	h->n = 0;
	memset(h->at, 0, (text.n + 1) * sizeof *h->at);
	memset(h->words, 0, table->automaton.words / 8 + 1);
	automaton_scan(&table->automaton, text, hit_note, h);
}

static const struct choice *choice_find(const struct words_table *t, const struct step *step, uint32_t word)
{
	uint32_t low = step->first, high = step->first + step->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (t->choices[middle].word < word)
			low = middle + 1;
		else
			high = middle;
	}
	return low < step->first + step->n && t->choices[low].word == word ? &t->choices[low] : NULL;
}

static size_t rest_end(struct search *s, uint32_t step, const struct hit *last, bool open);

/* The step at this hit, and all that follows it: where it ends. */
static size_t step_end(struct search *s, uint32_t step, const struct hit *hit, bool inside)
{
	const struct step *it = &s->steps[step];
	const struct choice *choice = choice_find(s->hits->table, it, hit->word);
	if (!choice || (!inside && !it->open_start && !choice->open_start && !starts_word(s->hits->text, hit->start)))
		return 0;
	return rest_end(s, step + 1, hit, it->open_end || choice->open_end);
}

static size_t step_search(struct search *s, uint32_t step, size_t from, size_t to, bool inside)
{
	for (size_t at = from; at <= to && at < s->hits->text.n; at++)
		for (unsigned i = s->hits->at[at]; i; i = s->hits->all[i - 1].next) {
			if (s->tries++ >= TRIES_MOST)
				return 0;
			size_t end = step_end(s, step, &s->hits->all[i - 1], inside);
			if (end)
				return end;
		}
	return 0;
}

/* What follows the hit, from this step on; a fragment that is over must have ended with a word. */
static size_t rest_end(struct search *s, uint32_t step, const struct hit *last, bool open)
{
	bool word = open || ends_word(s->hits->text, last->end);
	if (step == s->n)
		return word ? last->end : 0;
	const struct step *it = &s->steps[step];
	size_t end = 0;
	if (it->glued) {
		bool blank = last->end < s->hits->text.n && s->hits->text.p[last->end] == ' ';
		bool at_once = it->joined || ends_word(s->hits->text, last->end);
		end = step_search(s, step, last->end + !at_once, last->end + blank, true);
	} else if (word) {
		end = step_search(s, step, last->end, last->end + REACH, false);
	}
	return end || !it->optional ? end : rest_end(s, step + 1, last, open);
}

size_t hits_phrase(const struct hits *h, const struct phrase *phrase, uint32_t step, size_t hit)
{
	struct search s = { h, &h->table->steps[phrase->first], phrase->n, 0 };
	if (phrase->at_start && h->all[hit].start > 0)
		return 0;
	return step_end(&s, step, &h->all[hit], false);
}

bool hits_anywhere(const struct hits *h, const struct phrase *phrase)
{
	const struct step *steps = &h->table->steps[phrase->first];
	if (!hits_may_have(h, phrase))
		return false;
	for (size_t i = 0; i < h->n; i++)
		for (uint32_t step = 0; step < phrase->n; step++) {
			if (hits_phrase(h, phrase, step, i))
				return true;
			if (!steps[step].optional)
				break;
		}
	return false;
}
