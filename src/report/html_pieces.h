/* html_pieces - the page's own parts, compiled in: its frame, style sheets and scripts, the chart library among them.
 * Out:   each part's text, and the base64 of its SHA-256 as a Content-Security-Policy names it. */
#ifndef SMTPWHY_REPORT_HTML_PIECES_H
#define SMTPWHY_REPORT_HTML_PIECES_H

#include "base/bytes.h"

enum piece_kind { PIECE_STYLE, PIECE_SCRIPT };

struct piece {
	enum piece_kind kind;
	struct bytes text, hash;
};

extern const struct piece html_pieces[]; /* in the order of the page; ends with an empty text */
extern const struct bytes html_frame;    /* the page with {{NAME}} where its parts go */

#endif
