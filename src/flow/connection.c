/* connection.c - takes the packets of one connection, gives its two streams in causal order, its ends and its facts. */
#include "flow/connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#include "base/banned.h"

enum {
	FIRST_KEPT = 512,
	LOOK_MOST = 128,        /* octets of each side that a first look reads */
	LOOK_PACKETS = 24,      /* packets with payload until an undecided connection is let go */
	LOOK_WAITING = 16384,
	CUT_PACKETS = 8,        /* a copy with the octets that a snaplen took is the same frame from another interface: soon or never */
	RECENT = 4,
	DUPLICATE_MS = 5,
	RESET_WINDOW = 1024 * 1024,
};

/* What tells a frame recorded twice from a segment sent twice. */
struct recent {
	uint32_t sum, sample, ms;
};

struct talk {
	struct connection connection; /* first: its address is the sink's */
	struct surroundings *around;
	void *session;
	struct stream streams[2];
	struct path paths[2];
	struct recent recent[2][RECENT];
	uint8_t *first[2];            /* FIRST_KEPT octets, for nDPI */
	uint16_t nfirst[2];
	uint8_t recent_at[2];
	uint64_t npackets, payloads;
	size_t listener;              /* bytes that the sink keeps for it */
	struct place now;
	bool opened, unwanted, deaf;  /* deaf: no more bytes are wanted */
	bool closing, reset, swapped, strange[2], plain[2];
	bool alone[2];                /* this side was heard long enough without the other one: not waited for any more */
};

struct talk *talk_new(struct surroundings *around, const struct connection *c, bool on_port)
{
	struct talk *t = memory_new(1, sizeof *t);
	around->held += sizeof *t;
	t->connection = *c;
	t->around = around;
	t->now = c->last;
	for (unsigned side = 0; side < 2; side++)
		t->streams[side].held = &around->held;
	if (on_port) {
		t->opened = true;
		t->session = around->sink.open(around->sink.to, &t->connection);
		around->counts.smtp++;
	}
	return t;
}

void talk_drop(struct talk *t)
{
	for (unsigned side = 0; side < 2; side++) {
		stream_drop(&t->streams[side]);
		t->around->held -= t->first[side] ? FIRST_KEPT : 0;
		free(t->first[side]);
	}
	t->around->held -= sizeof *t + t->listener;
	free(t);
}

bool talk_is_over(const struct talk *t)
{
	return t->reset || (t->streams[0].fin_known && t->streams[1].fin_known);
}

bool talk_was_reset(const struct talk *t)
{
	return t->reset;
}

bool talk_is_unwanted(const struct talk *t)
{
	return t->unwanted;
}

bool talk_has_swapped(const struct talk *t)
{
	return t->swapped;
}

void talk_start(struct talk *t, enum direction side, uint32_t isn)
{
	t->streams[side].base = isn + 1;
	t->streams[side].known = true;
	path_start(&t->paths[side], &t->connection.syn[side], t->connection.first.time, true);
}

static bool is_silent(const struct talk *t, unsigned side)
{
	return t->connection.packets[side] == 0;
}

/* ---- telling the sink ---- */

/* What the listener keeps counts as ours: a flood of short sessions costs mostly there. */
static void count_listener(struct talk *t)
{
	const struct flow_sink *sink = &t->around->sink;
	size_t now = sink->size && t->session && !t->unwanted ? sink->size(t->session) : 0;
	t->around->held += now - t->listener;
	t->listener = now;
}

static void heed(struct talk *t, enum interest interest)
{
	if (interest == INTEREST_NONE)
		t->unwanted = true;
	if (interest == INTEREST_ALL)
		return;
	t->deaf = true;
}

static void keep_first(struct talk *t, unsigned side, struct bytes b)
{
	if (!t->first[side]) {
		t->first[side] = memory_new(1, FIRST_KEPT);
		t->around->held += FIRST_KEPT;
	}
	b = bytes_first(b, FIRST_KEPT - t->nfirst[side]);
	memcpy(t->first[side] + t->nfirst[side], b.p, b.n);
	t->nfirst[side] = (uint16_t)(t->nfirst[side] + b.n);
}

/* A TLS record: handshake, version 3.x (RFC 8446 5.1). */
static bool is_tls(struct bytes b)
{
	return b.n >= 2 && b.p[0] == 0x16 && b.p[1] == 3;
}

