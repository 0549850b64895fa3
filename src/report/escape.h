/* escape - the only way text from the wire reaches a terminal, a page or a file.
 * In:    text of the database. It was C-escaped when it was stored; here it is treated as hostile all the same, for a database
 *        may come from anywhere.
 * Out:   the same text, harmless for one kind of reader.
 * Never: lets a control character, a terminal escape, a change of writing direction or an invisible character through; fails.
 * Lives: the result belongs to the text it is added to. */
#ifndef SMTPWHY_REPORT_ESCAPE_H
#define SMTPWHY_REPORT_ESCAPE_H

#include "base/text.h"

enum charset { CHARSET_ASCII, CHARSET_UTF8 };

/* One character at the start of text, or one octet that is part of none. */
struct glyph {
	size_t octets;   /* 1.. of the input */
	uint32_t code;   /* Unicode code point; meaningless when it is not valid */
	unsigned width;  /* terminal columns: 0, 1 or 2 */
	bool valid;      /* well-formed UTF-8 (RFC 3629) */
	bool visible;    /* may stand as it is before a reader's eyes */
};
struct glyph glyph_at(struct bytes); /* of text that is not empty */

/* For a terminal or a text file, on one line: LF becomes "\n", what cannot be shown becomes \xHH octet by octet. */
void escape_terminal(struct text *, struct bytes, enum charset);
/* The same, but never wider than so many columns; what is cut is told by three dots (or an ellipsis). */
void escape_terminal_fit(struct text *, struct bytes, enum charset, size_t columns);
void escape_terminal_fit_end(struct text *, struct bytes, enum charset, size_t columns); /* the same, cut in front */
size_t escape_width(struct bytes shown); /* columns of what escape_terminal made */
size_t escape_break(struct bytes shown, size_t at); /* at, or before it the start of the \xHH that a line end at at would cut */

/* A field of RFC 4180: quoted where it must be. A field that a spreadsheet would run as a formula (its first octet is one of
 * = + - @ HT CR, and it is no number) gets a ' in front, the usual guard (OWASP, CSV Injection). */
void escape_csv(struct text *, struct bytes);

/* Text between tags or within a quoted attribute of HTML: & < > " ' become references; what may not be shown becomes \xHH. */
void escape_html(struct text *, struct bytes);

/* A string of JSON (RFC 8259) with its quotes: well-formed UTF-8 passes, other octets become \xHH in the string's text. */
void escape_json(struct text *, struct bytes);

/* A string of JSON within a script element of HTML: as escape_json, but what may not be shown becomes \xHH in the string's text, for
 * the page shows the string as it is, and no < > & stands as itself, for HTML ends the element at "</script". */
void escape_script(struct text *, struct bytes);

#endif
