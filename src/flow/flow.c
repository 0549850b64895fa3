/* flow.c - takes segments, finds or makes their connection, closes what is over or idle; never looks at a clock of its own. */
#include "flow/flow.h"

#include <stdlib.h>
#include <string.h>

#include "flow/connection.h"
#include "flow/entry.h"

#include "base/banned.h"

/* Why an entry is kept, and so for how long. A finished one is kept a little for retransmissions and for what follows a reset. FIN: both
 * sides ended it, and all that they sent is there; RST: it was reset, or has holes that frames recorded late may fill. */
enum class { CLASS_FIN, CLASS_RST, CLASS_IGNORED, CLASS_HALF_OPEN, CLASS_LIVE, CLASS_COUNT };
_Static_assert((int)CLASS_COUNT == (int)TABLE_QUEUES, "a queue for each class");
_Static_assert((int)CLASS_IGNORED == (int)TABLE_COMMON, "what has ended goes by the packets of the run, the rest by ward");

#define SECOND INT64_C(1000000000)
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
	SWEEP_EVERY = 512,   /* packets of the run */
	FETCHED = 12,        /* connections that are closed next */
};

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

struct flow *flow_new(struct flow_options options, struct flow_sink sink)
{
	struct flow *f = memory_new(1, sizeof *f);
	if (!options.memory)
		options.memory = FLOW_MEMORY;
	f->around.options = options;
	f->around.sink = sink;
	f->share = options.memory / FLOW_WARDS;
	for (size_t i = 0; i < sizeof f->around.stocks / sizeof *f->around.stocks; i++)
		f->around.stocks[i].spares = &f->around.spares;
	memcpy(f->idle, class_idle, sizeof f->idle);
	if (options.idle) {
		f->idle[CLASS_LIVE] = options.idle;
		f->idle[CLASS_HALF_OPEN] = options.idle < class_idle[CLASS_HALF_OPEN] ? options.idle : class_idle[CLASS_HALF_OPEN];
	}
	table_init(&f->table);
	return f;
}

const struct flow_counts *flow_counts(const struct flow *f)
{
	return &f->around.counts;
}

unsigned flow_ward(const struct packet *p)
{
	return table_ward(table_hash(p));
}

uint32_t flow_part(const struct packet *p, uint32_t parts)
{
	return (uint32_t)((uint64_t)(table_hash(p) * FLOW_WARDS) * parts >> 32);
}

/* ---- counting ---- */

/* Where its bytes count. What has ended is closed by the packets of the run, so that others of its ward must not depend on it; it is no more than
 * what was alive, and what class_linger packets bring. */
static struct stock *stock_of(struct flow *f, const struct entry *e)
{
	return &f->around.stocks[e->queue < TABLE_COMMON ? FLOW_WARDS : table_ward(e->hash)];
}

static void queue_entry(struct flow *f, struct entry *e, unsigned class, int64_t time)
{
	table_queue(&f->table, e, class, time);
	if (e->talk)
		talk_count_with(e->talk, stock_of(f, e));
}

/* ---- closing ---- */

/* By what all packets of the run say, not by those of this flow: with other flows beside this one the answer is the same. */
static bool is_expired(const struct flow *f, const struct entry *e)
{
	return f->clock - e->heard > f->idle[e->queue] || f->ordinal - e->latest > class_linger[e->queue];
}

static void forget_kept(struct flow *f, struct entry *e)
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
static void fetch_part(const struct entry *e, unsigned part)
{
	if (part == 0)
		table_fetch(e);
	else if (e->talk && part == 1)
		talk_fetch(e->talk);
	else if (e->talk)
		talk_fetch_session(e->talk, part - 2);
}

static void fetch_next(struct flow *f, unsigned list)
{
	struct entry *e = table_oldest(&f->table, list);
	for (unsigned part = FETCHED; e && part-- > 0;) {
		e = table_after(&f->table, e);
		if (!e)
			return;
		fetch_part(e, part);
	}
}

