/* words_reader.c - reads rows of words rules and files their phrases. Takes tab-separated text, gives a table for words.c. */
#include "why/words_reader.h"

#include "base/text.h"

#include <stdlib.h>

#include "base/banned.h"

enum column { CAUSE, WEIGHT, STAGE, CODE, PATTERN, UNLESS, SOURCE, COLUMNS };

struct place_in_file {
	const char *name;
	unsigned line;
};

struct filed { /* an entry, and the word it is filed under */
	struct words_entry entry;
	uint32_t word;
};

struct words_reader {
	struct automaton_draft *words;
	struct word_kind *kinds;
	struct words_row *rows;
	size_t nrows, rows_room;
	struct code_filter *codes;
	size_t ncodes, codes_room;
	struct phrase *exceptions;
	size_t nexceptions, exceptions_room;
	struct step *steps;
	size_t nsteps, steps_room;
	struct choice *choices;
	size_t nchoices, choices_room;
	struct filed *filed;
	size_t nfiled, filed_room;
	struct words_entry *entries;
	uint32_t *first;
	uint32_t *bare;
	size_t nbare, bare_room;
	struct text sources;
};

struct words_reader *words_reader_new(void)
{
	struct words_reader *t = memory_new(1, sizeof *t);
	t->words = automaton_draft_new();
	return t;
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

static bool stages_read(struct bytes text, uint16_t *stages)
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
				*stages = (uint16_t)(*stages | 1u << names[i].stage);
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

static bool codes_read(struct words_reader *t, struct bytes text, struct words_row *row)
{
	row->codes = (uint32_t)t->ncodes;
	while (text.n) {
		struct cut cut = bytes_cut(text, ',');
		struct code_filter code = { 0 };
		if (row->ncodes++ == CODES_MOST || !code_read(bytes_trim(cut.head), &code))
			return false;
		t->codes = one_more(t->codes, t->ncodes, &t->codes_room, sizeof *t->codes);
		t->codes[t->ncodes++] = code;
		text = cut.tail;
	}
	return true;
}

/* ---- patterns ---- */

static bool choice_read(struct words_reader *t, struct bytes text, struct choice *choice)
{
	*choice = (struct choice){ 0 };
	text = bytes_trim(text);
	if (text.n && text.p[0] == '~') {
		choice->open_start = true;
		text = bytes_from(text, 1);
	}
	if (text.n && text.p[text.n - 1] == '~') {
		choice->open_end = true;
		text.n--;
	}
	text = bytes_trim(text);
	if (text.n == 0 || text.n > UINT16_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] >= 'A' && text.p[i] <= 'Z') || text.p[i] == '|' || text.p[i] == '[' || text.p[i] == ']')
			return false;
	choice->word = automaton_add(t->words, text);
	return true;
}

static int choice_compare(const void *a, const void *b)
{
	uint32_t x = ((const struct choice *)a)->word, y = ((const struct choice *)b)->word;
	return x < y ? -1 : x > y;
}

/* The alternatives of one step; a word given twice, closed and open, is open. */
static bool step_read(struct words_reader *t, struct bytes choices, struct step *step)
{
	step->first = (uint32_t)t->nchoices;
	for (bool more = true; more;) {
		struct cut cut = bytes_cut(choices, '|');
		struct choice choice;
		if (bytes_trim(cut.head).n == 0) {
			step->optional = true;
		} else {
			if (!choice_read(t, cut.head, &choice))
				return false;
			t->choices = one_more(t->choices, t->nchoices, &t->choices_room, sizeof *t->choices);
			t->choices[t->nchoices++] = choice;
			step->n++;
		}
		choices = cut.tail;
		more = cut.found;
	}
	if (step->n)
		qsort(&t->choices[step->first], step->n, sizeof *t->choices, choice_compare);
	return step->n > 0;
}

static bool step_add(struct words_reader *t, struct phrase *phrase, struct bytes choices, struct step step)
{
	if (phrase->n == STEPS_MOST || t->nsteps == STEPS_TOTAL || automaton_words(t->words) + choices.n > WORDS_TOTAL || !step_read(t, choices, &step))
		return false;
	t->steps = one_more(t->steps, t->nsteps, &t->steps_room, sizeof *t->steps);
	t->steps[t->nsteps++] = step;
	phrase->n++;
	return true;
}

/* Does a piece begin or end with a blank; a group: does any of its alternatives. */
static bool piece_has_blank(struct bytes piece, bool begin, bool group)
{
	while (piece.n) {
		struct cut cut = group ? bytes_cut(piece, '|') : (struct cut){ .head = piece };
		if (cut.head.n && cut.head.p[begin ? 0 : cut.head.n - 1] == ' ')
			return true;
		piece = cut.tail;
	}
	return false;
}

