/* pairing.c - which command does a reply answer? Takes replies in order, and the queue; gives exchanges their replies. Never
 * looks at words: order, acknowledgements and the code's form decide.
 *
 * Without loss the order decides. After loss the replies are put off until the client speaks again (or the end), and then aligned
 * with the queue: a reply answers no command that it does not acknowledge, and no command that was sent after it was received. */
#include "smtp/inside.h"

#include "base/banned.h"

/* ---- the list ---- */

struct exchange *exchange_new(struct dialogue *d, enum command_kind kind)
{
	struct exchange *e = ARENA_NEW(&d->session->arena, struct exchange);
	e->command.kind = kind;
	e->command.verb = kind == COMMAND_LINE ? VERB_UNKNOWN : VERB_NONE;
	e->command.meant = VERB_UNKNOWN;
	e->command.offer = d->offer;
	e->pairing = PAIRED_NONE;
	return e;
}

static void renumber(struct dialogue *d, struct exchange *from)
{
	unsigned at = from->ordinal;
	for (struct exchange *e = from; e; e = e->next) {
		e->ordinal++;
		e->command.content_of += e->command.content_of >= at;
		e->recipient_of += e->recipient_of >= at;
	}
	for (struct exchange *e = d->latent; e; e = e->next)
		e->command.content_of += e->command.content_of >= at;
	for (struct note *n = d->session->notes; n; n = n->next)
		n->near += n->near >= at;
	d->surplus_of += d->surplus_of >= at && d->surplus_of;
}

void exchange_insert(struct dialogue *d, struct exchange *after, struct exchange *e, bool waits)
{
	struct session *s = d->session;
	struct exchange *next = after ? after->next : s->first;
	e->previous = after;
	e->next = next;
	if (next) {
		e->ordinal = next->ordinal;
		renumber(d, next);
		next->previous = e;
	} else {
		e->ordinal = d->last_ordinal + 1;
		s->last = e;
	}
	d->last_ordinal++;
	if (after)
		after->next = e;
	else
		s->first = e;
	s->nexchanges++;
	if (e->command.kind != COMMAND_UNSEEN && e->command.kind != COMMAND_CONNECT && !e->recipient_of)
		s->commands++;
	if (!waits)
		return;
	if (!d->waiting || e->next == d->waiting)
		d->waiting = e;
	d->nwaiting++;
}

void exchange_append(struct dialogue *d, struct exchange *e, bool waits)
{
	exchange_insert(d, d->session->last, e, waits);
}

struct note *note_add(struct dialogue *d, enum note_kind kind, enum direction direction, struct place place)
{
	struct session *s = d->session;
	struct note *n = ARENA_NEW(&s->arena, struct note);
	*n = (struct note){ .kind = kind, .direction = direction, .place = place, .near = s->last ? s->last->ordinal : 0 };
	*s->notes_end = n;
	s->notes_end = &n->next;
	return n;
}

/* ---- giving a reply to an exchange ---- */

static uint64_t command_end(const struct command *c)
{
	if (c->kind == COMMAND_CONNECT || c->kind == COMMAND_UNSEEN)
		return 0;
	uint64_t ending = c->line.ending == LINE_CRLF ? 2 : c->line.ending == LINE_LF || c->line.ending == LINE_CR;
	return c->line.offset + c->line.length + ending;
}

static void queue_shift(struct dialogue *d, struct exchange *e)
{
	if (d->waiting != e)
		return;
	d->waiting = e->next;
	if (d->nwaiting)
		d->nwaiting--;
}

/* RFC 4954 4 and 6: codes that nothing but AUTH draws. */
static bool answers_auth_only(const struct reply *r)
{
	return r->code == 235 || r->code == 334 || r->code == 535;
}

/* A line of an AUTH exchange whose beginning is not in the capture. */
static void mask_as_answer(struct dialogue *d, struct exchange *e)
{
	if (d->state.certain)
		return;
	e->command.kind = COMMAND_AUTH;
	e->command.line.text = B("<redacted>");
	e->command.line.flags |= LINE_MASKED;
	e->command.word = e->command.argument = (struct bytes){ 0 };
	e->command.fault = (struct fault){ 0 };
	e->command.nparams = 0;
}

static void give(struct dialogue *d, struct exchange *e, const struct put_off *p, enum pairing how)
{
	e->reply = p->reply;
	e->answered = true;
	e->pairing = how;
	queue_shift(d, e);
	if (p->end > d->answered_end)
		d->answered_end = p->end;
	if (e->command.kind == COMMAND_UNSEEN)
		unseen_guess(e);
	if (answers_auth_only(&p->reply) && e->command.kind == COMMAND_LINE && e->command.verb == VERB_UNKNOWN)
		mask_as_answer(d, e);
	if (reply_quotes_mask(&e->reply, &e->command))
		e->reply.flags |= REPLY_QUOTES_MASK;
	phase_answered(d, e, p->end);
	if (e->command.kind == COMMAND_CONNECT)
		d->greeting_end = p->end;
	if (d->held_for == e)
		held_answered(d, e);
}

