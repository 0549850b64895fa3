/* alignment.c - which commands do the replies behind a loss answer? Takes the replies that were put off and the queue, gives each reply
 * to the one command that it can answer; what several could have drawn waits for more, and in the end goes to an unseen one. Order,
 * acknowledgements, the code's form and an address that the reply repeats decide (ways.c). */
#include "smtp/alignment.h"

#include "base/banned.h"

/* Most have one reply and one command: the tables are no larger than what is to be aligned. */
static struct alignment *alignment_room(size_t nreplies, size_t ncommands)
{
	size_t cells = (nreplies + 1) * (ncommands + 1);
	size_t size = sizeof(struct alignment) + ncommands * sizeof(struct exchange *) + (ncommands + 1) * sizeof(struct boundary)
		      + cells * sizeof(struct score) + nreplies * ncommands + nreplies;
	struct alignment *a = memory_new(1, size);
	a->nreplies = nreplies;
	a->ncommands = ncommands;
	a->commands = (struct exchange **)(void *)(a + 1);
	a->before = (struct boundary *)(void *)(a->commands + ncommands);
	a->scores = (struct score *)(void *)(a->before + ncommands + 1);
	a->names = (int8_t *)(a->scores + cells);
	a->certain = (bool *)(a->names + nreplies * ncommands);
	return a;
}

/* ---- what is decided ---- */

static void answer_hole(struct dialogue *d, const struct alignment *a, size_t j)
{
	for (unsigned k = 0; k < d->nholes; k++)
		d->holes[k].answered |= a->hole_at[k] == j;
}

/* Holes before what has been decided are of no further interest. */
static void pass_holes(struct dialogue *d, const struct exchange *last)
{
	unsigned n = 0;
	for (unsigned k = 0; k < d->nholes; k++) {
		const struct exchange *after = d->holes[k].after;
		bool passed = last && (!after || after->ordinal < last->ordinal);
		if (!passed)
			d->holes[n++] = d->holes[k];
	}
	d->nholes = n;
}

/* Follows the best way as far as it is certain; returns how many replies it gave. */
static size_t apply(struct dialogue *d, struct alignment *a, enum urgency urgency)
{
	size_t i = 0, j = 0;
	unsigned f = 0;
	const struct exchange *passed = NULL;
	while (i < a->nreplies || j < a->ncommands) {
		int best = score_at(a, i, j)->back[f], leave = j < a->ncommands ? ways_leave(a, i, j, f) : 0;
		if (i < a->nreplies ? !a->certain[i] && urgency == WHEN_CERTAIN : !ways_over_for(a, j) || !ways_lost_for(a, i, j))
			break;
		if (i < a->nreplies && j < a->ncommands && leave + ways_pair(a, i, j) + score_at(a, i + 1, j + 1)->back[0] == best) {
			struct exchange *e = a->commands[j];
			if (a->certain[i]) {
				exchange_answer(d, e, &a->replies[i], PAIRED_BY_ACK);
			} else {
				exchange_give_to_unseen(d, &a->replies[i], true);
				exchange_give_up(d, e);
			}
			passed = e;
			i++;
			j++;
			f = 0;
			if (e == a->held_for && !e->answered)
				held_unanswered(d, e);
			if (e == a->held_for)
				break; /* what was held is read now */
		} else if (i < a->nreplies && ways_unseen(a, i, j, f) + score_at(a, i + 1, j)->back[1] == best) {
			answer_hole(d, a, j);
			exchange_give_to_unseen(d, &a->replies[i], true);
			i++;
			f = 1;
		} else {
			passed = a->commands[j];
			exchange_give_up(d, a->commands[j]);
			if (passed == a->held_for && i < a->nreplies) {
				held_unanswered(d, a->commands[j]);
				break;
			}
			j++;
			f = 0;
		}
	}
	pass_holes(d, passed);
	return i;
}

/* ---- what is known ---- */

static void place_holes(const struct dialogue *d, struct alignment *a)
{
	for (unsigned k = 0; k < d->nholes; k++) {
		const struct hole *h = &d->holes[k];
		size_t j = 0;
		while (j < a->ncommands && h->after && a->commands[j]->ordinal <= h->after->ordinal)
			j++;
		a->hole_at[k] = j;
		struct boundary *b = &a->before[j];
		b->begin = b->hole && b->begin < h->begin ? b->begin : h->begin;
		b->answered |= h->answered;
		b->whole |= h->whole;
		b->in_line |= !h->from_line_begin;
		b->hole = true;
	}
	if (d->mode == MODE_HELD && d->held && d->held_for && a->ncommands) {
		struct boundary *b = &a->before[a->ncommands];
		bool gap = d->held->is_gap;
		a->held_for = d->held_for;
		a->held_acked = gap ? 0 : d->held->chunk.acked;
		b->held = true;
		b->begin = b->hole ? b->begin : gap ? d->held->gap.offset : d->held->chunk.offset;
		b->hole |= gap;
		b->in_line |= gap && d->held_for->command.line.ending == LINE_GAP;
	}
	/* How many recipients had been accepted may be in a hole (RFC 2033 4.2). */
	for (size_t j = 0; j < a->ncommands && d->session->protocol == PROTOCOL_LMTP; j++)
		a->before[j + 1].recipients = a->commands[j]->command.kind == COMMAND_CONTENT;
}