/* The first chunk of each side: what is neither SMTP nor TLS is kept, so that nDPI can be asked at the end. */
static void first_chunk(struct talk *t, unsigned side, int64_t pos, struct bytes b)
{
	if (t->around->options.no_ndpi || !(t->connection.syn_seen || t->connection.syn_ack_seen))
		return;
	if (pos == 0) {
		enum look look = side == FROM_CLIENT ? speaks_client(b) : speaks_server(b);
		t->plain[side] = look != LOOK_NO || is_tls(b);
		t->strange[side] = !t->plain[side];
	}
	if (t->strange[side] && t->nfirst[side] < FIRST_KEPT)
		keep_first(t, side, b);
}

struct teller {
	struct talk *t;
	unsigned side;
};

static void conflict_found(void *to, const struct overlap *overlap)
{
	const struct teller *teller = to;
	struct talk *t = teller->t;
	t->connection.overlaps[teller->side]++;
	if (t->opened && !t->deaf)
		t->around->sink.overlap(t->session, (enum direction)teller->side, overlap);
}

static void emit(struct talk *t, unsigned side, const struct chunk *chunk)
{
	struct stream *s = &t->streams[side];
	int64_t pos = (int64_t)chunk->offset;
	s->next = pos + (int64_t)chunk->bytes.n;
	t->connection.octets[side] += chunk->bytes.n;
	if (t->deaf)
		return;
	struct origin origin = { chunk->place, chunk->marks, chunk->odd };
	if (pos < LOOK_MOST || t->strange[side])
		first_chunk(t, side, pos, chunk->bytes);
	heed(t, t->around->sink.data(t->session, (enum direction)side, chunk));
	if (!t->deaf)
		stream_remember(s, pos, chunk->bytes, &origin);
}

static uint64_t positive(int64_t pos)
{
	return pos > 0 ? (uint64_t)pos : 0;
}

static void emit_piece(struct talk *t, unsigned side, struct piece *piece)
{
	struct chunk chunk = { .bytes = { piece->bytes, piece->n }, .offset = (uint64_t)piece->pos, .acked = positive(piece->acked),
		.place = piece->origin.place, .marks = piece->origin.marks, .odd = piece->origin.odd,
		.retransmitted = piece->retransmitted, .pushed = piece->pushed };
	emit(t, side, &chunk);
	struct teller teller = { t, side };
	for (const struct rival *rival = piece->rivals; rival; rival = rival->next)
		rival_tell(piece, rival, (struct conflict){ conflict_found, &teller });
	stream_pop(&t->streams[side], piece);
}

static void emit_gap(struct talk *t, unsigned side, int64_t to, enum gap_kind kind, struct place place)
{
	struct stream *s = &t->streams[side];
	struct connection *c = &t->connection;
	struct gap gap = { .offset = (uint64_t)s->next, .missing = (uint64_t)(to - s->next), .kind = kind, .place = place };
	s->next = to;
	c->gaps[side]++;
	c->missing[side] += gap.missing;
	c->limit_reached |= kind == GAP_LIMIT;
	if (kind == GAP_SNAPLEN)
		c->octets[side] += gap.missing;
	if (!t->deaf)
		heed(t, t->around->sink.gap(t->session, (enum direction)side, &gap));
}

/* ---- what may come out now ---- */

/* A segment comes out after the octets that it acknowledges. A side that has not been seen yet may only have been recorded late; one
 * that the capture never shows is not waited for. */
static bool is_causal(const struct talk *t, unsigned side, int64_t acked)
{
	const struct stream *peer = &t->streams[!side];
	return peer->known ? acked <= peer->next : t->alone[side] || !peer->hinted;
}

static struct piece *ready_piece(const struct talk *t, unsigned side)
{
	struct piece *head = t->streams[side].head;
	return head && head->pos == t->streams[side].next && !head->cut ? head : NULL;
}

static bool step_side(struct talk *t, unsigned side)
{
	struct stream *s = &t->streams[side];
	struct piece *piece = ready_piece(t, side);
	if (piece && is_causal(t, side, piece->acked)) {
		emit_piece(t, side, piece);
		return true;
	}
	if (s->fin_known && !s->ended && s->next == s->fin_pos && is_causal(t, side, s->fin_ack)) {
		s->ended = true;
		if (!t->deaf && t->around->sink.end)
			t->around->sink.end(t->session, (enum direction)side, END_FIN, s->fin_place);
		return true;
	}
	return false;
}

