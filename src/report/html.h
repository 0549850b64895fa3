/* html - the report as one page that opens from disk: everything it shows and the scripts that show it are in the file.
 * In:    a report database; the name that the reader knows it by.
 * Out:   a page of HTML. Counts cover all errors; beyond HTML_ERRORS_MOST errors it lists a choice of them and says so.
 * Never: loads anything; puts text of the database where a browser could take it for markup or script: it stands in a block of
 *        JSON whose "<", ">" and "&" are escaped, and the page's own policy forbids every script but ours, by hash. */
#ifndef SMTPWHY_REPORT_HTML_H
#define SMTPWHY_REPORT_HTML_H

#include "base/error.h"
#include "base/text.h"
#include "store/query.h"

enum { HTML_ERRORS_MOST = 10000 }; /* what a browser still searches and sorts at once, in a file of a few megabytes */

bool html_report(struct report *, const char *path, struct text *, struct error *);

#endif
