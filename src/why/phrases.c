/* phrases.c - takes a text and phrases, says whether one stands in it. Most do not, and two or three of their pairs of letters tell. */
#include "why/phrases.h"

#include "base/banned.h"

/* Letters of either case give the same; what else does is told apart by the search. */
static unsigned pair_of(unsigned a, unsigned b)
{
	return ((a | 0x20) * 37 + (b | 0x20)) % PAIRS;
}

void phrases_of(struct phrases *p, struct bytes text)
{
	p->text = text;
	memset(p->pairs, 0, sizeof p->pairs);
	unsigned last = text.n ? text.p[0] | 0x20u : 0;
	for (size_t i = 1; i < text.n; i++) {
		unsigned this = text.p[i] | 0x20u;
		p->pairs[pair_of(last, this)] = true;
		last = this;
	}
}

static bool has_pair(const struct phrases *p, const char *at)
{
	return p->pairs[pair_of((uint8_t)at[0], (uint8_t)at[1])];
}

static bool may_hold(const struct phrases *p, const char *phrase)
{
	for (; phrase[0] && phrase[1]; phrase++)
		if (!has_pair(p, phrase))
			return false;
	return true;
}

bool phrases_say(const struct phrases *p, const char *const *wanted)
{
	for (; *wanted; wanted++)
		if (may_hold(p, *wanted) && bytes_find(p->text, bytes_of(*wanted)) != BYTES_NONE)
			return true;
	return false;
}
