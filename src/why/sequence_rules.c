/* sequence_rules.c - family: right command, wrong moment (503), bodies read as commands, sending ahead, and refusals that a server put
 * off until RCPT. Takes a failure with the state that the replies before it show; never trusts a state after a gap for proof. */
#include "why/facts.h"
#include "why/glance.h"

#include "base/banned.h"

/* ---- message content read as commands ---- */

static bool is_content_of(const struct exchange *x)
{
	return x->command.verb == VERB_DATA || x->command.verb == VERB_BDAT || x->command.kind == COMMAND_CONTENT;
}

static bool body_as_commands(const struct failure *f, struct evidence *e)
{
	if (!failure_is_content(f))
		return false;
	if (is_tls_junk(f->exchange) || is_foreign(f->exchange))
		return false;
	const struct exchange *x = f->exchange->previous;
	while (x && x->ordinal != f->command->content_of)
		x = x->previous;
	if (!x)
		x = exchange_earlier(f->exchange, is_content_of);
	if (x) {
		evidence_line(e, &x->command, "the content belongs to this command");
		if (x->answered)
			evidence_reply(e, &x->reply, exchange_accepted(x) ? "the server takes the content for complete" : "the server does not wait for content");
	}
	evidence_line(e, f->command, "message content, read as a command");
	evidence_reply(e, f->reply, "the server's answer to it");
	evidence_detail(e, "%s", !x || exchange_accepted(x) ? "The two ends disagree on where the message ends."
		: "The body was sent although the server had refused to take it.");
	return true;
}

/* ---- order ---- */

const char *failure_wrong_moment(const struct failure *f)
{
	enum phase phase = f->state->phase;
	bool greeted = phase != PHASE_CONNECTED && phase != PHASE_GREETED;
	switch (f->command->verb) {
	case VERB_MAIL: case VERB_SEND: case VERB_SOML: case VERB_SAML:
		if (phase == PHASE_SENDER || phase == PHASE_RECIPIENT)
			return "a MAIL inside a transaction that another MAIL began";
		return greeted ? NULL : "MAIL before EHLO or HELO";
	case VERB_RCPT:
		return phase == PHASE_SENDER || phase == PHASE_RECIPIENT ? NULL : "RCPT without an accepted MAIL";
	case VERB_DATA: case VERB_BDAT: case VERB_BURL:
		if (phase == PHASE_RECIPIENT || phase == PHASE_CHUNKS)
			return phase == PHASE_CHUNKS && f->command->verb == VERB_DATA ? "DATA after BDAT (RFC 3030 2)" : NULL;
		if (phase != PHASE_SENDER)
			return "message data without an accepted MAIL";
		return f->state->recipients_refused ? "message data although every recipient was refused" : "message data without an accepted RCPT";
	case VERB_AUTH:
		if (f->state->authenticated)
			return "a second AUTH after one that succeeded (RFC 4954 4)";
		if (phase == PHASE_SENDER || phase == PHASE_RECIPIENT)
			return "AUTH inside a transaction (RFC 4954 4)";
		return greeted ? NULL : "AUTH before EHLO";
	case VERB_STARTTLS:
		if (f->state->encrypted)
			return "STARTTLS in a session that is encrypted already";
		return phase == PHASE_SENDER || phase == PHASE_RECIPIENT ? "STARTTLS inside a transaction" : NULL;
	case VERB_VRFY: case VERB_EXPN: /* at any time (RFC 5321 4.1.4), but servers may want a greeting */
		return greeted || f->reply->code != 503 ? NULL : "a command before EHLO or HELO";
	case VERB_ETRN: case VERB_ATRN: case VERB_XFORWARD: case VERB_XCLIENT:
		if (f->command->verb == VERB_ATRN && !f->state->authenticated)
			return "ATRN before AUTH (RFC 2645 5.2)";
		return greeted ? NULL : "a command before EHLO or HELO";
	default:
		return NULL;
	}
}

static bool is_late_for(const struct exchange *x) /* what made the state: the last answered command that may change it */
{
	enum verb v = x->command.verb;
	return x->answered && (v == VERB_MAIL || v == VERB_RCPT || v == VERB_EHLO || v == VERB_HELO || v == VERB_LHLO || v == VERB_RSET
		|| v == VERB_AUTH || v == VERB_STARTTLS || x->command.kind != COMMAND_LINE);
}

