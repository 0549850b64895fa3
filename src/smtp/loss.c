/* loss.c - where commands and replies are missing. Takes holes as they become known; gives the pairing a short list of each, in the order
 * of the streams. Never decides what a hole held. */
#include "smtp/inside.h"

#include "base/banned.h"

enum {
	SHORTEST = 5,      /* "250" CRLF: fewer octets hide no reply */
	SHORTEST_LINE = 2, /* an empty line, or the ending between two lines: fewer octets hide no command */
};

static void hole_add(struct dialogue *d, struct hole hole)
{
	if (!d->holes)
		d->holes = memory_new(HOLES_MOST, sizeof *d->holes);
	d->holes[d->nholes++] = hole;
}

void loss_of_commands(struct dialogue *d, uint64_t begin, uint64_t end, bool from_line_begin)
{
	struct exchange *after = d->session->last;
	d->had_loss = true;
	if (begin && end - begin < SHORTEST_LINE)
		return;
	struct hole *last = d->nholes ? &d->holes[d->nholes - 1] : NULL;
	if (last && (last->after == after || d->nholes == HOLES_MOST)) {
		last->end = end;
		last->whole = false;
		last->answered = false;
		return;
	}
	hole_add(d, (struct hole){ .after = after, .begin = begin, .end = end, .from_line_begin = from_line_begin, .acked = d->acked });
}

/* Somewhere before this one; nothing tells where. */
void loss_of_commands_before(struct dialogue *d, const struct exchange *e)
{
	if (d->nholes < HOLES_MOST)
		hole_add(d, (struct hole){ .after = e->previous });
}

/* A command in good order is the first behind the hole: where that also began with a line, at least one command is missing. */
void loss_ends_with_line(struct dialogue *d)
{
	struct hole *last = d->nholes ? &d->holes[d->nholes - 1] : NULL;
	if (last && last->after == d->session->last)
		last->whole = last->from_line_begin;
}

/* A reply that ends a group of commands (RFC 2920 3.1) was given when all of them had been received, and answered. */
void loss_of_commands_over(struct dialogue *d, uint64_t acked)
{
	unsigned n = 0;
	for (unsigned k = 0; k < d->nholes; k++)
		if (d->holes[k].end == 0 || d->holes[k].end > acked)
			d->holes[n++] = d->holes[k];
	d->nholes = n;
}

/* A retransmission acknowledges what has come since the octets were first sent (RFC 9293 3.10.7.4): it tells nothing of what their
 * sender knew then. What comes late in order leaves less of the hole; the rest of it stays, as what it held is not known. */
uint64_t loss_filled(struct dialogue *d, const struct chunk *chunk)
{
	uint64_t end = chunk->offset + chunk->bytes.n, acked = chunk->acked < d->acked ? chunk->acked : d->acked;
	unsigned n = 0;
	for (unsigned k = 0; k < d->nholes; k++) {
		struct hole h = d->holes[k];
		bool within = h.end > h.begin && chunk->offset >= h.begin && chunk->offset < h.end;
		if (within && h.acked < acked)
			acked = h.acked;
		if (within && chunk->offset == h.begin && end >= h.end)
			continue;
		d->holes[n++] = h;
	}
	d->nholes = n;
	return acked;
}

/* The end of a line is the first behind the hole: its beginning, and with it a command, is missing. */
bool loss_has_tail(struct dialogue *d)
{
	struct hole *last = d->nholes ? &d->holes[d->nholes - 1] : NULL;
	if (!last || last->after != d->session->last || last->end == 0)
		return false;
	last->whole = last->from_line_begin;
	return true;
}

/* Is anything missing behind a reply that ends there and acknowledges so much? */
bool loss_beyond(const struct dialogue *d, uint64_t acked, uint64_t end)
{
	bool any = false;
	for (unsigned k = 0; k < d->nholes; k++)
		any |= d->holes[k].end > acked;
	for (unsigned k = 0; k < d->nlost; k++)
		any |= d->lost[k].end > end;
	return any;
}

void loss_of_replies(struct dialogue *d, uint64_t begin, uint64_t end)
{
	d->had_loss = true;
	d->lost_end = end;
	if (d->nlost == HOLES_MOST) {
		d->lost[d->nlost - 1].end = end;
		return;
	}
	if (!d->lost)
		d->lost = memory_new(HOLES_MOST, sizeof *d->lost);
	d->lost[d->nlost++] = (struct lost){ begin, end };
}

/* The rest of a reply whose beginning is missing: all of it counts as missing. */
void loss_grows(struct dialogue *d, uint64_t from, uint64_t until)
{
	for (unsigned i = d->nlost; i-- > 0;)
		if (d->lost[i].end <= from) {
			d->lost[i].end = until;
			return;
		}
}

/* Everything up to here has been paired, or given up. */
void loss_forget_replies(struct dialogue *d, uint64_t until)
{
	unsigned n = 0;
	for (unsigned i = 0; i < d->nlost; i++)
		if (d->lost[i].end > until)
			d->lost[n++] = d->lost[i];
	d->nlost = n;
}

/* What had been taken for possible, as the handshake was not in the capture, or not yet. */
void loss_forget_start(struct dialogue *d)
{
	if (d->nlost != 1 || d->lost[0].end != 0)
		return;
	d->nlost = 0;
	d->had_loss = d->nholes > 0;
}

bool lost_is_room(const struct lost *l)
{
	return l->end == 0 || l->end - l->begin >= SHORTEST; /* or before the capture */
}

void loss_forget_all(struct dialogue *d)
{
	d->nholes = d->nlost = 0;
}
