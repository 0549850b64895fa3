/* ways.c - scores all ways in which replies can answer commands in order, forward and backward: a reply is certain where every way that
 * gives it elsewhere scores less by more than a margin. Takes the alignment as alignment.c has filled it; never gives a reply to anything. */
#include "smtp/alignment.h"

#include "base/banned.h"

enum {
	NEVER = -1000,
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

static int names(const struct alignment *a, size_t i, size_t j)
{
	return a->names[i * a->ncommands + j];
}

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
bool ways_lost_for(const struct alignment *a, size_t i, size_t j)
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

int ways_pair(const struct alignment *a, size_t i, size_t j)
{
	const struct reply *r = &a->replies[i].reply;
	const struct exchange *e = a->commands[j];
	const struct command *c = &e->command;
	if (c->kind == COMMAND_CONNECT && r->offset != 0)
		return NEVER;
	if (c->kind != COMMAND_CONNECT && (r->acked < command_end(c) || c->line.acked > r->offset))
		return NEVER;
	if (!reply_fits(e, r) || client_had_answer(a, i, j) || server_had_more(a, i, j) || may_be_content(a, i, j)
	    || names(a, i, j) < 0)
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
	return PAIR + (anchors ? ANCHOR : 0) + (names(a, i, j) ? NAMES : 0) + (exact ? EXACT : 0);
}

/* Going on from command j, as reply i is given to it or it is passed by: a hole before it should have had its answer. */
int ways_leave(const struct alignment *a, size_t i, size_t j, unsigned answered)
{
	const struct boundary *b = &a->before[j];
	bool owed = b->hole && b->whole && !b->answered && !answered && i < a->nreplies;
	return owed && !lost_before(a, i) ? HOLE_UNANSWERED : 0;
}

/* A reply without a command in the capture. */
int ways_unseen(const struct alignment *a, size_t i, size_t j, unsigned answered)
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
bool ways_over_for(const struct alignment *a, size_t j)
{
	return a->client_spoke && (a->in_turn || (a->held_for && a->commands[j]->ordinal <= a->held_for->ordinal));
}

/* A command without a reply: it may be missing, or still to come. */
static int score_skip(const struct alignment *a, size_t i, size_t j)
{
	if (ways_lost_for(a, i, j))
		return 0;
	if (i < a->nreplies)
		return SKIP;
	if (i == 1 && may_be_greeting(a, 0))
		return 0;
	if (a->client_spoke)
		return ways_over_for(a, j) ? SKIP_LAST : 0;
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
		for (size_t j = a->ncommands + 1; j-- > 0;) {
			struct score *at = score_at(a, i, j);
			at->pair = i < a->nreplies && j < a->ncommands ? ways_pair(a, i, j) : 0;
			at->skip = j < a->ncommands ? score_skip(a, i, j) : 0;
			for (unsigned f = 0; f < 2; f++) {
				int best = i == a->nreplies && j == a->ncommands ? 0 : NEVER * 4;
				int leave = j < a->ncommands ? ways_leave(a, i, j, f) : 0;
				if (i < a->nreplies && j < a->ncommands)
					best = larger(best, leave + at->pair + score_at(a, i + 1, j + 1)->back[0]);
				if (i < a->nreplies)
					best = larger(best, ways_unseen(a, i, j, f) + score_at(a, i + 1, j)->back[1]);
				if (j < a->ncommands)
					best = larger(best, leave + at->skip + at[1].back[0]);
				at->back[f] = best;
			}
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
			score_at(a, i, j)->forth[0] = score_at(a, i, j)->forth[1] = NEVER * 4;
	a->scores[0].forth[0] = 0;
	for (size_t i = 0; i <= a->nreplies; i++)
		for (size_t j = 0; j <= a->ncommands; j++)
			for (unsigned f = 0; f < 2; f++) {
				const struct score *at = score_at(a, i, j);
				int here = at->forth[f], leave = j < a->ncommands ? ways_leave(a, i, j, f) : 0;
				if (i < a->nreplies && j < a->ncommands)
					raise(&score_at(a, i + 1, j + 1)->forth[0], here + leave + at->pair);
				if (i < a->nreplies)
					raise(&score_at(a, i + 1, j)->forth[1], here + ways_unseen(a, i, j, f));
				if (j < a->ncommands)
					raise(&score_at(a, i, j + 1)->forth[0], here + leave + at->skip);
			}
}

/* How good is the best way in which reply i answers command j (or, for j == ncommands, none that is in the capture)? */
static int score_through(const struct alignment *a, size_t i, size_t j)
{
	int best = NEVER * 8;
	for (unsigned f = 0; f < 2 && j < a->ncommands; f++)
		raise(&best, score_at(a, i, j)->forth[f] + ways_leave(a, i, j, f) + score_at(a, i, j)->pair + score_at(a, i + 1, j + 1)->back[0]);
	for (size_t k = 0; k <= a->ncommands && j == a->ncommands; k++)
		for (unsigned f = 0; f < 2; f++)
			raise(&best, score_at(a, i, k)->forth[f] + ways_unseen(a, i, k, f) + score_at(a, i + 1, k)->back[1]);
	return best;
}

/* What the best way has of steps that a sound dialogue does not take: something else is amiss, and more is needed for certainty. */
static int strain(const struct alignment *a)
{
	int sum = 0;
	size_t i = 0, j = 0;
	unsigned f = 0;
	while (i < a->nreplies || j < a->ncommands) {
		const struct score *at = score_at(a, i, j);
		int best = at->back[f], leave = j < a->ncommands ? ways_leave(a, i, j, f) : 0, score;
		if (i < a->nreplies && j < a->ncommands && (score = leave + at->pair) + score_at(a, i + 1, j + 1)->back[0] == best) {
			i++;
			j++;
			f = 0;
		} else if (i < a->nreplies && (score = ways_unseen(a, i, j, f)) + score_at(a, i + 1, j)->back[1] == best) {
			i++;
			f = 1;
		} else {
			score = leave + at->skip;
			j++;
			f = 0;
		}
		sum += score < SKIP_LAST ? -score : 0;
	}
	return sum;
}

static void judge_certainty(struct alignment *a)
{
	int least = a->scores[0].back[0] - (a->patient ? PATIENT : MARGIN) - strain(a);
	for (size_t i = 0; i < a->nreplies; i++) {
		unsigned ways = 0;
		for (size_t j = 0; j <= a->ncommands; j++)
			ways += score_through(a, i, j) >= least;
		a->certain[i] = ways == 1;
	}
}

/* Does the dialogue make sense only if the client does not wait for its replies? Then it does not. */
static void judge_turns(struct alignment *a)
{
	int waiting = a->scores[0].back[0];
	if (!a->in_turn || strain(a) == 0)
		return;
	a->in_turn = false;
	score_back(a);
	if (a->scores[0].back[0] > waiting)
		return;
	a->in_turn = true;
	score_back(a);
}

void ways_judge(struct alignment *a)
{
	score_back(a);
	judge_turns(a);
	score_forth(a);
	judge_certainty(a);
}
