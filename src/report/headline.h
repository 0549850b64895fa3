/* headline - the first lines of a report; also what `smtpwhy analyze` says when it is done.
 * In:    a reader, and the day on which the captures begin, which times then leave out.
 * Out:   lines on a page. */
#ifndef SMTPWHY_REPORT_HEADLINE_H
#define SMTPWHY_REPORT_HEADLINE_H

#include "report/page.h"
#include "report/read.h"

void headline_draw(struct reader *, struct page *, struct bytes day);
enum ink headline_verdict(struct reader *, struct text *, struct bytes day); /* its sentence: how many, how bad, since when */
/* What could not be looked into, a sentence a call, from *next = 0 on; false: no more. */
bool headline_blind(struct reader *, size_t *next, struct text *);
void headline_day(struct reader *, struct text *day); /* "2026-11-22" */

#endif
