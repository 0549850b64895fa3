/* closing.c - takes entries of the table, counts their bytes, queues them by why they are kept, and closes what is over, idle, or for want of
 * memory. Never looks at a packet, or at a clock of its own. */
#include "flow/flow_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const int64_t class_idle[CLASS_COUNT] = {
	[CLASS_FIN] = 5 * SECOND, [CLASS_RST] = 10 * SECOND, [CLASS_IGNORED] = 120 * SECOND, [CLASS_HALF_OPEN] = 60 * SECOND,
	[CLASS_LIVE] = 900 * SECOND,
};

/* Packets of the run after which a finished connection is closed, however little time has passed: what comes late comes within a round trip,
 * and on a fast link seconds hold very many sessions, whose memory should be used again while it is in the caches. */
static const uint64_t class_linger[CLASS_COUNT] = {
	[CLASS_FIN] = 2048, [CLASS_RST] = 4096, [CLASS_IGNORED] = UINT64_MAX, [CLASS_HALF_OPEN] = UINT64_MAX, [CLASS_LIVE] = UINT64_MAX,
};

static const int64_t HANDSHAKE = 10 * SECOND; /* SYNs are sent again after 1, 3 and 7 seconds (RFC 6298 2.1, 5.5) */

enum {
	SECOND_CHANCES = 16,
	AT_ONCE_SHARE = 32,  /* of a ward's memory, as a divisor: as much is made free at once, so that the code that closes stays in the caches */
	HANDSHAKES_SHARE = 4, /* of a ward's memory, as a divisor */
	FETCHED = 12,        /* connections that are closed next */
};

void flow_set_idle(struct flow *f, int64_t idle)
{
	memcpy(f->idle, class_idle, sizeof f->idle);
	if (!idle)
		return;
	f->idle[CLASS_LIVE] = idle;
	f->idle[CLASS_HALF_OPEN] = idle < class_idle[CLASS_HALF_OPEN] ? idle : class_idle[CLASS_HALF_OPEN];
}

int64_t flow_longest_idle(void)
{
	return class_idle[CLASS_LIVE];
}

/* ---- counting ---- */

/* Where its bytes count. What has ended is closed by the packets of the run, so that others of its ward must not depend on it; it is no more than
 * what was alive, and what class_linger packets bring. */
struct stock *flow_stock(struct flow *f, const struct entry *e)
{
	return &f->around.stocks[e->queue < TABLE_COMMON ? FLOW_WARDS : table_ward(e->hash)];
}

void flow_queue(struct flow *f, struct entry *e, enum class class, int64_t time)
{
	struct stock *before = flow_stock(f, e);
	table_queue(&f->table, e, class, time);
	if (e->talk)
		talk_count_with(e->talk, flow_stock(f, e));
	if (e->journals)
		journal_count_with(e->journal, before, flow_stock(f, e));
}

/* ---- closing ---- */

/* By what all packets of the run say, not by those of this flow: with other flows beside this one the answer is the same. */
bool flow_is_expired(const struct flow *f, const struct entry *e)
{
	return f->clock - e->heard > f->idle[e->queue] || f->ordinal - e->latest > class_linger[e->queue];
}

void flow_forget_kept(struct flow *f, struct entry *e)
{
	if (!e->keeps)
		return;
	f->around.stocks[table_ward(e->hash)].held -= sizeof *e->kept;
	free(e->kept);
	e->kept = NULL;
	e->keeps = false;
}

/* What is closed has been silent, and lies in memory that is in no cache: that of those to be closed next is fetched meanwhile, each part when
 * the one that leads to it has come. */
static void fetch_part(const struct table *t, const struct entry *e, unsigned part)
{
	if (part == 0)
		table_fetch(e);
	else if (e->journals)
		journal_fetch(e->journal, part - 1);
	else if (e->talk && part == 1)
		talk_fetch(e->talk);
	else if (e->talk)
		talk_fetch_session(e->talk, part - 2);
	if (part == 1)
		table_fetch_slot(t, e->hash);
}

static void fetch_next(struct flow *f, unsigned list)
{
	struct entry *e = table_oldest(&f->table, list);
	for (unsigned part = FETCHED; e && part-- > 0;) {
		e = table_after(&f->table, e);
		if (!e)
			return;
		fetch_part(&f->table, e, part);
	}
}

/* The first ones of a list that nothing was closed of for a while: the same part of each, and then the next part. */
static void fetch_first(struct flow *f, unsigned list)
{
	struct entry *first[FETCHED];
	unsigned n = 0;
	for (struct entry *e = table_oldest(&f->table, list); e && n < FETCHED; e = table_after(&f->table, e)) {
		first[n++] = e;
		fetch_part(&f->table, e, 0);
	}
	for (unsigned part = 1; part < FETCHED; part++)
		for (unsigned i = 0; i + part <= FETCHED && i < n; i++)
			fetch_part(&f->table, first[i], part);
}