static struct alignment *alignment_new(const struct dialogue *d, enum urgency urgency)
{
	size_t ncommands = 0;
	for (const struct exchange *e = d->waiting; e && ncommands < ALIGN_MOST; e = e->next)
		ncommands++;
	struct alignment *a = alignment_room(d->nput_off < ALIGN_MOST ? d->nput_off : ALIGN_MOST, ncommands);
	a->replies = d->put_off;
	a->lost = d->lost;
	a->nlost = d->nlost;
	a->client_spoke = urgency != AT_THE_END;
	a->over = d->ended[FROM_SERVER];
	a->lost_track = !d->state.certain;
	a->latent = d->latent != NULL;
	a->patient = d->session->mid_start && urgency == WHEN_CERTAIN;
	a->no_greeting = !d->connection->syn_ack_seen;
	a->in_turn = !d->runs_ahead && !d->session->mid_start;
	struct exchange *e = d->waiting;
	for (size_t j = 0; j < ncommands; j++, e = e->next)
		a->commands[j] = e;
	place_holes(d, a);
	for (size_t i = 0; i < a->nreplies; i++)
		names_compare(a->replies[i].reply.text, a->commands, ncommands, a->names + i * ncommands);
	ways_judge(a);
	return a;
}

static void resynced(struct dialogue *d, struct place at)
{
	bool real = d->nlost;
	for (unsigned k = 0; k < d->nholes; k++)
		real |= d->holes[k].end > d->holes[k].begin;
	if (!real || !d->heard[FROM_CLIENT] || !d->heard[FROM_SERVER]) /* a capture of one side has nothing to anchor */
		return;
	d->session->resyncs++;
	note_add(d, NOTE_RESYNC, FROM_SERVER, at);
}

/* What is held may turn out to be commands, and their replies may be missing too: but for what the client had received before it sent them. */
static uint64_t known_to_sender(const struct dialogue *d)
{
	if (!d->held)
		return d->lost_end;
	return d->held->is_gap ? 0 : d->held->chunk.acked;
}

/* One pass; true when more may be decided now. */
static bool align(struct dialogue *d, enum urgency urgency)
{
	struct alignment *a = alignment_new(d, urgency);
	struct put_off *replies = d->put_off;
	size_t n = d->nput_off;
	const struct exchange *first = d->waiting;
	d->runs_ahead |= !a->in_turn && !d->session->mid_start;
	struct place at = replies ? replies[0].reply.first : d->waiting ? d->waiting->command.line.first : (struct place){ 0 };
	d->put_off = NULL;
	d->nput_off = 0;
	resynced(d, at);
	size_t done = apply(d, a, urgency);
	for (size_t i = done; i < n; i++)
		put_off(d, &replies[i]);
	const struct reply *newest = done ? &replies[done - 1].reply : NULL;
	if (newest) /* the hole in which a reply breaks off may hold others */
		loss_forget_replies(d, newest->flags & REPLY_CUT ? newest->offset : replies[done - 1].end);
	else if (n == 0 && !d->waiting)
		loss_forget_replies(d, known_to_sender(d));
	bool more = d->nput_off && (done || d->waiting != first);
	free(replies);
	free(a);
	return more;
}

void pairing_align(struct dialogue *d, enum urgency urgency)
{
	unsigned commands = 2 * d->nwaiting + (d->held != NULL);
	bool tried = d->nput_off && d->aligned_replies == d->nput_off && d->aligned_commands == commands;
	if (tried && urgency == WHEN_CERTAIN)
		return;
	do {
		if (d->waiting && d->nput_off)
			exchange_spawn(d, d->waiting);
	} while (align(d, urgency) && loss_any(d));
	for (size_t i = 0; i < d->nput_off && urgency != WHEN_CERTAIN && loss_any(d); i++)
		exchange_give_to_unseen(d, &d->put_off[i], true);
	if (urgency != WHEN_CERTAIN && loss_any(d))
		d->nput_off = 0;
	d->aligned_replies = d->nput_off;
	d->aligned_commands = 2 * d->nwaiting + (d->held != NULL);
}
