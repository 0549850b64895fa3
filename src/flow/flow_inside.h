/* flow_inside - what the files of a flow share: flow.c (packets find their connection), closing.c (connections are counted, queued and closed).
 * Never: included by anything else. */
#ifndef SMTPWHY_FLOW_FLOW_INSIDE_H
#define SMTPWHY_FLOW_FLOW_INSIDE_H

#include "flow/connection.h"
#include "flow/journal.h"
#include "flow/table.h"

/* Why an entry is kept, and so for how long. A finished one is kept a little for retransmissions and for what follows a reset. FIN: both
 * sides ended it, and all that they sent is there; RST: it was reset, or has holes that frames recorded late may fill. */
enum class { CLASS_FIN, CLASS_RST, CLASS_IGNORED, CLASS_HALF_OPEN, CLASS_LIVE, CLASS_COUNT };
_Static_assert((int)CLASS_COUNT == (int)TABLE_QUEUES, "a queue for each class");
_Static_assert((int)CLASS_IGNORED == (int)TABLE_COMMON, "what has ended goes by the packets of the run, the rest by ward");

#define SECOND INT64_C(1000000000)
struct flow {
	struct surroundings around;
	struct table table;
	int64_t clock;       /* the latest capture time */
	uint64_t ordinal;    /* of the latest packet */
	int64_t swept_clock; /* at the last sweep of what has ended */
	uint64_t swept;
	int64_t ward_swept[FLOW_WARDS]; /* clock */
	size_t share;        /* bytes of a ward */
	int64_t idle[CLASS_COUNT]; /* how long each class may be silent */
};

/* flow.c */
void flow_settle(struct flow *, struct entry *, bool closes); /* of its journal becomes a talk, which is closed next, or it turns out to be no mail */

/* closing.c */
void flow_set_idle(struct flow *, int64_t idle); /* 0: what each class has by itself */
int64_t flow_longest_idle(void);                 /* of any class, by itself */
struct stock *flow_stock(struct flow *, const struct entry *); /* where its bytes count */
void flow_queue(struct flow *, struct entry *, enum class, int64_t time);
bool flow_is_expired(const struct flow *, const struct entry *);
void flow_forget_kept(struct flow *, struct entry *);
void flow_close(struct flow *, struct entry *, enum ending);
void flow_sweep_ended(struct flow *);
void flow_sweep_ward(struct flow *, unsigned ward);
void flow_make_room(struct flow *, unsigned ward, const struct entry *keep);

static inline size_t flow_ward_used(const struct flow *f, unsigned ward)
{
	return f->around.stocks[ward].held + table_ward_size(&f->table, ward);
}

static inline bool flow_needs_room(const struct flow *f, unsigned ward)
{
	return flow_ward_used(f, ward) > f->share;
}

#endif