/* A fragment: plain text and [a|b] in turn, each a step that is glued to the one before it. */
static bool fragment_read(struct words_reader *t, struct bytes text, struct phrase *phrase)
{
	bool glued = false, open = false, blank = true;
	for (text = bytes_trim(text); text.n;) {
		bool group = text.p[0] == '[';
		size_t n = bytes_index(group ? text : bytes_from(text, 0), group ? ']' : '[');
		if (n == BYTES_NONE && group)
			return false;
		struct bytes piece = n == BYTES_NONE ? text : bytes_first(text, n);
		text = bytes_from(text, piece.n + group);
		piece = group ? bytes_from(piece, 1) : piece;
		bool joined = glued && !blank && !piece_has_blank(piece, true, group);
		blank = piece_has_blank(piece, false, group);
		piece = bytes_trim(piece);
		if (!group && bytes_is(piece, B("~"))) { /* before or behind a group: open, whichever alternative */
			if (glued)
				t->steps[t->nsteps - 1].open_end = true;
			else
				open = true;
			continue;
		}
		if (piece.n == 0 && !group) {
			blank = true;
			continue;
		}
		if (!step_add(t, phrase, piece, (struct step){ .glued = glued, .joined = joined, .open_start = open }))
			return false;
		open = false;
		glued = true;
	}
	return glued;
}

static bool phrase_read(struct words_reader *t, struct bytes text, struct phrase *phrase)
{
	*phrase = (struct phrase){ .first = (uint32_t)t->nsteps };
	text = bytes_trim(text);
	if (text.n && text.p[0] == '^') {
		phrase->at_start = true;
		text = bytes_from(text, 1);
	}
	for (;;) {
		size_t star = bytes_find(text, B(" * "));
		if (!fragment_read(t, star == BYTES_NONE ? text : bytes_first(text, star), phrase))
			return false;
		if (star == BYTES_NONE)
			break;
		text = bytes_from(text, star + 3);
	}
	const struct step *steps = &t->steps[phrase->first];
	for (uint8_t i = phrase->n; i-- > 0;)
		if (!steps[i].optional && (steps[phrase->telling].optional || steps[i].n < steps[phrase->telling].n))
			phrase->telling = i;
	return !steps[phrase->telling].optional;
}

/* The longest word that a phrase cannot do without, beside those of a step: number + 1, 0 none. */
static uint32_t other_word(const struct words_reader *t, const struct phrase *phrase, uint32_t but)
{
	uint32_t other = 0;
	size_t longest = 0;
	for (uint32_t i = 0; i < phrase->n; i++) {
		const struct step *step = &t->steps[phrase->first + i];
		if (i == but || step->optional || step->n != 1)
			continue;
		uint32_t word = t->choices[step->first].word;
		if (automaton_word(t->words, word).n > longest) {
			longest = automaton_word(t->words, word).n;
			other = word + 1;
		}
	}
	return other;
}

/* Files a row under each word that its phrase may begin with. */
static void row_file(struct words_reader *t, uint32_t row, const struct phrase *phrase)
{
	for (uint32_t i = 0; i < phrase->n; i++) {
		const struct step *step = &t->steps[phrase->first + i];
		struct words_entry entry = { row, other_word(t, phrase, i), i };
		for (uint32_t c = 0; c < step->n; c++) {
			t->filed = one_more(t->filed, t->nfiled, &t->filed_room, sizeof *t->filed);
			t->filed[t->nfiled++] = (struct filed){ entry, t->choices[step->first + c].word };
		}
		if (!step->optional)
			return;
	}
}

static bool unless_read(struct words_reader *t, struct bytes text, struct words_row *row)
{
	row->unless = (uint32_t)t->nexceptions;
	while (text.n) {
		size_t at = bytes_find(text, B(" ; "));
		t->exceptions = one_more(t->exceptions, t->nexceptions, &t->exceptions_room, sizeof *t->exceptions);
		if (!phrase_read(t, at == BYTES_NONE ? text : bytes_first(text, at), &t->exceptions[t->nexceptions++]))
			return false;
		row->nunless++;
		text = at == BYTES_NONE ? (struct bytes){ 0 } : bytes_from(text, at + 3);
	}
	return true;
}

/* ---- rows ---- */

/* Rows of a source mostly stand together. */
static uint32_t source_keep(struct words_reader *t, struct bytes text)
{
	struct bytes known = text_view(&t->sources);
	uint32_t last = t->nrows ? t->rows[t->nrows - 1].source : 0;
	if (known.n && bytes_equal(bytes_first(bytes_from(known, last), known.n - last - 1), text))
		return last;
	uint32_t at = (uint32_t)known.n;
	text_add(&t->sources, text);
	text_add(&t->sources, (struct bytes){ (const uint8_t *)"", 1 });
	return at;
}

