/* page - text laid out for eyes: a width in columns, styles, paragraphs, tables and bars.
 * In:    text of any origin; every verb sends it through escape.h, so callers need not.
 * Out:   lines of at most style.width columns, in page.out; nothing is written anywhere.
 * Never: emits a colour when style.colour is off, or a character outside ASCII when the charset is ASCII.
 * Lives: zeroed storage with a style is an empty page; until page_free. */
#ifndef SMTPWHY_REPORT_PAGE_H
#define SMTPWHY_REPORT_PAGE_H

#include "base/arena.h"
#include "report/escape.h"

struct page_style {
	enum charset charset;
	bool colour;
	unsigned width; /* columns; 0: as long as the text is */
};

enum ink { INK_PLAIN, INK_TITLE, INK_STRONG, INK_FAINT, INK_BAD, INK_GOOD, INK_WARN, INK_NAME };

struct page {
	struct page_style style;
	struct text out;
};

void page_free(struct page *);
void page_line(struct page *);                                   /* ends the line */
void page_title(struct page *, const char *title);
void page_section(struct page *, const char *title);             /* a blank line, the title, underlined */
void page_put(struct page *, enum ink, struct bytes);            /* on the line as it stands */
void page_string(struct page *, enum ink, const char *);
void page_spaces(struct page *, size_t n);

/* Words filled into lines; the first line begins where the line stands at column `from`, the others at `indent`. Ends the line. */
void page_fill(struct page *, enum ink, size_t from, size_t indent, struct bytes);
void page_paragraph(struct page *, size_t indent, const char *);
void page_labelled(struct page *, size_t indent, const char *label, size_t column, struct bytes); /* label, then text from column on */

/* A bar of so many columns, of which the share value/most is filled. A value above 0 shows at least the smallest mark. */
void page_bar(struct page *, enum ink, double value, double most, unsigned columns);
/* A chart of n values in one line, a character each, highest block at the greatest value. */
void page_spark(struct page *, enum ink, const double *values, size_t n);

/* A table: cells are collected, then drawn with columns as wide as needed. Where the page is too narrow, columns give way: those that
 * give first, then every elastic one, the widest first; what does not fit is cut, a path in front, for files differ at their end. */
enum table_align { ALIGN_LEFT, ALIGN_RIGHT };
enum table_give { RIGID, ELASTIC, ELASTIC_FIRST, ELASTIC_PATH };
struct table_column {
	const char *name;
	enum table_align align;
	enum table_give gives;
	enum ink ink;
};
struct table {
	const struct table_column *columns;
	size_t ncolumns;
	struct bytes *cells; /* row by row */
	size_t ncells, room;
	struct arena arena;
};
void table_cell(struct table *, struct bytes);
void table_string(struct table *, const char *);
void table_number(struct table *, int64_t);
void table_draw(struct page *, struct table *, size_t indent); /* and frees it; nothing for a table without rows */

/* Text of our own that differs by charset. */
const char *page_dash(const struct page *);  /* en dash or "-" */
const char *page_dot(const struct page *);   /* middle dot or "|" */

#endif
