/* alignment.c - which commands do the replies behind a loss answer? Takes the replies that were put off and the queue, gives each reply
 * to the one command that it can answer; what several could have drawn waits for more, and in the end goes to an unseen one. Order,
 * acknowledgements, the code's form and an address that the reply repeats decide.
 *
 * All ways to give replies to commands in order are scored, forward and backward; a reply is certain where every way that gives it
 * elsewhere scores less by more than a margin. */
#include "smtp/inside.h"

#include "base/banned.h"

enum {
	NEVER = -1000, ALIGN_MOST = 48,
	MARGIN = 4,  /* what is better by no more than this proves nothing */
	PATIENT = 7, /* nor, where a capture began late and more is to come, what one exchange alone is better by */
};

/* Scores. A reply that fits a command in order is worth PAIR; what a sound dialogue does not do costs more than PAIR + MARGIN. */
enum {
	PAIR = 4, EXACT = 2, ANCHOR = 3, NAMES = 4, MISFIT = -6, /* EXACT: it acknowledges this command and no more */
	UNASKED = -12,       /* a reply where no command is missing */
	HOLE_MORE = -1,      /* a further reply to what stood in one hole */
	HELD = -2,           /* a reply to octets that are held */
	SKIP = -9,           /* a command that no reply answers, and none is missing */
	SKIP_LAST = -5,      /* the same at the end, where the client went on */
	SKIP_CLOSED = -1,    /* and where the server went away */
	HOLE_UNANSWERED = -6,
};

struct boundary { /* before command j */
	bool hole, whole, answered, held, recipients;
	bool in_line; /* the hole begins in the line of command j - 1 */
	uint64_t begin;
};

struct alignment {
	struct exchange *commands[ALIGN_MOST];
	struct boundary before[ALIGN_MOST + 1];
	size_t hole_at[HOLES_MOST];
	int8_t names[ALIGN_MOST][ALIGN_MOST];         /* reply i repeats the address of command j (1), or another one's only (-1) */
	bool certain[ALIGN_MOST];
	const struct put_off *replies;
	size_t nreplies, ncommands;
	const struct lost *lost;
	unsigned nlost;
	bool no_greeting;                /* the server's first octets may be missing: the first reply need not be the greeting */
	const struct exchange *held_for; /* what waits behind it was sent in the knowledge of held_acked octets of replies */
	uint64_t held_acked;
	bool patient;
	bool lost_track;                 /* of the server's state */
	bool in_turn;                    /* the client waits for each reply */
	bool latent;                     /* a header stands before all, which the server may have read as a command */
	bool client_spoke, over;         /* over: the server has said all that it will */
	/* Large, and not zeroed: each score is written before it is read. */
	int forth[ALIGN_MOST + 2][ALIGN_MOST + 2][2]; /* replies ..i and commands ..j; 1: what stood in the hole before j was answered */
	int back[ALIGN_MOST + 2][ALIGN_MOST + 2][2];
};

/* Replies may be missing before reply i and behind the one before it, or after all of them. */
static bool lost_before(const struct alignment *a, size_t i)
{
	uint64_t to = i < a->nreplies ? a->replies[i].end : UINT64_MAX;
	for (unsigned k = 0; k < a->nlost; k++)
		if (lost_is_room(&a->lost[k]) && a->lost[k].begin < to && (i == 0 || a->lost[k].end > a->replies[i - 1].reply.offset))
			return true;
	return false;
}

/* The same of the reply to command j: what the client had received before it sent that holds no answer to it. */
static bool lost_for(const struct alignment *a, size_t i, size_t j)
{
	uint64_t to = i < a->nreplies ? a->replies[i].end : UINT64_MAX, from = a->commands[j]->command.line.acked;
	for (unsigned k = 0; k < a->nlost; k++) {
		const struct lost *l = &a->lost[k];
		bool after = i == 0 || l->end > a->replies[i - 1].reply.offset;
		if (lost_is_room(l) && l->begin < to && after && (l->end == 0 || l->end > from))
			return true;
	}
	return false;
}

