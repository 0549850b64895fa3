/* alignment.c - which commands do the replies behind a loss answer? Takes the replies that were put off and the queue, gives each reply
 * to the one command that it can answer, or to an unseen one where several could. Never looks at words: order, acknowledgements and
 * the code's form decide. */
#include "smtp/inside.h"

#include "base/banned.h"

enum { NEVER = -1000, ALIGN_MOST = 48, MARGIN = 4 }; /* MARGIN: what is no better than this proves nothing */

struct alignment { /* best[i][j]: what replies i.. and commands j.. can score together */
	int best[ALIGN_MOST + 2][ALIGN_MOST + 2];
	struct exchange *commands[ALIGN_MOST];
	const struct put_off *replies;
	size_t nreplies, ncommands, hole_at;
	uint64_t hole_end, lost_begin, lost_end;
	const struct exchange *held_for; /* what waits behind it was sent in the knowledge of held_acked octets of replies */
	uint64_t held_acked;
	bool held_lost;                  /* and begins with a hole */
	bool hole, replies_lost, client_spoke;
	bool hole_answered;              /* a reply was given to what stood in the hole */
};

/* Replies are lost before reply i and behind the one before it. */
static bool lost_before(const struct alignment *a, size_t i)
{
	return a->replies_lost && a->replies[i].reply.offset > a->lost_begin && (i == 0 || a->replies[i - 1].reply.offset < a->lost_end);
}

/* Commands and replies are both missing, and the reply was given when the missing commands had been received: it may be theirs as
 * well as that of a command before them. */
static bool is_doubtful(const struct alignment *a, size_t i, size_t j)
{
	const struct command *c = &a->commands[j]->command;
	if (a->commands[j] == a->held_for && a->held_lost && lost_before(a, i) && a->replies[i].reply.acked > command_end(c))
		return true;
	return a->hole && j < a->hole_at && lost_before(a, i) && a->replies[i].reply.acked >= a->hole_end;
}

/* The client went on with the next command after it had received more: the answer to this one was among it, and came before. */
static bool client_had_answer(const struct alignment *a, size_t i, size_t j)
{
	const struct line *this = &a->commands[j]->command.line;
	uint64_t next = j + 1 < a->ncommands ? a->commands[j + 1]->command.line.acked : 0;
	if (a->commands[j] == a->held_for)
		next = a->held_acked; /* a client that has read 354, say */
	return next > this->acked && a->replies[i].reply.offset >= next;
}

static int score_pair(const struct alignment *a, size_t i, size_t j)
{
	const struct reply *r = &a->replies[i].reply;
	const struct exchange *e = a->commands[j];
	const struct command *c = &e->command;
	if (c->kind == COMMAND_CONNECT)
		return r->offset == 0 ? 4 : NEVER;
	if (r->acked < command_end(c) || c->line.acked > r->offset)
		return NEVER;
	if (!reply_fits(e, r) || client_had_answer(a, i, j))
		return -6;
	return is_doubtful(a, i, j) ? 0 : 4;
}

/* A reply without a command in the capture: where the hole is, or behind it, should there be more than one. */
static int score_unseen(const struct alignment *a, size_t j)
{
	if (!a->hole || j < a->hole_at)
		return -12;
	return j == a->hole_at ? 0 : -2;
}

/* A command without a reply: those before the first reply may have theirs in the gap; the last of a group is answered before the
 * client goes on. */
