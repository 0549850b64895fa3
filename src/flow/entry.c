/* entry.c - what the packets say of a connection from its ends and its SYN alone: takes an entry and a packet, gives whether this is the same
 * connection; never makes, queues or closes one. */
#include "flow/entry.h"

#include <string.h>

#include "flow/connection.h"

#include "base/banned.h"

/* A SYN-ACK acknowledges the other SYN, and perhaps data in it (RFC 7413). */
static bool answers_syn(const struct entry *e, const struct packet *p, unsigned side)
{
	return p->flags & TCP_ACK && has_side(e->isn_known, !side) && p->ack - e->number[!side] - 1 < UINT16_MAX;
}

/* A SYN that was recorded after segments of the connection it opens: what they said of its side's numbers begins behind its ISN. */
static bool came_late(const struct entry *e, const struct packet *p, unsigned side)
{
	return has_side(e->early_known, side) && e->number[side] - p->seq - 1 < UINT16_MAX;
}

/* Is this SYN the beginning of another connection between the same ends (RFC 9293 3.6.1, RFC 6191)? Its ISN tells. */
bool entry_begins_anew(const struct entry *e, const struct packet *p, unsigned side)
{
	if (!(p->flags & TCP_SYN) || p->flags & TCP_RST)
		return false;
	if (has_side(e->isn_known, side))
		return e->number[side] != p->seq && !answers_syn(e, p, side);
	if (came_late(e, p, side))
		return false;
	if (p->flags & TCP_ACK)
		return has_side(e->isn_known, !side) && !answers_syn(e, p, side);
	/* a bare SYN of a side that has sent other segments before, or that was taken for the server; else a simultaneous open */
	return e->talk || e->ignored || e->packets[side] > 0;
}

/* A bare SYN into a living connection proves nothing: its receiver answers with a challenge (RFC 5961 4.2), and anybody can send one.
 * It waits for the other side's SYN-ACK, or for what its sender goes on with. */
bool entry_must_wait(const struct entry *e, const struct packet *p)
{
	return !(p->flags & TCP_ACK) && e->talk && !talk_is_over(e->talk);
}

bool entry_accepts(const struct entry *e, const struct packet *p)
{
	if (!e->keeps || !e->talk || p->flags & TCP_RST)
		return false;
	const struct packet *syn = e->kept;
	bool same_sender = memcmp(&p->from.address, &syn->from.address, sizeof p->from.address) == 0 && p->from.port == syn->from.port;
	if (same_sender)
		return !(p->flags & TCP_SYN) && p->seq == syn->seq + 1;
	return p->flags & TCP_SYN && p->flags & TCP_ACK && p->ack - syn->seq - 1 < UINT16_MAX;
}

void entry_note_syn(struct entry *e, const struct packet *p, unsigned side)
{
	if (has_side(e->isn_known, side)) {
		e->syn_ack_seen |= e->simultaneous && side == FROM_SERVER && p->flags & TCP_ACK; /* RFC 9293 figure 8: its SYN again, with an ACK */
		return;
	}
	e->isn_known |= side_bit(side) & 3;
	e->number[side] = p->seq;
	e->syn[side] = p->marks;
	if (side == FROM_CLIENT)
		e->syn_seen = true;
	else if (p->flags & TCP_ACK)
		e->syn_ack_seen = true;
	else
		e->simultaneous = true;
	if (side == FROM_SERVER && e->syn_seen && p->place.time > e->first.time)
		e->rtt = p->place.time - e->first.time;
}

/* Until a side's SYN has been seen: where its numbers begin, at the latest. */
void entry_note_early(struct entry *e, const struct packet *p, unsigned side)
{
	if (!has_side(e->isn_known, side) && !has_side(e->early_known, side)) {
		e->early_known |= side_bit(side) & 3;
		e->number[side] = p->seq;
	}
	if (p->flags & TCP_ACK && !has_side(e->isn_known, !side) && !has_side(e->early_known, !side)) {
		e->early_known |= side_bit(!side) & 3;
		e->number[!side] = p->ack;
	}
}

static unsigned swapped_bits(unsigned bits)
{
	return (bits & 1) << 1 | bits >> 1;
}

void entry_swap_ends(struct entry *e)
{
	struct endpoint end = e->ends[0];
	e->ends[0] = e->ends[1];
	e->ends[1] = end;
	uint32_t packets = e->packets[0];
	e->packets[0] = e->packets[1];
	e->packets[1] = packets;
	uint32_t number = e->number[0];
	e->number[0] = e->number[1];
	e->number[1] = number;
	e->fins = swapped_bits(e->fins) & 3;
	e->isn_known = swapped_bits(e->isn_known) & 3;
	e->early_known = swapped_bits(e->early_known) & 3;
	e->swapped = !e->swapped;
}

/* Before any payload: a reset that what is to be reset must precede, in a capture that recorded one direction late. */
bool entry_resets_unseen(const struct entry *e, const struct packet *p, unsigned side)
{
	if (!(p->flags & TCP_RST) || !has_side(e->isn_known, side))
		return false;
	bool sent = has_side(e->fins, side) || p->seq != e->number[side] + 1;
	bool received = p->flags & TCP_ACK && p->ack != e->number[!side] + 1;
	return sent || received || !has_side(e->isn_known, !side);
}

/* A FIN that stands behind data which has not been seen: it comes late, or the capture lacks it. */
bool entry_ends_unseen_data(const struct entry *e, const struct packet *p, unsigned side)
{
	return p->flags & TCP_FIN && has_side(e->isn_known, side) && p->seq != e->number[side] + 1;
}