/* The client went on with the next command after it had received more: the answer to this one was among it, and came before. */
static bool client_had_answer(const struct alignment *a, size_t i, size_t j)
{
	const struct line *this = &a->commands[j]->command.line;
	uint64_t next = j + 1 < a->ncommands ? a->commands[j + 1]->command.line.acked : 0;
	if (a->commands[j] == a->held_for)
		next = a->held_acked; /* a client that has read 354, say */
	bool waits = a->in_turn || a->commands[j] == a->held_for;
	return waits && next > this->acked && a->replies[i].reply.offset >= next;
}

/* A client that waits for each reply sends nothing more before this one: a server that had received more answers that. */
static bool server_had_more(const struct alignment *a, size_t i, size_t j)
{
	const struct reply *r = &a->replies[i].reply;
	uint64_t end = command_end(&a->commands[j]->command);
	if (!a->in_turn || end == 0)
		return false;
	if (j + 1 < a->ncommands && a->commands[j + 1]->command.kind == COMMAND_LINE && r->acked >= command_end(&a->commands[j + 1]->command))
		return true;
	return a->before[j + 1].hole && !a->before[j + 1].in_line && r->acked > a->before[j + 1].begin + 1;
}

/* Commands and replies are both missing, and the reply was given when the missing commands had been received: it may be theirs. */
static bool is_doubtful(const struct alignment *a, size_t i, size_t j)
{
	bool lost = false, hole = false;
	for (size_t k = 0; k <= i && !lost; k++)
		lost = lost_before(a, k);
	for (size_t k = j + 1; lost && k <= a->ncommands && !hole; k++)
		hole = (a->before[k].hole || a->before[k].held) && a->replies[i].reply.acked > a->before[k].begin + 1;
	return hole;
}

/* RFC 5321 3.1, RFC 7504 2: a server that refuses service greets so, and says nothing more. */
static bool may_be_greeting(const struct alignment *a, size_t i)
{
	const struct reply *r = &a->replies[i].reply;
	return a->no_greeting && i == 0 && r->offset == 0 && (r->code == 554 || r->code == 521 || r->code / 100 == 4) && a->nreplies == 1;
}

/* A line that is no command, where what led to it is missing, may be message content: only a server that did not know it answers it. */
static bool may_be_content(const struct alignment *a, size_t i, size_t j)
{
	const struct command *c = &a->commands[j]->command;
	int code = a->replies[i].reply.code;
	return a->lost_track && c->kind == COMMAND_LINE && c->verb >= VERB_COUNT && (code < 500 || code > 503);
}

/* Commands of a group are received together: what a reply to one acknowledges, the others' acknowledge too. */
static bool is_of_group(const struct exchange *e)
{
	const struct exchange *next = e->next, *before = e->previous;
	uint64_t acked = e->command.line.acked;
	return (next && next->command.line.length && next->command.line.acked == acked)
	       || (before && before->command.line.length && before->command.line.acked == acked);
}

static int score_pair(const struct alignment *a, size_t i, size_t j)
{
	const struct reply *r = &a->replies[i].reply;
	const struct exchange *e = a->commands[j];
	const struct command *c = &e->command;
	if (c->kind == COMMAND_CONNECT && r->offset != 0)
		return NEVER;
	if (c->kind != COMMAND_CONNECT && (r->acked < command_end(c) || c->line.acked > r->offset))
		return NEVER;
	if (!reply_fits(e, r) || client_had_answer(a, i, j) || server_had_more(a, i, j) || may_be_content(a, i, j)
	    || a->names[i][j] < 0)
		return MISFIT;
	bool greets = c->kind == COMMAND_CONNECT && a->no_greeting && r->acked > 0 && r->code != 220;
	if (greets && a->latent)
		return NEVER; /* it answers what stands before the greeting */
	bool anchors = reply_anchors(e, r);
	if (greets || (may_be_greeting(a, i) && e->ordinal <= 2))
		return 0;
	if (is_doubtful(a, i, j))
		return anchors ? PAIR : 0;
	bool exact = r->acked == command_end(c) && !is_of_group(e);
	return PAIR + (anchors ? ANCHOR : 0) + (a->names[i][j] ? NAMES : 0) + (exact ? EXACT : 0);
}