/* The first ones of a list that nothing was closed of for a while: the same part of each, and then the next part. */
static void fetch_first(struct flow *f, unsigned list)
{
	struct entry *first[FETCHED];
	unsigned n = 0;
	for (struct entry *e = table_oldest(&f->table, list); e && n < FETCHED; e = table_after(&f->table, e)) {
		first[n++] = e;
		fetch_part(e, 0);
	}
	for (unsigned part = 1; part < FETCHED; part++)
		for (unsigned i = 0; i + part <= FETCHED && i < n; i++)
			fetch_part(first[i], part);
}

static void close_entry(struct flow *f, struct entry *e, enum ending ending)
{
	struct talk *talk = e->talk;
	forget_kept(f, e);
	if (!talk && !e->ignored) {
		f->around.counts.without_payload++;
		f->around.counts.half_open += e->queue == CLASS_HALF_OPEN;
	}
	table_remove(&f->table, e);
	if (talk)
		talk_close(talk, ending);
}

/* A connection is closed when its time is over; one that spoke since it was queued waits for another turn. */
static void sweep_list(struct flow *f, unsigned list)
{
	struct entry *e;
	while ((e = table_oldest(&f->table, list)) && (is_expired(f, e) || f->clock - e->queued > f->idle[e->queue])) {
		if (!is_expired(f, e)) {
			table_queue(&f->table, e, e->queue, e->heard);
			continue;
		}
		f->around.counts.expired_idle += e->queue >= CLASS_HALF_OPEN;
		fetch_next(f, list);
		close_entry(f, e, END_IDLE);
	}
}

static void sweep_ended(struct flow *f)
{
	for (unsigned q = 0; q < TABLE_COMMON; q++)
		sweep_list(f, q);
}

/* At packets of the ward only, so that what it holds, and in which order, depends on nothing else. */
static void sweep_ward(struct flow *f, unsigned ward)
{
	f->ward_swept[ward] = f->clock;
	for (unsigned q = TABLE_COMMON; q < CLASS_COUNT; q++)
		sweep_list(f, table_list(q, ward));
}

static size_t ward_used(const struct flow *f, unsigned ward)
{
	return f->around.stocks[ward].held + table_ward_size(&f->table, ward);
}

static bool needs_room(const struct flow *f, unsigned ward)
{
	return ward_used(f, ward) > f->share;
}

/* A handshake that may still go on is not given up for a connection that has long been idle, unless a flood of them is what fills the memory. */
static bool is_spared(const struct flow *f, const struct entry *e)
{
	return e->queue == CLASS_HALF_OPEN && f->clock - e->heard < HANDSHAKE
	       && table_list_size(&f->table, table_list(CLASS_HALF_OPEN, table_ward(e->hash))) <= f->share / HANDSHAKES_SHARE;
}

static void close_for_room(struct flow *f, struct entry *e, unsigned list)
{
	f->around.counts.expired_memory++;
	fetch_next(f, list);
	if (e->talk) {
		f->around.counts.cut_short++;
		talk_connection(e->talk)->limit_reached = true;
	}
	close_entry(f, e, END_IDLE);
}

/* Those that matter least go first, each class by how long they have been silent. */
static void make_room(struct flow *f, unsigned ward, const struct entry *keep)
{
	unsigned chances = SECOND_CHANCES;
	size_t enough = f->share - f->share / AT_ONCE_SHARE;
	fetch_first(f, table_list(CLASS_LIVE, ward));
	for (unsigned q = TABLE_COMMON; q < CLASS_COUNT && ward_used(f, ward) > enough;) {
		unsigned list = table_list(q, ward);
		struct entry *e = table_oldest(&f->table, list);
		if (!e || (e == keep && table_newest(&f->table, list) == e) || is_spared(f, e)) {
			q++;
		} else if (e == keep || (e->heard > e->queued && chances-- > 0)) {
			table_queue(&f->table, e, q, e->heard);
		} else {
			chances = SECOND_CHANCES;
			close_for_room(f, e, list);
		}
	}
}

