/* shards - connections spread over threads.
 * In:    TCP segments in the order of the timeline, from one thread.
 * Out:   outcomes, one at a time (the sink is never entered twice at once), in an order that depends on the threads: ids do not.
 * How:   with one thread everything happens inside shards_packet. With n threads, connections go to n analysers by a hash that is
 *        the same for both directions; packets travel in batches, their payload copied; outcomes reach one thread that calls the sink.
 * Keeps: BATCHES_AHEAD batches for each analyser and OUTCOMES_AHEAD outcomes; a full queue makes its sender wait.
 * Lives: until shards_free. */
#ifndef SMTPWHY_SHARDS_H
#define SMTPWHY_SHARDS_H

#include "analyser.h"

struct shards;
struct shards *shards_new(unsigned threads, struct flow_options, const struct why *, struct outcome_sink);
void shards_packet(struct shards *, const struct packet *);
void shards_end(struct shards *); /* all outcomes have reached the sink when it returns */
void shards_free(struct shards *);
uint64_t packet_shard(const struct packet *); /* the symmetric hash */

#endif