static void show_order(const struct failure *f, struct evidence *e, const char *moment)
{
	const struct exchange *before = exchange_earlier(f->exchange, is_late_for);
	if (before) {
		evidence_line(e, &before->command, "what was said before");
		evidence_reply(e, &before->reply, "the state it left");
	}
	evidence_line(e, f->command, moment);
	evidence_reply(e, f->reply, "the refusal");
	evidence_detail(e, "It is %s; the session was in the state \"%s\".", moment, phase_name(f->state->phase));
}

/* Every server has these (RFC 5321 4.5.1): refused as unknown at the wrong moment, it is the moment. */
static bool is_mandatory(enum verb v)
{
	return v == VERB_MAIL || v == VERB_RCPT || v == VERB_DATA;
}

/* A verb that the server took before in this session it does know. */
static bool was_taken(const struct failure *f)
{
	for (const struct exchange *x = f->exchange->previous; x; x = x->previous)
		if (x->command.kind == COMMAND_LINE && x->command.verb == f->command->verb && exchange_accepted(x))
			return true;
	return false;
}

static bool bad_sequence(const struct failure *f, struct evidence *e)
{
	const char *moment = failure_wrong_moment(f);
	if (!moment || !command_is_line(f->command) || failure_is_content(f) || (failure_tone(f) == TONE_POLICY && f->reply->code != 503))
		return false;
	static const struct told phrases[] = {
		TOLD("sequence"), TOLD("order"), TOLD("first"), TOLD("already"), TOLD("nested"), TOLD("need "), TOLD("no valid"), TOLD("must"),
		TOLD("before"), TOLD("not allowed"), TOLD("specified"), TOLD("expected"), TOLD("precede"), TOLD("outstanding"), TOLD("no recipient"),
		TOLD("without"), TOLD("issue"), TOLD("begin"), TOLD(""),
	};
	bool said = phrases_say(&f->says, phrases);
	if (f->reply->code != 503 && !said && !reply_enhanced(f->reply, 5, 1) && !((is_mandatory(f->command->verb) || was_taken(f)) && failure_tone(f) == TONE_DIALOGUE))
		return false;
	bool other = f->words.strength && f->words.cause != CAUSE_CLIENT_BAD_SEQUENCE;
	if (!f->state->certain && f->reply->code != 503 && (!said || other)) /* what would make it the wrong moment may be in a hole */
		return false;
	show_order(f, e, moment);
	/* A transaction that a faulty MAIL began: which of the two was the client's mistake the bytes do not tell. */
	const struct exchange *before = exchange_earlier(f->exchange, is_late_for);
	bool doubtful = before && before->command.verb == VERB_MAIL && before->command.fault->kind != FAULT_NONE;
	if (f->command->verb == VERB_MAIL)
		for (const struct exchange *x = f->exchange->previous; x && !doubtful; x = x->previous)
			doubtful = x->command.verb == VERB_MAIL && x->command.fault->kind != FAULT_NONE && exchange_accepted(x);
	if (doubtful || !f->state->certain || (f->reply->code != 503 && !said))
		e->certainty = CERTAINTY_LIKELY;
	return true;
}

/* The reply says so, whatever we believe of the state. */
static bool sequence_said(const struct failure *f, struct evidence *e)
{
	if (f->reply->code != 503 || words_overrule(f) || f->command->kind == COMMAND_CONNECT || failure_is_content(f))
		return false;
	if (f->command->kind == COMMAND_LINE && f->command->verb >= VERB_COUNT)
		return false;
	evidence_line(e, f->command, "the refused command");
	evidence_reply(e, f->reply, "503: bad sequence of commands (RFC 5321 4.2.2)");
	return true;
}

/* ---- sending ahead ---- */

static const struct told early_words[] = {
	TOLD("pipelin"), TOLD("synchroni"), TOLD("before greeting"), TOLD("greeting first"), TOLD("early talk"), TOLD("pregreet"),
	TOLD("out of turn"), TOLD("without waiting"), TOLD("wait for"), TOLD("too eager"), TOLD("did not wait"), TOLD("before server"),
	TOLD("group of commands"), TOLD(""),
};