/* Going on from command j, as reply i is given to it or it is passed by: a hole before it should have had its answer. */
static int score_leave(const struct alignment *a, size_t i, size_t j, unsigned answered)
{
	const struct boundary *b = &a->before[j];
	bool owed = b->hole && b->whole && !b->answered && !answered && i < a->nreplies;
	return owed && !lost_before(a, i) ? HOLE_UNANSWERED : 0;
}

/* A reply without a command in the capture. */
static int score_unseen(const struct alignment *a, size_t i, size_t j, unsigned answered)
{
	const struct boundary *b = &a->before[j];
	bool after = a->replies[i].reply.acked > b->begin || b->begin == 0;
	if (b->recipients || a->replies[i].reply.code == 421) /* 421 comes unasked (RFC 5321 3.8) */
		return 0;
	if (b->hole && after)
		return answered ? HOLE_MORE : 0;
	if (b->held && after)
		return client_had_answer(a, i, j - 1) ? 0 : HELD;
	return UNASKED;
}

/* The client went on as one that has had its answer: it waits for each, or for this one (RFC 2920 3.1: DATA, AUTH and STARTTLS end a
 * group). */
static bool is_over_for(const struct alignment *a, size_t j)
{
	return a->client_spoke && (a->in_turn || (a->held_for && a->commands[j]->ordinal <= a->held_for->ordinal));
}

