/* words_table.c - reads rows of words rules and files their phrases. Takes tab-separated text, gives a table for words.c. */
#include "why/words_table.h"

#include <stdlib.h>

#include "base/banned.h"

enum column { CAUSE, WEIGHT, STAGE, CODE, PATTERN, UNLESS, SOURCE, COLUMNS };

struct place_in_file {
	const char *name;
	unsigned line;
};

void words_table_init(struct words_table *t)
{
	*t = (struct words_table){ .automaton = automaton_new() };
}

static void *one_more(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 256;
	return memory_grow(array, *room, size);
}

static bool wrong(struct place_in_file at, struct bytes what, const char *why, struct error *error)
{
	return error_set(error, ERROR_USAGE, "%s, line %u: %s: '%.*s'", at.name, at.line, why, (int)(what.n > 80 ? 80 : what.n), (const char *)what.p);
}

/* ---- columns ---- */

static bool stages_read(struct bytes text, unsigned *stages)
{
	static const struct { const char *name; enum stage stage; } names[] = {
		{ "conn", STAGE_CONNECT }, { "helo", STAGE_HELO }, { "mail", STAGE_MAIL }, { "rcpt", STAGE_RCPT }, { "data", STAGE_DATA },
		{ "eom", STAGE_CONTENT },  { "auth", STAGE_AUTH }, { "tls", STAGE_STARTTLS }, { "other", STAGE_OTHER },
	};
	while (text.n) {
		struct cut cut = bytes_cut(text, ',');
		bool found = false;
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (bytes_is(cut.head, bytes_of(names[i].name))) {
				*stages |= 1u << names[i].stage;
				found = true;
			}
		if (!found)
			return false;
		text = cut.tail;
	}
	return true;
}

static bool code_read(struct bytes text, struct code_filter *code)
{
	code->enhanced = bytes_index(text, '.') != BYTES_NONE;
	if (!code->enhanced) {
		uint64_t value;
		if (text.n > 3 || !bytes_number(text, &value))
			return false;
		code->n = (uint8_t)text.n;
		code->parts[0] = (uint16_t)value;
		return true;
	}
	while (text.n && code->n < 3) {
		struct cut cut = bytes_cut(text, '.');
		uint64_t value;
		if (!bytes_number(cut.head, &value) || value > 999)
			return false;
		code->parts[code->n++] = (uint16_t)value;
		text = cut.tail;
	}
	return text.n == 0;
}

static bool codes_read(struct bytes text, struct words_row *row)
{
	while (text.n) {
		struct cut cut = bytes_cut(text, ',');
		if (row->ncodes == CODES_MOST || !code_read(bytes_trim(cut.head), &row->codes[row->ncodes++]))
			return false;
		text = cut.tail;
	}
	return true;
}

/* ---- patterns ---- */

static bool fragment_read(struct words_table *t, struct bytes text, struct phrase *phrase)
{
	struct fragment fragment = { 0 };
	text = bytes_trim(text);
	if (text.n && text.p[0] == '^' && phrase->n == 0) {
		phrase->at_start = true;
		text = bytes_from(text, 1);
	}
	if (text.n && text.p[0] == '~') {
		fragment.open_start = true;
		text = bytes_from(text, 1);
	}
	if (text.n && text.p[text.n - 1] == '~') {
		fragment.open_end = true;
		text.n--;
	}
	if (text.n == 0 || phrase->n == FRAGMENTS_MOST)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'Z')
			return false;
	fragment.word = automaton_add(t->automaton, text);
	phrase->fragments[phrase->n++] = fragment;
	return true;
}

static bool phrase_read(struct words_table *t, struct bytes text, struct phrase *phrase)
{
	for (;;) {
		size_t star = bytes_find(text, B(" * "));
		if (!fragment_read(t, star == BYTES_NONE ? text : bytes_first(text, star), phrase))
			return false;
		if (star == BYTES_NONE)
			return true;
		text = bytes_from(text, star + 3);
	}
}

typedef bool phrase_sink(struct words_table *, void *to, const struct phrase *);

/* Writes out the first [a|b] of the text and goes on with each result, until none is left. */
static bool alternatives_read(struct words_table *t, struct bytes text, phrase_sink *sink, void *to)
{
	size_t open = bytes_index(text, '['), close = bytes_index(text, ']');
	if (open == BYTES_NONE) {
		struct phrase phrase = { 0 };
		return phrase_read(t, text, &phrase) && sink(t, to, &phrase);
	}
	if (close == BYTES_NONE || close < open)
		return false;
	struct bytes choices = bytes_first(bytes_from(text, open + 1), close - open - 1);
	for (bool more = true; more;) {
		struct cut cut = bytes_cut(choices, '|');
		size_t n = open + cut.head.n + (text.n - close - 1);
		uint8_t *whole = arena_alloc(&t->arena, n, 1);
		memcpy(whole, text.p, open);
		if (cut.head.n)
			memcpy(whole + open, cut.head.p, cut.head.n);
		memcpy(whole + open + cut.head.n, text.p + close + 1, text.n - close - 1);
		if (!alternatives_read(t, (struct bytes){ whole, n }, sink, to))
			return false;
		choices = cut.tail;
		more = cut.found;
	}
	return true;
}

