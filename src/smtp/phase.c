/* phase.c - what a reply changes: the server's state, the offer in force, the session's counts. Takes a paired exchange; never
 * decides which command a reply answers. */
#include "smtp/inside.h"

#include "base/banned.h"

enum { ANY = '*', KEEP = -1 };

/* RFC 5321 4.1.4, RFC 3030 2, RFC 3207 4, RFC 4954 4. An answer that is not listed changes nothing. */
struct step {
	char reply;      /* first digit; 0: none changes anything */
	enum phase next;
};
static const struct step steps_of_kind[] = {
	[COMMAND_CONNECT] = { '2', PHASE_GREETED },
	[COMMAND_CONTENT] = { ANY, PHASE_READY },
	[COMMAND_CHUNK]   = { '2', PHASE_CHUNKS },
	[COMMAND_AUTH]    = { '3', PHASE_AUTH },
	[COMMAND_TLS]     = { 0, PHASE_CONNECTED },
};
static const struct step steps_of_line[VERB_COUNT + 2] = {
	[VERB_EHLO]          = { '2', PHASE_READY },
	[VERB_HELO]          = { '2', PHASE_READY },
	[VERB_LHLO]          = { '2', PHASE_READY },
	[VERB_MAIL]          = { '2', PHASE_SENDER },
	[VERB_SEND]          = { '2', PHASE_SENDER },
	[VERB_SOML]          = { '2', PHASE_SENDER },
	[VERB_SAML]          = { '2', PHASE_SENDER },
	[VERB_RCPT]          = { '2', PHASE_RECIPIENT },
	[VERB_DATA]          = { '3', PHASE_CONTENT },
	[VERB_RSET]          = { '2', PHASE_READY },
	[VERB_STARTTLS]      = { '2', PHASE_TLS },
	[VERB_XANONYMOUSTLS] = { '2', PHASE_TLS },
	[VERB_AUTH]          = { '3', PHASE_AUTH },
	[VERB_XEXPS]         = { '3', PHASE_AUTH },
	[VERB_QUIT]          = { '2', PHASE_CLOSED },
	[VERB_XCLIENT]       = { '2', PHASE_GREETED },
	[VERB_BURL]          = { '2', PHASE_CHUNKS },
};

static bool is_auth(const struct command *c)
{
	return c->kind == COMMAND_AUTH || c->verb == VERB_AUTH || c->verb == VERB_XEXPS;
}

static char class_of(const struct reply *r)
{
	return r->code < 0 ? 0 : (char)('0' + r->code / 100);
}

static int next_phase(const struct exchange *e, char class)
{
	const struct command *c = &e->command;
	bool line = c->kind == COMMAND_LINE || c->kind == COMMAND_UNSEEN;
	const struct step *step = line ? &steps_of_line[c->verb] : &steps_of_kind[c->kind];
	return step->reply && (step->reply == ANY || step->reply == class) ? (int)step->next : KEEP;
}

static bool names_extensions(const struct reply *r)
{
	struct bytes rest = bytes_cut(r->text, '\n').tail;
	while (rest.n) {
		struct cut line = bytes_cut(rest, '\n');
		if (extension_find(bytes_word(line.head).head) != EXT_UNKNOWN)
			return true;
		rest = line.tail;
	}
	return false;
}

/* A refusal of commands, by its code (RFC 5321 4.2.4, 4.2.5) or its words: message data draws none. */
static bool refuses_commands(const struct reply *r)
{
	static const struct bytes words[] = {
		B("synchronization"), B("unknown command"), B("unrecognized command"), B("unrecognised command"), B("command unrecogni"), B("command not recogni"),
	};
	if (r->code == 502 || r->code == 503)
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (class_of(r) == '5' && bytes_find(r->text, words[i]) != BYTES_NONE)
			return true;
	return false;
}

