/* words_compile - writes words.tsv as constants of C, so that no run of the program reads it.
 * In:    words.tsv by name.
 * Out:   on stdout, the arrays of struct words_table, and the table, built_in.
 * Never: writes anything of a file with a wrong row: it names the line and fails. */
#include "why/words_reader.h"

#include "base/text.h"

#include <stdio.h>

static bool file_read(const char *path, struct text *into)
{
	FILE *file = fopen(path, "rb");
	char buffer[8192];
	for (size_t n; file && (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
		text_add(into, (struct bytes){ (const uint8_t *)buffer, n });
	bool fine = file && !ferror(file);
	if (file)
		fclose(file);
	return fine;
}

/* An array of at least one element: C has none of no elements. */
#define EACH(type, name, count, format, ...)                                   \
	do {                                                                   \
		printf("static const " type " built_in_" name "[] = {\n");     \
		for (size_t i = 0; i < (count); i++)                           \
			printf(format "%s", __VA_ARGS__, i % 8 == 7 ? "\n" : ""); \
		printf("%s};\n\n", (count) ? "" : "{ 0 }");                     \
	} while (0)

static void automaton_print(const struct automaton *a)
{
	EACH("struct automaton_state", "states", a->count, "{%u,%u,%u,%u,%u},", a->states[i].word, a->states[i].shorter, a->states[i].fail, a->states[i].children, a->states[i].n);
	EACH("uint8_t", "octets", a->count, "%u,", a->octets[i]);
	EACH("uint32_t", "root", 256u, "%u,", a->root[i]);
}

static void table_print(const struct words_table *t)
{
	automaton_print(&t->automaton);
	EACH("struct word_kind", "kinds", t->automaton.words, "{%u,%d,%d},", t->kinds[i].length, t->kinds[i].inner_start, t->kinds[i].inner_end);
	EACH("struct words_row", "rows", t->nrows, "{%d,%u,%u,%u,%u,{%u,%u,%u,%d},%u,%u,%u},", (int)t->rows[i].cause, t->rows[i].weight, t->rows[i].ncodes,
		t->rows[i].stages, t->rows[i].codes, t->rows[i].phrase.first, t->rows[i].phrase.n, t->rows[i].phrase.telling, t->rows[i].phrase.at_start,
		t->rows[i].unless, t->rows[i].nunless, t->rows[i].source);
	EACH("struct code_filter", "codes", t->ncodes, "{{%u,%u,%u},%u,%d},", t->codes[i].parts[0], t->codes[i].parts[1], t->codes[i].parts[2], t->codes[i].n, t->codes[i].enhanced);
	EACH("struct phrase", "exceptions", t->nexceptions, "{%u,%u,%u,%d},", t->exceptions[i].first, t->exceptions[i].n, t->exceptions[i].telling, t->exceptions[i].at_start);
	EACH("struct step", "steps", t->nsteps, "{%u,%u,%d,%d,%d,%d,%d},", t->steps[i].first, t->steps[i].n, t->steps[i].optional, t->steps[i].glued, t->steps[i].joined,
		t->steps[i].open_start, t->steps[i].open_end);
	EACH("struct choice", "choices", t->nchoices, "{%u,%d,%d},", t->choices[i].word, t->choices[i].open_start, t->choices[i].open_end);
	EACH("struct words_entry", "entries", t->nentries, "{%u,%u,%u},", t->entries[i].row, t->entries[i].other, t->entries[i].step);
	EACH("uint32_t", "first", t->automaton.words + 1u, "%u,", t->first[i]);
	EACH("uint32_t", "bare", t->nbare, "%u,", t->bare[i]);
	EACH("char", "sources", t->nsources, "%d,", t->sources[i]);
	printf("static const struct words_table built_in = {\n"
		"\t{ built_in_states, built_in_octets, built_in_root, %u, %u },\n"
		"\tbuilt_in_kinds, built_in_rows, built_in_codes, built_in_exceptions, built_in_steps, built_in_choices, built_in_entries, built_in_first, built_in_bare, built_in_sources,\n"
		"\t%zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu,\n};\n",
		t->automaton.count, t->automaton.words, t->nrows, t->ncodes, t->nexceptions, t->nsteps, t->nchoices, t->nentries, t->nbare, t->nsources);
}

int main(int argc, char **argv)
{
	struct text text = { 0 };
	struct error error = { 0 };
	struct words_reader *reader = words_reader_new();
	if (argc != 2 || !file_read(argv[1], &text)) {
		fprintf(stderr, "usage: words_compile words.tsv > words_built_in.inc\n");
		return 2;
	}
	bool fine = words_reader_add(reader, argv[1], text_view(&text), &error);
	if (fine) {
		struct words_table table = words_reader_table(reader);
		table_print(&table);
	} else {
		fprintf(stderr, "%s\n", error.sentence);
	}
	words_reader_free(reader);
	text_free(&text);
	return fine && fflush(stdout) == 0 ? 0 : 1;
}
