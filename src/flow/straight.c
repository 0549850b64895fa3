/* straight.c - takes the packet that nearly every one is, the next octets of a side or the acknowledgement of such, and gives it at once;
 * leaves every other one to connection.c, which would do the same with this one. Never waits, never judges order. */
#include "flow/talk.h"

#include "base/banned.h"

/* All that was sent has come out, and nothing is sent behind it. */
static bool is_even(const struct stream *s)
{
	return s->known && !s->fin_known && !s->head && s->end == s->next;
}

static bool has_begun(const struct talk *t)
{
	const struct connection *c = &t->connection;
	return t->opened && c->syn_seen && (c->syn_ack_seen || c->simultaneous_open) && c->nresets == 0;
}

static void emit(struct talk *t, const struct packet *p, unsigned side, int64_t pos, int64_t acked, uint16_t odd)
{
	struct stream *s = &t->streams[side];
	s->end = pos + p->payload_length;
	t->payloads++;
	if (t->deaf) {
		s->next = s->end;
		t->connection.octets[side] += p->payload_length;
		return;
	}
	struct chunk chunk = { .bytes = p->payload, .offset = (uint64_t)pos, .acked = (uint64_t)acked, .place = p->place,
		.marks = p->marks, .odd = odd, .pushed = p->flags & TCP_PSH };
	talk_emit(t, side, &chunk);
	if (t->deaf)
		talk_drain(t);
	talk_count_listener(t);
}

bool talk_straight(struct talk *t, const struct packet *p, enum direction from)
{
	unsigned side = from;
	struct stream *s = &t->streams[side], *peer = &t->streams[!side];
	if ((p->flags & (TCP_ACK | TCP_SYN | TCP_FIN | TCP_RST)) != TCP_ACK || !has_begun(t) || !is_even(s) || !is_even(peer))
		return false;
	int64_t pos = s->end, acked = peer->end + (int32_t)(p->ack - (peer->base + (uint32_t)peer->end));
	bool fresh = acked > peer->acked;
	if (p->seq != s->base + (uint32_t)pos || s->acked > pos || acked > peer->end)
		return false;
	/* what says nothing new may be a duplicate, or a probe */
	if (p->payload_length ? acked < peer->acked || p->payload.n != p->payload_length : !fresh)
		return false;
	talk_count_packet(t, p, side);
	struct recent now = recent_of(p);
	recents_add(&t->sides[side].recents, &now);
	uint16_t odd = path_judge(&t->sides[side].path, p, t->negotiated);
	if (fresh) {
		peer->acked = acked;
		t->connection.repeated_unacknowledged[!side] = 0;
	}
	if (p->payload_length)
		emit(t, p, side, pos, acked, odd);
	return true;
}
