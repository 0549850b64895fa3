/* compared - what a box did to the sessions that were seen on both of its sides.
 * In:    a database that compare wrote.
 * Out:   on the page: how the sides were matched, a sentence a path, a table of kinds, each difference with its frames.
 * Never: shows more than COMPARED_SHOWN differences unless all are asked for. */
#ifndef SMTPWHY_REPORT_COMPARED_H
#define SMTPWHY_REPORT_COMPARED_H

#include "report/page.h"
#include "report/read.h"

enum { COMPARED_SHOWN = 20 };

bool compared_report(struct report *, bool all, struct page *, struct error *);

#endif
