/* middlebox_observers.c - what boxes on the path did to a session, with or without a refusal. Takes a session, answers once for each thing
 * seen; a star banner, a missing keyword, a retransmission of the same bytes say nothing by themselves. */
#include "why/dialect.h"
#include "why/glance.h"
#include "why/middlebox.h"

#include "base/banned.h"

static void name_device(const struct session *s, struct evidence *e)
{
	const struct middlebox *box = middlebox_of(s);
	e->device = box ? box->name : NULL;
}

static bool is_credentials(const struct command *c)
{
	return c->verb == VERB_AUTH || c->kind == COMMAND_AUTH;
}

/* What went over the path in clear because STARTTLS could not be seen. */
static const struct exchange *in_clear(const struct session *s)
{
	const struct exchange *mail = NULL;
	for (const struct exchange *x = s->first; x; x = x->next) {
		if (x->before.encrypted)
			continue;
		if (is_credentials(&x->command))
			return x;
		if (x->command.kind == COMMAND_CONTENT && exchange_accepted(x))
			mail = x;
	}
	return mail;
}

static bool sees_starttls(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	for (const struct offer *o = s->offers; o && i == 0; o = o->before) {
		const struct masked *m = offer_has(o, EXT_STARTTLS) ? NULL : offer_hides(o, EXT_STARTTLS);
		if (!m)
			continue;
		const struct exchange *clear = in_clear(s);
		if (m->likely != EXT_STARTTLS)
			e->certainty = CERTAINTY_POSSIBLE; /* other keywords have as many letters */
		evidence_add(e, o->at, FROM_SERVER, m->text, m->likely == EXT_STARTTLS ? "a keyword overwritten in transit where STARTTLS stands"
			: "a keyword overwritten in transit, as long as STARTTLS");
		if (session_banner_starred(s))
			evidence_add(e, session_greeting(s), FROM_SERVER, s->banner, "the greeting is overwritten as well");
		if (clear) {
			evidence_line(e, &clear->command, is_credentials(&clear->command) ? "credentials sent in clear" : "the message was sent in clear");
			*at = clear;
		}
		evidence_detail(e, "A keyword of %zu letters is hidden where STARTTLS %s%s.", m->octets, m->likely == EXT_STARTTLS ? "stands" : "may stand",
			!clear ? "" : is_credentials(&clear->command) ? ", and credentials crossed the path in clear because of it" : ", and mail crossed the path in clear because of it");
		*place = o->at;
		name_device(s, e);
		return true;
	}
	return false;
}

static bool sees_keywords(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	(void)at;
	for (const struct offer *o = s->offers; o && i == 0; o = o->before) {
		size_t others = 0;
		for (size_t k = 0; k < o->nmasked; k++) {
			const struct masked *m = &o->masked[k];
			if (m->likely == EXT_STARTTLS)
				continue;
			others++;
			evidence_add(e, o->at, FROM_SERVER, m->text, m->likely < EXT_COUNT ? extension_keyword(m->likely) : "a keyword overwritten in transit");
		}
		if (!others)
			continue;
		evidence_detail(e, "%zu keyword%s of the EHLO reply overwritten in transit.", others, others == 1 ? " was" : "s were");
		*place = o->at;
		name_device(s, e);
		return true;
	}
	return false;
}

/* A run of filler where a verb belongs, whatever it was answered. */
static bool sees_verb(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	for (const struct exchange *x = s->first; x && i == 0; x = x->next) {
		bool quoted = exchange_quotes_mask(x);
		if ((!x->command.masked_run && !quoted) || x->command.content_of)
			continue;
		if (x->command.masked_run && exchange_accepted(x))
			continue;
		evidence_line(e, &x->command, quoted ? "sent like this" : "a run of filler where a verb belongs");
		if (x->answered)
			evidence_reply(e, &x->reply, quoted ? "the reply quotes what arrived" : "the answer to it");
		if (quoted)
			e->certainty = CERTAINTY_PROVEN;
		if (!e->n)
			continue;
		*place = x->command.line.first;
		*at = x;
		name_device(s, e);
		return true;
	}
	return false;
}

