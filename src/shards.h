/* shards - connections spread over threads.
 * In:    TCP segments in the order of the timeline.
 * Out:   outcomes, one at a time (the sink is never entered twice at once), in an order that depends on the threads: ids do not.
 * How:   with one thread everything happens inside shards_packet. With n threads, the caller's among them, each has an analyser with the
 *        connections of some wards (flow.h), and there are no others: whichever finds that little is left to do reads on.
 * Parts: of a run that is spread over machines, only the connections of one part are taken; every machine sees all packets.
 * Keeps: at most SPANS times SPAN_PACKETS packets with the windows that their payload stands in, or copies of it (a few spans unless one
 *        thread lags), and OUTCOMES_MOST outcomes for each analyser.
 * Lives: until shards_free. */
#ifndef SMTPWHY_SHARDS_H
#define SMTPWHY_SHARDS_H

#include "analyser.h"
#include "capture/window.h"

struct shards;
struct shards_options {
	unsigned threads;     /* 0 or 1: none besides the caller's; no more than FLOW_WARDS are of use */
	unsigned part, parts; /* 1..parts; parts 0: the whole */
};

enum { PAUSE_EVERY = 16384 }; /* frames, of which the caller asks about more than the next one */
enum reading { READ_PACKET, READ_NOTHING, READ_END }; /* nothing: a frame without a segment */

/* Where packets come from, with several threads. */
struct packets_source {
	/* From any of the threads, one at a time. The packet's payload lives until the next call, or in a window that can be held; NULL: in none. */
	enum reading (*next)(void *to, struct packet *, struct window **);
	void (*pause)(void *to); /* from the caller's thread, every PAUSE_EVERY frames or so, while next is not called */
	void *to;
	bool here_only;          /* reading may wait for others, or for a signal: next is called from the caller's thread as well */
};

struct shards *shards_new(struct shards_options, struct flow_options, const struct why *, struct outcome_sink);
bool shards_several(const struct shards *);                 /* which of the two comes next */
void shards_packet(struct shards *, const struct packet *); /* with one thread */
void shards_run(struct shards *, const struct packets_source *); /* with several: returns when the source has ended */
void shards_end(struct shards *); /* all outcomes have reached the sink when it returns */
uint64_t shards_cut_short(const struct shards *); /* connections closed before their end for want of memory */
void shards_free(struct shards *);

#endif