/* What is known of it without its talk. */
static void leave_entry(struct flow *f, struct entry *e)
{
	if (e->journals)
		flow_settle(f, e, true);
	flow_forget_kept(f, e);
	if (e->talk || e->ignored)
		return;
	f->around.counts.without_payload++;
	f->around.counts.half_open += e->queue == CLASS_HALF_OPEN;
}

void flow_close(struct flow *f, struct entry *e, enum ending ending)
{
	leave_entry(f, e);
	struct talk *talk = e->talk;
	table_remove(&f->table, e);
	if (talk)
		talk_close(talk, ending);
}

/* A connection is closed when its time is over; one that spoke since it was queued waits for another turn. */
static void sweep_list(struct flow *f, unsigned list)
{
	struct entry *e;
	while ((e = table_oldest(&f->table, list)) && (flow_is_expired(f, e) || f->clock - e->queued > f->idle[e->queue])) {
		if (!flow_is_expired(f, e)) {
			table_queue(&f->table, e, e->queue, e->heard);
			continue;
		}
		f->around.counts.expired_idle += e->queue >= CLASS_HALF_OPEN;
		fetch_next(f, list);
		flow_close(f, e, END_IDLE);
	}
}

void flow_sweep_ended(struct flow *f)
{
	for (unsigned q = 0; q < TABLE_COMMON; q++)
		sweep_list(f, q);
}

/* At packets of the ward only, so that what it holds, and in which order, depends on nothing else. */
void flow_sweep_ward(struct flow *f, unsigned ward)
{
	f->ward_swept[ward] = f->clock;
	for (unsigned q = TABLE_COMMON; q < CLASS_COUNT; q++)
		sweep_list(f, table_list(q, ward));
}

/* A handshake that may still go on is not given up for a connection that has long been idle, unless a flood of them is what fills the memory. */
static bool is_spared(const struct flow *f, const struct entry *e)
{
	return e->queue == CLASS_HALF_OPEN && f->clock - e->heard < HANDSHAKE
	       && table_list_size(&f->table, table_list(CLASS_HALF_OPEN, table_ward(e->hash))) <= f->share / HANDSHAKES_SHARE;
}

/* Since it was queued, and not only right after it. */
static bool has_spoken_since(const struct flow *f, const struct entry *e)
{
	return f->clock - e->heard < (f->clock - e->queued) / 8 * 7;
}

static void close_for_room(struct flow *f, struct entry *e, unsigned list)
{
	f->around.counts.expired_memory++;
	fetch_next(f, list);
	if (e->journals)
		flow_settle(f, e, true);
	if (e->talk) {
		f->around.counts.cut_short++;
		talk_connection(e->talk)->limit_reached = true;
	}
	flow_close(f, e, END_IDLE);
}

/* Those that matter least go first, each class by how long they have been silent. */
void flow_make_room(struct flow *f, unsigned ward, const struct entry *keep)
{
	unsigned chances = SECOND_CHANCES;
	size_t enough = f->share - f->share / AT_ONCE_SHARE;
	fetch_first(f, table_list(CLASS_LIVE, ward));
	for (unsigned q = TABLE_COMMON; q < CLASS_COUNT && flow_ward_used(f, ward) > enough;) {
		unsigned list = table_list(q, ward);
		struct entry *e = table_oldest(&f->table, list);
		if (!e || (e == keep && table_newest(&f->table, list) == e) || is_spared(f, e)) {
			q++;
		} else if (e == keep || (has_spoken_since(f, e) && chances-- > 0)) {
			table_queue(&f->table, e, q, e->heard);
		} else {
			chances = SECOND_CHANCES;
			close_for_room(f, e, list);
		}
	}
}

/* ---- the end ---- */

struct last {
	uint64_t ordinal;
	struct entry *entry;
};

static int by_ordinal(const void *a, const void *b)
{
	const struct last *x = a, *y = b;
	return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* Nothing is looked up any more: the entries stay in the table. What was said is told in order. */
void flow_end(struct flow *f)
{
	struct last *all = NULL;
	size_t n = 0, room = 0;
	struct entry *e;
	for (uint32_t at = 0; (e = table_each(&f->table, &at));) {
		if (!e->talk && !e->journals) {
			leave_entry(f, e);
			continue;
		}
		MEMORY_ROOM(all, n, room);
		all[n++] = (struct last){ e->ordinal, e };
	}
	if (n)
		qsort(all, n, sizeof *all, by_ordinal);
	for (size_t i = 0; i < n; i++) {
		for (unsigned part = 0; part < FETCHED && i + FETCHED - part < n; part++)
			fetch_part(&f->table, all[i + FETCHED - part].entry, part);
		e = all[i].entry;
		leave_entry(f, e);
		if (e->talk)
			talk_close(e->talk, flow_is_expired(f, e) ? END_IDLE : END_CAPTURE);
		e->talk = NULL;
	}
	free(all);
}