/* Replies whose code is at home with a few commands only (RFC 5321 4.2.3, RFC 4954 4). */
bool reply_fits(const struct exchange *e, const struct reply *r)
{
	const struct command *c = &e->command;
	bool auth = is_auth(c);
	bool line = c->kind == COMMAND_LINE;
	if (c->kind == COMMAND_UNSEEN) /* a part of a line: what it was is not known */
		return r->code != 220;
	switch (r->code) {
	case 354:
		return line && c->verb == VERB_DATA;
	case 334:
		return auth;
	case 235:
		return auth;
	case 535:
		return auth || !line || (c->verb != VERB_DATA && c->verb != VERB_QUIT);
	case 221: /* to QUIT; some servers say it to a line of another protocol as well */
		return line && (c->verb == VERB_QUIT || c->verb >= VERB_COUNT);
	case 250:
		if (r->nlines > 1 && names_extensions(r))
			return line && (c->verb == VERB_EHLO || c->verb == VERB_LHLO || c->verb == VERB_HELP);
		break;
	case 220:
		return c->kind == COMMAND_CONNECT || (line && (c->verb == VERB_STARTTLS || c->verb == VERB_XANONYMOUSTLS || c->verb == VERB_XCLIENT));
	case 251: case 551:
		return line && (c->verb == VERB_RCPT || c->verb == VERB_VRFY);
	case 252:
		return line && (c->verb == VERB_VRFY || c->verb == VERB_EXPN || c->verb == VERB_RCPT);
	default:
		break;
	}
	if (c->kind == COMMAND_CONTENT && refuses_commands(r))
		return false;
	bool accepted = class_of(r) == '2';
	if (line && (c->verb == VERB_QUIT)) /* "QUIT now" is no QUIT for all (RFC 5321 4.1.1.10) */
		return accepted || r->code == 421 || (c->fault->kind != FAULT_NONE && class_of(r) == '5');
	if (line && (c->verb == VERB_DATA || c->verb == VERB_STARTTLS || c->verb == VERB_XANONYMOUSTLS))
		return !accepted; /* 354, 220 are above */
	if (auth)
		return !accepted;
	return c->kind != COMMAND_CONNECT || !accepted;
}

/* A code, or a form, that hardly anything else has. */
bool reply_anchors(const struct exchange *e, const struct reply *r)
{
	static const int codes[] = { 220, 221, 235, 334, 354 };
	bool anchor = (r->code == 250 && r->nlines > 1) || (r->code == 535 && is_auth(&e->command));
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		anchor |= r->code == codes[i];
	return anchor && e->command.kind != COMMAND_UNSEEN && reply_fits(e, r);
}

void unseen_guess(struct exchange *e)
{
	struct command *c = &e->command;
	if (e->reply.code == 354)
		c->verb = VERB_DATA;
	else if (e->reply.code == 334)
		c->verb = VERB_AUTH;
	else if (e->reply.code == 250 && e->reply.nlines > 1 && names_extensions(&e->reply))
		c->verb = VERB_EHLO;
}

void phase_describe(const struct dialogue *d, struct exchange *e)
{
	e->before = d->state;
	e->transaction = d->state.phase >= PHASE_SENDER && d->state.phase <= PHASE_CHUNKS ? d->transaction : 0;
}

static void transaction_ends(struct dialogue *d)
{
	d->state.recipients_accepted = d->state.recipients_refused = 0;
	d->state.sender_refused = false;
}

static void offer_changes(struct dialogue *d, const struct exchange *e, char class, uint64_t end)
{
	static const struct { bool changes; enum offer_kind kind; } rows[VERB_COUNT + 2] = {
		[VERB_EHLO] = { true, OFFER_EHLO }, [VERB_HELO] = { true, OFFER_HELO }, [VERB_LHLO] = { true, OFFER_LHLO },
		[VERB_STARTTLS] = { true, OFFER_NONE }, [VERB_XANONYMOUSTLS] = { true, OFFER_NONE }, [VERB_XCLIENT] = { true, OFFER_NONE },
	};
	struct session *s = d->session;
	if (class != '2' || !rows[e->command.verb].changes)
		return;
	enum offer_kind kind = rows[e->command.verb].kind;
	struct offer *o = offers_read(d->sink.offers, &s->arena, kind, &e->reply, s->offers);
	d->offer_before = d->offer;
	d->offer = s->offers = o;
	d->offer_end = end;
	for (struct exchange *x = d->waiting; x; x = x->next) /* sent in its knowledge, and read before this was settled */
		if (x->command.line.acked >= end)
			x->command.offer = o;
	d->helo_done = kind != OFFER_NONE;
	if (!d->helo_done)
		return;
	s->helo = arena_copy(&s->arena, command_argument(&e->command));
	if (s->protocol == PROTOCOL_SMTP && kind == OFFER_EHLO)
		s->protocol = PROTOCOL_ESMTP;
	if (kind == OFFER_LHLO)
		s->protocol = PROTOCOL_LMTP;
	if (offer_has(o, EXT_STARTTLS) && s->tls.state == TLS_NONE)
		s->tls.state = TLS_OFFERED;
	if (s->server_name.n == 0)
		s->server_name = arena_copy(&s->arena, bytes_word(bytes_cut(e->reply.text, '\n').head).head);
}

