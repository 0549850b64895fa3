/* line - cut one direction of a TCP stream into lines.
 * In:    chunks of any size, gaps, the end, in stream order.
 * Out:   one line at a time through lines_next; a loop that pulls until false, so that the reader may change its mode between
 *        lines (DATA, BDAT, TLS) before the rest of the chunk is looked at.
 * Keeps: LIMIT_LINE octets of a line; the excess is counted, not kept.
 * Never: fails on input. Bare LF, bare CR, NUL, a gap: each is a fact on the line.
 * Costs: a line that lies whole in its chunk is neither copied nor kept.
 * Ends:  CRLF and bare LF end a line; a bare CR does not end it but is flagged, unless bare_cr_ends is set.
 * Lives: line.text until the next call on the same lines. */
#ifndef SMTPWHY_SMTP_LINE_H
#define SMTPWHY_SMTP_LINE_H

#include "smtp/session.h"

struct part {
	struct line line;       /* what is known of it; its text: the octets that are kept */
	size_t room;
	uint8_t kept[];         /* grown as needed up to LIMIT_LINE */
};

struct lines { /* zeroed storage is ready */
	struct part *part;         /* on the heap: of an unfinished line; NULL: none yet */
	const struct chunk *chunk; /* being read */
	size_t at;                 /* octets of it already taken */
	bool begun, last_was_cr, after_gap;
	bool bare_cr_ends;         /* set by the reader: a peer that ends its lines with a lone CR */
	bool counted;              /* this chunk is one of the unfinished line's segments */
};

void lines_push(struct lines *, const struct chunk *);            /* the chunk must outlive the pulling */
bool lines_next(struct lines *, struct line *);                   /* false: the chunk holds no further complete line */
static inline struct bytes lines_rest(const struct lines *); /* octets of the chunk not yet taken, for other modes */
static inline void lines_take(struct lines *, size_t n);                        /* so many of these were read by another mode */
void lines_put_aside(struct lines *);                             /* they come again, in a later chunk */
bool lines_gap(struct lines *, const struct gap *, struct line *); /* an unfinished line ends with LINE_GAP: true and the line */
bool lines_end(struct lines *, struct line *);                    /* likewise LINE_END */
const struct line *lines_unfinished(const struct lines *);        /* what is known of a line whose end has not come, until the next call; NULL: none */
static inline size_t lines_size(const struct lines *);                          /* bytes on the heap */
void lines_free(struct lines *);

static inline struct bytes lines_rest(const struct lines *l)
{
	return l->chunk ? bytes_from(l->chunk->bytes, l->at) : (struct bytes){ 0 };
}

static inline void lines_take(struct lines *l, size_t n)
{
	l->at += bytes_first(lines_rest(l), n).n;
	if (n)
		l->after_gap = false;
}

static inline size_t lines_size(const struct lines *l)
{
	return l->part ? sizeof *l->part + l->part->room : 0;
}

#endif
