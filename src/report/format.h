/* format - rows as other programs read them. A format is a const struct in a file of its own, and a line here.
 * In:    rows of any statement; the columns' names are the fields' names.
 * Out:   text, a row at a time, so that a million rows need the memory of one.
 * Names: a column whose name ends in ":json" holds JSON: a format that can, embeds it under the name without the ending. */
#ifndef SMTPWHY_REPORT_FORMAT_H
#define SMTPWHY_REPORT_FORMAT_H

#include "base/text.h"
#include "store/query.h"

struct format {
	const char *name;
	void (*begin)(struct text *, const struct rows *);
	void (*row)(struct text *, const struct rows *);
};

extern const struct format csv_format;  /* RFC 4180, a header line, LF line ends */
extern const struct format json_format; /* newline-delimited JSON objects; NULL fields are left out */

struct bytes format_field(const struct rows *, size_t column, bool *json); /* the name without its ending */

/* What a report exports: a statement of each view, with names of the Elastic Common Schema 8.x where one fits. */
struct export {
	const char *name;     /* "errors" */
	const char *json, *csv; /* SQL */
};
extern const struct export exports[]; /* ends with a NULL name */
const struct export *export_find(const char *name);

#endif
