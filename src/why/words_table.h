/* words_table - the rows of words.tsv and of a user's rules file, compiled for one pass.
 * In:    text of tab-separated rows: cause, weight, stage, code, pattern, unless, source. '#' begins a comment line.
 *        cause    slug of the catalogue
 *        weight   1..100: 80 and more specific words or a provider's tag, 50 and more general words, below that codes
 *        stage    conn helo mail rcpt data eom auth tls other, joined by commas; empty: any
 *        code     550, 55, 5.7.1, 5.7 ..., joined by commas; a basic and an enhanced one must both fit when both are given; empty: any
 *        pattern  folded text (fold.h): fragments that stand in this order, joined by " * "; [a|b] either; a fragment begins and
 *                 ends at word boundaries unless it begins or ends with "~"; "^" at the start: at the start of the text;
 *                 empty: the codes alone
 *        unless   like pattern: the row is void when it is found anywhere
 *        source   where the wording is documented, or the provider
 * Out:   rows that a text matches.
 * Never: accepts a wrong row silently: the error names its line.
 * Lives: until words_table_free; read-only after words_table_build. */
#ifndef SMTPWHY_WHY_WORDS_TABLE_H
#define SMTPWHY_WHY_WORDS_TABLE_H

#include "why/automaton.h"
#include "why/words.h"

enum { FRAGMENTS_MOST = 8, CODES_MOST = 8 };

struct fragment {
	uint32_t word;         /* number in the automaton */
	bool open_start, open_end; /* no word boundary needed */
};

struct phrase { /* one alternative of a pattern */
	struct fragment fragments[FRAGMENTS_MOST];
	unsigned n;
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
	struct phrase *unless;
	size_t nunless;
	const char *source;    /* "" none */
};

struct words_entry { /* a phrase of a row, filed under its first fragment */
	struct phrase phrase;
	uint32_t row;
	uint32_t next;         /* entry + 1 with the same first fragment; 0 none */
};

struct words_table {
	struct arena arena;
	struct automaton *automaton;
	struct words_row *rows;
	size_t nrows, rows_room;
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
