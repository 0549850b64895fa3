/* test_automaton.c - words in texts, and the same by the simplest search there is. */
#include "support/guard.h"
#include "support/table.h"

#include "why/automaton.h"

#include <string.h>

struct text_case {
	const char *name;
	const char *words[8];
	const char *text;
};

static const struct text_case texts[] = {
	{ "none of them", { "abc", "x" }, "" },
	{ "one octet", { "a" }, "banana" },
	{ "overlapping", { "ana" }, "banana" },
	{ "one inside another", { "hers", "he", "she", "his" }, "ushers and his" },
	{ "suffixes of suffixes", { "a", "aa", "aaa", "aaaa" }, "aaaaaa" },
	{ "the same word twice", { "word", "word" }, "word words" },
	{ "a text that breaks off", { "abcabd" }, "abcabcabd" },
	{ "any octet", { "\xff\xfe", "\x80", "\xe7\x94\xa8" }, "a\xff\xfe\x80 \xe7\x94\xa8" },
	{ "a fail link into another branch", { "abcd", "bce", "cef" }, "abcef abcd" },
};

struct seen {
	size_t n;
	uint32_t word[256];
	size_t end[256];
};

static void note(void *to, uint32_t word, size_t end)
{
	struct seen *s = to;
	assert_true(s->n < 256);
	s->word[s->n] = word;
	s->end[s->n++] = end;
}

static void one_text(void **state)
{
	const struct text_case *k = *state;
	struct automaton_draft *a = automaton_draft_new();
	struct guard guard = guarded(bytes_of(k->text));
	struct seen seen = { 0 };
	size_t expected = 0;
	for (size_t w = 0; w < 8 && k->words[w]; w++)
		assert_true(bytes_equal(automaton_word(a, automaton_add(a, bytes_of(k->words[w]))), bytes_of(k->words[w])));
	struct automaton built = automaton_build(a);
	automaton_scan(&built, guard.bytes, note, &seen);
	for (size_t end = 1; end <= guard.bytes.n; end++)
		for (uint32_t w = 0; w < automaton_words(a); w++) {
			struct bytes word = automaton_word(a, w);
			if (word.n > end || memcmp(guard.bytes.p + end - word.n, word.p, word.n) != 0)
				continue;
			expected++;
			size_t i = 0;
			while (i < seen.n && !(seen.word[i] == w && seen.end[i] == end))
				i++;
			if (i == seen.n)
				fail_msg("%s: word %u that ends at %zu was not found", k->name, w, end);
		}
	assert_int_equal(seen.n, expected);
	guard_free(&guard);
	automaton_draft_free(a);
}

static void no_words_at_all(void **state)
{
	struct automaton_draft *a = automaton_draft_new();
	struct seen seen = { 0 };
	(void)state;
	struct automaton built = automaton_build(a);
	automaton_scan(&built, B("text"), note, &seen);
	assert_int_equal(seen.n, 0);
	automaton_draft_free(a);
	automaton_draft_free(NULL);
}

int main(void)
{
	const struct CMUnitTest others[] = { cmocka_unit_test(no_words_at_all) };
	int failed = TABLE_RUN("texts", texts, one_text);
	failed += cmocka_run_group_tests(others, NULL, NULL);
	return failed != 0;
}
