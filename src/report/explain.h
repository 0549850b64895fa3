/* explain - one error in full: the dialogue around it, the command taken apart, the evidence with its frames, the remedy.
 * In:    a report database and the id of an error.
 * Out:   a page.
 * Never: says more than the evidence does: the certainty stands in words at the top. */
#ifndef SMTPWHY_REPORT_EXPLAIN_H
#define SMTPWHY_REPORT_EXPLAIN_H

#include "report/ladder.h"
#include "report/read.h"

bool explain_error(struct reader *, int64_t error_id, struct page *); /* false: no such error, or the reader's error is filled */
void explain_ladder(struct reader *, int64_t error_id, struct ladder *); /* what it draws, for other formats */

#endif