/* The capture lacks its reply, or the server gave none. */
static void give_up(struct dialogue *d, struct exchange *e)
{
	phase_describe(d, e);
	d->session->unanswered++;
	queue_shift(d, e);
	if (d->held_for == e)
		held_answered(d, e);
}

static struct exchange *before_waiting(const struct dialogue *d)
{
	return d->waiting ? d->waiting->previous : d->session->last;
}

static void give_to_unseen(struct dialogue *d, const struct put_off *p, bool lost)
{
	struct exchange *e = exchange_new(d, COMMAND_UNSEEN);
	exchange_insert(d, before_waiting(d), e, false);
	if (lost)
		d->session->uncertain++;
	e->reply = p->reply;
	if (!lost)
		e->reply.flags |= REPLY_UNASKED;
	if (!lost && p->reply.code == 220 && e->ordinal > 1)
		note_add(d, NOTE_SECOND_GREETING, FROM_SERVER, p->reply.first);
	struct put_off copy = { e->reply, p->end };
	give(d, e, &copy, lost ? PAIRED_UNCERTAIN : PAIRED_NONE);
}

/* RFC 2033 4.2: one reply for each accepted recipient; the further ones get exchanges of their own. */
static void spawn_recipients(struct dialogue *d, struct exchange *e)
{
	bool data = e->command.kind == COMMAND_CONTENT || (e->command.kind == COMMAND_CHUNK && e->command.chunk_last);
	if (!data || d->session->protocol != PROTOCOL_LMTP || e->recipient_of)
		return;
	struct exchange *at = e;
	unsigned n = 0;
	for (struct exchange *r = d->session->first; r && r != e; r = r->next) {
		bool accepted = r->command.verb == VERB_RCPT && r->answered && r->reply.code / 100 == 2 && r->transaction == d->transaction;
		if (!accepted)
			continue;
		if (n++ == 0) {
			e->recipient_of = r->ordinal;
			continue;
		}
		struct exchange *more = ARENA_NEW(&d->session->arena, struct exchange);
		*more = (struct exchange){ .command = e->command, .recipient_of = r->ordinal, .content = e->content };
		exchange_insert(d, at, more, true);
		at = more;
	}
}

static void answer_first(struct dialogue *d, const struct put_off *p, enum pairing how)
{
	struct exchange *e = d->waiting;
	spawn_recipients(d, e);
	struct state before = d->state;
	bool sibling = e->recipient_of && e->previous && e->previous->recipient_of && e->previous->content == e->content && e->content;
	give(d, e, p, how);
	if (sibling) {
		before = e->previous->before;
		before.errors = e->before.errors;
		before.errors_in_a_row = e->before.errors_in_a_row;
		e->before = before;
		e->transaction = e->previous->transaction;
	}
}

/* ---- replies that come when no command waits ---- */

/* The server answered the beginning of a line, a TLS record or data whose end had not come: "line too long", "message too big". */
static bool answers_unfinished(struct dialogue *d, const struct put_off *p)
{
	const struct lines *l = &d->lines[FROM_CLIENT];
	if (p->reply.code == 421)
		return false; /* a timeout, or a shutdown (RFC 5321 3.8): answers nothing */
	if (d->mode == MODE_CONTENT && !d->content_answered && p->reply.acked > d->content_from) {
		content_answer_early(d);
		return true;
	}
	if (d->mode != MODE_LINES || !l->begun || d->early || p->reply.acked <= l->line.offset || p->reply.code / 100 != 5)
		return false;
	bool tls = l->line.offset < d->tls_until || tls_looks_like_record((struct bytes){ l->kept, l->nkept });
	if (!tls && l->line.length <= 512) /* RFC 5321 4.5.3.1.4: no server takes offence before that */
		return false;
	struct exchange *e = exchange_new(d, tls ? COMMAND_TLS : COMMAND_LINE);
	struct line line = l->line;
	line.text = (struct bytes){ l->kept, l->nkept };
	line.ending = LINE_END;
	line_fill(d, e, &line);
	exchange_append(d, e, true);
	d->early = e;
	return true;
}

/* ---- latent lines ---- */

void latent_begin(struct dialogue *d, struct exchange *after)
{
	latent_drop(d);
	d->latent_after = after;
	if (!d->shadow)
		d->shadow = memory_new(1, sizeof *d->shadow);
}

