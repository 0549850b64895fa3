/* html_data - the block of JSON behind the HTML page.
 * In:    a reader.
 * Out:   {"verdict":{...},"sections":{NAME:{"columns":[...],"rows":[[...],...]},...},"texts":[...]}. A column whose name ends in
 *        "#" holds places in texts, where what occurs often stands once.
 * Never: an octet that ends a script element or that a browser shows otherwise than it is (escape_script). */
#ifndef SMTPWHY_REPORT_HTML_DATA_H
#define SMTPWHY_REPORT_HTML_DATA_H

#include "report/read.h"

void html_data(struct reader *, const char *path, int64_t errors_most, struct text *);

#endif
