/* changed - what turned at a server or on a path, and when, in sentences.
 * In:    a reader, and the day on which the captures begin, which times then leave out.
 * Out:   lines on a page. */
#ifndef SMTPWHY_REPORT_CHANGED_H
#define SMTPWHY_REPORT_CHANGED_H

#include "report/page.h"
#include "report/read.h"

void changed_headline(struct reader *, struct page *, struct bytes day); /* the weightiest; nothing when nothing changed */
void changed_section(struct reader *, struct page *, struct bytes day, bool but_errors);

#endif