static int score_skip(const struct alignment *a, size_t i, size_t j)
{
	if (i == a->nreplies && i && a->replies_lost && a->lost_end > a->replies[i - 1].reply.offset)
		return 0;
	if (i == a->nreplies)
		return a->client_spoke || (i && a->replies[i - 1].reply.acked >= command_end(&a->commands[j]->command)) ? -3 : 0;
	return !lost_before(a, i) ? -9 : i == 0 ? 0 : -4;
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static void align(struct alignment *a)
{
	for (size_t i = a->nreplies + 1; i-- > 0;)
		for (size_t j = a->ncommands + 1; j-- > 0;) {
			int best = i == a->nreplies && j == a->ncommands ? 0 : NEVER * 4;
			if (i < a->nreplies && j < a->ncommands)
				best = larger(best, score_pair(a, i, j) + a->best[i + 1][j + 1]);
			if (i < a->nreplies)
				best = larger(best, score_unseen(a, j) + a->best[i + 1][j]);
			if (j < a->ncommands)
				best = larger(best, score_skip(a, i, j) + a->best[i][j + 1]);
			a->best[i][j] = best;
		}
}

/* No other way for reply i is nearly as good; asked along the path that is taken. */
static bool one_way(const struct alignment *a, size_t i, size_t j)
{
	int least = a->best[i][j] - MARGIN;
	unsigned ways = 0;
	ways += j < a->ncommands && score_pair(a, i, j) + a->best[i + 1][j + 1] >= least;
	ways += score_unseen(a, j) + a->best[i + 1][j] >= least;
	ways += j < a->ncommands && score_skip(a, i, j) + a->best[i][j + 1] >= least;
	return ways == 1;
}

static void apply(struct dialogue *d, struct alignment *a)
{
	size_t i = 0, j = 0;
	bool certain = true;
	while (i < a->nreplies || j < a->ncommands) {
		int best = a->best[i][j];
		if (i < a->nreplies)
			certain &= one_way(a, i, j);
		if (i < a->nreplies && j < a->ncommands && score_pair(a, i, j) + a->best[i + 1][j + 1] == best) {
			if (certain) {
				exchange_give(d, a->commands[j], &a->replies[i], PAIRED_BY_ACK);
			} else {
				exchange_give_to_unseen(d, &a->replies[i], true);
				exchange_give_up(d, a->commands[j]);
			}
			i++;
			j++;
			certain = true;
		} else if (i < a->nreplies && score_unseen(a, j) + a->best[i + 1][j] == best) {
			exchange_give_to_unseen(d, &a->replies[i], a->hole || a->replies_lost);
			a->hole_answered = true;
			i++;
			certain = true;
		} else {
			if (i == a->nreplies && !a->client_spoke)
				return; /* it may still be answered */
			exchange_give_up(d, a->commands[j]);
			j++;
		}
	}
}

void pairing_align(struct dialogue *d, bool closing)
{
	struct alignment *a = memory_new(1, sizeof *a);
	struct put_off *replies = d->put_off;
	*a = (struct alignment){ .replies = replies, .nreplies = d->nput_off, .hole = d->hole, .replies_lost = d->replies_lost,
	                         .hole_end = d->hole_end, .lost_begin = d->lost_begin, .lost_end = d->lost_end,
	                         .client_spoke = !closing };
	if (d->mode == MODE_HELD && d->held && d->held_for) {
		a->held_for = d->held_for;
		a->held_lost = d->held->is_gap;
		a->held_acked = d->held->is_gap ? 0 : d->held->chunk.acked;
	}
	a->hole_at = d->hole_after ? ALIGN_MOST : 0;
	for (struct exchange *e = d->waiting; e && a->ncommands < ALIGN_MOST; e = e->next) {
		if (e->previous == d->hole_after)
			a->hole_at = a->ncommands;
		a->commands[a->ncommands++] = e;
	}
	if (a->hole_at == ALIGN_MOST)
		a->hole_at = d->hole_after->answered || !d->waiting ? 0 : a->ncommands;
	if (a->nreplies > ALIGN_MOST)
		a->nreplies = ALIGN_MOST;
	size_t rest = d->nput_off - a->nreplies;
	d->put_off = NULL;
	d->nput_off = 0;
	align(a);
	struct place at = replies ? replies[0].reply.first : d->waiting ? d->waiting->command.line.first : (struct place){ 0 };
	bool lost = d->hole || d->replies_lost, again = d->hole_kept;
	d->hole = d->replies_lost = d->hole_kept = false;
	d->hole_after = NULL;
	apply(d, a);
	/* What stood in the hole has had no reply yet: it may come after the next command, from a client that does not wait. */
	if (a->hole && !a->hole_answered && !again && !closing && !a->replies_lost)
		d->hole = d->hole_kept = true;
	for (size_t i = 0; i < rest; i++)
		exchange_give_to_unseen(d, &replies[a->nreplies + i], true);
	if (lost && d->heard[FROM_CLIENT] && d->heard[FROM_SERVER]) { /* a capture of one side has nothing to anchor */
		d->session->resyncs++;
		note_add(d, NOTE_RESYNC, FROM_SERVER, at);
	}
	free(replies);
	free(a);
}
