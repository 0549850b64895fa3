/* connection.c - takes the packets of one connection, gives its two streams in causal order, its ends and its facts. */
#include "flow/talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { RESET_WINDOW = 1024 * 1024 };

struct talk *talk_new(struct surroundings *around, struct stock *stock)
{
	struct talk *t = talk_take(around);
	t->around = around;
	for (unsigned side = 0; side < 2; side++)
		t->streams[side].stock = stock;
	stock->held += sizeof *t;
	return t;
}

static size_t held_beside_streams(const struct talk *t)
{
	size_t first = ((t->sides[0].first != NULL) + (size_t)(t->sides[1].first != NULL)) * FIRST_KEPT;
	return sizeof *t + t->listener + first + (t->connection.resets ? RESETS_KEPT * sizeof *t->connection.resets : 0);
}

void talk_count_with(struct talk *t, struct stock *stock)
{
	struct stock *before = talk_stock(t);
	if (stock == before)
		return;
	size_t held = held_beside_streams(t) + stream_held(&t->streams[0]) + stream_held(&t->streams[1]);
	before->held -= held;
	stock->held += held;
	for (unsigned side = 0; side < 2; side++)
		t->streams[side].stock = stock;
}

struct connection *talk_connection(struct talk *t)
{
	return &t->connection;
}

void talk_begin(struct talk *t, bool on_port)
{
	t->negotiated = t->connection.syn[0].timestamp && t->connection.syn[1].timestamp;
	if (on_port)
		talk_open(t);
}

void talk_needs_no_past(struct talk *t)
{
	t->no_past = true;
}

void talk_drop(struct talk *t)
{
	talk_stock(t)->held -= held_beside_streams(t);
	for (unsigned side = 0; side < 2; side++) {
		stream_drop(&t->streams[side]);
		free(t->sides[side].first);
	}
	free(t->connection.resets);
	talk_give(t);
}

/* A FIN that the capture lacks is acknowledged as an octet behind the last (RFC 9293 3.4). */
static bool has_finished(const struct stream *s)
{
	return s->fin_known || (s->known && !s->head && s->acked == s->end + 1);
}

bool talk_is_over(const struct talk *t)
{
	const struct stream *client = &t->streams[FROM_CLIENT], *server = &t->streams[FROM_SERVER];
	return t->reset || ((client->fin_known || server->fin_known) && has_finished(client) && has_finished(server));
}

bool talk_is_unwanted(const struct talk *t)
{
	return t->unwanted;
}

bool talk_goes_on(const struct talk *t, const struct packet *p, enum direction side, int64_t pause)
{
	const struct stream *s = &t->streams[side];
	int64_t from_end = s->known ? stream_position(s, p->seq) - s->end : 0;
	return p->place.time - t->connection.last.time <= pause || (from_end >= -RESET_WINDOW && from_end <= RESET_WINDOW);
}

bool talk_has_swapped(const struct talk *t)
{
	return t->swapped;
}

void talk_start(struct talk *t, enum direction side, uint32_t isn)
{
	t->streams[side].base = isn + 1;
	t->streams[side].known = true;
	path_start(&t->sides[side].path, &t->connection.syn[side], t->connection.first.time, true);
}

/* A number that this side's first packet had, or that was acknowledged to it: its stream begins there at the latest. */
void talk_hint(struct talk *t, enum direction side, uint32_t number)
{
	t->streams[side].hint = number;
	t->streams[side].hinted = true;
}

/* ---- one packet ---- */