static bool is_unknown_reply(const struct exchange *x)
{
	return x->answered && (x->reply.code == 500 || x->reply.code == 502);
}

/* Typed into telnet through such a box: correct commands, a letter a segment, and none is recognised. */
static bool sees_typed(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	if (!session_banner_starred(s) && !session_mask(s, NULL))
		return false;
	for (const struct exchange *x = s->first; x && i == 0; x = x->next) {
		const struct command *c = &x->command;
		if (!command_is_sound(c) || verb_needs(c->verb) != EXT_CORE || !command_typed(c) || !is_unknown_reply(x))
			continue;
		evidence_line(e, c, "a correct command, typed one letter a segment");
		evidence_reply(e, &x->reply, "and not recognised");
		evidence_detail(e, "Test method: such a box masks a verb that does not come in one segment. Test with a real client.");
		*place = c->line.first;
		*at = x;
		name_device(s, e);
		return true;
	}
	return false;
}

static bool sees_ehlo(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	for (const struct exchange *x = s->first; x && i == 0; x = x->next) {
		if (x->command.verb != VERB_EHLO || !command_is_sound(&x->command) || !is_unknown_reply(x) || command_typed(&x->command))
			continue;
		const struct exchange *y = x->next;
		while (y && !(y->command.verb == VERB_HELO && exchange_accepted(y)))
			y = y->next;
		const struct note *two = note_of_other_reply(s, x);
		if (!two && !stars_hide_ehlo(s, &x->reply) && !(y && (bytes_find(s->banner, B("ESMTP")) != BYTES_NONE || middlebox_greets(s))))
			continue;
		evidence_line(e, &x->command, "a correct EHLO");
		evidence_reply(e, &x->reply, "refused as unknown");
		if (two)
			evidence_add(e, two->second_place, FROM_SERVER, two->second, "another reply for the same octets of the stream");
		else if (y)
			evidence_reply(e, &y->reply, "HELO is taken");
		else
			evidence_add(e, session_greeting(s), FROM_SERVER, s->banner, "the greeting is overwritten");
		if (two)
			e->certainty = CERTAINTY_PROVEN;
		*place = x->reply.first;
		*at = x;
		name_device(s, e);
		return true;
	}
	return false;
}

/* ---- the path ---- */

static bool sees_reply(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	for (const struct exchange *x = s->first; x; x = x->next) {
		const struct note *two = note_of_other_reply(s, x);
		if (!x->answered || (!two && !odd_is_foreign(x->reply.odd)) || i-- > 0)
			continue;
		evidence_line(e, &x->command, "the command");
		evidence_reply(e, &x->reply, two ? "one reply to it" : "a reply whose packet is not like the server's others");
		if (two)
			evidence_add(e, two->second_place, FROM_SERVER, two->second, "another reply for the same octets of the stream");
		e->certainty = two ? CERTAINTY_PROVEN : CERTAINTY_LIKELY;
		*place = x->reply.first;
		*at = x;
		name_device(s, e);
		return true;
	}
	return false;
}

static bool is_foreign_reply(const struct session *s, const struct exchange *x)
{
	return odd_is_foreign(x->reply.odd) || note_of_other_reply(s, x);
}