/* Both sides acknowledge what the other has not said yet: retransmissions carry newer acknowledgements. The earlier one goes. */
static bool step_crossed(struct talk *t)
{
	struct piece *a = ready_piece(t, 0), *b = ready_piece(t, 1);
	if (!a || !b)
		return false;
	unsigned side = b->arrival < a->arrival;
	emit_piece(t, side, side ? b : a);
	return true;
}

/* Counted in packets: the clock of a capture may be set while it runs, and a dialogue may pause. */
static bool waited(const struct talk *t, uint64_t arrival, uint64_t packets)
{
	return t->closing || t->npackets - arrival > packets;
}

/* The first missing octet is noticed: waiting begins. */
static void notice_hole(const struct talk *t, struct stream *s)
{
	if (s->hole_arrival && s->hole == s->next)
		return;
	s->hole = s->next;
	s->hole_arrival = t->npackets;
}

static bool step_cut(struct talk *t, unsigned side, struct piece *piece)
{
	bool full = stream_is_full(&t->streams[side]);
	if (!full && !waited(t, piece->arrival, CUT_PACKETS))
		return false;
	if (!full && !t->closing && !is_causal(t, side, piece->acked))
		return false;
	emit_gap(t, side, piece->pos + piece->n, GAP_SNAPLEN, piece->origin.place);
	stream_pop(&t->streams[side], piece);
	return true;
}

/* A FIN that the capture lacks is acknowledged as an octet (RFC 9293 3.4). */
static bool is_lost_fin(const struct talk *t, unsigned side)
{
	const struct stream *s = &t->streams[side];
	return !s->fin_known && !s->head && s->acked == s->next + 1 && s->end <= s->next && (t->closing || t->streams[!side].fin_known);
}

/* Judges the octets before the first waiting piece: lost in the capture, on the wire, or beyond our cap. */
static bool step_hole(struct talk *t, unsigned side)
{
	struct stream *s = &t->streams[side];
	struct piece *head = s->head;
	if (!s->known)
		return false;
	if (head && head->pos == s->next)
		return head->cut && step_cut(t, side, head);
	int64_t until = head ? head->pos : s->fin_known ? s->fin_pos : s->end;
	if (!head && until < s->acked)
		until = s->acked;
	if (until <= s->next || is_lost_fin(t, side))
		return false;
	notice_hole(t, s);
	struct place place = head ? head->origin.place : t->now;
	bool full = stream_is_full(s);
	uint64_t arrival = head && head->arrival < s->hole_arrival ? head->arrival : s->hole_arrival;
	if (!full && !waited(t, arrival, LIMIT_HOLD_PACKETS))
		return false;
	if (s->acked > s->next)
		emit_gap(t, side, until < s->acked ? until : s->acked, GAP_CAPTURE, place);
	else if (is_silent(t, !side))
		emit_gap(t, side, until, GAP_CAPTURE, place);
	else if (full)
		emit_gap(t, side, until, GAP_LIMIT, place);
	else if (t->closing)
		emit_gap(t, side, until, GAP_WIRE, place);
	else
		return false;
	return true;
}

/* Data that waits for a side that does not turn up. */
static bool step_alone(struct talk *t, unsigned side)
{
	struct piece *piece = ready_piece(t, side);
	if (!piece || t->alone[side] || t->streams[!side].known || !waited(t, piece->arrival, LIMIT_HOLD_PACKETS))
		return false;
	return t->alone[side] = true;
}

/* Data that waits for the other side only, and too long or too much of it. */
static bool step_forced(struct talk *t, unsigned side)
{
	struct piece *piece = ready_piece(t, side);
	if (!piece || !(t->closing || stream_is_full(&t->streams[side])))
		return false;
	emit_piece(t, side, piece);
	return true;
}

static void drain(struct talk *t)
{
	if (!t->opened)
		return;
	while (!t->deaf) {
		if (step_side(t, 0) || step_side(t, 1) || step_crossed(t))
			continue;
		if (step_alone(t, 0) || step_alone(t, 1) || step_hole(t, 0) || step_hole(t, 1) || step_forced(t, 0) || step_forced(t, 1))
			continue;
		break;
	}
	if (t->deaf) {
		stream_drop(&t->streams[0]);
		stream_drop(&t->streams[1]);
	}
}

/* ---- is it SMTP? ---- */

