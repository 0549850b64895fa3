/* transcript - the two streams of a connection as lines without their text: what a comparison of two captures needs.
 * In:    chunks, gaps and ends, as flow's sink gives them.
 * Out:   for each direction its lines in order: hash, length, ending, frames; the holes; how it ended.
 * Keeps: no text, but the name of what looks like a header field. LIMIT_TRANSCRIPT lines a direction; what comes beyond is not told.
 * Never: fails on input; knows what a line means (account.h).
 * Lives: until transcript_free. */
#ifndef SMTPWHY_WHY_TRANSCRIPT_H
#define SMTPWHY_WHY_TRANSCRIPT_H

#include "smtp/session.h"

enum {
	TRANSCRIPT_PIECES = 128, /* segments of one line that are told apart: a line typed by hand has one an octet */
	TRANSCRIPT_FIELD = 64,   /* octets of a header field's name: the longest registered one has 36 */
};

struct segment_end { /* a line that came in several segments: where each of them ends in it */
	uint64_t at;
	struct place place;
};

struct spoken {
	uint64_t hash;       /* of its octets without the ending */
	uint64_t length, offset;
	struct place first, last;
	enum line_ending ending;
	bool holed;          /* a hole touches it */
	bool folded;         /* it begins with a blank: in a header, it goes on with the field before it (RFC 5322 2.2.3) */
	struct bytes field;  /* "Received" of "Received: from ..."; empty: it does not look like a header field */
	struct segment_end *segments; /* of a line in more than one; NULL: in one, or in more than TRANSCRIPT_PIECES */
	size_t nsegments;
};

struct hole { uint64_t offset, missing; };

struct monologue { /* one direction */
	struct spoken *lines;
	size_t n, room;
	struct hole *holes;
	size_t nholes;
	uint64_t end;        /* octets heard or lost */
	bool full;           /* more lines came than are kept */
	enum ending ending;  /* END_FIN or END_RST; END_OPEN: neither was seen */
	struct place ended_at;
	struct speaking *speaking; /* the unfinished line */
};

struct transcript {
	struct arena arena;
	struct monologue of[2];
};

struct transcript *transcript_new(void);
void transcript_data(struct transcript *, enum direction, const struct chunk *);
void transcript_gap(struct transcript *, enum direction, const struct gap *);
void transcript_end(struct transcript *, enum direction, enum ending, struct place);
void transcript_close(struct transcript *); /* nothing more comes: unfinished lines are lines */
const struct spoken *transcript_at(const struct transcript *, enum direction, uint64_t offset); /* the line that begins there; NULL */
bool transcript_has_hole(const struct transcript *, enum direction, uint64_t from, uint64_t to); /* a hole touches [from, to] */
uint64_t transcript_hash(struct bytes line); /* as of spoken.hash */
void transcript_free(struct transcript *);

#endif
