/* connection - one connection that may be SMTP: its two streams, told in causal order, and what its packets say as a whole.
 * In:    its packets; which side sent each.
 * Out:   the sink's calls. Nothing before the first bytes say SMTP (on SMTP ports: before the first payload); then all from
 *        the beginning.
 * Keeps: as flow.h says; of a connection on an SMTP port that begins strangely, FIRST_KEPT octets of each side for nDPI.
 * Waits: octets that are missing, and a side that has not been seen yet, are waited for during LIMIT_HOLD_PACKETS packets of the
 *        connection. Not by time: an offline reader loses nothing by waiting, and clocks are set while captures run.
 * Lives: until talk_close. */
#ifndef SMTPWHY_FLOW_CONNECTION_H
#define SMTPWHY_FLOW_CONNECTION_H

#include "flow/reassembly.h"
#include "flow/speaks.h"

/* What all connections of one flow share. */
struct surroundings {
	struct flow_options options;
	struct flow_sink sink;
	struct flow_counts counts;
	struct witness *witness;
	struct stock stocks[FLOW_WARDS + 1]; /* by ward; the last: of what has ended and is closed soon */
	struct spares spares;
	struct talk_slab *slabs;
	struct talk *spare; /* those of the slabs that are not in use, the last one used first */
};

struct talk;
/* Its connection is to be filled with what is known so far, ends, SYN marks, ordinal, before it begins. */
struct talk *talk_new(struct surroundings *, struct stock *); /* its bytes count there */
void talk_count_with(struct talk *, struct stock *);           /* from now on there */
struct connection *talk_connection(struct talk *);
void talk_begin(struct talk *, bool on_port); /* on_port: opened without a look */
void talk_needs_no_past(struct talk *);       /* all octets that it will get are sent once: none is to be compared with what came before */
void talk_start(struct talk *, enum direction, uint32_t isn); /* of a SYN seen before the talk was made */
void talk_hint(struct talk *, enum direction, uint32_t number); /* no SYN seen, but packets without payload */
void talk_packet(struct talk *, const struct packet *, enum direction);
/* The same for the next octets of a side, or an acknowledgement of such, of two sides in order. False: it is another packet, and
 * nothing was done. Behind it neither is a connection over, nor are its sides swapped. */
bool talk_straight(struct talk *, const struct packet *, enum direction);
bool talk_is_over(const struct talk *);     /* both FIN, or a credible RST */
bool talk_is_whole(const struct talk *);    /* no reset; all that was sent and acknowledged has come out */
bool talk_is_unwanted(const struct talk *); /* not SMTP: drop it */
bool talk_goes_on(const struct talk *, const struct packet *, enum direction, int64_t pause); /* its number fits, or there was no such pause */
bool talk_has_swapped(const struct talk *); /* the first bytes showed that client and server are the other way round */
void talk_close(struct talk *, enum ending); /* tells what is left, ends it, frees it */
void talk_fetch(const struct talk *);         /* into the caches, before it is closed */
/* What waits, and the next part of what its listener keeps, once it is there itself. */
void talk_fetch_session(const struct talk *, unsigned part);
void talk_drop(struct talk *);               /* without a word */
void talks_free(struct surroundings *);      /* their memory, once none is left */

#endif