void latent_drop(struct dialogue *d)
{
	d->latent = d->latent_after = NULL;
	d->latent_end = &d->latent;
	d->nlatent = 0;
	d->latent_live = false;
	if (d->shadow)
		lines_free(d->shadow);
	free(d->shadow);
	d->shadow = NULL;
}

void latent_add(struct dialogue *d, struct exchange *e)
{
	if (d->latent_live) {
		exchange_append(d, e, true);
		return;
	}
	if (d->nlatent >= LATENT_MOST)
		return;
	*d->latent_end = e;
	d->latent_end = &e->next;
	d->nlatent++;
}

static void latent_activate(struct dialogue *d)
{
	struct exchange *at = d->latent_after ? d->latent_after : d->session->last;
	for (struct exchange *e = d->latent, *next; e; e = next) {
		next = e->next;
		exchange_insert(d, at, e, true);
		at = e;
	}
	d->latent = NULL;
	d->latent_end = &d->latent;
	d->nlatent = 0;
	d->latent_live = true;
}

/* ---- alignment after a loss ---- */

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

static void apply(struct dialogue *d, const struct alignment *a)
{
	size_t i = 0, j = 0;
	bool certain = true;
	while (i < a->nreplies || j < a->ncommands) {
		int best = a->best[i][j];
		if (i < a->nreplies)
			certain &= one_way(a, i, j);
		if (i < a->nreplies && j < a->ncommands && score_pair(a, i, j) + a->best[i + 1][j + 1] == best) {
			if (certain) {
				give(d, a->commands[j], &a->replies[i], PAIRED_BY_ACK);
			} else {
				give_to_unseen(d, &a->replies[i], true);
				give_up(d, a->commands[j]);
			}
			i++;
			j++;
			certain = true;
		} else if (i < a->nreplies && score_unseen(a, j) + a->best[i + 1][j] == best) {
			give_to_unseen(d, &a->replies[i], a->hole || a->replies_lost);
			i++;
			certain = true;
		} else {
			if (i == a->nreplies && !a->client_spoke)
				return; /* it may still be answered */
			give_up(d, a->commands[j]);
			j++;
		}
	}
}

static void settle_loss(struct dialogue *d, bool closing)
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
	bool lost = d->hole || d->replies_lost;
	d->hole = d->replies_lost = false;
	d->hole_after = NULL;
	apply(d, a);
	for (size_t i = 0; i < rest; i++)
		give_to_unseen(d, &replies[a->nreplies + i], true);
	if (lost && d->heard[FROM_CLIENT] && d->heard[FROM_SERVER]) { /* a capture of one side has nothing to anchor */
		d->session->resyncs++;
		note_add(d, NOTE_RESYNC, FROM_SERVER, at);
	}
	free(replies);
	free(a);
}

/* ---- without loss ---- */

static void pair_in_order(struct dialogue *d, const struct put_off *p)
{
	if (d->waiting && p->reply.code == 421 && d->waiting->command.kind != COMMAND_CONNECT
	    && p->reply.acked < command_end(&d->waiting->command)) {
		give_to_unseen(d, p, false); /* it crossed the command: a timeout */
		return;
	}
	if (!d->waiting && !answers_unfinished(d, p)) {
		give_to_unseen(d, p, false);
		return;
	}
	answer_first(d, p, PAIRED_IN_ORDER);
}

static void settle_order(struct dialogue *d)
{
	struct put_off *replies = d->put_off;
	size_t n = d->nput_off;
	d->put_off = NULL;
	d->nput_off = 0;
	for (size_t i = 0; i < n; i++)
		pair_in_order(d, &replies[i]);
	free(replies);
}

static bool is_connect(const struct exchange *e)
{
	return e && e->command.kind == COMMAND_CONNECT;
}

/* A 5xx that would fall to a QUIT belongs to a line before it, and so does what came to the first command before it was received. */
static bool implausible(const struct dialogue *d)
{
	struct exchange *e = d->waiting;
	for (size_t i = 0; i < d->nput_off && e; i++, e = e->next) {
		const struct reply *r = &d->put_off[i].reply;
		if (e->command.verb == VERB_QUIT && r->code / 100 == 5)
			return true;
		if (is_connect(d->latent_after) && r->code / 100 == 5 && r->acked && r->acked < command_end(&e->command))
			return true;
	}
	return false;
}

static bool has_loss(const struct dialogue *d)
{
	return d->hole || d->replies_lost;
}

/* What came before the latent lines is answered first, in order; then every reply counts. */
static bool latent_decides(const struct dialogue *d)
{
	return d->latent && d->latent_after && d->latent_after->answered;
}