/* By the words of a known box, which stands before the server or answers in its name. */
static bool sees_vendor(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	const struct middlebox *box = middlebox_greets(s);
	if (box && i-- == 0) {
		evidence_add(e, session_greeting(s), FROM_SERVER, s->banner, "the greeting of a proxy that stands before the server");
		evidence_detail(e, "What answers here is not the server: %s.", box->name);
		*place = session_greeting(s);
		e->device = box->name;
		return true;
	}
	for (const struct exchange *x = s->first; x; x = x->next) {
		/* Agreement says nothing but in the words of a tool that agrees to STARTTLS and starts nothing. */
		bool telling = x->answered && (x->reply.code >= 400 || (x->reply.code != 220 && x->command.verb == VERB_STARTTLS));
		const struct middlebox *own = telling ? middlebox_answers(&x->reply) : NULL;
		if (!own || own == box || is_foreign_reply(s, x) || i-- > 0)
			continue;
		evidence_line(e, &x->command, "the command");
		evidence_reply(e, &x->reply, "answered in the words of a box");
		if (x->command.verb == VERB_STARTTLS)
			e->cause = CAUSE_MIDDLEBOX_STARTTLS_STRIPPED;
		*place = x->reply.first;
		*at = x;
		e->device = own->name;
		return true;
	}
	return false;
}

/* A reply that the product of the greeting never gives: somebody else answered. */
static bool sees_dialect(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	struct dialect_break b;
	for (size_t k = 0; dialect_break_nth(s, k, &b); k++) {
		if (is_foreign_reply(s, b.exchange) || exchange_quotes_mask(b.exchange) || middlebox_answers(&b.exchange->reply) || i-- > 0)
			continue;
		if (b.exchange->command.verb == VERB_STARTTLS)
			e->cause = CAUSE_MIDDLEBOX_STARTTLS_STRIPPED;
		dialect_show(&b, s, e);
		*place = b.exchange->reply.first;
		*at = b.exchange;
		return true;
	}
	return false;
}

/* STARTTLS answered twice, or by another sender. */
static bool sees_starttls_answered(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	for (const struct exchange *x = s->first; x && i == 0; x = x->next) {
		const struct note *two = note_of_other_reply(s, x);
		if (x->command.verb != VERB_STARTTLS || !x->answered || (!two && !odd_is_foreign(x->reply.odd)) || exchange_accepted(x))
			continue;
		evidence_line(e, &x->command, "TLS is asked for");
		evidence_reply(e, &x->reply, "refused, but not by the server alone");
		if (two)
			evidence_add(e, two->second_place, FROM_SERVER, two->second, "another reply for the same octets of the stream");
		*place = x->reply.first;
		*at = x;
		name_device(s, e);
		return true;
	}
	return false;
}

/* A reset from another hop: NDSS 2009 (Weaver, Sommer, Paxson). One after QUIT, or of the expected look, is a stack's own. */
static bool is_over(const struct session *s)
{
	return s->last && s->last->answered && (s->last->command.verb == VERB_QUIT || s->last->reply.code == 221 || s->last->reply.code == 421);
}

static bool sees_reset(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	(void)at;
	for (unsigned k = 0; k < s->connection.nresets && k < RESETS_KEPT; k++) {
		const struct reset *r = &s->connection.resets[k];
		uint16_t odd = r->odd & (uint16_t)~(ODD_NO_TIMESTAMP | ODD_TIMESTAMP | ODD_WINDOW | ODD_ACK_BEHIND);
		if (!(odd & ODD_TTL) || (is_over(s) && !r->data_after) || i-- > 0)
			continue;
		evidence_add(e, r->place, r->from, (struct bytes){ 0 }, "a reset with another hop count than its sender's packets");
		if (s->last && s->last->command.line.first.number)
			evidence_line(e, &s->last->command, "the last command before it");
		evidence_detail(e, "The reset has TTL %u, its alleged sender's packets %u.", r->marks.ttl, s->connection.baseline[r->from].ttl);
		*place = r->place;
		name_device(s, e);
		return true;
	}
	return false;
}

static bool is_other_reply(const struct session *s, const struct note *n)
{
	for (const struct exchange *x = s->first; x; x = x->next)
		if (note_of_other_reply(s, x) == n)
			return true;
	return false;
}

