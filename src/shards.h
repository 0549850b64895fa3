/* shards - connections spread over threads.
 * In:    TCP segments in the order of the timeline, from one thread.
 * Out:   outcomes, one at a time (the sink is never entered twice at once), in an order that depends on the threads: ids do not.
 * How:   with one thread everything happens inside shards_packet. With n threads, connections go to n analysers by flow_shard;
 *        packets travel in batches, their payload copied; the analysers call the sink themselves, one at a time.
 * Parts: of a run that is spread over machines, only the connections of one part are taken; every machine sees all packets.
 * Keeps: BATCHES_AHEAD batches and OUTCOMES_MOST outcomes for each analyser; a full queue makes its sender wait.
 * Lives: until shards_free. */
#ifndef SMTPWHY_SHARDS_H
#define SMTPWHY_SHARDS_H

#include "analyser.h"

struct shards;
struct shards_options {
	unsigned threads;     /* 0 or 1: none besides the caller's */
	unsigned part, parts; /* 1..parts; parts 0: the whole */
};

struct shards *shards_new(struct shards_options, struct flow_options, const struct why *, struct outcome_sink);
void shards_packet(struct shards *, const struct packet *);
void shards_end(struct shards *); /* all outcomes have reached the sink when it returns */
void shards_free(struct shards *);

#endif