/* ---- making ---- */

/* Without a SYN the port tells who serves; where it does not, the first bytes will. Until then who is seen first is the client. */
static bool sender_is_server(const struct flow *f, const struct packet *p, bool *guessed)
{
	*guessed = !(p->flags & TCP_SYN);
	if (p->flags & TCP_SYN)
		return p->flags & TCP_ACK;
	const uint16_t *more = f->around.options.ports;
	return speaks_port(p->from.port, more) && !speaks_port(p->to.port, more);
}

static struct entry *make_entry(struct flow *f, const struct packet *p, uint32_t hash)
{
	bool guessed;
	bool server = sender_is_server(f, p, &guessed);
	struct entry *e = table_add(&f->table, hash);
	e->ends[FROM_CLIENT] = server ? p->to : p->from;
	e->ends[FROM_SERVER] = server ? p->from : p->to;
	e->roles_guessed = guessed;
	e->ordinal = e->latest = p->ordinal;
	e->heard = p->clock;
	e->first = p->place;
	const uint16_t *more = f->around.options.ports;
	e->on_port = speaks_port(e->ends[FROM_SERVER].port, more) && !(guessed && speaks_port(e->ends[FROM_CLIENT].port, more));
	queue_entry(f, e, CLASS_HALF_OPEN, p->clock);
	f->around.counts.connections++;
	return e;
}

static void keep(struct flow *f, struct entry *e, const struct packet *p)
{
	if (e->keeps)
		return;
	e->keeps = true;
	e->kept = memory_new(1, sizeof *e->kept);
	f->around.stocks[table_ward(e->hash)].held += sizeof *e->kept;
	*e->kept = *p;
	e->kept->payload = e->kept->segment = (struct bytes){ 0 };
	e->kept->payload_length = 0;
}

static struct talk *make_talk(struct flow *f, const struct entry *e)
{
	struct talk *talk = talk_new(&f->around, stock_of(f, e));
	struct connection *c = talk_connection(talk);
	c->ordinal = e->ordinal;
	c->client = e->ends[FROM_CLIENT];
	c->server = e->ends[FROM_SERVER];
	c->first = e->first;
	c->syn_seen = e->syn_seen;
	c->syn_ack_seen = e->syn_ack_seen;
	c->roles_guessed = e->roles_guessed;
	c->simultaneous_open = e->simultaneous;
	c->handshake_rtt = e->rtt;
	memcpy(c->packets, e->packets, sizeof c->packets);
	memcpy(c->syn, e->syn, sizeof c->syn);
	talk_begin(talk, e->on_port);
	for (unsigned side = 0; side < 2; side++)
		if (has_side(e->isn_known, side))
			talk_start(talk, (enum direction)side, e->number[side]);
		else if (has_side(e->early_known, side))
			talk_hint(talk, (enum direction)side, e->number[side]);
	return talk;
}

/* ---- one packet ---- */

static unsigned class_of(const struct entry *e, const struct packet *p)
{
	if (e->talk && talk_is_over(e->talk))
		return talk_is_whole(e->talk) ? CLASS_FIN : CLASS_RST;
	if (!e->talk && p->flags & TCP_RST)
		return CLASS_RST;
	if (e->ignored)
		return e->fins == 3 ? CLASS_FIN : CLASS_IGNORED;
	if (!e->talk && e->fins == 3)
		return CLASS_FIN;
	return e->talk || (e->packets[0] > 1 && e->packets[1]) ? CLASS_LIVE : CLASS_HALF_OPEN;
}

static void make_talk_of(struct flow *f, struct entry *e)
{
	e->talk = make_talk(f, e);
	if (!e->keeps)
		return;
	const struct endpoint *from = &e->kept->from, *server = &e->ends[FROM_SERVER];
	unsigned side = from->port == server->port && memcmp(&from->address, &server->address, sizeof from->address) == 0;
	talk_packet(e->talk, e->kept, (enum direction)side);
	forget_kept(f, e);
}