static bool is_ahead(const struct exchange *x)
{
	const struct command *c = &x->command;
	if (c->kind == COMMAND_CONTENT || c->kind == COMMAND_UNSEEN)
		return false;
	return c->before_greeting || (c->ahead && !offer_has(c->offer, EXT_PIPELINING));
}

/* RFC 2920 3.1: these end a group, so nothing may follow before their reply. */
static bool ends_group(const struct command *c)
{
	return c->verb == VERB_DATA || c->verb == VERB_EHLO || c->verb == VERB_AUTH || c->verb == VERB_STARTTLS || c->verb == VERB_HELO
		|| c->verb == VERB_VRFY || c->verb == VERB_EXPN || c->verb == VERB_NOOP || c->verb == VERB_QUIT;
}

static bool is_hasty(const struct exchange *x)
{
	return is_ahead(x) || (x->command.followed && ends_group(&x->command) && x->command.kind != COMMAND_CONTENT);
}

static const struct exchange *hasty_near(const struct failure *f)
{
	if (f->command->kind == COMMAND_CONNECT) {
		for (const struct exchange *x = f->exchange->next; x; x = x->next)
			if (x->command.before_greeting)
				return x;
		return NULL;
	}
	return is_hasty(f->exchange) ? f->exchange : exchange_earlier(f->exchange, is_hasty);
}

bool failure_was_hasty(const struct failure *f)
{
	return hasty_near(f) != NULL;
}

static void show_haste(const struct failure *f, struct evidence *e, const struct exchange *x)
{
	if (x) {
		evidence_line(e, &x->command, x->command.before_greeting ? "sent before the greeting"
			: is_ahead(x) ? "sent ahead of an earlier command's reply" : "more was sent behind it before its reply");
		if (x->command.offer)
			evidence_offer(e, x->command.offer, B("PIPELINING"), offer_has(x->command.offer, EXT_PIPELINING) ? "PIPELINING as offered" : "PIPELINING is not offered");
	}
	if (x != f->exchange)
		evidence_line(e, f->command, "the refused command");
	evidence_reply(e, f->reply, "the refusal");
}

/* A server that looks whether more has come behind a command that ends a group refuses it as a protocol error. */
static bool is_refused_for_haste(const struct exchange *x)
{
	static const char *const phrases[] = { "protocol error", NULL };
	return x->answered && x->reply.code >= 500 && x->command.followed && ends_group(&x->command) && reply_says(&x->reply, phrases);
}

static bool pipelining_said(const struct failure *f, struct evidence *e)
{
	if (words_overrule(f) || !phrases_say(&f->says, early_words))
		return false;
	const struct exchange *x = hasty_near(f);
	show_haste(f, e, x);
	e->certainty = x ? CERTAINTY_PROVEN : CERTAINTY_LIKELY;
	return true;
}

/* The server refuses with a protocol error what was sent ahead without offer, or greets an early talker with a refusal. */
static bool pipelining_seen(const struct failure *f, struct evidence *e)
{
	if (words_overrule(f))
		return false;
	if (f->command->kind == COMMAND_CONNECT) {
		if (!hasty_near(f) || failure_tone(f) == TONE_POLICY)
			return false;
	} else if (is_refused_for_haste(f->exchange)) {
		show_haste(f, e, f->exchange);
		return true;
	} else if (!command_is_sound(f->command) || !is_ahead(f->exchange) || failure_tone(f) != TONE_DIALOGUE || !f->state->certain
		|| !offer_is_known(f->offer, f->state) || !offer_has(f->offer, verb_needs(f->command->verb))) {
		return false;
	} else if (failure_wrong_moment(f) && f->command->offer && f->command->offer->kind != OFFER_NONE) {
		return false; /* had it waited it would be out of order all the same, unless it did not even wait for EHLO's reply */
	} else if (f->reply->code != 503 && !reply_enhanced(f->reply, 5, 1) && !reply_enhanced(f->reply, 5, 0)) {
		return false;
	}
	show_haste(f, e, hasty_near(f));
	return true;
}

