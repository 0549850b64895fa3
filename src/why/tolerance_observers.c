/* tolerance_observers.c - faults that drew no 5xx: tolerated, answered 4xx or 221, or within TLS. Takes a session, answers once for each
 * kind of fault; what the bytes do not show beyond doubt (after a gap, in mid-session) is left out. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

typedef bool exchange_test(const struct exchange *);

static bool is_refused(const struct exchange *x)
{
	return x->answered && x->reply.code >= 500;
}

/* The first exchange that passes; with its answer as evidence. */
static bool find(const struct session *s, size_t i, exchange_test *is, const char *says, struct evidence *e, struct place *place,
	const struct exchange **at)
{
	for (const struct exchange *x = s->first; x && i == 0; x = x->next) {
		if (!is(x) || !x->command.line.first.number)
			continue;
		evidence_line(e, &x->command, says);
		if (x->answered)
			evidence_reply(e, &x->reply, "the answer");
		*place = x->command.line.first;
		*at = x;
		return true;
	}
	return false;
}

/* ---- other protocols ---- */

static bool is_foreign_tolerated(const struct exchange *x)
{
	/* A PROXY header that the server expects draws the greeting (haproxy.org proxy-protocol.txt). */
	return x->command.fault->kind == FAULT_PROTOCOL && x->command.kind != COMMAND_TLS && x->answered && !exchange_accepted(x) && !is_refused(x);
}

static bool is_closed_on(const struct exchange *x)
{
	return x->command.fault->kind == FAULT_PROTOCOL && x->answered && x->reply.code == 221;
}

static bool sees_protocol(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	if (!find(s, i, is_foreign_tolerated, "a line of another protocol", e, place, at)
			&& !find(s, i, is_closed_on, "a line of another protocol", e, place, at))
		return false;
	if ((*at)->command.protocol)
		evidence_detail(e, "The peer speaks %s.", (*at)->command.protocol);
	return true;
}

static bool is_tls_early(const struct exchange *x)
{
	return x->command.kind == COMMAND_TLS && !is_refused(x) && !x->before.encrypted && x->before.phase != PHASE_TLS;
}

static bool sees_tls_early(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	return !s->tls.implicit && find(s, i, is_tls_early, "TLS records where a command belongs", e, place, at);
}

/* ---- line ends and lengths ---- */

static bool is_bare_line(const struct exchange *x)
{
	const struct command *c = &x->command;
	return c->kind == COMMAND_LINE && (c->line.ending == LINE_LF || c->line.ending == LINE_CR) && exchange_accepted(x)
		&& c->fault->kind != FAULT_PROTOCOL && !(c->line.flags & LINE_AFTER_GAP);
}

static bool is_bare_content(const struct exchange *x)
{
	return x->command.kind == COMMAND_CONTENT && x->content && (x->content->bare_lf || x->content->bare_cr) && exchange_accepted(x);
}

static bool sees_newline(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	return find(s, i, is_bare_line, "a line without CRLF, taken all the same", e, place, at)
		|| find(s, i, is_bare_content, "the message holds lines without CRLF, taken all the same", e, place, at);
}

static bool is_long_line(const struct exchange *x)
{
	const struct command *c = &x->command;
	if (!exchange_accepted(x))
		return false;
	if (c->kind == COMMAND_CONTENT)
		return x->content && x->content->longest_line > 998;
	return c->kind == COMMAND_LINE && c->verb < VERB_COUNT && c->line.length > command_limit(c) && c->line.ending == LINE_CRLF;
}

static bool sees_length(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	return find(s, i, is_long_line, "a line beyond the limit, taken all the same", e, place, at);
}

static bool is_8bit_header(const struct exchange *x)
{
	if (x->command.kind != COMMAND_CONTENT || !x->content || !x->content->header_8bit || !exchange_accepted(x))
		return false;
	for (const struct exchange *m = x->previous; m; m = m->previous) {
		if (m->command.verb != VERB_MAIL)
			continue;
		for (size_t k = 0; k < m->command.nparams; k++)
			if (m->command.params[k].known == PARAM_SMTPUTF8)
				return false;
		return true;
	}
	return false;
}