/* Rows of a cause mostly stand together. */
static enum cause cause_read(const struct words_reader *t, struct bytes slug)
{
	enum cause last = t->nrows ? t->rows[t->nrows - 1].cause : CAUSE_UNKNOWN;
	return bytes_equal(slug, bytes_of(cause_entry(last)->slug)) ? last : cause_find(slug);
}

static bool row_read(struct words_reader *t, struct place_in_file at, struct bytes line, struct error *error)
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
	row.cause = cause_read(t, column[CAUSE]);
	if (row.cause == CAUSE_COUNT)
		return wrong(at, column[CAUSE], "no such cause (smtpwhy causes lists them)", error);
	if (!bytes_number(column[WEIGHT], &weight) || weight < 1 || weight > 100)
		return wrong(at, column[WEIGHT], "the weight is a number from 1 to 100", error);
	row.weight = (uint8_t)weight;
	if (!stages_read(column[STAGE], &row.stages))
		return wrong(at, column[STAGE], "stages are conn helo mail rcpt data eom auth tls other, joined by commas", error);
	if (!codes_read(t, column[CODE], &row))
		return wrong(at, column[CODE], "codes look like 550, 55, 5.7.1 or 5.7, joined by commas", error);
	if (column[PATTERN].n == 0 && row.ncodes == 0)
		return wrong(at, line, "a row needs a pattern or a code", error);
	if (column[PATTERN].n && !phrase_read(t, column[PATTERN], &row.phrase))
		return wrong(at, column[PATTERN], "the pattern is wrong (lower case; fragments joined by ' * '; [a|b]; ~ at an open end)", error);
	if (!unless_read(t, column[UNLESS], &row))
		return wrong(at, column[UNLESS], "the exception is wrong", error);
	row.source = source_keep(t, column[SOURCE]);
	row_file(t, (uint32_t)t->nrows, &row.phrase);
	if (column[PATTERN].n == 0) {
		t->bare = one_more(t->bare, t->nbare, &t->bare_room, sizeof *t->bare);
		t->bare[t->nbare++] = (uint32_t)t->nrows;
	}
	t->rows = one_more(t->rows, t->nrows, &t->rows_room, sizeof *t->rows);
	t->rows[t->nrows++] = row;
	return true;
}

bool words_reader_add(struct words_reader *t, const char *name, struct bytes text, struct error *error)
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

static void kinds_find(struct words_reader *t)
{
	size_t words = automaton_words(t->words);
	t->kinds = memory_new(words + 1, sizeof *t->kinds);
	for (uint32_t w = 0; w < words; w++)
		t->kinds[w].length = (uint16_t)automaton_word(t->words, w).n;
	for (size_t s = 0; s < t->nsteps; s++) {
		const struct step *step = &t->steps[s];
		bool goes_on = s + 1 < t->nsteps && t->steps[s + 1].glued;
		for (uint32_t c = step->first; c < step->first + step->n; c++) {
			struct word_kind *kind = &t->kinds[t->choices[c].word];
			kind->inner_start |= step->glued || step->open_start || t->choices[c].open_start;
			kind->inner_end |= goes_on || step->open_end || t->choices[c].open_end;
		}
	}
}

/* By word; those of a word in the order of their rows. */
static void entries_sort(struct words_reader *t)
{
	size_t words = automaton_words(t->words);
	uint32_t *at = memory_new(words + 1, sizeof *at);
	t->first = memory_new(words + 1, sizeof *t->first);
	t->entries = memory_new(t->nfiled + 1, sizeof *t->entries);
	for (size_t i = 0; i < t->nfiled; i++)
		t->first[t->filed[i].word + 1]++;
	for (size_t w = 0; w < words; w++)
		at[w + 1] = t->first[w + 1] += t->first[w];
	for (size_t i = 0; i < t->nfiled; i++)
		t->entries[at[t->filed[i].word]++] = t->filed[i].entry;
	free(at);
}

struct words_table words_reader_table(struct words_reader *t)
{
	kinds_find(t);
	entries_sort(t);
	return (struct words_table){
		automaton_build(t->words), t->kinds, t->rows, t->codes, t->exceptions, t->steps, t->choices, t->entries, t->first, t->bare,
		(const char *)text_view(&t->sources).p, t->nrows, t->ncodes, t->nexceptions, t->nsteps, t->nchoices, t->nfiled, t->nbare, text_view(&t->sources).n,
	};
}

void words_reader_free(struct words_reader *t)
{
	if (!t)
		return;
	automaton_draft_free(t->words);
	text_free(&t->sources);
	free(t->kinds);
	free(t->rows);
	free(t->codes);
	free(t->exceptions);
	free(t->steps);
	free(t->choices);
	free(t->filed);
	free(t->entries);
	free(t->first);
	free(t->bare);
	free(t);
}