static bool is_duplicate(struct talk *t, const struct packet *p, unsigned side)
{
	struct recents *recents = &t->sides[side].recents;
	struct recent now = recent_of(p);
	if (recents_know(recents, &now, p->marks.ip_id != 0))
		return true;
	recents_add(recents, &now);
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

/* The SYN, or an earlier segment, comes after one that was taken for the first: what the stream holds stands further back. Nothing is
 * delivered yet. */
static void learn_base_late(struct talk *t, const struct packet *p, unsigned side)
{
	struct stream *s = &t->streams[side], *peer = &t->streams[!side];
	uint32_t first = p->flags & TCP_SYN ? p->seq + 1 : p->seq;
	int64_t by = s->known && s->next == 0 && !s->ended ? -stream_position(s, first) : 0;
	if (by <= 0 || by > RESET_WINDOW)
		return;
	s->base = first;
	s->end += by;
	s->acked += by;
	s->fin_pos += by;
	s->hole_arrival = 0;
	for (struct piece *piece = s->head; piece; piece = piece->next) {
		piece->pos += by;
		for (struct rival *rival = piece->rivals; rival; rival = rival->next)
			rival->pos += by;
	}
	for (struct piece *piece = peer->head; piece; piece = piece->next)
		piece->acked += by;
	peer->fin_ack += by;
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
	return pos; /* before the first octet it is less than nothing: that may yet turn out to stand further back */
}

static void take_syn(struct talk *t, const struct packet *p, unsigned side)
{
	struct connection *c = &t->connection;
	c->syn[side] = p->marks;
	t->negotiated = c->syn[0].timestamp && c->syn[1].timestamp;
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
	if (!c->resets) {
		c->resets = memory_new(RESETS_KEPT, sizeof *c->resets);
		talk_stock(t)->held += RESETS_KEPT * sizeof *c->resets;
	}
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
	s->fin_rides = p->payload_length > 0;
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
	return p->payload_length <= 1 && !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && s->end > 0
	       && (nul ? pos < s->end : pos == s->end - 1 && s->acked != pos);
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
		stream_compare(s, g, (struct conflict){ talk_conflict, &teller });
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
	const struct stream *peer = &t->streams[!side];
	bool in_turn = !s->head && (!peer->fin_known || peer->ended) && talk_is_causal(t, side, g->acked);
	bool at_once = t->opened && talk_may_begin(t) && in_turn && g->pos == s->next && g->bytes.n == g->length;
	if (at_once) {
		struct chunk chunk = { .bytes = g->bytes, .offset = (uint64_t)g->pos, .acked = positive(g->acked),
			.place = g->origin.place, .marks = g->origin.marks, .odd = g->origin.odd, .pushed = g->pushed,
			.retransmitted = g->retransmitted };
		talk_emit(t, side, &chunk);
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
	if (stream_is_far(s, pos + g.length))
		return;
	if (s->fin_known && s->fin_rides && !s->ended && pos >= s->fin_pos && pos <= s->fin_pos + RESET_WINDOW && p->flags & TCP_FIN)
		s->fin_known = false; /* it goes on where the FIN stood, and has one itself: parts of one segment, each with its flags */
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
		t->connection.snaplen_cut |= g.bytes.n < g.length;
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
		bool soon = s->head && t->connection.last.time - s->head->time < 3000000;
		t->connection.out_of_order[side] += soon;
		t->connection.retransmissions[side] += !soon;
		g.retransmitted = !soon;
		g.late = true;
	}
	deliver(t, &g, side);
}

void talk_packet(struct talk *t, const struct packet *p, enum direction side)
{
	struct stream *s = &t->streams[side];
	talk_count_packet(t, p, side);
	bool duplicate = is_duplicate(t, p, side);
	t->connection.duplicates += duplicate;
	uint16_t odd = duplicate ? 0 : path_judge(&t->sides[side].path, p, t->negotiated);
	if (p->flags & TCP_SYN)
		take_syn(t, p, side);
	if (p->flags & TCP_SYN || (p->payload_length && !talk_syn_seen(t, side)))
		learn_base_late(t, p, side);
	learn_base(t, p, side);
	int64_t before = t->streams[!side].acked;
	int64_t acked = p->flags & TCP_RST ? 0 : take_ack(t, p, side);
	if (p->flags & TCP_RST) {
		if (!duplicate)
			take_reset(t, p, side, odd);
	} else if (is_keep_alive(s, p, stream_position(s, p->seq))) {
		t->connection.keep_alives[side]++;
	} else {
		if (p->payload_length && (int64_t)positive(acked) < before && stream_position(s, p->seq) >= s->end)
			odd |= ODD_ACK_BEHIND;
		if (p->payload_length) {
			t->payloads++;
			take_data(t, p, side, acked, odd, duplicate);
		}
		if (p->flags & TCP_FIN)
			take_fin(t, p, side, acked);
	}
	if (!t->opened && !t->unwanted && p->payload_length)
		talk_decide(t);
	if (t->opened)
		talk_drain(t);
	if (p->payload_length)
		talk_count_listener(t);
}

/* ---- the end ---- */

static const char *ask_witness(struct talk *t)
{
	bool strange = t->sides[FROM_CLIENT].strange || t->sides[FROM_SERVER].strange;
	if (!strange || t->sides[FROM_CLIENT].plain || t->sides[FROM_SERVER].plain)
		return NULL;
	t->around->counts.asked_ndpi++;
	return witness_name(&t->around->witness, &t->connection, (struct bytes){ t->sides[FROM_CLIENT].first, t->sides[FROM_CLIENT].nfirst },
			    (struct bytes){ t->sides[FROM_SERVER].first, t->sides[FROM_SERVER].nfirst });
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
			t->around->sink.end(talk_listener(t), r->from, END_RST, r->place);
	}
}

static void sum_up(struct talk *t, enum ending ending)
{
	struct connection *c = &t->connection;
	bool both_fin = (c->fin[0] || c->fin[1]) && has_finished(&t->streams[0]) && has_finished(&t->streams[1]);
	if (t->reset)
		ending = END_RST;
	else if (both_fin)
		ending = END_FIN;
	c->ending = ending;
	c->server_silent = is_silent(t, FROM_SERVER);
	c->client_silent = is_silent(t, FROM_CLIENT);
	for (unsigned side = 0; side < 2; side++) {
		struct stream *s = &t->streams[side];
		c->baseline[side] = t->sides[side].path.base;
		if (!is_silent(t, !side) && s->end > s->acked)
			c->unacknowledged[side] = (uint64_t)(s->end - s->acked);
	}
}

void talk_fetch(const struct talk *t)
{
	for (unsigned line = 0; line < sizeof *t; line += CACHE_LINE)
		__builtin_prefetch((const char *)t + line);
}

void talk_fetch_session(const struct talk *t, unsigned part)
{
	const struct flow_sink *sink = &t->around->sink;
	if (sink->fetch && t->session && !t->unwanted)
		sink->fetch(t->session, part);
	for (unsigned side = 0; part == 0 && side < 2; side++) {
		const char *head = (const char *)t->streams[side].head;
		__builtin_prefetch(head);
		if (head)
			__builtin_prefetch(head + CACHE_LINE);
		__builtin_prefetch(t->streams[side].past);
	}
}

void talk_close(struct talk *t, enum ending ending)
{
	t->closing = true;
	if (!t->opened && !t->unwanted && talk_greets(t))
		talk_decide(t);
	if (t->opened && !t->unwanted) {
		talk_drain(t);
		tell_resets(t);
	}
	if (t->opened && !t->unwanted) {
		sum_up(t, ending);
		t->around->sink.close(talk_listener(t), &t->connection, ask_witness(t));
	}
	talk_drop(t);
}
