/* content - message data goes by: facts of it, and where it ends.
 * In:    octets of the client's stream after 354, in order; or of a BDAT chunk.
 * Out:   struct content; the number of octets up to and with the final CRLF "." CRLF (RFC 5321 4.1.1.4).
 * Keeps: no content: counters, and at most the 32 octets that begin a header line.
 * Never: fails; copies bulk.
 * A dot alone on a line that is not between two CRLFs is counted: for some servers it ends the message. */
#ifndef SMTPWHY_SMTP_CONTENT_H
#define SMTPWHY_SMTP_CONTENT_H

#include "smtp/session.h"

enum { FIELD_ROOM = 32 };

struct reader_of_content { /* zeroed storage is ready; begins at a line start */
	struct content facts;
	uint8_t first[FIELD_ROOM]; /* the first octets of the unfinished line: a dot, a header's name */
	uint64_t length;           /* of it */
	bool after_cr, started_bare; /* its last octet is CR; the line before it ended in a bare LF */
	bool behind_hole;     /* the octet before the next one is missing: it may be a CR */
	bool past_header;
	bool has_8bit;             /* in the unfinished line */
};

/* Octets taken. *ended: the last of them ends the message. *odd_end: octets up to the end of a dot that ends it for some
 * servers only, 0 none; the reader stops there once, so that the caller may look closer at what follows. */
size_t content_read(struct reader_of_content *, struct bytes, bool dots, bool *ended, bool *odd_end);
void content_hole(struct reader_of_content *);

#endif
