/* flow.c - takes segments, finds or makes their connection, and hands them to it, or to its journal first; asks closing.c to close what is over. Never looks at a
 * clock of its own. */
#include "flow/flow_inside.h"

#include <stdlib.h>
#include <string.h>

#include "decode/tcp.h"
#include "flow/entry.h"

#include "base/banned.h"

enum { SWEEP_EVERY = 512 }; /* packets of the run */

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
	flow_set_idle(f, options.idle);
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
	flow_queue(f, e, CLASS_HALF_OPEN, p->clock);
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
	struct talk *talk = talk_new(&f->around, flow_stock(f, e));
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

static enum class class_of(const struct entry *e, const struct packet *p)
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

static void let_go(struct flow *f, struct entry *e)
{
	talk_drop(e->talk);
	e->talk = NULL;
	e->ignored = true;
	f->around.counts.not_smtp++;
}

/* What the packets of a side look like behind its SYN: no options but the timestamp's, where both have offered it (RFC 7323 3.2). */
static struct marks marks_behind_syn(const struct entry *e, unsigned side)
{
	bool timestamp = e->syn[0].timestamp && e->syn[1].timestamp;
	const struct marks *syn = &e->syn[side];
	return (struct marks){ .ttl = syn->ttl, .tos = syn->tos, .v6 = syn->v6, .dont_fragment = syn->dont_fragment, .timestamp = timestamp, .window_scale = 255,
		.options = timestamp ? tcp_aligned_options() : 0 };
}

static struct journal_start journal_start(const struct entry *e)
{
	struct journal_start start = { .place = e->first, .like = { marks_behind_syn(e, 0), marks_behind_syn(e, 1) } };
	for (unsigned side = 0; side < 2; side++)
		start.next[side] = e->number[side] + has_side(e->isn_known, side);
	return start;
}

void flow_settle(struct flow *f, struct entry *e, bool closes)
{
	struct journal *journal = e->journal;
	struct journal_start start = journal_start(e);
	struct journal_reading reading = journal_read(journal, &start);
	struct packet p = { 0 };
	unsigned side;
	e->journal = NULL;
	e->journals = false;
	e->talk = make_talk(f, e);
	if (closes && !journal_repeats(journal))
		talk_needs_no_past(e->talk);
	while (e->talk && journal_next(&reading, &p, &side)) {
		if (!talk_straight(e->talk, &p, (enum direction)side))
			talk_packet(e->talk, &p, (enum direction)side);
		if (talk_is_unwanted(e->talk))
			let_go(f, e);
	}
	journal_free(journal, flow_stock(f, e));
}

static void make_talk_of(struct flow *f, struct entry *e)
{
	e->talk = make_talk(f, e);
	if (!e->keeps)
		return;
	const struct endpoint *from = &e->kept->from, *server = &e->ends[FROM_SERVER];
	unsigned side = from->port == server->port && memcmp(&from->address, &server->address, sizeof from->address) == 0;
	talk_packet(e->talk, e->kept, (enum direction)side);
	flow_forget_kept(f, e);
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
	flow_close(f, e, END_REUSED);
	take_packet(f, make_entry(f, &syn, hash), &syn, FROM_CLIENT);
}

/* Behind a pause of the whole capture, in which nothing expired: other numbers are another connection's whose SYN was not recorded. */
static bool is_another(const struct entry *e, const struct packet *p, unsigned side)
{
	return e->talk && p->payload_length && !talk_goes_on(e->talk, p, (enum direction)side, flow_longest_idle());
}

/* e: of those ends, perhaps of an earlier connection; NULL none. */
static struct entry *entry_of(struct flow *f, struct entry *e, const struct packet *p, uint32_t hash, unsigned *side)
{
	bool idle = e && (flow_is_expired(f, e) || is_another(e, p, *side));
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
		flow_close(f, e, idle ? END_IDLE : END_REUSED);
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
	flow_sweep_ended(f);
}

void flow_clock(struct flow *f, int64_t clock, uint64_t ordinal)
{
	advance(f, clock, ordinal);
	for (unsigned ward = 0; ward < FLOW_WARDS; ward++)
		flow_sweep_ward(f, ward);
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
	enum class class = class_of(e, p);
	if (class != e->queue)
		flow_queue(f, e, class, p->clock);
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
		flow_queue(f, e, class_of(e, p), p->clock);
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

/* On a mail port, the first octets that are seen of either side. */
static bool may_begin_journal(const struct entry *e, const struct packet *p)
{
	bool fresh = !e->talk && !e->ignored && !e->keeps && !e->fins && !e->simultaneous;
	return fresh && e->on_port && p->payload_length && (p->flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK;
}

static void begin_journal(struct flow *f, struct entry *e, const struct packet *p, unsigned side)
{
	entry_note_early(e, p, side);
	struct journal_start start = journal_start(e);
	e->journal = journal_new(flow_stock(f, e), &start);
	e->journals = true;
}

static void drop_journal(struct flow *f, struct entry *e)
{
	journal_free(e->journal, flow_stock(f, e));
	e->journal = NULL;
	e->journals = false;
}

/* Its packets are put down for later while nothing is out of order, and there are few. No journal stays empty. */
static inline bool goes_on_record(struct flow *f, struct entry *e, const struct packet *p, unsigned side)
{
	bool begins = !e->journals;
	if ((begins && !may_begin_journal(e, p)) || flow_is_expired(f, e))
		return false;
	if (begins)
		begin_journal(f, e, p, side);
	if (!journal_takes(e->journal, flow_stock(f, e), p, side)) {
		if (begins)
			drop_journal(f, e);
		return false;
	}
	e->latest = p->ordinal;
	e->heard = p->clock;
	e->fins |= p->flags & TCP_FIN ? side_bit(side) & 3 : 0;
	enum class class = journal_has_ended(e->journal) ? CLASS_FIN : CLASS_LIVE;
	if (class != e->queue)
		flow_queue(f, e, class, p->clock);
	return true;
}

/* All else. A function of its own, so that those that go straight need no room for what it works with. */
static __attribute__((noinline)) void goes_around(struct flow *f, struct entry *e, const struct packet *p, uint32_t hash, unsigned side)
{
	if (e && e->journals)
		flow_settle(f, e, false);
	e = entry_of(f, e, p, hash, &side);
	if (!e)
		return;
	if (!goes_on_record(f, e, p, side))
		take_packet(f, e, p, side);
	if (flow_needs_room(f, table_ward(hash)))
		flow_make_room(f, table_ward(hash), e);
}

void flow_packet(struct flow *f, const struct packet *p)
{
	unsigned side = 0;
	uint32_t hash = table_hash(p);
	unsigned ward = table_ward(hash);
	advance(f, p->clock, p->ordinal);
	if (f->clock - f->ward_swept[ward] >= SECOND)
		flow_sweep_ward(f, ward);
	struct entry *e = table_find(&f->table, p, hash, &side);
	if (e && is_passed_over(f, e, p))
		return;
	if (!e || !(goes_straight(f, e, p, side) || goes_on_record(f, e, p, side)))
		goes_around(f, e, p, hash, side);
	else if (flow_needs_room(f, ward))
		flow_make_room(f, ward, e);
}

void flow_free(struct flow *f)
{
	if (!f)
		return;
	struct entry *e;
	for (uint32_t at = 0; (e = table_each(&f->table, &at));) {
		flow_forget_kept(f, e);
		if (e->talk)
			talk_drop(e->talk);
		if (e->journals)
			drop_journal(f, e);
	}
	witness_free(f->around.witness);
	talks_free(&f->around);
	table_free(&f->table);
	free(f);
}