static enum look look_one(const struct talk *t, unsigned side, enum look (*speaks)(struct bytes))
{
	uint8_t room[LOOK_MOST];
	size_t n = stream_first(&t->streams[side], room, sizeof room);
	return n ? speaks((struct bytes){ room, n }) : LOOK_MAYBE;
}

/* Two sides, two looks: SMTP on either is enough. NO when nothing can come of it any more. */
static enum look look_both(const struct talk *t, unsigned client)
{
	enum look c = look_one(t, client, speaks_client), s = look_one(t, !client, speaks_server);
	if (c == LOOK_SMTP || s == LOOK_SMTP)
		return LOOK_SMTP;
	return c == LOOK_NO || s == LOOK_NO ? LOOK_NO : LOOK_MAYBE;
}

static void swap_sides(struct talk *t)
{
	struct connection *c = &t->connection;
#define SWAP(a, b) do { __typeof__(a) keep = (a); (a) = (b); (b) = keep; } while (0)
	SWAP(c->client, c->server);
	SWAP(c->packets[0], c->packets[1]);
	SWAP(c->keep_alives[0], c->keep_alives[1]);
	SWAP(c->retransmissions[0], c->retransmissions[1]);
	SWAP(c->out_of_order[0], c->out_of_order[1]);
	SWAP(c->repeated_unacknowledged[0], c->repeated_unacknowledged[1]);
	SWAP(t->streams[0], t->streams[1]);
	SWAP(t->paths[0], t->paths[1]);
	for (unsigned i = 0; i < RECENT; i++)
		SWAP(t->recent[0][i], t->recent[1][i]);
	SWAP(t->recent_at[0], t->recent_at[1]);
#undef SWAP
	for (unsigned i = 0; i < RESETS_KEPT; i++)
		c->resets[i].from = direction_other(c->resets[i].from);
	t->swapped = !t->swapped;
}

static void decide(struct talk *t)
{
	enum look look = look_both(t, FROM_CLIENT);
	if (look != LOOK_SMTP && t->connection.roles_guessed && look_both(t, FROM_SERVER) > look) {
		look = look_both(t, FROM_SERVER);
		if (look == LOOK_SMTP)
			swap_sides(t);
	}
	size_t waiting = t->streams[0].waiting + t->streams[1].waiting;
	if (look == LOOK_NO || (look == LOOK_MAYBE && (t->payloads > LOOK_PACKETS || waiting > LOOK_WAITING))) {
		t->unwanted = true;
		return;
	}
	if (look == LOOK_MAYBE)
		return;
	t->opened = true;
	t->session = t->around->sink.open(t->around->sink.to, &t->connection);
	t->around->counts.smtp++;
}

/* ---- one packet ---- */

/* Of the payload's ends: a copy with other bytes is evidence, no duplicate. 0: the frame is cut, which tells nothing. */
static uint32_t sample(const struct packet *p)
{
	enum { END = 32 };
	if (p->payload.n < p->payload_length)
		return 0;
	struct bytes tail = bytes_from(p->payload, p->payload.n > END ? p->payload.n - END : 0);
	return (uint32_t)(bytes_hash(bytes_first(p->payload, END)) ^ bytes_hash(tail) << 1) | 1;
}

static bool is_duplicate(struct talk *t, const struct packet *p, unsigned side)
{
	uint32_t parts[5] = { p->seq, p->ack, p->payload_length, (uint32_t)p->flags << 16 | p->marks.ip_id, p->marks.tsval };
	struct recent now = { .sum = (uint32_t)bytes_hash((struct bytes){ (const uint8_t *)parts, sizeof parts }) | 1,
		.sample = sample(p), .ms = (uint32_t)(p->place.time / 1000000) };
	bool numbered = p->marks.ip_id != 0;
	for (unsigned i = 0; i < RECENT; i++) {
		const struct recent *r = &t->recent[side][i];
		uint32_t apart = now.ms > r->ms ? now.ms - r->ms : r->ms - now.ms;
		bool same = r->sum == now.sum && (r->sample == now.sample || !r->sample || !now.sample);
		if (same && (numbered ? apart < 1000 : apart < DUPLICATE_MS))
			return true;
	}
	t->recent[side][t->recent_at[side]++ % RECENT] = now;
	return false;
}