static void let_go(struct flow *f, struct entry *e)
{
	talk_drop(e->talk);
	e->talk = NULL;
	e->ignored = true;
	f->around.counts.not_smtp++;
}

static void hand_over(struct flow *f, struct entry *e, const struct packet *p, unsigned side)
{
	if (!e->talk)
		make_talk_of(f, e);
	talk_packet(e->talk, p, (enum direction)side);
	if (talk_has_swapped(e->talk) != e->swapped)
		entry_swap_ends(e);
	if (talk_is_unwanted(e->talk))
		let_go(f, e);
}

/* A packet that is worth an entry of its own: a SYN, payload, or anything on an SMTP port but a lone reset. */
static bool begins_something(const struct flow *f, const struct packet *p)
{
	if (p->flags & TCP_RST)
		return false;
	if (p->flags & TCP_SYN || p->payload_length)
		return true;
	const uint16_t *more = f->around.options.ports;
	return speaks_port(p->to.port, more) || speaks_port(p->from.port, more);
}

static void take_packet(struct flow *f, struct entry *e, const struct packet *p, unsigned side);

/* The old connection ends, and the one that the waiting SYN opens begins with it. */
static void accept_kept(struct flow *f, struct entry *e, uint32_t hash)
{
	struct packet syn = *e->kept;
	close_entry(f, e, END_REUSED);
	take_packet(f, make_entry(f, &syn, hash), &syn, FROM_CLIENT);
}

/* Behind a pause of the whole capture, in which nothing expired: other numbers are another connection's whose SYN was not recorded. */
static bool is_another(const struct entry *e, const struct packet *p, unsigned side)
{
	return e->talk && p->payload_length && !talk_goes_on(e->talk, p, (enum direction)side, class_idle[CLASS_LIVE]);
}

/* e: of those ends, perhaps of an earlier connection; NULL none. */
static struct entry *entry_of(struct flow *f, struct entry *e, const struct packet *p, uint32_t hash, unsigned *side)
{
	bool idle = e && (is_expired(f, e) || is_another(e, p, *side));
	if (e && !idle && !e->keeps && !(p->flags & TCP_SYN))
		return e;
	if (e && !idle && entry_accepts(e, p)) {
		accept_kept(f, e, hash);
		return table_find(&f->table, p, hash, side);
	}
	if (e && !idle && entry_begins_anew(e, p, *side) && entry_must_wait(e, p)) {
		keep(f, e, p);
		return NULL;
	}
	if (e && (idle || entry_begins_anew(e, p, *side))) {
		f->around.counts.expired_idle += idle && e->queue >= CLASS_HALF_OPEN;
		close_entry(f, e, idle ? END_IDLE : END_REUSED);
		e = NULL;
	}
	if (!e && begins_something(f, p)) {
		make_entry(f, p, hash);
		e = table_find(&f->table, p, hash, side);
	}
	return e;
}

static inline void advance(struct flow *f, int64_t clock, uint64_t ordinal)
{
	f->clock = clock;
	f->ordinal = ordinal;
	if (ordinal - f->swept < SWEEP_EVERY && clock - f->swept_clock < SECOND)
		return;
	f->swept = ordinal;
	f->swept_clock = clock;
	sweep_ended(f);
}

void flow_clock(struct flow *f, int64_t clock, uint64_t ordinal)
{
	advance(f, clock, ordinal);
	for (unsigned ward = 0; ward < FLOW_WARDS; ward++)
		sweep_ward(f, ward);
}

static void take_packet(struct flow *f, struct entry *e, const struct packet *p, unsigned side)
{
	e->latest = p->ordinal;
	e->heard = p->clock;
	if (p->flags & TCP_FIN)
		e->fins |= side_bit(side) & 3;
	if (!e->ignored) {
		if (p->flags & TCP_SYN)
			entry_note_syn(e, p, side);
		entry_note_early(e, p, side);
		if (e->talk || p->payload_length || entry_ends_unseen_data(e, p, side))
			hand_over(f, e, p, side);
		else if (entry_resets_unseen(e, p, side) && !e->keeps)
			keep(f, e, p);
		else
			e->packets[side]++;
	} else if (!(p->flags & (TCP_FIN | TCP_RST))) {
		return;
	}
	unsigned class = class_of(e, p);
	if (class != e->queue)
		queue_entry(f, e, class, p->clock);
}

