/* words_table - the rows of words.tsv and of a user's rules file, compiled for one pass.
 * In:    text of tab-separated rows: cause, weight, stage, code, pattern, unless, source. '#' begins a comment line.
 *        cause    slug of the catalogue
 *        weight   1..100: 80 and more specific words or a provider's tag, 50 and more general words, below that codes
 *        stage    conn helo mail rcpt data eom auth tls other, joined by commas; empty: any
 *        code     550, 55, 5.7.1, 5.7 ..., joined by commas; a basic and an enhanced one must both fit when both are given; empty: any
 *        pattern  folded text (fold.h): fragments that stand in this order, joined by " * "; [a|b] either, [a|] a or nothing; a
 *                 fragment begins and ends at word boundaries unless it, or the alternative, begins or ends with "~"; "^" at
 *                 the start: at the start of the text; empty: the codes alone
 *        unless   patterns joined by " ; ": the row is void when one is found anywhere
 *        source   where the wording is documented, or the provider
 * Out:   rows that a text matches.
 * Never: accepts a wrong row silently: the error names its line.
 * Lives: until words_table_free; read-only after words_table_build. */
#ifndef SMTPWHY_WHY_WORDS_TABLE_H
#define SMTPWHY_WHY_WORDS_TABLE_H

#include "why/automaton.h"
#include "why/words.h"

enum { STEPS_MOST = 24, CODES_MOST = 16, WORDS_TOTAL = 65536, STEPS_TOTAL = 65536 }; /* a phrase's, a row's; a table's */

struct choice {
	uint32_t word;             /* number in the automaton */
	bool open_start, open_end; /* no word boundary needed, of its own */
};

struct step { /* one of several words */
	uint32_t first, n;         /* in choices, by word number */
	bool optional;
	bool glued;                /* follows the step before it at once; else with at most a reach of octets between */
	bool joined;               /* glued, and without a blank in the pattern: no word boundary needed */
	bool open_start, open_end; /* no word boundary needed, whichever the choice */
};

struct phrase { /* a pattern */
	uint32_t first, n;         /* in steps */
	uint32_t telling;          /* of them: the one with the fewest choices, and not optional */
	bool at_start;
};

struct code_filter { /* "55" fits 550..559; "5.7" fits 5.7.x */
	uint16_t parts[3]; /* enhanced: class, subject, detail */
	uint8_t n;         /* digits of a basic code, or parts of an enhanced one */
	bool enhanced;
};

struct words_row {
	enum cause cause;
	int weight;
	unsigned stages;       /* 1 << enum stage; 0 any */
	struct code_filter codes[CODES_MOST];
	unsigned ncodes;
	struct phrase phrase;  /* n = 0: the codes alone */
	uint32_t unless, nunless; /* in exceptions */
	const char *source;    /* "" none */
};

struct words_entry { /* a row, filed under a word that its phrase may begin with */
	uint32_t row, step;    /* step: the one that the word belongs to (those before it are optional) */
	uint32_t word, next;   /* next: entry + 1 with the same word; 0 none */
};

struct word_kind { /* what no step of any phrase wants of a word is known before the phrases are looked at */
	uint16_t length;
	bool inner_start, inner_end; /* may begin, end inside a longer word */
};

struct words_table {
	struct arena arena;
	struct automaton *automaton;
	struct word_kind *kinds; /* by word number */
	struct words_row *rows;
	size_t nrows, rows_room;
	struct phrase *exceptions;
	size_t nexceptions, exceptions_room;
	struct step *steps;
	size_t nsteps, steps_room;
	struct choice *choices;
	size_t nchoices, choices_room;
	struct words_entry *entries;
	size_t nentries, entries_room;
	uint32_t *first;       /* by word number: entry + 1 */
	uint32_t *bare;        /* rows without a pattern */
	size_t nbare, bare_room;
};

void words_table_init(struct words_table *);
bool words_table_add(struct words_table *, const char *name, struct bytes text, struct error *); /* name: of the file, for errors */
void words_table_build(struct words_table *);
void words_table_free(struct words_table *);

#endif
