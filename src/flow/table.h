/* table - the connections alive, found by their ends; queues by which they expire.
 * In:    packets; entries to add, queue, remove. Entries fall into wards by their hash, whoever follows them; each ward has queues of its own, but
 *        for the first TABLE_COMMON.
 * Out:   the entry of a packet and which side of it sent the packet.
 * Keeps: 192 bytes an entry, and 8 to 16 bytes of index. VLAN and tunnel are no part of the key: `-i any` and mirror
 *        ports show the same connection under several.
 * Never: moves an entry. A packet costs one look-up; no list is touched.
 * Lives: until table_free. */
#ifndef SMTPWHY_FLOW_TABLE_H
#define SMTPWHY_FLOW_TABLE_H

#include "flow/flow.h"

#include <stdalign.h>

enum { TABLE_QUEUES = 5, TABLE_COMMON = 2, TABLE_OWN = TABLE_QUEUES - TABLE_COMMON, TABLE_LISTS = TABLE_COMMON + FLOW_WARDS * TABLE_OWN };

struct talk;
struct journal;
struct entry {
	/* what each packet looks at: one cache line */
	alignas(64) struct endpoint ends[2]; /* by enum direction */
	unsigned queue : 3;
	unsigned fins : 2;         /* a bit for each side, as the next two */
	unsigned isn_known : 2;    /* its number is that of its SYN */
	unsigned early_known : 2;  /* before that: its first sequence number, or the first one that was acknowledged to it */
	bool syn_seen : 1, syn_ack_seen : 1, simultaneous : 1, roles_guessed : 1, on_port : 1, ignored : 1, swapped : 1;
	bool keeps : 1;            /* kept is there */
	bool journals : 1;         /* journal is there, and neither kept nor talk */
	uint64_t latest;           /* ordinal of its last packet, and the clock then: it never steps back */
	int64_t heard;
	struct talk *talk;         /* once there was payload, and it may be SMTP */
	/* what its beginning and its end look at */
	union {
		struct packet *kept;     /* a SYN that wants to begin anew while the connection lives, or before there is a talk a reset that was
		                          * recorded early */
		struct journal *journal; /* its packets so far, in order: there is a talk once there is more, or something out of order */
	};
	uint32_t hash, self;
	uint32_t older, newer;     /* in its queue; index + 1 */
	uint64_t ordinal;          /* of its first packet */
	int64_t queued;            /* clock when it was put into its queue */
	int64_t rtt;
	struct place first;
	uint32_t packets[2];       /* until there is a talk */
	uint32_t number[2];
	struct marks syn[2];
};
_Static_assert(sizeof(struct entry) == 192, "a half-open connection stays small");

struct table {
	struct slot { uint32_t hash, index; } *slots; /* index + 1, 0: free */
	uint32_t mask;
	struct entry **slabs;
	uint32_t nslabs, used, live;
	uint32_t vacant;                       /* index + 1, chained by newer */
	uint32_t oldest[TABLE_LISTS], newest[TABLE_LISTS], queued[TABLE_LISTS]; /* queued: how many */
};

void table_init(struct table *);
uint32_t table_hash(const struct packet *); /* the same for both directions */
struct entry *table_find(struct table *, const struct packet *, uint32_t hash, unsigned *side);
struct entry *table_add(struct table *, uint32_t hash); /* zeroed, in no queue: queue it next */
void table_queue(struct table *, struct entry *, unsigned queue, int64_t time); /* at its end; out of the one it was in */
struct entry *table_oldest(struct table *, unsigned list);
struct entry *table_newest(struct table *, unsigned list);
struct entry *table_after(struct table *, const struct entry *);
struct entry *table_each(const struct table *, uint32_t *at); /* as they lie in memory; at: 0 at first. NULL: no more */
void table_remove(struct table *, struct entry *);
void table_free(struct table *);

enum { TABLE_ENTRY_BYTES = sizeof(struct entry) + 2 * sizeof(struct slot) };

/* Into the caches; NULL: nothing. */
static inline void table_fetch(const struct entry *e)
{
	for (unsigned line = 0; e && line < sizeof *e; line += 64)
		__builtin_prefetch((const char *)e + line);
}

/* What leads to the entries with this hash. */
static inline void table_fetch_slot(const struct table *t, uint32_t hash)
{
	__builtin_prefetch(&t->slots[hash & t->mask]);
}

static inline unsigned table_ward(uint32_t hash)
{
	return (unsigned)((uint64_t)hash * FLOW_WARDS >> 32);
}

/* A queue of a ward. */
static inline unsigned table_list(unsigned queue, unsigned ward)
{
	return queue < TABLE_COMMON ? queue : TABLE_COMMON + ward * TABLE_OWN + queue - TABLE_COMMON;
}

/* Bytes of those in a list. */
static inline size_t table_list_size(const struct table *t, unsigned list)
{
	return (size_t)t->queued[list] * TABLE_ENTRY_BYTES;
}

/* Of those of a ward that are in queues of its own. */
static inline size_t table_ward_size(const struct table *t, unsigned ward)
{
	size_t n = 0;
	for (unsigned q = TABLE_COMMON; q < TABLE_QUEUES; q++)
		n += t->queued[table_list(q, ward)];
	return n * TABLE_ENTRY_BYTES;
}

#endif