/* A command without a reply: it may be missing, or still to come. */
static int score_skip(const struct alignment *a, size_t i, size_t j)
{
	if (lost_for(a, i, j))
		return 0;
	if (i < a->nreplies)
		return SKIP;
	if (i == 1 && may_be_greeting(a, 0))
		return 0;
	if (a->client_spoke)
		return is_over_for(a, j) ? SKIP_LAST : 0;
	bool received = i && a->replies[i - 1].reply.acked >= command_end(&a->commands[j]->command);
	return a->over || received ? SKIP_CLOSED : 0;
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static void score_back(struct alignment *a)
{
	for (size_t i = a->nreplies + 1; i-- > 0;)
		for (size_t j = a->ncommands + 1; j-- > 0;)
			for (unsigned f = 0; f < 2; f++) {
				int best = i == a->nreplies && j == a->ncommands ? 0 : NEVER * 4;
				int leave = j < a->ncommands ? score_leave(a, i, j, f) : 0;
				if (i < a->nreplies && j < a->ncommands)
					best = larger(best, leave + score_pair(a, i, j) + a->back[i + 1][j + 1][0]);
				if (i < a->nreplies)
					best = larger(best, score_unseen(a, i, j, f) + a->back[i + 1][j][1]);
				if (j < a->ncommands)
					best = larger(best, leave + score_skip(a, i, j) + a->back[i][j + 1][0]);
				a->back[i][j][f] = best;
			}
}

static void raise(int *at, int score)
{
	*at = larger(*at, score);
}

static void score_forth(struct alignment *a)
{
	for (size_t i = 0; i <= a->nreplies; i++)
		for (size_t j = 0; j <= a->ncommands; j++)
			a->forth[i][j][0] = a->forth[i][j][1] = NEVER * 4;
	a->forth[0][0][0] = 0;
	for (size_t i = 0; i <= a->nreplies; i++)
		for (size_t j = 0; j <= a->ncommands; j++)
			for (unsigned f = 0; f < 2; f++) {
				int here = a->forth[i][j][f], leave = j < a->ncommands ? score_leave(a, i, j, f) : 0;
				if (i < a->nreplies && j < a->ncommands)
					raise(&a->forth[i + 1][j + 1][0], here + leave + score_pair(a, i, j));
				if (i < a->nreplies)
					raise(&a->forth[i + 1][j][1], here + score_unseen(a, i, j, f));
				if (j < a->ncommands)
					raise(&a->forth[i][j + 1][0], here + leave + score_skip(a, i, j));
			}
}

/* How good is the best way in which reply i answers command j (or, for j == ncommands, none that is in the capture)? */
static int score_through(const struct alignment *a, size_t i, size_t j)
{
	int best = NEVER * 8;
	for (unsigned f = 0; f < 2 && j < a->ncommands; f++)
		raise(&best, a->forth[i][j][f] + score_leave(a, i, j, f) + score_pair(a, i, j) + a->back[i + 1][j + 1][0]);
	for (size_t k = 0; k <= a->ncommands && j == a->ncommands; k++)
		for (unsigned f = 0; f < 2; f++)
			raise(&best, a->forth[i][k][f] + score_unseen(a, i, k, f) + a->back[i + 1][k][1]);
	return best;
}

/* What the best way has of steps that a sound dialogue does not take: something else is amiss, and more is needed for certainty. */
static int strain(const struct alignment *a)
{
	int sum = 0;
	size_t i = 0, j = 0;
	unsigned f = 0;
	while (i < a->nreplies || j < a->ncommands) {
		int best = a->back[i][j][f], leave = j < a->ncommands ? score_leave(a, i, j, f) : 0, score;
		if (i < a->nreplies && j < a->ncommands && (score = leave + score_pair(a, i, j)) + a->back[i + 1][j + 1][0] == best) {
			i++;
			j++;
			f = 0;
		} else if (i < a->nreplies && (score = score_unseen(a, i, j, f)) + a->back[i + 1][j][1] == best) {
			i++;
			f = 1;
		} else {
			score = leave + score_skip(a, i, j);
			j++;
			f = 0;
		}
		sum += score < SKIP_LAST ? -score : 0;
	}
	return sum;
}

static void judge_certainty(struct alignment *a)
{
	int least = a->back[0][0][0] - (a->patient ? PATIENT : MARGIN) - strain(a);
	for (size_t i = 0; i < a->nreplies; i++) {
		unsigned ways = 0;
		for (size_t j = 0; j <= a->ncommands; j++)
			ways += score_through(a, i, j) >= least;
		a->certain[i] = ways == 1;
	}
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
		int best = a->back[i][j][f], leave = j < a->ncommands ? score_leave(a, i, j, f) : 0;
		if (i < a->nreplies ? !a->certain[i] && urgency == WHEN_CERTAIN : !is_over_for(a, j) || !lost_for(a, i, j))
			break;
		if (i < a->nreplies && j < a->ncommands && leave + score_pair(a, i, j) + a->back[i + 1][j + 1][0] == best) {
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
		} else if (i < a->nreplies && score_unseen(a, i, j, f) + a->back[i + 1][j][1] == best) {
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

/* Does the dialogue make sense only if the client does not wait for its replies? Then it does not. */
static void judge_turns(struct alignment *a)
{
	int waiting = a->back[0][0][0];
	if (!a->in_turn || strain(a) == 0)
		return;
	a->in_turn = false;
	score_back(a);
	if (a->back[0][0][0] > waiting)
		return;
	a->in_turn = true;
	score_back(a);
}

static struct alignment *alignment_new(const struct dialogue *d, enum urgency urgency)
{
	struct alignment *a = memory_grow(NULL, 1, sizeof *a);
	memset(a, 0, offsetof(struct alignment, forth));
	a->replies = d->put_off;
	a->nreplies = d->nput_off < ALIGN_MOST ? d->nput_off : ALIGN_MOST;
	a->lost = d->lost;
	a->nlost = d->nlost;
	a->client_spoke = urgency != AT_THE_END;
	a->over = d->ended[FROM_SERVER];
	a->lost_track = !d->state.certain;
	a->latent = d->latent != NULL;
	a->patient = d->session->mid_start && urgency == WHEN_CERTAIN;
	a->no_greeting = !d->connection->syn_ack_seen;
	a->in_turn = !d->runs_ahead && !d->session->mid_start;
	for (struct exchange *e = d->waiting; e && a->ncommands < ALIGN_MOST; e = e->next)
		a->commands[a->ncommands++] = e;
	place_holes(d, a);
	for (size_t i = 0; i < a->nreplies; i++)
		names_compare(a->replies[i].reply.text, a->commands, a->ncommands, a->names[i]);
	score_back(a);
	judge_turns(a);
	score_forth(a);
	judge_certainty(a);
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
	for (size_t i = done; i < n; i++) {
		d->put_off = memory_grow(d->put_off, d->nput_off + 1, sizeof *d->put_off);
		d->put_off[d->nput_off++] = replies[i];
	}
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