/* Of a connection in its midst, in order, as most are: nothing changes of what is kept here but when it was heard. */
static inline bool goes_straight(struct flow *f, struct entry *e, const struct packet *p, unsigned side)
{
	if (e->queue != CLASS_LIVE || e->isn_known != 3 || e->keeps || !e->talk || f->clock - e->heard > f->idle[CLASS_LIVE]
	    || !talk_straight(e->talk, p, (enum direction)side))
		return false;
	e->latest = p->ordinal;
	e->heard = p->clock;
	if (talk_is_unwanted(e->talk)) {
		let_go(f, e);
		queue_entry(f, e, class_of(e, p), p->clock);
	}
	return true;
}

/* Of a connection that is no mail, which goes on: nothing is kept but when it was heard. */
static inline bool is_passed_over(struct flow *f, struct entry *e, const struct packet *p)
{
	if (e->queue != CLASS_IGNORED || e->keeps || p->flags & (TCP_SYN | TCP_FIN | TCP_RST) || f->clock - e->heard > f->idle[CLASS_IGNORED])
		return false;
	e->latest = p->ordinal;
	e->heard = p->clock;
	return true;
}

/* All else. A function of its own, so that those that go straight need no room for what it works with. */
static __attribute__((noinline)) void goes_around(struct flow *f, struct entry *e, const struct packet *p, uint32_t hash, unsigned side)
{
	e = entry_of(f, e, p, hash, &side);
	if (!e)
		return;
	take_packet(f, e, p, side);
	if (needs_room(f, table_ward(hash)))
		make_room(f, table_ward(hash), e);
}

void flow_packet(struct flow *f, const struct packet *p)
{
	unsigned side = 0;
	uint32_t hash = table_hash(p);
	unsigned ward = table_ward(hash);
	advance(f, p->clock, p->ordinal);
	if (f->clock - f->ward_swept[ward] >= SECOND)
		sweep_ward(f, ward);
	struct entry *e = table_find(&f->table, p, hash, &side);
	if (e && is_passed_over(f, e, p))
		return;
	if (!e || !goes_straight(f, e, p, side))
		goes_around(f, e, p, hash, side);
	else if (needs_room(f, ward))
		make_room(f, ward, e);
}

/* ---- the end ---- */

static int by_ordinal(const void *a, const void *b)
{
	const struct entry *const *x = a, *const *y = b;
	return ((*x)->ordinal > (*y)->ordinal) - ((*x)->ordinal < (*y)->ordinal);
}

void flow_end(struct flow *f)
{
	size_t n = 0;
	struct entry **all = memory_new(f->table.live, sizeof *all);
	for (unsigned list = 0; list < TABLE_LISTS; list++)
		for (struct entry *e = table_oldest(&f->table, list); e; e = table_after(&f->table, e))
			all[n++] = e;
	qsort(all, n, sizeof *all, by_ordinal);
	for (size_t i = 0; i < n; i++) {
		for (unsigned part = 0; part < FETCHED && i + FETCHED - part < n; part++)
			fetch_part(all[i + FETCHED - part], part);
		close_entry(f, all[i], is_expired(f, all[i]) ? END_IDLE : END_CAPTURE);
	}
	free(all);
}

void flow_free(struct flow *f)
{
	if (!f)
		return;
	struct entry *e;
	for (unsigned list = 0; list < TABLE_LISTS; list++)
		while ((e = table_oldest(&f->table, list))) {
			forget_kept(f, e);
			if (e->talk)
				talk_drop(e->talk);
			table_remove(&f->table, e);
		}
	witness_free(f->around.witness);
	talks_free(&f->around);
	table_free(&f->table);
	free(f);
}
