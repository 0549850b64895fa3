/* reply - server lines become one reply.
 * In:    lines in order; gaps and the end.
 * Out:   a reply when its last line has come. Any code from 000 to 999 is kept, as is none at all.
 * Keeps: LIMIT_REPLY octets of text.
 * Never: fails on input: a changed code, a missing one, a line without separator are flags. A line without code stands for itself
 *        (code -1, REPLY_CODE_MISSING), one line a reply, so that echoed junk swallows no good reply; inside a multi-line reply it
 *        is text of that. An empty line between replies is none.
 * Lives: the reply's text on the arena that its last line comes with. */
#ifndef SMTPWHY_SMTP_REPLY_H
#define SMTPWHY_SMTP_REPLY_H

#include "smtp/sayings.h"
#include "smtp/session.h"

#include "base/text.h"

struct gathering {
	struct reply reply;
	struct text text, raw;
};

struct replies { /* zeroed storage is ready */
	struct gathering *gathering; /* on the heap: a reply of several lines whose last has not come; NULL: none */
};

/* The octets of the chunk from here on begin with a whole reply in good form: lines of printable octets, each with CRLF, one code, and
 * no more of them than fit: *out is then what replies_line makes of its lines, and the return how many octets they have. 0: not so. */
size_t replies_whole(struct arena *, struct sayings *, const struct chunk *, size_t at, struct reply *out); /* sayings may be NULL */
bool replies_line(struct replies *, struct arena *, const struct line *, struct reply *); /* true: with it a reply is complete */
bool replies_cut(struct replies *, struct arena *, struct reply *); /* a gap or the end: true when an incomplete reply was there, flagged REPLY_CUT */
/* Does it refuse the command while quoting filler of the verb's length that the client did not send (XXXX for EHLO)? */
bool reply_quotes_mask(const struct reply *, const struct command *);
void replies_free(struct replies *);
bool reply_line_looks_right(struct bytes line);              /* three digits, then SP, - or the end */

#endif