static bool entry_add(struct words_table *t, void *to, const struct phrase *phrase)
{
	(void)to;
	t->entries = one_more(t->entries, t->nentries, &t->entries_room, sizeof *t->entries);
	t->entries[t->nentries++] = (struct words_entry){ .phrase = *phrase, .row = (uint32_t)t->nrows };
	return true;
}

struct unless_list {
	struct phrase phrases[64];
	size_t n;
};

static bool unless_add(struct words_table *t, void *to, const struct phrase *phrase)
{
	struct unless_list *list = to;
	(void)t;
	if (list->n == sizeof list->phrases / sizeof *list->phrases)
		return false;
	list->phrases[list->n++] = *phrase;
	return true;
}

/* Several things that void a row are joined by " ; ". */
static bool unless_read(struct words_table *t, struct bytes text, struct words_row *row)
{
	struct unless_list list = { .n = 0 };
	while (text.n) {
		size_t at = bytes_find(text, B(" ; "));
		if (!alternatives_read(t, at == BYTES_NONE ? text : bytes_first(text, at), unless_add, &list))
			return false;
		text = at == BYTES_NONE ? (struct bytes){ 0 } : bytes_from(text, at + 3);
	}
	row->unless = ARENA_ARRAY(&t->arena, struct phrase, list.n);
	row->nunless = list.n;
	if (list.n)
		memcpy(row->unless, list.phrases, list.n * sizeof *list.phrases);
	return true;
}

/* ---- rows ---- */

static const char *source_keep(struct words_table *t, struct bytes text)
{
	uint8_t *copy = arena_alloc(&t->arena, text.n + 1, 1);
	if (text.n)
		memcpy(copy, text.p, text.n);
	return (const char *)copy;
}

static bool row_read(struct words_table *t, struct place_in_file at, struct bytes line, struct error *error)
{
	struct bytes column[COLUMNS] = { { 0 } };
	struct words_row row = { 0 };
	uint64_t weight;
	size_t n = 0;
	for (struct bytes rest = line; n < COLUMNS; n++) {
		struct cut cut = bytes_cut(rest, '\t');
		column[n] = bytes_trim(cut.head);
		rest = cut.tail;
	}
	row.cause = cause_find(column[CAUSE]);
	if (row.cause == CAUSE_COUNT)
		return wrong(at, column[CAUSE], "no such cause (smtpwhy causes lists them)", error);
	if (!bytes_number(column[WEIGHT], &weight) || weight < 1 || weight > 100)
		return wrong(at, column[WEIGHT], "the weight is a number from 1 to 100", error);
	row.weight = (int)weight;
	if (!stages_read(column[STAGE], &row.stages))
		return wrong(at, column[STAGE], "stages are conn helo mail rcpt data eom auth tls other, joined by commas", error);
	if (!codes_read(column[CODE], &row))
		return wrong(at, column[CODE], "codes look like 550, 55, 5.7.1 or 5.7, joined by commas", error);
	if (column[PATTERN].n == 0 && row.ncodes == 0)
		return wrong(at, line, "a row needs a pattern or a code", error);
	if (column[PATTERN].n && !alternatives_read(t, column[PATTERN], entry_add, NULL))
		return wrong(at, column[PATTERN], "the pattern is wrong (lower case; fragments joined by ' * '; [a|b]; ~ at an open end)", error);
	if (!unless_read(t, column[UNLESS], &row))
		return wrong(at, column[UNLESS], "the exception is wrong", error);
	row.source = source_keep(t, column[SOURCE]);
	if (column[PATTERN].n == 0) {
		t->bare = one_more(t->bare, t->nbare, &t->bare_room, sizeof *t->bare);
		t->bare[t->nbare++] = (uint32_t)t->nrows;
	}
	t->rows = one_more(t->rows, t->nrows, &t->rows_room, sizeof *t->rows);
	t->rows[t->nrows++] = row;
	return true;
}

bool words_table_add(struct words_table *t, const char *name, struct bytes text, struct error *error)
{
	for (struct place_in_file at = { name, 1 }; text.n; at.line++) {
		struct cut cut = bytes_cut(text, '\n');
		struct bytes line = cut.head;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (bytes_trim(line).n && line.p[0] != '#' && !row_read(t, at, line, error))
			return false;
		text = cut.tail;
	}
	return true;
}

void words_table_build(struct words_table *t)
{
	automaton_build(t->automaton);
	t->first = memory_new(automaton_words(t->automaton), sizeof *t->first);
	for (size_t i = t->nentries; i-- > 0;) {
		uint32_t *head = &t->first[t->entries[i].phrase.fragments[0].word];
		t->entries[i].next = *head;
		*head = (uint32_t)i + 1;
	}
}

void words_table_free(struct words_table *t)
{
	automaton_free(t->automaton);
	arena_drop(&t->arena);
	free(t->rows);
	free(t->entries);
	free(t->first);
	free(t->bare);
	*t = (struct words_table){ 0 };
}