/* What was acknowledged of a stream before its base was known was counted from the first such number: it is counted anew. */
static void count_acks_anew(struct talk *t, unsigned side)
{
	struct stream *s = &t->streams[side], *peer = &t->streams[!side];
	int64_t delta = (int32_t)(s->hint - s->base);
	s->acked = positive(s->acked + delta) ? s->acked + delta : 0;
	for (struct piece *piece = peer->head; piece; piece = piece->next)
		piece->acked += delta;
	peer->fin_ack += delta;
}

/* The position is known from the SYN; else the first packet is position 0, or what the peer had acknowledged before it. */
static void learn_base(struct talk *t, const struct packet *p, unsigned side)
{
	struct stream *s = &t->streams[side];
	if (s->known || p->flags & TCP_RST)
		return;
	s->base = p->flags & TCP_SYN ? p->seq + 1 : p->seq;
	s->known = true;
	int32_t behind = (int32_t)(s->base - s->hint);
	if (s->hinted && !(p->flags & TCP_SYN) && behind > 0 && behind < RESET_WINDOW)
		s->base = s->hint;
	if (s->hinted)
		count_acks_anew(t, side);
}

/* Before the first packet of that side: counted from the first number that is acknowledged. */
static int64_t take_early_ack(struct stream *peer, uint32_t ack)
{
	if (!peer->hinted)
		peer->hint = ack;
	peer->hinted = true;
	int64_t pos = (int32_t)(ack - peer->hint);
	if (pos > peer->acked && pos < RESET_WINDOW)
		peer->acked = pos;
	return pos;
}

/* Gives what the segment acknowledges, as a position in the other stream. */
static int64_t take_ack(struct talk *t, const struct packet *p, unsigned side)
{
	struct stream *peer = &t->streams[!side];
	if (!(p->flags & TCP_ACK))
		return 0;
	if (!peer->known)
		return take_early_ack(peer, p->ack);
	int64_t pos = stream_position(peer, p->ack);
	if (stream_is_far(peer, pos))
		return peer->acked;
	if (peer->fin_known && pos > peer->fin_pos) {
		peer->fin_acked = true;
		pos = peer->fin_pos;
	}
	if (pos > peer->acked) {
		peer->acked = pos;
		t->connection.repeated_unacknowledged[!side] = 0;
	}
	return pos > 0 ? pos : 0;
}

static void take_syn(struct talk *t, const struct packet *p, unsigned side)
{
	struct connection *c = &t->connection;
	c->syn[side] = p->marks;
	if (side == FROM_SERVER && p->flags & TCP_ACK) {
		if (c->syn_seen && !c->syn_ack_seen && c->handshake_rtt == 0)
			c->handshake_rtt = p->place.time - c->first.time;
		c->syn_ack_seen = true;
	} else if (side == FROM_SERVER) {
		c->simultaneous_open = true;
	} else {
		c->syn_seen = true;
	}
}

static void take_reset(struct talk *t, const struct packet *p, unsigned side, uint16_t odd)
{
	struct connection *c = &t->connection;
	struct stream *s = &t->streams[side];
	int64_t pos = s->known ? stream_position(s, p->seq) : 0;
	int64_t fin = s->fin_known;
	bool expected = !s->known || pos == s->end + fin || pos == s->end;
	/* RFC 5961 3.2 asks for the exact number; older stacks take any in the window (RFC 9293 3.10.7.4) */
	bool credible = expected || (pos >= s->acked - 1 && pos <= s->acked + RESET_WINDOW);
	if (c->nresets < RESETS_KEPT)
		c->resets[c->nresets] = (struct reset){ .place = p->place, .from = (enum direction)side, .offset = positive(pos),
			.expected = expected, .odd = odd, .marks = p->marks };
	c->nresets++;
	t->reset |= credible;
	if (expected && !odd && p->flags & TCP_ACK) /* it says what its sender had received, which the capture may lack */
		(void)take_ack(t, p, side);
}

/* The alleged sender of a reset goes on sending: it did not send it. */
static void doubt_resets(struct talk *t, unsigned side, int64_t pos)
{
	struct connection *c = &t->connection;
	bool other = false;
	for (unsigned i = 0; i < c->nresets && i < RESETS_KEPT; i++) {
		struct reset *r = &c->resets[i];
		if (r->from == (enum direction)side && pos >= (int64_t)r->offset)
			r->data_after = true;
		other |= !r->data_after;
	}
	t->reset &= other;
}