static bool sees_8bit(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	return find(s, i, is_8bit_header, "8-bit octets in the header without SMTPUTF8 (RFC 6532 3)", e, place, at);
}

/* ---- offers and order ---- */

static bool is_used_unoffered(const struct exchange *x)
{
	const struct command *c = &x->command;
	if (!command_is_sound(c) || !exchange_accepted(x) || !c->offer || c->offer->kind == OFFER_NONE || c->offer->incomplete || !x->before.certain)
		return false;
	enum extension need = verb_needs(c->verb);
	return need != EXT_CORE && !offer_has(c->offer, need) && !c->offer->nmasked;
}

static bool sees_unoffered(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	return find(s, i, is_used_unoffered, "used without offer, and taken", e, place, at);
}

static bool is_param_unoffered(const struct exchange *x)
{
	const struct command *c = &x->command;
	if (!command_is_sound(c) || !exchange_accepted(x) || !c->offer || c->offer->kind == OFFER_NONE || c->offer->incomplete || c->offer->nmasked)
		return false;
	for (size_t k = 0; k < c->nparams && (c->verb == VERB_MAIL || c->verb == VERB_RCPT); k++)
		if (param_not_offered(c, &c->params[k], c->offer) && x->before.certain)
			return true;
	return false;
}

static bool sees_param(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	return find(s, i, is_param_unoffered, "a parameter used without offer, and taken", e, place, at);
}

static bool is_early(const struct exchange *x)
{
	/* A PROXY header and the records of implicit TLS belong there. */
	return x->command.before_greeting && command_is_sound(&x->command) && exchange_accepted(x);
}

static bool is_hasty(const struct exchange *x)
{
	const struct command *c = &x->command;
	return command_is_sound(c) && c->ahead && c->offer && c->offer->kind != OFFER_NONE && !c->offer->incomplete && !c->offer->nmasked
		&& !offer_has(c->offer, EXT_PIPELINING) && exchange_accepted(x) && x->before.certain && x->pairing == PAIRED_IN_ORDER
		&& c->verb != VERB_QUIT && !(c->line.flags & LINE_AFTER_GAP);
}

static bool sees_haste(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	const struct connection *c = &s->connection;
	if (s->mid_start || !c->syn_ack_seen || c->gaps[FROM_CLIENT] || c->gaps[FROM_SERVER] || c->server_silent || c->client_silent)
		return false;
	return find(s, i, is_early, "sent before the greeting", e, place, at)
		|| find(s, i, is_hasty, "sent ahead of a reply without PIPELINING, and taken", e, place, at);
}

/* ---- TLS ---- */

static const struct exchange *starttls_of(const struct session *s)
{
	for (const struct exchange *x = s->first; x; x = x->next)
		if (x->command.verb == VERB_STARTTLS && x->answered && x->reply.code == 220)
			return x;
	return NULL;
}

static bool sees_plaintext(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	const struct tls *t = &s->tls;
	/* Behind a ClientHello, what made the client give up TLS may be what the capture lacks. */
	bool blind = t->client_hello && (s->connection.gaps[FROM_SERVER] || s->connection.server_silent);
	if (i > 0 || (!t->commands_behind && (!tls_was_plain(t) || blind)))
		return false;
	const struct exchange *start = starttls_of(s);
	if (t->implicit && !t->commands_behind)
		return false;
	if (start) {
		evidence_line(e, &start->command, "TLS is to begin");
		evidence_reply(e, &start->reply, "the server is ready for it");
		*place = start->command.line.first;
		*at = start;
	}
	if (t->plaintext_at.number)
		evidence_add(e, t->plaintext_at, t->plaintext_from, t->plaintext, "plain text where TLS records belong");
	for (const struct exchange *x = s->first; x; x = x->next)
		if (x->command.behind_starttls && x->command.verb != VERB_STARTTLS)
			evidence_line(e, &x->command, "sent behind STARTTLS in clear");
	return e->n > 0;
}

