/* test_words_built_in.c - the table in the program is the one that its reader makes of words.tsv. */
#include "support/table.h"

#include "base/bytes.h"
#include "why/words_reader.h"

static const uint8_t text[] = {
#include "why/words.tsv.inc"
};

/* Records have padding: what they say is compared. */
#define SAME(field) assert_int_equal(a->field, b->field)

static void same_automaton(const struct automaton *a, const struct automaton *b)
{
	SAME(count);
	SAME(words);
	assert_memory_equal(a->states, b->states, a->count * sizeof *a->states);
	assert_memory_equal(a->octets, b->octets, a->count);
	assert_memory_equal(a->root, b->root, 256 * sizeof *a->root);
}

static void same_phrase(const struct phrase *a, const struct phrase *b)
{
	SAME(first);
	SAME(n);
	SAME(telling);
	SAME(at_start);
}

static void same_row(const struct words_row *a, const struct words_row *b)
{
	SAME(cause);
	SAME(weight);
	SAME(ncodes);
	SAME(stages);
	SAME(codes);
	SAME(unless);
	SAME(nunless);
	SAME(source);
	same_phrase(&a->phrase, &b->phrase);
}

static void same_step(const struct step *a, const struct step *b)
{
	SAME(first);
	SAME(n);
	SAME(optional);
	SAME(glued);
	SAME(joined);
	SAME(open_start);
	SAME(open_end);
}

static void same_choice(const struct choice *a, const struct choice *b)
{
	SAME(word);
	SAME(open_start);
	SAME(open_end);
}

static void same_table(const struct words_table *a, const struct words_table *b)
{
	same_automaton(&a->automaton, &b->automaton);
	SAME(nrows);
	SAME(ncodes);
	SAME(nexceptions);
	SAME(nsteps);
	SAME(nchoices);
	SAME(nentries);
	SAME(nbare);
	SAME(nsources);
	for (size_t i = 0; i < a->nrows; i++)
		same_row(&a->rows[i], &b->rows[i]);
	for (size_t i = 0; i < a->nexceptions; i++)
		same_phrase(&a->exceptions[i], &b->exceptions[i]);
	for (size_t i = 0; i < a->nsteps; i++)
		same_step(&a->steps[i], &b->steps[i]);
	for (size_t i = 0; i < a->nchoices; i++)
		same_choice(&a->choices[i], &b->choices[i]);
	assert_memory_equal(a->kinds, b->kinds, a->automaton.words * sizeof *a->kinds);
	assert_memory_equal(a->codes, b->codes, a->ncodes * sizeof *a->codes);
	assert_memory_equal(a->entries, b->entries, a->nentries * sizeof *a->entries);
	assert_memory_equal(a->first, b->first, (a->automaton.words + 1) * sizeof *a->first);
	assert_memory_equal(a->bare, b->bare, a->nbare * sizeof *a->bare);
	assert_memory_equal(a->sources, b->sources, a->nsources);
}

static void built_in_is_what_is_read(void **state)
{
	struct words_reader *reader = words_reader_new();
	struct error error;
	(void)state;
	assert_true(words_reader_add(reader, "words.tsv", (struct bytes){ text, sizeof text }, &error));
	struct words_table read = words_reader_table(reader);
	assert_true(read.nrows > 1000);
	same_table(words_built_in(), &read);
	words_reader_free(reader);
}

static void no_rows_at_all(void **state)
{
	struct words_reader *reader = words_reader_new();
	struct error error;
	(void)state;
	assert_true(words_reader_add(reader, "none", B("# nothing\n"), &error));
	struct words_table read = words_reader_table(reader);
	assert_int_equal(read.nrows, 0);
	assert_int_equal(read.first[0], 0);
	words_reader_free(reader);
	words_reader_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(built_in_is_what_is_read), cmocka_unit_test(no_rows_at_all) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