/* A reply put in moves the server's stream on: everything behind it overlaps with what the server goes on to say. */
static bool follows_injection(const struct session *s, const struct note *n)
{
	if (n->direction != FROM_SERVER)
		return false;
	for (const struct exchange *x = s->first; x && x->reply.first.number < n->place.number; x = x->next)
		if (x->answered && odd_is_foreign(x->reply.odd))
			return true;
	for (const struct note *m = s->notes; m && m != n; m = m->next)
		if (m->direction == FROM_SERVER && m->kind == NOTE_OVERLAP && is_other_reply(s, m))
			return true;
	return false;
}

static bool sees_overlap(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	(void)at;
	for (const struct note *n = s->notes; n; n = n->next) {
		if (n->kind != NOTE_OVERLAP || is_other_reply(s, n) || follows_injection(s, n) || bytes_equal(n->first, n->second) || i-- > 0)
			continue;
		evidence_add(e, n->place, n->direction, n->first, "the first copy of these octets");
		evidence_add(e, n->second_place, n->direction, n->second, "another copy, with other bytes");
		evidence_detail(e, "A retransmission carries other bytes than the first copy.");
		*place = n->place;
		return true;
	}
	return false;
}

/* ---- what a box lets vanish ---- */

/* The limit that the last thing the client sent crosses; NULL none. A box drops what crosses it and closes nothing (Cisco's default
 * policy: command line 512, 100 recipients, header line 998). */
static const char *limit_crossed(const struct session *s)
{
	enum { RECIPIENTS = 100, LINE = 510, DATA_LINE = 998 };
	unsigned recipients = 0;
	const struct exchange *last = s->last;
	const struct content *content = s->unfinished ? s->unfinished : last ? last->content : NULL;
	if (!last || (last->answered && !s->unfinished))
		return NULL;
	if (content)
		return content->longest_line > DATA_LINE ? "a line of the message beyond 998 octets" : NULL;
	for (const struct exchange *x = last; x && x->command.verb != VERB_MAIL; x = x->previous)
		recipients += x->command.verb == VERB_RCPT;
	if (last->command.kind == COMMAND_LINE && last->command.line.length > LINE)
		return "a command line beyond 512 octets";
	if (last->command.verb == VERB_RCPT && recipients > RECIPIENTS)
		return "more than 100 recipients";
	return NULL;
}

/* Sent again and again, never acknowledged, no reset: it did not get through. */
static bool sees_drop(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	enum { OFTEN = 3 };
	const struct connection *c = &s->connection;
	const char *limit = limit_crossed(s);
	if (i > 0 || !limit || c->repeated_unacknowledged[FROM_CLIENT] < OFTEN || !c->unacknowledged[FROM_CLIENT] || c->server_silent || c->nresets)
		return false;
	evidence_line(e, &s->last->command, limit);
	evidence_add(e, c->last, FROM_CLIENT, (struct bytes){ 0 }, "sent again, and never acknowledged");
	evidence_detail(e, "Consistent with a box that drops what crosses a limit: %s. Large packets that do not fit the path look the same.", limit);
	*place = s->last->command.line.first.number && !s->unfinished ? s->last->command.line.first : c->last;
	*at = s->last;
	name_device(s, e);
	return true;
}

static const struct exchange *noop_of(const struct session *s)
{
	for (const struct exchange *x = s->first; x; x = x->next)
		if (x->command.verb == VERB_NOOP && exchange_accepted(x))
			return x;
	return NULL;
}

/* An old PIX puts NOOP for a verb that it does not know, so that no verb is refused (Microsoft KB320027). A lenient server answers so
 * too: it takes a greeting of stars besides. */
static bool sees_noop(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	const struct exchange *noop = noop_of(s);
	for (const struct exchange *x = s->first; x && i == 0 && session_banner_starred(s); x = x->next) {
		const struct command *c = &x->command;
		if (c->kind != COMMAND_LINE || c->content_of || c->fault->kind != FAULT_VERB_UNKNOWN || !x->answered || x->reply.code != 250)
			continue;
		if (noop && !bytes_equal(noop->reply.text, x->reply.text))
			continue;
		evidence_line(e, c, "no verb of SMTP");
		evidence_reply(e, &x->reply, "and yet accepted");
		if (noop)
			evidence_reply(e, &noop->reply, "as NOOP is");
		*place = c->line.first;
		*at = x;
		name_device(s, e);
		return true;
	}
	return false;
}