static void take_fin(struct talk *t, const struct packet *p, unsigned side, int64_t acked)
{
	struct stream *s = &t->streams[side];
	int64_t pos = stream_position(s, p->seq + (p->flags & TCP_SYN ? 1 : 0)) + p->payload_length;
	if (s->fin_known || pos < s->end || pos > s->end + RESET_WINDOW)
		return;
	s->fin_known = true;
	s->fin_pos = pos;
	s->fin_ack = acked;
	s->fin_place = p->place;
	t->connection.fin[side] = true;
	if (s->acked > pos) {
		s->acked = pos;
		s->fin_acked = true;
	}
}

/* The octet before the next one, once more (RFC 9293 3.8.4); its value means nothing. Where that octet is the first that lacks an
 * acknowledgement, it may be a retransmission, and is compared, but for NUL, which stacks send in a probe and nobody in a line. */
static bool is_keep_alive(const struct stream *s, const struct packet *p, int64_t pos)
{
	bool nul = p->payload.n == 1 && p->payload.p[0] == 0;
	return p->payload_length <= 1 && !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && s->end > 0 && (nul ? pos < s->end : pos == s->end - 1 && s->acked != pos);
}

/* Counts what was sent before; finds other bytes in it. The rest of the segment that is new stays in *g. */
static void take_repeated(struct talk *t, struct segment *g, unsigned side, bool duplicate)
{
	struct stream *s = &t->streams[side];
	int64_t end = g->pos + g->length;
	if (end <= s->end && !duplicate && (end <= s->next || s->head == NULL))
		t->connection.retransmissions[side]++;
	if (end == s->end && end > s->acked && !duplicate)
		t->connection.repeated_unacknowledged[side]++;
	if (g->pos >= s->next)
		return;
	struct teller teller = { t, side };
	if (!duplicate)
		stream_compare(s, g, (struct conflict){ conflict_found, &teller });
	int64_t gone = s->next - g->pos;
	if (gone > g->length)
		gone = g->length;
	g->pos += gone;
	g->length -= (uint32_t)gone;
	g->bytes = bytes_from(g->bytes, (size_t)gone);
}

static void deliver(struct talk *t, const struct segment *g, unsigned side)
{
	struct stream *s = &t->streams[side];
	bool at_once = t->opened && !s->head && g->pos == s->next && g->bytes.n == g->length && is_causal(t, side, g->acked);
	if (at_once) {
		struct chunk chunk = { .bytes = g->bytes, .offset = (uint64_t)g->pos, .acked = positive(g->acked),
			.place = g->origin.place, .marks = g->origin.marks, .odd = g->origin.odd, .pushed = g->pushed,
			.retransmitted = g->retransmitted };
		emit(t, side, &chunk);
	} else {
		stream_wait(s, g);
	}
}

static void take_data(struct talk *t, const struct packet *p, unsigned side, int64_t acked, uint16_t odd, bool duplicate)
{
	struct stream *s = &t->streams[side];
	int64_t pos = stream_position(s, p->seq + (p->flags & TCP_SYN ? 1 : 0));
	struct segment g = { .pos = pos, .acked = acked, .bytes = p->payload, .length = p->payload_length, .arrival = t->npackets,
		.origin = { p->place, p->marks, odd }, .pushed = p->flags & TCP_PSH, .duplicate = duplicate };
	if (g.bytes.n > g.length)
		g.bytes.n = g.length;
	t->connection.snaplen_cut |= g.bytes.n < g.length;
	if (stream_is_far(s, pos + g.length))
		return;
	if (s->fin_known && pos + g.length > s->fin_pos) { /* after its FIN a side has nothing to say: the receiver drops it */
		if (pos >= s->fin_pos)
			return;
		g.length = (uint32_t)(s->fin_pos - pos);
		g.bytes = bytes_first(g.bytes, g.length);
	}
	bool filled_late = pos < s->end;
	if (t->connection.nresets && !duplicate)
		doubt_resets(t, side, pos);
	if (t->deaf) {
		if (g.pos + g.length > s->end) {
			t->connection.octets[side] += (uint64_t)(g.pos + g.length - (g.pos > s->end ? g.pos : s->end));
			s->end = s->next = g.pos + g.length;
		}
		return;
	}
	if (pos < s->end)
		take_repeated(t, &g, side, duplicate);
	if (g.pos + g.length > s->end)
		s->end = g.pos + g.length;
	if (g.length == 0)
		return;
	if (filled_late && !duplicate && (g.pos + g.length < s->end || s->head)) {
		bool soon = s->head && t->now.time - s->head->time < 3000000;
		t->connection.out_of_order[side] += soon;
		t->connection.retransmissions[side] += !soon;
		g.retransmitted = !soon;
	}
	deliver(t, &g, side);
}

