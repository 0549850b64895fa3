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
	e->command.fault = &no_fault;
	e->command.path = &no_path;
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
static void mask_as_answer(struct exchange *e)
{
	bool cancels = bytes_equal(e->command.line.text, B("*")); /* RFC 4954 4 */
	e->command.kind = COMMAND_AUTH;
	e->auth.cancelled = cancels;
	e->command.line.text = cancels ? B("*") : B("<redacted>");
	if (!cancels)
		e->command.line.flags |= LINE_MASKED;
	e->command.word = (struct bytes){ 0 };
	e->command.fault = &no_fault;
	e->command.nparams = 0;
}

uint64_t command_end(const struct command *c)
{
	if (c->kind == COMMAND_CONNECT)
		return 0;
	uint64_t ending = c->line.ending == LINE_CRLF ? 2 : c->line.ending == LINE_LF || c->line.ending == LINE_CR;
	return c->line.offset + c->line.length + ending;
}

/* 354 and 334 tell what the client sends next (RFC 5321 4.3.2, RFC 4954 4), though the command that drew them is not in the capture:
 * where nothing has been read that it sent in the knowledge of them. */
static void unseen_leads(struct dialogue *d, const struct exchange *e, uint64_t end)
{
	struct exchange *next = e->next;
	bool read = next && next->command.line.acked >= end;
	if ((e->reply.code != 354 && e->reply.code != 334) || !d->heard[FROM_CLIENT])
		return;
	loss_of_commands_over(d, e->reply.acked);
	if (read && e->reply.code == 334 && !next->answered && !command_is_known(&next->command))
		mask_as_answer(next);
	if (d->mode != MODE_LINES || read || d->lines[FROM_CLIENT].begun)
		return;
	if (e->reply.code == 354)
		content_begin(d);
	d->auth_expected = e->reply.code == 334;
}

void exchange_give(struct dialogue *d, struct exchange *e, const struct put_off *p, enum pairing how)
{
	e->reply = p->reply;
	e->answered = true;
	e->pairing = how;
	queue_shift(d, e);
	if (p->end > d->answered_end)
		d->answered_end = p->end;
	if (e->command.kind == COMMAND_UNSEEN)
		unseen_guess(e);
	if (e->command.verb == VERB_UNKNOWN && e->command.kind == COMMAND_LINE && !d->state.certain && answers_auth_only(&p->reply))
		mask_as_answer(e);
	if (e->reply.code >= 500 && reply_quotes_mask(&e->reply, &e->command))
		e->reply.flags |= REPLY_QUOTES_MASK;
	phase_answered(d, e, p->end);
	if (e->command.kind == COMMAND_CONNECT)
		d->greeting_end = p->end;
	if (d->held_for == e)
		held_answered(d, e);
	else if (e->command.kind == COMMAND_UNSEEN)
		unseen_leads(d, e, p->end);
}

/* The capture lacks its reply, or the server gave none. */
void exchange_give_up(struct dialogue *d, struct exchange *e)
{
	phase_describe(d, e);
	d->state.certain = false;
	d->session->unanswered++;
	queue_shift(d, e);
	if (d->held_for == e)
		held_answered(d, e);
}

static struct exchange *before_waiting(const struct dialogue *d)
{
	return d->waiting ? d->waiting->previous : d->session->last;
}

void exchange_give_to_unseen(struct dialogue *d, const struct put_off *p, bool lost)
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
	exchange_give(d, e, &copy, lost ? PAIRED_UNCERTAIN : PAIRED_NONE);
	if (p->reply.code / 100 != 3)
		d->auth_expected = false; /* the answer was in the hole, and this ends it */
	if (lost && e->command.verb >= VERB_COUNT && p->reply.code < 400) /* whatever it was changed the server's state, perhaps */
		d->state.certain = false;
}

