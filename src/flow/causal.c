/* causal.c - takes two streams with waiting pieces, gives them out in an order in which nobody answers what was not yet said; judges
 * holes by what the receiver acknowledged. Never looks at clocks or at words. */
#include "flow/talk.h"

#include <string.h>

#include "base/banned.h"

enum {
	CUT_PACKETS = 8, /* a copy with the octets that a snaplen took is the same frame from another interface: soon or never */
	START_PACKETS = 24,
};

/* A segment comes out after the octets that it acknowledges. A side that has not been seen yet may only have been recorded late; one
 * that the capture never shows is not waited for. */
bool talk_is_causal(const struct talk *t, unsigned side, int64_t acked)
{
	const struct stream *peer = &t->streams[!side];
	return peer->known ? acked <= peer->next : t->sides[side].alone || !peer->hinted;
}

static struct piece *ready_piece(const struct talk *t, unsigned side)
{
	struct piece *head = t->streams[side].head;
	return head && head->pos == t->streams[side].next && !head->cut ? head : NULL;
}

/* A FIN that came with octets ends its side when the peer says that it has it, or has nothing more to say itself. */
static bool step_end(struct talk *t, unsigned side)
{
	struct stream *s = &t->streams[side];
	if (!s->fin_known || s->ended || s->next != s->fin_pos || !talk_is_causal(t, side, s->fin_ack))
		return false;
	if (s->fin_rides && !s->fin_acked && !t->closing && !t->streams[!side].fin_known)
		return false;
	s->ended = true;
	if (!t->deaf && t->around->sink.end)
		t->around->sink.end(talk_listener(t), (enum direction)side, END_FIN, s->fin_place);
	return true;
}

static bool step_side(struct talk *t, unsigned side)
{
	struct piece *piece = ready_piece(t, side);
	if (piece && talk_is_causal(t, side, piece->acked)) {
		talk_emit_piece(t, side, piece);
		return true;
	}
	return step_end(t, side);
}

/* Octets up to the end of the line that the stream stands in, where more follows: a retransmission joins what was sent one after the
 * other. 0: all of the piece. */
static uint32_t rest_of_line(const struct piece *piece)
{
	const uint8_t *lf = piece->rivals ? NULL : memchr(piece->bytes, '\n', piece->n);
	uint32_t n = lf ? (uint32_t)(lf - piece->bytes) + 1 : piece->n;
	return n < piece->n ? n : 0;
}

/* Both sides acknowledge what the other has not said yet: retransmissions carry newer acknowledgements. The rest of a line goes, else the
 * one that came late, else the earlier one: when its octets were first sent, their sender had received no more than has come out. */
static bool step_crossed(struct talk *t)
{
	struct piece *pieces[2] = { ready_piece(t, 0), ready_piece(t, 1) };
	if (!pieces[0] || !pieces[1])
		return false;
	bool later = pieces[1]->arrival < pieces[0]->arrival;
	bool in_line = t->streams[1].in_line, both = t->streams[0].in_line == in_line;
	unsigned side = !both ? in_line : pieces[0]->late != pieces[1]->late ? pieces[1]->late : later;
	struct piece *piece = pieces[side];
	int64_t acked = piece->acked < t->streams[!side].next ? piece->acked : t->streams[!side].next;
	uint32_t head = both ? 0 : rest_of_line(piece);
	if (head) {
		talk_emit_head(t, side, piece, head, acked);
		return true;
	}
	piece->acked = acked;
	talk_emit_piece(t, side, piece);
	return true;
}

/* Counted in packets: the clock of a capture may be set while it runs, and a dialogue may pause. */
static bool waited(const struct talk *t, uint32_t arrival, uint32_t packets)
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
	if (!full && !t->closing && !talk_is_causal(t, side, piece->acked))
		return false;
	talk_emit_gap(t, side, piece->pos + piece->n, GAP_SNAPLEN, piece->origin.place);
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
	struct place place = head ? head->origin.place : t->connection.last;
	bool probe = head && piece_is_probe(head) && head->pos < s->acked;
	bool full = stream_is_full(s);
	uint32_t arrival = head && head->arrival < s->hole_arrival ? head->arrival : s->hole_arrival;
	if (!full && !waited(t, arrival, LIMIT_HOLD_PACKETS))
		return false;
	if (probe) { /* the last octet that is missing, which nobody sent so */
		talk_emit_gap(t, side, until + 1, GAP_CAPTURE, place);
		stream_pop(s, head);
		return true;
	}
	if (s->acked > s->next)
		talk_emit_gap(t, side, until < s->acked ? until : s->acked, GAP_CAPTURE, place);
	else if (is_silent(t, !side))
		talk_emit_gap(t, side, until, GAP_CAPTURE, place);
	else if (full)
		talk_emit_gap(t, side, until, GAP_LIMIT, place);
	else if (t->closing)
		talk_emit_gap(t, side, until, GAP_WIRE, place);
	else
		return false;
	return true;
}

/* Data that waits for a side that does not turn up. */
static bool step_alone(struct talk *t, unsigned side)
{
	struct piece *piece = ready_piece(t, side);
	if (!piece || t->sides[side].alone || t->streams[!side].known || !waited(t, piece->arrival, LIMIT_HOLD_PACKETS))
		return false;
	return t->sides[side].alone = true;
}

/* Data that waits for the other side only, and too long or too much of it. */
static bool step_forced(struct talk *t, unsigned side)
{
	struct piece *piece = ready_piece(t, side);
	if (!piece || !(t->closing || stream_is_full(&t->streams[side])))
		return false;
	talk_emit_piece(t, side, piece);
	return true;
}

/* All that was sent and acknowledged has come out: as after nearly every packet. */
static bool is_settled(const struct stream *s)
{
	return !s->head && s->end <= s->next && s->acked <= s->next && (!s->fin_known || (s->ended && s->fin_pos <= s->next));
}

bool talk_is_whole(const struct talk *t)
{
	return !t->reset && (t->deaf || (is_settled(&t->streams[FROM_CLIENT]) && is_settled(&t->streams[FROM_SERVER])));
}

bool talk_syn_seen(const struct talk *t, unsigned side)
{
	const struct connection *c = &t->connection;
	return side == FROM_CLIENT ? c->syn_seen : c->syn_ack_seen || c->simultaneous_open;
}

/* Two directions that were recorded with another delay each: the SYN, and with it where a stream begins, may stand behind the first data. */
bool talk_may_begin(const struct talk *t)
{
	bool known = talk_syn_seen(t, FROM_CLIENT) && talk_syn_seen(t, FROM_SERVER);
	return known || t->closing || t->npackets > START_PACKETS || stream_is_full(&t->streams[0]) || stream_is_full(&t->streams[1]);
}

void talk_drain(struct talk *t)
{
	if (!t->opened || !talk_may_begin(t))
		return;
	while (!t->deaf && !(is_settled(&t->streams[0]) && is_settled(&t->streams[1]))) {
		if ((t->streams[0].fin_rides && step_end(t, 0)) || (t->streams[1].fin_rides && step_end(t, 1)))
			continue;
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
