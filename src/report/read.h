/* read - the finished database as reports read it.
 * In:    SQL on the views and tables of docs/database.md, written as a format whose arguments are numbers and words of our own.
 * Out:   rows, one at a time.
 * Never: puts text of any origin into SQL; changes the database.
 * Lives: a row's texts until the next read_next of the same rows. An error sticks: read_next then says false, and the report's
 *        last word, read_ok, tells. */
#ifndef SMTPWHY_REPORT_READ_H
#define SMTPWHY_REPORT_READ_H

#include "base/text.h"
#include "store/query.h"

/* A time of the tables as the views show it; for a format of read_rows. */
#define READ_TIME(t) "strftime('%%Y-%%m-%%dT%%H:%%M:%%S', (" t ") / 1000000000, 'unixepoch') || printf('.%%06dZ', (" t ") / 1000 %% 1000000)"

struct reader {
	struct report *report;
	struct error *error; /* the first trouble */
};

struct rows *read_rows(struct reader *, const char *sql, ...) __attribute__((format(printf, 2, 3))); /* NULL: the error is told */
bool read_next(struct reader *, struct rows **); /* false: no more; the rows are then freed */
void read_done(struct rows **);                  /* frees rows that were not read to the end */
int64_t read_number(struct reader *, const char *sql, ...) __attribute__((format(printf, 2, 3))); /* one value, 0 for none */
void read_text(struct reader *, struct text *, const char *sql, ...) __attribute__((format(printf, 3, 4))); /* one value, added */

#endif
