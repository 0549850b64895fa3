/* words_table - the rows of words.tsv and of a user's rules file, compiled for one pass over a text.
 * In:    what words_reader.c read, or what stands in the program: words.tsv is compiled when the program is.
 * Out:   records for words_match.c and words.c. What is asked of every row that may fit stands together, texts and codes elsewhere.
 * Never: changes.
 * Lives: as its reader, or for ever. */
#ifndef SMTPWHY_WHY_WORDS_TABLE_H
#define SMTPWHY_WHY_WORDS_TABLE_H

#include "why/automaton.h"
#include "why/words.h"

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
	uint32_t first;            /* in steps */
	uint8_t n;
	uint8_t telling;           /* of them: the one with the fewest choices, and not optional */
	bool at_start;
};

struct code_filter { /* "55" fits 550..559; "5.7" fits 5.7.x */
	uint16_t parts[3]; /* enhanced: class, subject, detail */
	uint8_t n;         /* digits of a basic code, or parts of an enhanced one */
	bool enhanced;
};

struct words_row {
	enum cause cause;
	uint8_t weight;
	uint8_t ncodes;
	uint16_t stages;       /* 1 << enum stage; 0 any */
	uint32_t codes;        /* in codes: the first */
	struct phrase phrase;  /* n = 0: the codes alone */
	uint32_t unless, nunless; /* in exceptions */
	uint32_t source;       /* in sources; an empty one: none */
};

struct words_entry { /* a row, filed under a word that its phrase may begin with */
	uint32_t row;
	uint32_t other;        /* a word + 1 that the rest of the phrase cannot do without; 0 there is none, or one of several */
	uint32_t step;         /* the one that the word belongs to (those before it are optional) */
};

struct word_kind { /* what no step of any phrase wants of a word is known before the phrases are looked at */
	uint16_t length;
	bool inner_start, inner_end; /* may begin, end inside a longer word */
};

struct words_table {
	struct automaton automaton;
	const struct word_kind *kinds; /* by word number */
	const struct words_row *rows;
	const struct code_filter *codes;
	const struct phrase *exceptions;
	const struct step *steps;
	const struct choice *choices;
	const struct words_entry *entries;
	const uint32_t *first;         /* by word number: its entries begin here, and end where those of the next word begin */
	const uint32_t *bare;          /* rows without a pattern */
	const char *sources;           /* each ended by NUL */
	size_t nrows, ncodes, nexceptions, nsteps, nchoices, nentries, nbare, nsources;
};

const struct words_table *words_built_in(void); /* of words.tsv */

#endif