/* The dot in a segment of its own is lost on old boxes of this kind: no reply, and the message comes again later (Microsoft KB295725). A
 * capture that ends soon behind the dot shows nothing: the client must have waited, and then done something. */
static bool sees_dot(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	const int64_t patience = INT64_C(30) * 1000000000;
	const struct exchange *x = s->last;
	if (i > 0 || !x || x->command.kind != COMMAND_CONTENT || x->answered || !session_banner_starred(s) || !s->closed || s->connection.gaps[FROM_SERVER]
	    || s->connection.last.time - x->command.line.last.time < patience)
		return false;
	evidence_add(e, session_greeting(s), FROM_SERVER, s->banner, "the greeting is overwritten with stars");
	evidence_line(e, &x->command, "the end of the message, never answered");
	*place = x->command.line.first;
	*at = x;
	name_device(s, e);
	return true;
}

const struct observer middlebox_observers[] = {
	{ "middlebox.drop", CAUSE_MIDDLEBOX_STREAM_ALTERED, CERTAINTY_POSSIBLE, sees_drop, SHOWS_WAITING },
	{ "middlebox.noop", CAUSE_MIDDLEBOX_COMMAND_MASKED, CERTAINTY_LIKELY, sees_noop, SHOWS_STARS },
	{ "middlebox.dot", CAUSE_MIDDLEBOX_STREAM_ALTERED, CERTAINTY_POSSIBLE, sees_dot, SHOWS_STARS },
	{ "middlebox.starttls", CAUSE_MIDDLEBOX_STARTTLS_STRIPPED, CERTAINTY_LIKELY, sees_starttls, SHOWS_MASKS },
	{ "middlebox.keywords", CAUSE_MIDDLEBOX_EXTENSION_MASKED, CERTAINTY_LIKELY, sees_keywords, SHOWS_MASKS },
	{ "middlebox.verb", CAUSE_MIDDLEBOX_COMMAND_MASKED, CERTAINTY_LIKELY, sees_verb, SHOWS_RUNS },
	{ "middlebox.typed", CAUSE_MIDDLEBOX_COMMAND_MASKED, CERTAINTY_LIKELY, sees_typed, SHOWS_STARS | SHOWS_MASKS },
	{ "middlebox.ehlo", CAUSE_MIDDLEBOX_EHLO_BLOCKED, CERTAINTY_LIKELY, sees_ehlo, SHOWS_EHLO },
	{ "middlebox.reply", CAUSE_MIDDLEBOX_REPLY_INJECTED, CERTAINTY_LIKELY, sees_reply, SHOWS_NOTES | SHOWS_ODD },
	{ "middlebox.vendor", CAUSE_MIDDLEBOX_REPLY_INJECTED, CERTAINTY_LIKELY, sees_vendor, SHOWS_BOX },
	{ "middlebox.dialect", CAUSE_MIDDLEBOX_REPLY_INJECTED, CERTAINTY_LIKELY, sees_dialect, SHOWS_DIALECT },
	{ "middlebox.starttls-answered", CAUSE_MIDDLEBOX_STARTTLS_STRIPPED, CERTAINTY_PROVEN, sees_starttls_answered, SHOWS_NOTES | SHOWS_ODD },
	{ "middlebox.reset", CAUSE_MIDDLEBOX_REPLY_INJECTED, CERTAINTY_LIKELY, sees_reset, SHOWS_RESETS },
	{ "middlebox.overlap", CAUSE_MIDDLEBOX_STREAM_ALTERED, CERTAINTY_PROVEN, sees_overlap, SHOWS_NOTES },
	{ 0 },
};
