/* journal - the first packets of a connection in good order, until its dialogue is made of them.
 * In:    packets behind the handshake, or behind the beginning of the capture.
 * Out:   the same again in the order they came, as far as a talk looks at them (connection.h).
 * Keeps: of each a row of 32 octets, what does not follow from the rows before it, and its payload: JOURNAL_MOST octets in all.
 * Never: takes a SYN, a RST, a packet that shows a hole, one that was cut, or one of JOURNAL_PAYLOAD octets and more.
 * Why:   a session that waits is some cache lines then, not some kilobytes; and what makes a session, and what it is made of, come into the caches
 *        once, where else each packet of thousands of sessions would have to fetch them anew.
 * Lives: until journal_free. Its memory counts in the stock. */
#ifndef SMTPWHY_FLOW_JOURNAL_H
#define SMTPWHY_FLOW_JOURNAL_H

#include "flow/reassembly.h"

enum { JOURNAL_MOST = 4096, JOURNAL_PAYLOAD = 1000 /* of a packet: more are content, which goes on */ };

/* What the first rows follow from: the same when it is begun and when it is read. */
struct journal_start {
	uint32_t next[2];     /* by side: where it goes on */
	struct place place;
	struct marks like[2]; /* what its packets look like, as far as that stays the same */
};

struct journal;
struct journal *journal_new(struct stock *, const struct journal_start *);
bool journal_takes(struct journal *, struct stock *, const struct packet *, unsigned side); /* false: it did not */
bool journal_has_ended(const struct journal *); /* both sides have sent a FIN */
bool journal_repeats(const struct journal *);   /* a packet has octets of one before it */
void journal_count_with(const struct journal *, struct stock *before, struct stock *after);
void journal_fetch(const struct journal *, unsigned part); /* 0..: into the caches, where those before it are */
void journal_free(struct journal *, struct stock *);

struct journal_reading {
	struct journal_start now;
	const struct page *page;
	size_t at;
};
struct journal_reading journal_read(const struct journal *, const struct journal_start *);
/* Into one that is zeroed at first; its payload lives as long as the journal. */
bool journal_next(struct journal_reading *, struct packet *, unsigned *side);

#endif
