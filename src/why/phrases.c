/* phrases.c - takes a text and phrases, says whether one stands in it. Most do not, and two or three of their pairs of letters tell. */
#include "why/phrases.h"

#include "base/banned.h"

/* Letters of either case give the same; what else does is told apart by the search. */
static unsigned pair_of(uint8_t a, uint8_t b)
{
	return ((unsigned)(a | 0x20) * 37 + (unsigned)(b | 0x20)) % 1024;
}

struct phrases phrases_of(struct bytes text)
{
	struct phrases p = { .text = text };
	for (size_t i = 1; i < text.n; i++) {
		unsigned pair = pair_of(text.p[i - 1], text.p[i]);
		p.pairs[pair / 64] |= UINT64_C(1) << pair % 64;
	}
	return p;
}

static bool has_pair(const struct phrases *p, const char *at)
{
	unsigned pair = pair_of((uint8_t)at[0], (uint8_t)at[1]);
	return p->pairs[pair / 64] >> pair % 64 & 1;
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
