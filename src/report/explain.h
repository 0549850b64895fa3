/* explain - one error in full: the dialogue around it, the command taken apart, the evidence with its frames, the remedy.
 * In:    a report database and the id of an error.
 * Out:   a page.
 * Never: says more than the evidence does: the certainty stands in words at the top. */
#ifndef SMTPWHY_REPORT_EXPLAIN_H
#define SMTPWHY_REPORT_EXPLAIN_H

#include "report/ladder.h"
#include "report/read.h"

bool explain_error(struct reader *, int64_t error_id, struct page *); /* false: no such error, or the reader's error is filled */
void explain_ladder(struct reader *, int64_t error_id, struct ladder *); /* what it draws */

/* For other formats: the whole dialogue of a session; and how much of it is shown around an error. */
enum { DIALOGUE_BEFORE = 4, DIALOGUE_AFTER = 2 }; /* exchanges */
void dialogue_read(struct reader *, int64_t session_id, struct ladder *);
bool dialogue_greets(const struct rung *); /* EHLO, HELO or LHLO: the last one before an error is shown with it, as is the banner */

#endif