static bool is_negotiated(const struct talk *t)
{
	return t->connection.syn[0].timestamp && t->connection.syn[1].timestamp;
}

static void count_packet(struct talk *t, const struct packet *p, unsigned side)
{
	t->npackets++;
	t->now = p->place;
	t->connection.last = p->place;
	t->connection.packets[side]++;
	t->connection.in_tunnel |= p->in_tunnel;
}

void talk_packet(struct talk *t, const struct packet *p, enum direction side)
{
	struct stream *s = &t->streams[side];
	count_packet(t, p, side);
	bool duplicate = is_duplicate(t, p, side);
	t->connection.duplicates += duplicate;
	uint16_t odd = duplicate ? 0 : path_judge(&t->paths[side], p, is_negotiated(t));
	if (p->flags & TCP_SYN)
		take_syn(t, p, side);
	learn_base(t, p, side);
	int64_t before = t->streams[!side].acked;
	int64_t acked = p->flags & TCP_RST ? 0 : take_ack(t, p, side);
	if (p->flags & TCP_RST) {
		if (!duplicate)
			take_reset(t, p, side, odd);
	} else if (is_keep_alive(s, p, stream_position(s, p->seq))) {
		t->connection.keep_alives[side]++;
	} else {
		if (p->payload_length && acked < before && stream_position(s, p->seq) >= s->end)
			odd |= ODD_ACK_BEHIND;
		if (p->payload_length) {
			t->payloads++;
			take_data(t, p, side, acked, odd, duplicate);
		}
		if (p->flags & TCP_FIN)
			take_fin(t, p, side, acked);
	}
	if (!t->opened && !t->unwanted && p->payload_length)
		decide(t);
	if (t->opened)
		drain(t);
	if (p->payload_length)
		count_listener(t);
}

/* ---- the end ---- */

static const char *ask_witness(struct talk *t)
{
	bool strange = t->strange[FROM_CLIENT] || t->strange[FROM_SERVER];
	if (!strange || t->plain[FROM_CLIENT] || t->plain[FROM_SERVER])
		return NULL;
	t->around->counts.asked_ndpi++;
	return witness_name(&t->around->witness, &t->connection, (struct bytes){ t->first[FROM_CLIENT], t->nfirst[FROM_CLIENT] },
			    (struct bytes){ t->first[FROM_SERVER], t->nfirst[FROM_SERVER] });
}

static void tell_resets(struct talk *t)
{
	struct connection *c = &t->connection;
	for (unsigned i = 0; t->reset && i < c->nresets && i < RESETS_KEPT; i++) {
		struct reset *r = &c->resets[i];
		struct stream *s = &t->streams[r->from];
		if (r->data_after || s->ended)
			continue;
		s->ended = true;
		if (!t->deaf && t->around->sink.end)
			t->around->sink.end(t->session, r->from, END_RST, r->place);
	}
}

static void sum_up(struct talk *t, enum ending ending)
{
	struct connection *c = &t->connection;
	bool both_fin = c->fin[0] && c->fin[1];
	c->ending = t->reset ? END_RST : both_fin ? END_FIN : ending;
	c->server_silent = is_silent(t, FROM_SERVER);
	c->client_silent = is_silent(t, FROM_CLIENT);
	for (unsigned side = 0; side < 2; side++) {
		struct stream *s = &t->streams[side];
		c->baseline[side] = t->paths[side].base;
		if (!is_silent(t, !side) && s->end > s->acked)
			c->unacknowledged[side] = (uint64_t)(s->end - s->acked);
	}
}

void talk_close(struct talk *t, enum ending ending)
{
	t->closing = true;
	/* A greeting that refuses, and nothing after it, is SMTP's: look again without hoping for more. */
	if (!t->opened && !t->unwanted && look_one(t, FROM_SERVER, speaks_server) == LOOK_SMTP)
		decide(t);
	if (t->opened && !t->unwanted) {
		drain(t);
		tell_resets(t);
	}
	if (t->opened && !t->unwanted) {
		sum_up(t, ending);
		t->around->sink.close(t->session, &t->connection, ask_witness(t));
	}
	talk_drop(t);
}
