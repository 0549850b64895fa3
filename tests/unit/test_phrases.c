/* test_phrases.c - phrases in texts: what the triples let through and what they exclude is what a search says. */
#include "support/guard.h"
#include "support/table.h"
#include "why/phrases.h"

#include "base/bytes.h"

static const struct told told[] = {
	TOLD("esmtp postfix"), TOLD("gsmtp"), TOLD("abc"), TOLD("smtp/smap ready"), TOLD("(f-secure/"), TOLD("avast! smtp proxy"),
};

static const struct phrase_case { const char *name, *text; unsigned has; /* bits: of told */ } cases[] = {
	{ "no text", "", 0 },
	{ "one letter", "a", 0 },
	{ "two letters", "ab", 0 },
	{ "three letters, the phrase", "abc", 1u << 2 },
	{ "the phrase in the middle", "220 mx.example ESMTP Postfix (Debian)", 1u << 0 },
	{ "the phrase at the start", "gsmtp x", 1u << 1 },
	{ "the phrase at the end", "mx.google.com ESMTP x - gsmtp", 1u << 1 },
	{ "either case", "EsMtP pOsTfIx ABC", 1u << 0 | 1u << 2 },
	{ "its end alone", "mx.example fix ready xmap ready", 0 },
	{ "its triples in another order", "smap ready smtp/smap", 0 },
	{ "octets that differ from letters by the case bit alone", "\x01\x02\x03 [\x06-secure/ @BC", 0 },
	{ "signs", "see (F-Secure/1.0)", 1u << 4 },
	{ "two of them", "avast! SMTP proxy abc", 1u << 2 | 1u << 5 },
	{ "octets beyond ASCII", "\xc3\xa4\xff\xfe gsmtp \xe2", 1u << 1 },
};

static void one_text(void **state)
{
	const struct phrase_case *k = *state;
	struct guard guard = guarded(bytes_of(k->text));
	struct phrases p;
	phrases_of(&p, guard.bytes);
	for (unsigned i = 0; i < sizeof told / sizeof *told; i++) {
		bool expected = k->has >> i & 1;
		const struct told list[] = { TOLD("never in it"), told[i], TOLD("") };
		assert_int_equal(phrases_tell(&p, &told[i]), expected);
		assert_int_equal(phrases_say(&p, list), expected);
		assert_int_equal(bytes_find(guard.bytes, told[i].words) != BYTES_NONE, expected);
	}
	guard_free(&guard);
}

int main(void)
{
	return TABLE_RUN("texts", cases, one_text) ? 1 : 0;
}
