/* text - the report for a terminal: what failed, why, whose fault, since when, what to change, and what could not be looked at.
 * In:    a report database.
 * Out:   a page of at most style.width columns.
 * Never: writes anywhere; shows "no 5xx" where it could not look. */
#ifndef SMTPWHY_REPORT_TEXT_H
#define SMTPWHY_REPORT_TEXT_H

#include "base/error.h"
#include "report/page.h"
#include "store/query.h"

/* path: as the reader names the database in further commands; NULL when none is kept. */
bool text_report(struct report *, const char *path, struct page *, struct error *);
bool text_headline(struct report *, struct page *, struct error *); /* its first lines alone */

#endif