/* RFC 2033 4.2: one reply for each accepted recipient; the further ones get exchanges of their own. */
void exchange_spawn(struct dialogue *d, struct exchange *e)
{
	if (d->session->protocol != PROTOCOL_LMTP)
		return;
	bool data = e->command.kind == COMMAND_CONTENT || (e->command.kind == COMMAND_CHUNK && e->command.chunk_last);
	if (!data || e->recipient_of)
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

void exchange_answer(struct dialogue *d, struct exchange *e, const struct put_off *p, enum pairing how)
{
	bool sibling = e->recipient_of && e->previous && e->previous->recipient_of && e->previous->content == e->content && e->content;
	exchange_give(d, e, p, how);
	if (sibling) {
		struct state before = e->previous->before;
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
	const struct line *begun = lines_unfinished(&d->lines[FROM_CLIENT]);
	if (p->reply.code == 421)
		return false; /* a timeout, or a shutdown (RFC 5321 3.8): answers nothing */
	if (d->mode == MODE_CONTENT && !d->content_answered && p->reply.acked > d->content_from) {
		content_answer_early(d);
		return true;
	}
	if (d->mode != MODE_LINES || !begun || d->early || p->reply.acked <= begun->offset || p->reply.code / 100 != 5)
		return false;
	bool tls = begun->offset < d->tls_until || tls_looks_like_record(begun->text);
	if (!tls && begun->length <= 512) /* RFC 5321 4.5.3.1.4: no server takes offence before that */
		return false;
	struct exchange *e = exchange_new(d, tls ? COMMAND_TLS : COMMAND_LINE);
	struct line line = *begun;
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

/* ---- without loss ---- */

/* After a loss, a reply that cannot answer what waits first: the two have fallen out of step. */
static bool out_of_step(struct dialogue *d, const struct put_off *p)
{
	if (!d->had_loss || !d->waiting || reply_fits(d->waiting, &p->reply) || p->reply.code == 421)
		return false;
	loss_of_commands_before(d, d->waiting);
	return true;
}

static void pair_in_order(struct dialogue *d, const struct put_off *p)
{
	if (d->waiting && p->reply.code == 421 && d->waiting->command.kind != COMMAND_CONNECT
	    && p->reply.acked < command_end(&d->waiting->command)) {
		exchange_give_to_unseen(d, p, false); /* it crossed the command: a timeout */
		return;
	}
	if (!d->waiting && !answers_unfinished(d, p)) {
		exchange_give_to_unseen(d, p, false);
		return;
	}
	exchange_spawn(d, d->waiting);
	exchange_answer(d, d->waiting, p, PAIRED_IN_ORDER);
}

/* There is room for as many as the next power of two. */
void put_off(struct dialogue *d, const struct put_off *p)
{
	unsigned n = d->nput_off;
	if (n == 0 || (n > 1 && (n & (n - 1)) == 0))
		d->put_off = memory_grow(d->put_off, n ? 2 * (size_t)n : 2, sizeof *d->put_off);
	d->put_off[d->nput_off++] = *p;
}

static void settle_order(struct dialogue *d)
{
	struct put_off *replies;
	size_t n = d->nput_off;
	if (n == 0)
		return;
	replies = d->put_off;
	d->put_off = NULL;
	d->nput_off = 0;
	for (size_t i = 0; i < n; i++)
		if (loss_any(d) || out_of_step(d, &replies[i]))
			put_off(d, &replies[i]);
		else
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

/* What came before the latent lines is answered first, in order; then every reply counts. */
static bool latent_decides(const struct dialogue *d)
{
	return d->latent && d->latent_after && d->latent_after->answered;
}

static void settle(struct dialogue *d, uint64_t acked, enum urgency urgency)
{
	uint64_t end = d->nput_off ? d->put_off[d->nput_off - 1].end : 0;
	if (acked < end)
		return;
	if (loss_any(d)) {
		bool content = d->mode == MODE_CONTENT && !d->waiting && d->nput_off && !d->content_answered;
		if (content) {
			content_answer_early(d); /* its dot may be in the hole */
			d->content_lost = true;
		}
		bool told = d->held_for || !(d->runs_ahead || d->session->mid_start); /* by the client's going on */
		if (d->nput_off || (told && d->nlost && acked && acked >= d->lost_end && d->waiting && urgency != AT_THE_END))
			pairing_align(d, urgency);
		if (loss_any(d))
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

void reply_came(struct dialogue *d, struct put_off *p)
{
	if (!d->start_judged) {
		start_judge(d, &p->reply);
		if (d->session->mid_start && p->reply.nlines > 1)
			p->reply.flags |= REPLY_AFTER_GAP; /* lines of it may stand before the capture */
	}
	if (loss_any(d) || out_of_step(d, p)) {
		put_off(d, p);
		/* In the middle of data whose end may be in the hole, or with nothing else to answer, there is nothing to wait for. */
		if (!d->waiting || d->nput_off >= PUT_OFF_MOST)
			settle(d, UINT64_MAX, NOW);
		return;
	}
	if (!latent_decides(d)) {
		pair_in_order(d, p);
		return;
	}
	put_off(d, p);
	if (d->nput_off > d->nwaiting || implausible(d)) {
		latent_activate(d);
		settle_order(d);
	}
}

void pairing_settle(struct dialogue *d, uint64_t acked, bool closing)
{
	if (!d->nput_off && !d->latent && !loss_any(d))
		return;
	bool full = d->nheld > HELD_MOST / 2; /* what is held grows: its meaning is decided now */
	settle(d, acked, closing ? AT_THE_END : full ? NOW : WHEN_CERTAIN);
}

void pairing_finish(struct dialogue *d)
{
	pairing_settle(d, UINT64_MAX, true);
	while (d->waiting)
		exchange_give_up(d, d->waiting);
	latent_drop(d);
	free(d->put_off);
	d->put_off = NULL;
	d->nput_off = 0;
}
