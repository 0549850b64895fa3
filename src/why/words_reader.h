/* words_reader - reads rows of words.tsv and of a user's rules file.
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
 * Out:   a table of them.
 * Never: accepts a wrong row silently: the error names its line.
 * Lives: until words_reader_free, with the table. */
#ifndef SMTPWHY_WHY_WORDS_READER_H
#define SMTPWHY_WHY_WORDS_READER_H

#include "why/words_table.h"

enum { STEPS_MOST = 24, CODES_MOST = 16, WORDS_TOTAL = 65536, STEPS_TOTAL = 65536 }; /* a phrase's, a row's; a table's */

struct words_reader;
struct words_reader *words_reader_new(void);
bool words_reader_add(struct words_reader *, const char *name, struct bytes text, struct error *); /* name: of the file, for errors */
struct words_table words_reader_table(struct words_reader *); /* once, after the last text; its arrays are the reader's */
void words_reader_free(struct words_reader *); /* NULL is nothing */

#endif