static void count(struct dialogue *d, const struct exchange *e, char class)
{
	struct state *state = &d->state;
	struct session *s = d->session;
	s->replies++;
	if (class == '5') {
		state->errors++;
		s->errors++;
		s->error_limit |= s->errors > LIMIT_ERRORS_PER_SESSION;
	}
	state->errors_in_a_row = class == '4' || class == '5' ? state->errors_in_a_row + 1 : 0;
	if (e->command.kind == COMMAND_CONTENT || (e->command.kind == COMMAND_CHUNK && e->command.chunk_last))
		s->accepted_messages += class == '2';
}

static void transaction_begins(struct dialogue *d)
{
	d->session->transactions++;
	d->transaction = d->session->transactions;
}

static void line_effects(struct dialogue *d, const struct exchange *e, char class, uint64_t end)
{
	struct state *state = &d->state;
	switch (e->command.verb) {
	case VERB_RCPT:
		state->recipients_accepted += class == '2';
		state->recipients_refused += class == '4' || class == '5';
		if (class == '2' && state->phase < PHASE_SENDER)
			transaction_begins(d); /* it proves a MAIL whose reply the capture lacks */
		break;
	case VERB_MAIL:
		state->sender_refused |= class != '2';
		if (class == '2') {
			transaction_ends(d);
			transaction_begins(d);
		}
		break;
	case VERB_EHLO: case VERB_HELO: case VERB_RSET: case VERB_LHLO:
		if (class == '2')
			state->certain = !loss_beyond(d, e->reply.acked, end);
		break;
	case VERB_STARTTLS: case VERB_XANONYMOUSTLS:
		d->session->tls.state = class == '2' ? TLS_ACCEPTED : TLS_REFUSED;
		break;
	default:
		break;
	}
}

static bool confirms(const struct exchange *e)
{
	/* QUIT, NOOP, HELP, AUTH and STARTTLS are other protocols' verbs too. */
	static const bool own[VERB_COUNT + 2] = {
		[VERB_EHLO] = true, [VERB_HELO] = true, [VERB_LHLO] = true, [VERB_MAIL] = true, [VERB_RCPT] = true, [VERB_DATA] = true,
		[VERB_BDAT] = true,
	};
	const struct command *c = &e->command;
	if (c->kind == COMMAND_CONNECT && bytes_find(e->reply.text, B("SMTP")) != BYTES_NONE)
		return true;
	return own[c->verb] && c->kind != COMMAND_UNSEEN && e->reply.code >= 200 && e->reply.code < 600;
}

static void effects(struct dialogue *d, const struct exchange *e, char class, uint64_t end)
{
	struct session *s = d->session;
	const struct command *c = &e->command;
	if (c->kind == COMMAND_LINE || c->kind == COMMAND_UNSEEN)
		line_effects(d, e, class, end);
	if (e->reply.code == 235)
		d->state.authenticated = true;
	if (c->kind == COMMAND_CONNECT && s->banner.n == 0) {
		s->banner = e->reply.text;
		s->server_name = bytes_word(bytes_cut(e->reply.text, '\n').head).head;
	}
	s->confirmed = s->confirmed || confirms(e);
}

void phase_answered(struct dialogue *d, struct exchange *e, uint64_t end)
{
	char class = class_of(&e->reply);
	struct state *state = &d->state;
	phase_describe(d, e);
	count(d, e, class);
	effects(d, e, class, end);
	if (e->command.kind == COMMAND_LINE || e->command.kind == COMMAND_UNSEEN)
		offer_changes(d, e, class, end);
	int next = next_phase(e, class);
	enum phase was = state->phase;
	if (next == PHASE_READY && !d->helo_done && e->command.verb != VERB_HELO)
		next = PHASE_GREETED;
	if (next == PHASE_AUTH && was != PHASE_AUTH)
		d->before_auth = was;
	if (was == PHASE_AUTH && class != '3' && is_auth(&e->command))
		next = (int)d->before_auth;
	if (e->command.kind == COMMAND_CHUNK && e->command.chunk_last)
		next = PHASE_READY;
	if (e->reply.code == 421)
		next = PHASE_CLOSED;
	if (next == PHASE_READY || next == PHASE_GREETED)
		transaction_ends(d);
	if (next != KEEP)
		state->phase = (enum phase)next;
	if (e->command.kind == COMMAND_LINE && e->command.verb == VERB_MAIL && class == '2')
		e->transaction = d->transaction;
}