static void put_off(struct dialogue *d, const struct put_off *p)
{
	d->put_off = memory_grow(d->put_off, d->nput_off + 1, sizeof *d->put_off);
	d->put_off[d->nput_off++] = *p;
}

/* ---- a capture that began late ---- */

static void forget_lines(struct dialogue *d, struct exchange *until)
{
	while (d->waiting && d->waiting != until) {
		struct exchange *e = d->waiting;
		e->command.kind = COMMAND_UNSEEN;
		e->command.line.text = (struct bytes){ 0 };
		e->command.word = e->command.argument = (struct bytes){ 0 };
		give_up(d, e);
	}
}

/* Several lines before the first reply, and not a command among them: the capture began in a message. The lone dot ends it. */
static void judge_lines_before_reply(struct dialogue *d)
{
	unsigned n = 0;
	struct exchange *e = d->waiting, *dot = NULL;
	for (; e && e->command.kind == COMMAND_LINE && !command_is_known(&e->command) && !dot; e = e->next, n++)
		if (bytes_equal(e->command.line.text, B(".")))
			dot = e;
	if (n < 2)
		return;
	forget_lines(d, dot ? dot : e);
	if (dot) {
		dot->command.kind = COMMAND_CONTENT;
		dot->content = ARENA_NEW(&d->session->arena, struct content);
	}
}

/* The greeting of a connection whose handshake is not in the capture, behind what the client had said too early; or a first reply
 * that is none, as it acknowledges a command: the greeting is not in the capture. */
static void judge_start(struct dialogue *d, const struct reply *r)
{
	struct exchange *first = d->session->first;
	bool waits = first && first->command.kind == COMMAND_CONNECT && d->waiting == first;
	d->start_judged = true;
	if (waits && !d->connection->syn_ack_seen && r->acked > 0 && r->code != 220) {
		give_up(d, first);
		d->session->mid_start = true;
		d->state.certain = false;
		d->state.phase = PHASE_READY;
	}
	if (!d->session->mid_start)
		return;
	if (first && r->code == 220 && r->offset == 0 && first->command.kind == COMMAND_LINE && first->command.verb != VERB_STARTTLS) {
		exchange_insert(d, NULL, exchange_new(d, COMMAND_CONNECT), true);
		d->state.phase = PHASE_CONNECTED;
		return;
	}
	judge_lines_before_reply(d);
}

void reply_came(struct dialogue *d, struct reply reply, uint64_t end)
{
	if (!d->start_judged) {
		judge_start(d, &reply);
		if (d->session->mid_start && reply.nlines > 1)
			reply.flags |= REPLY_AFTER_GAP; /* lines of it may stand before the capture */
	}
	struct put_off p = { reply, end };
	if (has_loss(d)) {
		put_off(d, &p);
		/* In the middle of data whose end may be in the hole, or with nothing else to answer, there is nothing to wait for. */
		if (!d->waiting || d->nput_off >= PUT_OFF_MOST)
			pairing_settle(d, UINT64_MAX, !d->waiting && d->mode == MODE_HELD);
		return;
	}
	if (!latent_decides(d)) {
		pair_in_order(d, &p);
		return;
	}
	put_off(d, &p);
	if (d->nput_off > d->nwaiting || implausible(d)) {
		latent_activate(d);
		settle_order(d);
	}
}

void pairing_settle(struct dialogue *d, uint64_t acked, bool closing)
{
	uint64_t end = d->nput_off ? d->put_off[d->nput_off - 1].end : 0;
	if (acked < end)
		return;
	if (has_loss(d)) {
		bool content = d->mode == MODE_CONTENT && !d->waiting && d->nput_off && !d->content_answered;
		if (content) {
			content_answer_early(d); /* its dot may be in the hole */
			d->content_lost = true;
		}
		if (d->nput_off || (d->replies_lost && acked >= d->lost_end && d->waiting && !closing))
			settle_loss(d, closing);
		return;
	}
	if (d->latent && d->latent_after && d->latent_after->answered && d->mode == MODE_LINES) {
		if (d->nput_off > d->nwaiting || implausible(d))
			latent_activate(d);
		else if (d->nput_off || !is_connect(d->latent_after)) /* the greeting comes whether the header is read or not */
			latent_drop(d);
	}
	settle_order(d);
}

void pairing_finish(struct dialogue *d)
{
	pairing_settle(d, UINT64_MAX, true);
	while (d->waiting)
		give_up(d, d->waiting);
	latent_drop(d);
	free(d->put_off);
	d->put_off = NULL;
	d->nput_off = 0;
}