static bool sees_handshake(const struct session *s, size_t i, struct evidence *e, struct place *place, const struct exchange **at)
{
	const struct tls *t = &s->tls;
	if (i > 0 || !tls_handshake_broke(t))
		return false;
	const struct exchange *start = starttls_of(s);
	if (start) {
		evidence_reply(e, &start->reply, "the server is ready for TLS");
		*at = start;
	}
	if (t->client_hello_at.number)
		evidence_add(e, t->client_hello_at, FROM_CLIENT, (struct bytes){ 0 }, "the handshake begins");
	if (t->alert)
		evidence_add(e, t->alert_at, t->alert_from, (struct bytes){ 0 }, "a TLS alert ends it");
	else if (t->plaintext_at.number)
		evidence_add(e, t->plaintext_at, t->plaintext_from, t->plaintext, "plain text takes its place");
	else if (t->ended_at.number)
		evidence_add(e, t->ended_at, FROM_SERVER, (struct bytes){ 0 }, "the connection ends in the middle of it");
	if (!e->n)
		return false;
	bool blind = s->connection.gaps[FROM_CLIENT] || s->connection.client_silent || s->mid_start;
	bool unseen = t->alert && t->alert_from == FROM_SERVER && !t->plaintext_at.number;
	if (!t->client_hello && (blind || unseen)) /* what it failed over is not in the capture */
		e->certainty = CERTAINTY_LIKELY;
	if (t->alert)
		evidence_detail(e, "Alert %u (RFC 8446 6) from the %s.", t->alert_description, t->alert_from == FROM_CLIENT ? "client" : "server");
	*place = t->alert ? t->alert_at : e->proofs[0].place;
	return true;
}

const struct observer tolerance_observers[] = {
	{ "tolerance.protocol", CAUSE_CLIENT_WRONG_PROTOCOL, CERTAINTY_PROVEN, sees_protocol, SHOWS_FOREIGN },
	{ "tolerance.tls-early", CAUSE_CLIENT_TLS_ON_PLAINTEXT_PORT, CERTAINTY_PROVEN, sees_tls_early, SHOWS_FOREIGN },
	{ "tolerance.newline", CAUSE_CLIENT_BARE_NEWLINE, CERTAINTY_PROVEN, sees_newline, SHOWS_BARE },
	{ "tolerance.length", CAUSE_CLIENT_LINE_TOO_LONG, CERTAINTY_PROVEN, sees_length, SHOWS_LONG },
	{ "tolerance.8bit-header", CAUSE_MESSAGE_MALFORMED, CERTAINTY_LIKELY, sees_8bit, SHOWS_8BIT },
	{ "tolerance.unoffered", CAUSE_CLIENT_EXTENSION_NOT_ADVERTISED, CERTAINTY_PROVEN, sees_unoffered, SHOWS_USE },
	{ "tolerance.parameter", CAUSE_CLIENT_PARAMETER_NOT_ADVERTISED, CERTAINTY_PROVEN, sees_param, SHOWS_USE },
	{ "tolerance.haste", CAUSE_CLIENT_PIPELINING_NOT_ADVERTISED, CERTAINTY_LIKELY, sees_haste, SHOWS_HASTE },
	{ "tolerance.plaintext", CAUSE_TLS_PLAINTEXT_AFTER_STARTTLS, CERTAINTY_PROVEN, sees_plaintext, SHOWS_TLS },
	{ "tolerance.handshake", CAUSE_TLS_HANDSHAKE_FAILED, CERTAINTY_PROVEN, sees_handshake, SHOWS_TLS },
	{ 0 },
};