/* And everything that stood behind it, without a reason of its own. */
static bool pipelining_rest(const struct failure *f, struct evidence *e)
{
	if (!f->command->ahead || f->words.strength >= 4 || (f->reply->enhanced.present && (f->reply->enhanced.subject || f->reply->enhanced.detail)))
		return false;
	const struct exchange *x = exchange_earlier(f->exchange, is_refused_for_haste);
	if (!x)
		return false;
	evidence_reply(e, &x->reply, "what came ahead of its time was refused");
	show_haste(f, e, x);
	return true;
}

/* ---- refusals put off until RCPT ---- */

static bool has_bare_end(const struct exchange *x)
{
	return (x->command.kind == COMMAND_LINE || x->command.kind == COMMAND_AUTH) && (x->command.line.ending == LINE_LF || x->command.line.ending == LINE_CR);
}

static bool is_foreign_line(const struct exchange *x)
{
	return x->command.fault->kind == FAULT_PROTOCOL;
}

/* Servers that test clients before they let them in (postscreen: pregreet, pipelining, bare newline, non-SMTP command tests) answer
 * the fault when the first RCPT comes, with a protocol error and no further word. */
static bool postponed(const struct failure *f)
{
	static const struct told phrases[] = { TOLD("protocol"), TOLD("") };
	if (f->command->verb != VERB_RCPT || f->command->fault->kind != FAULT_NONE || f->reply->code == 503 || words_overrule(f))
		return false;
	if (f->state->phase != PHASE_SENDER && f->state->phase != PHASE_RECIPIENT)
		return false;
	return phrases_say(&f->says, phrases) || (reply_enhanced(f->reply, 5, 1) && f->reply->code >= 550 && f->words.strength < 4);
}

static bool postponed_for(const struct failure *f, struct evidence *e, bool (*is)(const struct exchange *), const char *says)
{
	if (!postponed(f))
		return false;
	const struct exchange *x = is(f->exchange) ? f->exchange : exchange_earlier(f->exchange, is);
	if (!x)
		return false;
	evidence_line(e, &x->command, says);
	evidence_line(e, f->command, "itself without fault");
	evidence_reply(e, f->reply, "the protocol error, answered only here");
	evidence_detail(e, "The server put its refusal off until RCPT; the fault is the earlier line.");
	return true;
}

static bool postponed_protocol(const struct failure *f, struct evidence *e)
{
	return postponed_for(f, e, is_foreign_line, "a line of another protocol");
}

static bool postponed_newline(const struct failure *f, struct evidence *e)
{
	return postponed_for(f, e, has_bare_end, "a line without CRLF");
}

static bool postponed_haste(const struct failure *f, struct evidence *e)
{
	return postponed_for(f, e, is_ahead, "sent ahead without leave");
}

const struct rule sequence_rules[] = {
	{ "sequence.body", CAUSE_CLIENT_BODY_AS_COMMANDS, 87, CERTAINTY_PROVEN, body_as_commands, AT_STRAY },
	{ "sequence.ahead-said", CAUSE_CLIENT_PIPELINING_NOT_ADVERTISED, 85, CERTAINTY_LIKELY, pipelining_said, AT_ANY },
	{ "sequence.ahead", CAUSE_CLIENT_PIPELINING_NOT_ADVERTISED, 81, CERTAINTY_LIKELY, pipelining_seen, AT_GREETING | AT_HASTE },
	{ "sequence.ahead-rest", CAUSE_CLIENT_PIPELINING_NOT_ADVERTISED, 63, CERTAINTY_LIKELY, pipelining_rest, AT_HASTE },
	{ "sequence.order", CAUSE_CLIENT_BAD_SEQUENCE, 80, CERTAINTY_PROVEN, bad_sequence, AT_ANY },
	{ "sequence.postponed-protocol", CAUSE_CLIENT_WRONG_PROTOCOL, 79, CERTAINTY_LIKELY, postponed_protocol, AT_RCPT },
	{ "sequence.postponed-newline", CAUSE_CLIENT_BARE_NEWLINE, 78, CERTAINTY_LIKELY, postponed_newline, AT_RCPT },
	{ "sequence.postponed-haste", CAUSE_CLIENT_PIPELINING_NOT_ADVERTISED, 77, CERTAINTY_LIKELY, postponed_haste, AT_RCPT },
	{ "sequence.503", CAUSE_CLIENT_BAD_SEQUENCE, 30, CERTAINTY_POSSIBLE, sequence_said, AT_ANY },
	{ 0 },
};
